(** * The architecture gradients of DARTS, ProxylessNAS and SNAS (section 2)

    The paper: dL/dalpha = dZ/dalpha C(Z), for DARTS with Z = softmax(alpha), for ProxylessNAS with
    binary gates Z and the straight-through approximation, for SNAS with the concrete relaxation.

    In this formula C(Z) has to be read as dL/dZ_k = <g, o_k>, the cost of operation k without its
    weight. In terms of the weighted costs C_k = Z_k <g, o_k>, which an implementation records, the
    gradient is C_m - Z_m sum_k C_k; for SNAS divided by the temperature. *)
From Coq Require Import Reals List Lra Lia FunctionalExtensionality.
From Wirecost Require Import Sums Derivative Gradient Softmax.
Import ListNotations.
Open Scope R_scope.

Section Mixture.
Context {I K : Type}.
Variables (s : list I) (ks : list K).
Hypothesis Hks : ks <> [].
Variable o : K -> I -> R.                           (* the operations' outputs on this edge *)

Definition mix (Z : K -> R) (i : I) : R := \sum_(k <- ks) Z k * o k i.

(** c_k = <g, o_k>, and C_k = Z_k c_k, the cost of operation k. *)
Definition unweighted_cost (g : I -> R) (k : K) : R := \sum_(i <- s) g i * o k i.
Definition weighted_cost (g : I -> R) (Z : K -> R) (k : K) : R := \sum_(i <- s) g i * (Z k * o k i).

Lemma weighted_cost_eq g Z k : weighted_cost g Z k = Z k * unweighted_cost g k.
Proof. unfold weighted_cost, unweighted_cost; rewrite <- Sum_mult_l; apply Sum_ext; intros; ring. Qed.

(** The cost is the gradient of the mixture's weights: dL/dZ_k = c_k, C_k = Z_k dL/dZ_k. *)
Theorem weight_gradient L Z g :
  has_grad s L (mix Z) g -> has_grad ks (fun Z => L (mix Z)) Z (unweighted_cost g).
Proof.
  intros HL c t0 v Hc Hv; eapply D_eq; [apply (HL (fun t => mix (c t)) t0 (mix v))|].
  - rewrite Hc; auto.
  - intros i _; apply (D_Sum ks (fun t k => c t k * o k i) (fun k => v k * o k i)).
    intros k Hk; apply (D_scal_r (o k i) (fun t => c t k)); auto.
  - unfold mix, unweighted_cost.
    rewrite (Sum_ext s _ (fun i => \sum_(k <- ks) g i * o k i * v k))
      by (intros; rewrite <- Sum_mult_l; apply Sum_ext; intros; ring).
    rewrite Sum_swap; apply Sum_ext; intros; apply Sum_mult_r.
Qed.

(** Through a softmax at temperature tau, with Gumbel noise or without. *)
Theorem relaxed_gradient (tau : R) (noise : K -> R) L alpha g :
  tau <> 0 ->
  let Z := fun alpha => softmax ks (fun k => (alpha k + noise k) / tau) in
  has_grad s L (mix (Z alpha)) g ->
  has_grad ks (fun alpha => L (mix (Z alpha))) alpha
    (fun m => (weighted_cost g (Z alpha) m - Z alpha m * \sum_(k <- ks) weighted_cost g (Z alpha) k) / tau).
Proof.
  intros Htau Z HL c t0 v Hc Hv.
  set (dZ := fun k => Z alpha k * (v k / tau - \sum_(j <- ks) Z alpha j * (v j / tau))).
  eapply D_eq; [apply (weight_gradient L (Z alpha) g HL (fun t => Z (c t)) t0 dZ)|].
  - rewrite Hc; auto.
  - intros k Hk; unfold dZ; rewrite <- Hc.
    apply (deriv_softmax ks Hks (fun t k => (c t k + noise k) / tau) t0 (fun k => v k / tau)); auto.
    intros j Hj; apply (D_scal_r (/ tau) (fun t => c t j + noise j)), D_shift; auto.
  - unfold dZ; set (S := \sum_(k <- ks) weighted_cost g (Z alpha) k).
    set (V := \sum_(j <- ks) Z alpha j * (v j / tau)).
    rewrite (Sum_ext ks _ (fun k => weighted_cost g (Z alpha) k * (v k / tau)
                                    - weighted_cost g (Z alpha) k * V))
      by (intros; rewrite weighted_cost_eq; ring).
    rewrite Sum_minus, Sum_mult_r; fold S.
    rewrite (Sum_ext ks (fun m => (weighted_cost g (Z alpha) m - Z alpha m * S) / tau * v m)
      (fun m => weighted_cost g (Z alpha) m * (v m / tau) - S * (Z alpha m * (v m / tau))))
      by (intros; field; auto).
    rewrite Sum_minus, Sum_mult_l; fold V; ring.
Qed.

(** DARTS: no noise, temperature 1. *)
Theorem darts_alpha_gradient L alpha g :
  let Z := softmax ks alpha in
  has_grad s L (mix Z) g ->
  has_grad ks (fun alpha => L (mix (softmax ks alpha))) alpha
    (fun m => weighted_cost g Z m - Z m * \sum_(k <- ks) weighted_cost g Z k).
Proof.
  intros Z HL.
  assert (E : forall a, softmax ks (fun k => (a k + 0) / 1) = softmax ks a)
    by (intros a; f_equal; extensionality k; field).
  pose proof (relaxed_gradient 1 (fun _ => 0) L alpha g R1_neq_R0) as H; cbv beta zeta in H.
  rewrite E in H; specialize (H HL); intros c t0 v Hc Hv.
  eapply D_eq; [apply (D_ext (fun t => L (mix (softmax ks (fun k => (c t k + 0) / 1)))));
    [intros; rewrite E; auto | apply (H c t0 v Hc Hv)] | apply Sum_ext; intros; unfold Z; field].
Qed.

(** SNAS: at the sampled noise, Z the concrete sample. *)
Corollary snas_alpha_gradient tau noise L alpha g :
  0 < tau ->
  let Z := fun alpha => softmax ks (fun k => (alpha k + noise k) / tau) in
  has_grad s L (mix (Z alpha)) g ->
  has_grad ks (fun alpha => L (mix (Z alpha))) alpha
    (fun m => (weighted_cost g (Z alpha) m - Z alpha m * \sum_(k <- ks) weighted_cost g (Z alpha) k) / tau).
Proof. intros Ht; apply relaxed_gradient; lra. Qed.

(** The paper's formula, C(Z) read without the weight: sum_k dZ_k/dalpha_m c_k. *)
Corollary darts_gradient_as_in_the_paper (dec : forall i j : K, {i = j} + {i <> j}) alpha g m :
  NoDup ks -> In m ks ->
  let Z := softmax ks alpha in
  weighted_cost g Z m - Z m * (\sum_(k <- ks) weighted_cost g Z k)
  = \sum_(k <- ks) Z k * (delta dec k m - Z m) * unweighted_cost g k.
Proof.
  intros Hnd Hm Z.
  rewrite (Sum_ext ks (fun k => Z k * (delta dec k m - Z m) * unweighted_cost g k)
    (fun k => delta dec k m * weighted_cost g Z k - Z m * weighted_cost g Z k))
    by (intros; rewrite weighted_cost_eq; ring).
  rewrite Sum_minus, Sum_mult_l, (Sum_pick dec); auto.
Qed.

(** With the weighted cost C_k in the place of c_k the formula counts the weight twice: at K equal alphas it is the
    gradient divided by K. *)
Theorem weighted_reading_at_equal_alphas (dec : forall i j : K, {i = j} + {i <> j}) alpha a g m :
  NoDup ks -> In m ks -> (forall k, In k ks -> alpha k = a) ->
  let Z := softmax ks alpha in
  \sum_(k <- ks) Z k * (delta dec k m - Z m) * weighted_cost g Z k
  = (weighted_cost g Z m - Z m * \sum_(k <- ks) weighted_cost g Z k) / card ks.
Proof.
  intros Hnd Hm Ha Z; pose proof (card_pos ks Hks) as Hc.
  assert (HZ : forall k, In k ks -> Z k = / card ks).
  { intros k Hk; unfold Z, softmax, sum_exp; rewrite Ha by auto.
    rewrite (Sum_ext ks _ (fun _ => exp a)) by (intros; rewrite Ha; auto).
    rewrite Sum_const; pose proof (exp_pos a); field; lra. }
  pose proof (darts_gradient_as_in_the_paper dec alpha g m Hnd Hm) as E; cbv zeta in E; fold Z in E; rewrite E.
  unfold Rdiv; rewrite <- Sum_mult_r; apply Sum_ext; intros k Hk.
  rewrite weighted_cost_eq, (HZ k Hk); ring.
Qed.

(** Adding a constant to all alphas changes nothing: the gradient sums to zero. *)
Corollary alpha_gradient_sums_to_0 alpha g :
  let Z := softmax ks alpha in
  \sum_(m <- ks) (weighted_cost g Z m - Z m * \sum_(k <- ks) weighted_cost g Z k) = 0.
Proof. intros Z; rewrite Sum_minus, Sum_mult_r; unfold Z; rewrite softmax_sum by auto; ring. Qed.

(** ProxylessNAS: forward with the one-hot sample, backward as if the gates were softmax(alpha). The
    costs c_k = <g, o_k>, at the sampled network's gradient g, are constants. *)
Definition straight_through (c : K -> R) (alpha : K -> R) : R := \sum_(k <- ks) softmax ks alpha k * c k.

Theorem proxyless_alpha_gradient c alpha :
  has_grad ks (straight_through c) alpha
    (fun m => softmax ks alpha m * (c m - \sum_(k <- ks) softmax ks alpha k * c k)).
Proof.
  intros a t0 v Ha Hv; set (p := softmax ks alpha).
  eapply D_eq.
  - apply (D_Sum ks (fun t k => softmax ks (a t) k * c k)
             (fun k => p k * (v k - \sum_(j <- ks) p j * v j) * c k)).
    intros k Hk; apply (D_scal_r (c k) (fun t => softmax ks (a t) k)); unfold p; rewrite <- Ha.
    apply (deriv_softmax ks Hks a t0 v); auto.
  - set (V := \sum_(j <- ks) p j * v j); set (M := \sum_(k <- ks) p k * c k).
    rewrite (Sum_ext ks _ (fun k => p k * c k * v k - V * (p k * c k))) by (intros; ring).
    rewrite (Sum_ext ks (fun m => p m * (c m - M) * v m) (fun m => p m * c m * v m - M * (p m * v m)))
      by (intros; ring).
    rewrite !Sum_minus, !Sum_mult_l; fold V M; ring.
Qed.
End Mixture.

(** Alphas shared by the cells ts of one network: the gradients of the cells' own weights add. *)
Theorem shared_alpha_gradient {T K} (ts : list T) (ks : list K) (L : (T * K -> R) -> R) alpha g :
  has_grad (list_prod ts ks) L (fun q => alpha (snd q)) g ->
  has_grad ks (fun alpha => L (fun q => alpha (snd q))) alpha (fun k => \sum_(t <- ts) g (t, k)).
Proof.
  intros H c t0 v Hc Hv; eapply D_eq; [apply (H (fun u q => c u (snd q)) t0 (fun q => v (snd q)))|].
  - rewrite Hc; auto.
  - intros [t k] Hq; apply in_prod_iff in Hq; apply (Hv k); tauto.
  - rewrite (Sum_ext _ _ (fun q => g (fst q, snd q) * v (snd q))) by (intros [t k] _; auto).
    rewrite (Sum_prod ts ks (fun t k => g (t, k) * v k)), Sum_swap.
    apply Sum_ext; intros; apply Sum_mult_r.
Qed.

(** The straight-through gradient is that of the expected loss when the loss is linear in the
    mixture; in general it is not (ScoreFunction.v). *)
Theorem straight_through_exact_for_linear_loss {I K} (s : list I) (ks : list K) o h alpha :
  ks <> [] ->
  let L := fun y : I -> R => \sum_(i <- s) h i * y i in
  let c := unweighted_cost s o h in
  has_grad ks (fun alpha => \sum_(k <- ks) softmax ks alpha k * L (o k)) alpha
    (fun m => softmax ks alpha m * (c m - \sum_(k <- ks) softmax ks alpha k * c k)).
Proof. intros Hks L c; apply (proxyless_alpha_gradient ks Hks c alpha). Qed.

(** Two operations that deliver 1 and 0, equal alphas, L(y) = y: the gradient is 1/4, the weighted reading 1/8. *)
Theorem weighted_reading_fails :
  let ks := [true; false] in
  let o := fun (k : bool) (_ : unit) => if k then 1 else 0 in
  let L := fun y : unit -> R => y tt in
  let Z := softmax ks (fun _ => 0) in
  let g := fun _ : unit => 1 in
  let C := weighted_cost [tt] o g Z in
  has_grad [tt] L (mix ks o Z) g /\
  C true - Z true * (\sum_(k <- ks) C k) = 1 / 4 /\
  \sum_(k <- ks) Z k * (delta Bool.bool_dec k true - Z true) * C k = 1 / 8.
Proof.
  intros ks o L Z g C.
  assert (HZ : forall k, Z k = 1 / 2).
  { intros k; unfold Z, softmax, sum_exp, ks; cbn [Sum]; rewrite exp_0; field. }
  assert (HC : C true = 1 / 2 /\ C false = 0).
  { unfold C; rewrite !weighted_cost_eq, !HZ; unfold unweighted_cost, g, o; cbn [Sum]; split; field. }
  destruct HC as [C1 C0]; split; [|unfold ks, delta; cbn [Sum]; rewrite !HZ, C1, C0; cbn; split; field].
  intros c t0 v _ Hv; eapply D_eq; [apply (Hv tt); left; auto | unfold g; cbn [Sum]; ring].
Qed.
