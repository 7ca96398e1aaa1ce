(** * The score-function gradient of DSNAS: what it estimates, and what it does not (section 2)

    The paper writes every method's gradient as the score times a cost, E[dlog p(Z)/dalpha C(Z)].
    DSNAS samples a one-hot Z from p = softmax(alpha) and uses (delta_sm - p_m) C_s for alpha_m.

    This is an unbiased estimate of the gradient of the expected cost, with the costs held constant.
    It is an unbiased estimate of the gradient of the expected loss if and only if cost and loss
    differ by the same amount for every operation; a scalar example gives the opposite sign. *)
From Coq Require Import Reals List Lra Lia.
From Wirecost Require Import Sums Derivative Gradient Softmax ArchitectureGradients.
Import ListNotations.
Open Scope R_scope.

Section Score.
Context {K : Type} (dec : forall i j : K, {i = j} + {i <> j}).
Variable ks : list K.
Hypotheses (Hks : ks <> []) (Hnd : NoDup ks).

(** d log p_s / d alpha_m. *)
Definition score (alpha : K -> R) (s m : K) : R := delta dec m s - softmax ks alpha m.

(** The mean over the sampled operation. *)
Definition expected (alpha f : K -> R) : R := \sum_(s <- ks) softmax ks alpha s * f s.

Theorem log_probability_gradient alpha s :
  In s ks -> has_grad ks (fun alpha => ln (softmax ks alpha s)) alpha (score alpha s).
Proof.
  intros Hs c t0 v Hc Hv; eapply D_eq; [apply (deriv_ln_softmax ks Hks c t0 v s Hv Hs)|].
  rewrite Hc; unfold score.
  rewrite (Sum_ext ks (fun m => (delta dec m s - softmax ks alpha m) * v m)
    (fun m => delta dec m s * v m - softmax ks alpha m * v m)) by (intros; ring).
  rewrite Sum_minus, (Sum_pick dec); auto.
Qed.

Lemma expected_score alpha f m :
  In m ks -> expected alpha (fun s => score alpha s m * f s)
             = softmax ks alpha m * (f m - expected alpha f).
Proof.
  intros Hm; unfold expected, score.
  rewrite (Sum_ext ks _ (fun s => delta dec s m * (softmax ks alpha s * f s)
                                  - softmax ks alpha m * (softmax ks alpha s * f s))).
  - rewrite Sum_minus, Sum_mult_l, (Sum_pick dec) by auto; ring.
  - intros s _; unfold delta; destruct (dec m s), (dec s m); subst; try congruence; ring.
Qed.

(** A constant baseline changes nothing in the mean. *)
Corollary baseline_has_no_effect alpha f a m :
  In m ks -> expected alpha (fun s => score alpha s m * (f s - a))
             = expected alpha (fun s => score alpha s m * f s).
Proof.
  intros Hm; rewrite !expected_score by auto; unfold expected.
  rewrite (Sum_ext ks (fun s => softmax ks alpha s * (f s - a))
    (fun s => softmax ks alpha s * f s - softmax ks alpha s * a)) by (intros; ring).
  rewrite Sum_minus, Sum_mult_r, softmax_sum by auto; ring.
Qed.

(** Unbiased for the gradient of the mean of any f that does not depend on alpha. *)
Theorem score_function_unbiased alpha f :
  has_grad ks (fun alpha => expected alpha f) alpha
    (fun m => expected alpha (fun s => score alpha s m * f s)).
Proof.
  intros c t0 v Hc Hv; eapply D_eq; [apply (proxyless_alpha_gradient ks Hks f alpha c t0 v Hc Hv)|].
  apply Sum_ext; intros m Hm; rewrite expected_score; auto.
Qed.

(** The other edges sampled as well: omegas are their choices, q their probabilities. *)
Corollary score_function_unbiased_joint {W} (omegas : list W) (q : W -> R) alpha (f : W -> K -> R) :
  has_grad ks (fun alpha => \sum_(w <- omegas) q w * expected alpha (f w)) alpha
    (fun m => \sum_(w <- omegas) q w * expected alpha (fun s => score alpha s m * f w s)).
Proof.
  intros c t0 v Hc Hv; eapply D_eq.
  - apply (D_Sum omegas (fun t w => q w * expected (c t) (f w))); intros w _.
    apply (D_scal (q w) (fun t => expected (c t) (f w))), (score_function_unbiased alpha (f w) c t0 v Hc Hv).
  - rewrite (Sum_ext ks _ (fun m => \sum_(w <- omegas)
      q w * (expected alpha (fun s => score alpha s m * f w s) * v m)))
      by (intros; rewrite <- Sum_mult_r; apply Sum_ext; intros; ring).
    rewrite Sum_swap; apply Sum_ext; intros; rewrite Sum_mult_l; auto.
Qed.

(** DSNAS: with the cost C_s of the sampled operation. *)
Corollary dsnas_alpha_gradient alpha C m :
  In m ks -> expected alpha (fun s => score alpha s m * C s)
             = softmax ks alpha m * (C m - \sum_(s <- ks) softmax ks alpha s * C s).
Proof. apply expected_score. Qed.

(** Against the gradient of the expected loss. *)
Theorem dsnas_unbiased_for_the_loss_iff alpha C loss :
  (forall m, In m ks -> expected alpha (fun s => score alpha s m * C s)
                        = expected alpha (fun s => score alpha s m * loss s)) <->
  (forall m, In m ks -> C m - loss m = expected alpha (fun s => C s - loss s)).
Proof.
  assert (E : expected alpha (fun s => C s - loss s) = expected alpha C - expected alpha loss).
  { unfold expected; rewrite <- Sum_minus; apply Sum_ext; intros; ring. }
  rewrite E; split; intros H m Hm; specialize (H m Hm).
  - rewrite !expected_score in H by auto; pose proof (softmax_pos ks Hks alpha m).
    apply Rmult_eq_reg_l in H; lra.
  - rewrite !expected_score by auto; f_equal; lra.
Qed.
End Score.

(** One edge, two operations that deliver the numbers 1 and 5/2, loss (y - 2)^2. Losses 1 and 1/4,
    costs 2 (y - 2) y = -2 and 5/2. The second operation is the better one; the estimate pushes alpha
    towards the first, at every alpha. *)
Theorem dsnas_biased_for_the_loss alpha :
  let o := fun (s : bool) (_ : unit) => if s then 1 else 5 / 2 in
  let L := fun y : unit -> R => (y tt - 2) ^ 2 in
  let C := fun s : bool => if s then -2 else 5 / 2 in
  let ks := [true; false] in
  (forall s, cost L (o s) (C s)) /\
  0 < expected ks alpha (fun s => score Bool.bool_dec ks alpha s true * L (o s)) /\
  expected ks alpha (fun s => score Bool.bool_dec ks alpha s true * C s) < 0.
Proof.
  intros o L C ks; assert (Hks : ks <> []) by discriminate.
  assert (Hnd : NoDup ks) by (repeat constructor; simpl; intuition discriminate).
  pose proof (softmax_pos ks Hks alpha true) as Hp; pose proof (softmax_pos ks Hks alpha false) as Hq.
  pose proof (softmax_sum ks Hks alpha) as H1; cbn [Sum ks] in H1.
  split; [|split].
  - intros s; unfold cost, L.
    apply (D_ext (fun t => (t * o s tt - 2) * (t * o s tt - 2))); [intros; ring|].
    assert (Hd : deriv (fun t => t * o s tt - 2) 1 (o s tt)).
    { apply (D_ext (fun t => t * o s tt + -2)); [intros; ring | apply D_line]. }
    eapply D_eq; [apply (D_mult _ _ 1 _ _ Hd Hd) | destruct s; cbn; field].
  - rewrite expected_score by (auto; left; auto); apply Rmult_lt_0_compat; auto.
    unfold expected, L; cbn [Sum ks o]; nra.
  - rewrite expected_score by (auto; left; auto).
    assert (0 < softmax ks alpha true * (expected ks alpha C - C true)); [|lra].
    apply Rmult_lt_0_compat; auto; unfold expected, C; cbn [Sum ks]; nra.
Qed.

(** ProxylessNAS on the same example: the mean of the straight-through gradient, c_k = dL/dy at the sampled
    output times the output of k, misses the gradient of the expected loss by 9/2 p q (p - 1/2). *)
Theorem straight_through_biased alpha :
  let o := fun s : bool => if s then 1 else 5 / 2 in
  let slope := fun s : bool => 2 * (o s - 2) in
  let ks := [true; false] in
  let p := softmax ks alpha true in
  let q := softmax ks alpha false in
  expected ks alpha (fun s => p * (slope s * o true - expected ks alpha (fun k => slope s * o k)))
  - expected ks alpha (fun s => score Bool.bool_dec ks alpha s true * (o s - 2) ^ 2)
  = 9 / 2 * p * q * (p - 1 / 2).
Proof.
  intros o slope ks p q; assert (Hks : ks <> []) by discriminate.
  assert (Hnd : NoDup ks) by (repeat constructor; simpl; intuition discriminate).
  pose proof (softmax_sum ks Hks alpha) as H1; cbn [Sum ks] in H1.
  rewrite expected_score by (auto; left; auto); unfold expected, slope; cbn [Sum ks o].
  change (softmax [true; false] alpha true) with p; change (softmax [true; false] alpha false) with q.
  change (softmax ks alpha true) with p; change (softmax ks alpha false) with q.
  replace q with (1 - p) by (unfold p, q, ks in *; lra); field.
Qed.

(** Nor is it the gradient that DARTS takes through the mixture: for neither sample, at any alpha. *)
Theorem straight_through_is_not_darts alpha s :
  let o := fun (k : bool) (_ : unit) => if k then 1 else 5 / 2 in
  let L := fun y : unit -> R => (y tt - 2) ^ 2 in
  let slope := fun (y : unit -> R) (_ : unit) => 2 * (y tt - 2) in
  let ks := [true; false] in
  let Z := softmax ks alpha in
  let sampled := unweighted_cost [tt] o (slope (o s)) in
  let mixed := weighted_cost [tt] o (slope (mix ks o Z)) Z in
  (forall y, has_grad [tt] L y (slope y)) /\
  Z true * (sampled true - \sum_(k <- ks) Z k * sampled k) <> mixed true - Z true * \sum_(k <- ks) mixed k.
Proof.
  intros o L slope ks Z sampled mixed; assert (Hks : ks <> []) by discriminate; split.
  - intros y c t0 v Hc Hv; assert (Hd : deriv (fun t => c t tt - 2) t0 (v tt)).
    { apply (D_ext (fun t => c t tt + -2)); [intros; ring | apply (D_shift (fun t => c t tt)), Hv; left; auto]. }
    apply (D_ext (fun t => (c t tt - 2) * (c t tt - 2))); [intros; unfold L; ring|].
    eapply D_eq; [apply (D_mult _ _ t0 _ _ Hd Hd) | rewrite Hc; unfold slope; cbn [Sum]; ring].
  - pose proof (softmax_pos ks Hks alpha true) as Hp; pose proof (softmax_pos ks Hks alpha false) as Hq.
    pose proof (softmax_sum ks Hks alpha) as H1; cbn [Sum ks] in H1; fold ks in H1; fold Z in Hp, Hq, H1.
    unfold mixed, sampled; rewrite !weighted_cost_eq.
    unfold unweighted_cost, slope, mix, ks; fold ks; cbn [Sum ks o]; fold ks.
    rewrite ?weighted_cost_eq; unfold unweighted_cost; cbn [Sum o].
    set (p := Z true) in *; replace (Z false) with (1 - p) in * by lra.
    intros E; assert (P : 0 < p * (1 - p)) by (apply Rmult_lt_0_compat; lra).
    destruct s; cbn in E; nra.
Qed.

(** SNAS: the score of the concrete density at a sample Z, whose logarithm is, up to a constant,
    sum_k (alpha_k - (tau + 1) log Z_k) - K log sum_k exp(alpha_k - tau log Z_k). *)
Definition concrete_log_density {K} (ks : list K) (tau : R) (Z alpha : K -> R) : R :=
  (\sum_(k <- ks) (alpha k - (tau + 1) * ln (Z k)))
  - card ks * ln (\sum_(k <- ks) exp (alpha k - tau * ln (Z k))).

Theorem snas_score {K} (ks : list K) tau Z alpha :
  ks <> [] ->
  has_grad ks (concrete_log_density ks tau Z) alpha
    (fun m => 1 - card ks * softmax ks (fun k => alpha k - tau * ln (Z k)) m).
Proof.
  intros Hks c t0 v Hc Hv; set (Y := fun a : K -> R => fun k => a k - tau * ln (Z k)).
  assert (HY : forall k, In k ks -> deriv (fun t => Y (c t) k) t0 (v k)).
  { intros k Hk; apply (D_shift (fun t => c t k)); auto. }
  pose proof (sum_exp_pos ks Hks (Y (c t0))) as Hpos.
  eapply D_eq.
  - apply (D_minus (fun t => \sum_(k <- ks) (c t k - (tau + 1) * ln (Z k)))
                   (fun t => card ks * ln (sum_exp ks (Y (c t))))).
    + apply (D_Sum ks (fun t k => c t k - (tau + 1) * ln (Z k)) v).
      intros k Hk; apply (D_shift (fun t => c t k)); auto.
    + apply D_scal, (D_comp ln (fun t => sum_exp ks (Y (c t)))); [|apply D_ln; auto].
      apply (D_Sum ks (fun t k => exp (Y (c t) k)) (fun k => exp (Y (c t0) k) * v k)).
      intros k Hk; apply (D_comp exp (fun t => Y (c t) k)); [auto | apply D_exp].
  - transitivity (\sum_(m <- ks) (v m - card ks * (/ sum_exp ks (Y (c t0)) * (exp (Y (c t0) m) * v m)))).
    + rewrite Sum_minus, !Sum_mult_l; auto.
    + apply Sum_ext; intros m _; change (fun k => alpha k - tau * ln (Z k)) with (Y alpha).
      rewrite <- Hc; unfold softmax; field; lra.
Qed.
