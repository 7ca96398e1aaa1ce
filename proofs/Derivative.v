(** * The derivative of a function of one real variable

    [deriv f x l]: the derivative of f at x is l, by the textbook definition:
    forall eps > 0, exists delta > 0, forall h <> 0, |h| < delta ->
      |(f (x+h) - f x)/h - l| < eps.
    Only this file touches the derivative library of Coq. *)
From Coq Require Import Reals List Lra Lia.
From Wirecost Require Import Sums.
Open Scope R_scope.

Definition deriv (f : R -> R) (x l : R) : Prop := derivable_pt_lim f x l.

Lemma D_const a x : deriv (fun _ : R => a) x 0.
Proof. apply derivable_pt_lim_const. Qed.

Lemma D_id x : deriv (fun t : R => t) x 1.
Proof. apply derivable_pt_lim_id. Qed.

Lemma D_plus (f g : R -> R) x a b : deriv f x a -> deriv g x b -> deriv (fun t => f t + g t) x (a + b).
Proof. apply derivable_pt_lim_plus. Qed.

Lemma D_minus (f g : R -> R) x a b : deriv f x a -> deriv g x b -> deriv (fun t => f t - g t) x (a - b).
Proof. apply derivable_pt_lim_minus. Qed.

Lemma D_mult (f g : R -> R) x a b :
  deriv f x a -> deriv g x b -> deriv (fun t => f t * g t) x (a * g x + f x * b).
Proof. apply derivable_pt_lim_mult. Qed.

Lemma D_div (f g : R -> R) x a b : deriv f x a -> deriv g x b -> g x <> 0 ->
  deriv (fun t => f t / g t) x ((a * g x - f x * b) / (g x * g x)).
Proof.
  intros Hf Hg Hn. replace (f x * b) with (b * f x) by ring.
  apply (derivable_pt_lim_div f g x a b Hf Hg Hn).
Qed.

(** Chain rule for f : R -> R. *)
Lemma D_comp (f g : R -> R) x a b : deriv g x b -> deriv f (g x) a -> deriv (fun t => f (g t)) x (a * b).
Proof. intros Hg Hf; apply (derivable_pt_lim_comp g f); auto. Qed.

Lemma D_exp x : deriv exp x (exp x).
Proof. apply derivable_pt_lim_exp. Qed.

Lemma D_ln x : 0 < x -> deriv ln x (/ x).
Proof. apply derivable_pt_lim_ln. Qed.

Lemma D_sqrt x : 0 < x -> deriv sqrt x (/ (2 * sqrt x)).
Proof. apply derivable_pt_lim_sqrt. Qed.

Lemma D_pow n x : deriv (fun t => t ^ n) x (INR n * x ^ pred n).
Proof. apply derivable_pt_lim_pow. Qed.

Lemma D_unique (f : R -> R) x a b : deriv f x a -> deriv f x b -> a = b.
Proof. apply uniqueness_limite. Qed.

Lemma D_def (f : R -> R) x l : deriv f x l <-> derivable_pt_lim f x l.
Proof. tauto. Qed.

(** From here on, only the lemmas above are used. *)
Global Opaque deriv.

Lemma D_eq (f : R -> R) x a b : deriv f x a -> a = b -> deriv f x b.
Proof. intros H <-; auto. Qed.

(** Two functions that agree near x have the same derivative at x. *)
Lemma D_ext_loc (f g : R -> R) x l :
  (exists d, 0 < d /\ forall t, Rabs (t - x) < d -> f t = g t) -> deriv f x l -> deriv g x l.
Proof.
  intros [d [Hd Hfg]] Hf; apply D_def; apply D_def in Hf.
  intros eps Heps; destruct (Hf eps Heps) as [del Hdel].
  assert (Hm : 0 < Rmin d del) by (apply Rmin_pos; [auto | apply cond_pos]).
  exists (mkposreal _ Hm); simpl; intros h Hh0 Hh.
  assert (Rabs h < d) by (eapply Rlt_le_trans; [exact Hh | apply Rmin_l]).
  assert (Rabs h < del) by (eapply Rlt_le_trans; [exact Hh | apply Rmin_r]).
  rewrite <- !Hfg; auto.
  - replace (x - x) with 0 by ring; rewrite Rabs_R0; auto.
  - replace (x + h - x) with h by ring; auto.
Qed.

Lemma D_ext (f g : R -> R) x l : (forall t, f t = g t) -> deriv f x l -> deriv g x l.
Proof. intros H; apply D_ext_loc; exists 1; split; [lra | auto]. Qed.

Lemma D_scal a (f : R -> R) x l : deriv f x l -> deriv (fun t => a * f t) x (a * l).
Proof.
  intros H; eapply D_eq; [apply (D_mult (fun _ => a) f x 0 l); [apply D_const | auto] | ring].
Qed.

Lemma D_Sum {I} (s : list I) (f : R -> I -> R) (df : I -> R) x :
  (forall i, In i s -> deriv (fun t => f t i) x (df i)) ->
  deriv (fun t => \sum_(i <- s) f t i) x (\sum_(i <- s) df i).
Proof.
  induction s as [|a s IH]; intros H; cbn [Sum]; [apply D_const|].
  apply (D_plus (fun t => f t a)); [apply H; left; auto|].
  apply IH; intros i Hi; apply H; right; auto.
Qed.

(** Straight lines through a and through the origin. *)
Lemma D_ray a x : deriv (fun t => t * a) x a.
Proof. eapply D_eq; [apply (D_mult (fun t => t) (fun _ => a) x 1 0); [apply D_id | apply D_const] | ring]. Qed.

Lemma D_line a b x : deriv (fun t => t * a + b) x a.
Proof.
  eapply D_eq; [apply (D_plus (fun t => t * a) (fun _ => b) x a 0); [apply D_ray | apply D_const] | ring].
Qed.

Lemma D_shift (f : R -> R) a x l : deriv f x l -> deriv (fun t => f t + a) x l.
Proof. intros H; eapply D_eq; [apply (D_plus f (fun _ => a) x l 0 H), D_const | ring]. Qed.

Lemma D_scal_r a (f : R -> R) x l : deriv f x l -> deriv (fun t => f t * a) x (l * a).
Proof. intros H; eapply D_eq; [apply (D_mult f (fun _ => a) x l 0 H), D_const | ring]. Qed.

(** ** Near a point *)

Lemma small_for_all {I} (s : list I) (P : I -> R -> Prop) :
  (forall i, In i s -> exists d, 0 < d /\ forall h, Rabs h < d -> P i h) ->
  exists d, 0 < d /\ forall h, Rabs h < d -> forall i, In i s -> P i h.
Proof.
  induction s as [|a s IH]; intros H.
  - exists 1; split; [lra | intros h _ i []].
  - destruct (H a) as [d1 [Hd1 H1]]; [left; auto|].
    destruct IH as [d2 [Hd2 H2]]; [intros i Hi; apply H; right; auto|].
    exists (Rmin d1 d2); split; [apply Rmin_pos; auto|].
    intros h Hh i [<-|Hi].
    + apply H1; eapply Rlt_le_trans; [exact Hh | apply Rmin_l].
    + apply H2; auto; eapply Rlt_le_trans; [exact Hh | apply Rmin_r].
Qed.

(** A differentiable curve is locally Lipschitz at the point. *)
Lemma curve_lipschitz (c : R -> R) t0 v :
  deriv c t0 v ->
  exists d, 0 < d /\ forall h, Rabs h < d -> Rabs (c (t0 + h) - c t0) <= (Rabs v + 1) * Rabs h.
Proof.
  intros H; apply D_def in H; destruct (H 1 Rlt_0_1) as [d Hd].
  exists d; split; [apply cond_pos|]; intros h Hh.
  destruct (Req_dec h 0) as [->|Hn].
  - rewrite Rplus_0_r, Rminus_diag_eq, Rabs_R0; auto; lra.
  - specialize (Hd h Hn Hh).
    replace (c (t0 + h) - c t0) with (((c (t0 + h) - c t0) / h) * h) by (field; auto).
    rewrite Rabs_mult; apply Rmult_le_compat_r; [apply Rabs_pos|].
    replace ((c (t0 + h) - c t0) / h) with (v + ((c (t0 + h) - c t0) / h - v)) by ring.
    eapply Rle_trans; [apply Rabs_triang|]; lra.
Qed.

(** What is strictly smaller stays so nearby. *)
Lemma less_nearby (f g : R -> R) x a b :
  deriv f x a -> deriv g x b -> f x < g x ->
  exists d, 0 < d /\ forall h, Rabs h < d -> f (x + h) < g (x + h).
Proof.
  intros Hf Hg Hlt; pose proof (D_minus g f x b a Hg Hf) as H.
  destruct (curve_lipschitz (fun t => g t - f t) x _ H) as [d [Hd Hl]].
  set (M := Rabs (b - a) + 1) in *; assert (HM : 0 < M) by (pose proof (Rabs_pos (b - a)); unfold M; lra).
  exists (Rmin d ((g x - f x) / M)); split; [apply Rmin_pos; [auto | apply Rdiv_lt_0_compat; lra]|].
  intros h Hh; specialize (Hl h (Rlt_le_trans _ _ _ Hh (Rmin_l _ _))).
  pose proof (Rlt_le_trans _ _ _ Hh (Rmin_r _ _)) as Hs.
  apply (Rmult_lt_compat_l M) in Hs; auto.
  replace (M * ((g x - f x) / M)) with (g x - f x) in Hs by (field; lra).
  pose proof (Rle_lt_trans _ _ _ Hl Hs) as K; apply Rabs_def2 in K; lra.
Qed.
