(** * How L - H moves with the scale of the logits

    The paper: "the increase of the negative cost for correct classification in later epochs is
    mainly because the probability [...] increases towards 1", and the cost is "negatively related to
    accuracy".

    Scaling the logits by s > 0 leaves the prediction, hence the accuracy, as it is. The derivative of
    the cost in s is (E_s[Y] - Y_label) + s Var_s(Y), with mean and variance under softmax(s Y). So
    the cost increases with s where Y_label is at most the plain mean of the logits; not so where the
    sample is correct, nor for every wrong one; and its sign can change at one and the same
    prediction. *)
From Coq Require Import Reals List Lra Lia FunctionalExtensionality.
From Wirecost Require Import Sums Derivative Softmax Theorem2 Theorem2Sign CalibrationGap.
Import ListNotations.
Open Scope R_scope.

Section Scale.
Context {N : Type}.
Variable ns : list N.
Hypothesis Hns : ns <> [].
Variable Y : N -> R.

(** Mean and variance of the logits under softmax(s Y), and the cost there. *)
Definition p (s : R) : N -> R := softmax ns (fun n => s * Y n).
Definition mean_at (s : R) : R := \sum_(n <- ns) p s n * Y n.
Definition var_at (s : R) : R := \sum_(n <- ns) p s n * (Y n - mean_at s) ^ 2.
Definition gap_at (label : N) (s : R) : R := gap ns (fun n => s * Y n) label.

Lemma p_sum s : \sum_(n <- ns) p s n = 1.
Proof. apply softmax_sum; auto. Qed.

Lemma var_at_nonneg s : 0 <= var_at s.
Proof.
  apply Sum_ge0; intros n _; apply Rmult_le_pos; [left; apply softmax_pos; auto | apply pow2_ge_0].
Qed.

Lemma gap_at_eq label s : gap_at label s = s * (mean_at s - Y label).
Proof.
  unfold gap_at; rewrite gap_eq by auto; fold (p s); unfold mean_at.
  rewrite (Sum_ext ns (fun n => p s n * (s * Y n)) (fun n => s * (p s n * Y n))) by (intros; ring).
  rewrite Sum_mult_l; ring.
Qed.

Lemma deriv_mean_at s : deriv mean_at s (var_at s).
Proof.
  eapply D_eq.
  - apply (D_Sum ns (fun t n => p t n * Y n) (fun n => p s n * (Y n - mean_at s) * Y n)).
    intros n Hn; apply (D_scal_r (Y n) (fun t => p t n)).
    apply (deriv_softmax ns Hns (fun t n => t * Y n) s Y n); [intros; apply D_ray | auto].
  - unfold var_at; set (m := mean_at s).
    rewrite (Sum_ext ns (fun n => p s n * (Y n - m) ^ 2)
      (fun n => p s n * (Y n - m) * Y n - (m * (p s n * Y n) - m * m * p s n))) by (intros; ring).
    rewrite !Sum_minus, !Sum_mult_l, p_sum; fold (mean_at s); fold m; ring.
Qed.

Theorem gap_scale_derivative label s :
  deriv (gap_at label) s ((mean_at s - Y label) + s * var_at s).
Proof.
  apply (D_ext (fun t => t * (mean_at t - Y label))); [intros; rewrite gap_at_eq; auto|].
  eapply D_eq; [apply (D_mult (fun t => t) (fun t => mean_at t - Y label) s 1 (var_at s)); [apply D_id|]|ring].
  apply (D_shift mean_at (- Y label)), deriv_mean_at.
Qed.

Lemma mean_at_ge s : 0 < s -> mean ns Y <= mean_at s.
Proof.
  intros Hs; pose proof (softmax_mean_ge ns Hns (fun n => s * Y n)) as H; fold (p s) in H.
  rewrite mean_scal in H.
  rewrite (Sum_ext ns (fun n => p s n * (s * Y n)) (fun n => s * (p s n * Y n))) in H by (intros; ring).
  rewrite Sum_mult_l in H; fold (mean_at s) in H; apply Rmult_le_reg_l with s; auto.
Qed.

Lemma mean_at_gt s :
  0 < s -> (exists i j, In i ns /\ In j ns /\ Y i <> Y j) -> mean ns Y < mean_at s.
Proof.
  intros Hs [i [j [Hi [Hj Hne]]]].
  assert (H : mean ns (fun n => s * Y n) < \sum_(n <- ns) p s n * (s * Y n)).
  { apply (softmax_mean_gt ns Hns (fun n => s * Y n)); exists i, j; repeat split; auto.
    intros E; apply Hne, (Rmult_eq_reg_l s); lra. }
  rewrite mean_scal in H.
  rewrite (Sum_ext ns (fun n => p s n * (s * Y n)) (fun n => s * (p s n * Y n))) in H by (intros; ring).
  rewrite Sum_mult_l in H; fold (mean_at s) in H; apply Rmult_lt_reg_l with s; auto.
Qed.

(** Where the label's logit is at most the mean logit the cost does not decrease... *)
Theorem gap_increases_with_scale label a b :
  Y label <= mean ns Y -> 0 <= a <= b -> gap_at label a <= gap_at label b.
Proof.
  intros Hl [Ha [Hab|<-]]; [|lra].
  destruct (MVT_cor2 (gap_at label) (fun s => (mean_at s - Y label) + s * var_at s) a b Hab) as [s [E Hs]];
    [intros; apply D_def, gap_scale_derivative|].
  assert (0 <= ((mean_at s - Y label) + s * var_at s) * (b - a)); [|lra].
  pose proof (mean_at_ge s ltac:(lra)); pose proof (var_at_nonneg s).
  apply Rmult_le_pos; [|lra]; assert (0 <= s * var_at s) by (apply Rmult_le_pos; lra); lra.
Qed.

(** ...and increases strictly unless all logits are equal. *)
Theorem gap_strictly_increases_with_scale label a b :
  Y label <= mean ns Y -> (exists i j, In i ns /\ In j ns /\ Y i <> Y j) ->
  0 <= a < b -> gap_at label a < gap_at label b.
Proof.
  intros Hl Hne [Ha Hab].
  destruct (MVT_cor2 (gap_at label) (fun s => (mean_at s - Y label) + s * var_at s) a b Hab) as [s [E Hs]];
    [intros; apply D_def, gap_scale_derivative|].
  assert (0 < ((mean_at s - Y label) + s * var_at s) * (b - a)); [|lra].
  pose proof (mean_at_gt s ltac:(lra) Hne); pose proof (var_at_nonneg s).
  apply Rmult_lt_0_compat; [|lra]; assert (0 <= s * var_at s) by (apply Rmult_le_pos; lra); lra.
Qed.
End Scale.

(** ** Where it does not increase *)

(** Correct, two classes, logits (0, -1): 0 at s = 0, negative at s = 1, and closer to 0 at s = 5. *)
Definition correct_pair (n : bool) : R := if n then 0 else -1.

Lemma correct_pair_gap s : gap_at [true; false] correct_pair true s = - s * exp (- s) / (1 + exp (- s)).
Proof.
  rewrite gap_at_eq by discriminate; unfold mean_at, p, softmax, sum_exp, correct_pair; cbn [Sum].
  replace (s * 0) with 0 by ring; replace (s * -1) with (- s) by ring; rewrite exp_0.
  pose proof (exp_pos (- s)); field; lra.
Qed.

Theorem correct_gap_is_not_monotone :
  let C := gap_at [true; false] correct_pair true in C 1 < C 0 /\ C 1 < C 5.
Proof.
  intros C; unfold C; rewrite !correct_pair_gap.
  assert (H1 : exp (- (1)) * exp 1 = 1) by (rewrite <- exp_plus, Rplus_opp_l; apply exp_0).
  assert (H5 : exp (- (5)) * exp 5 = 1) by (rewrite <- exp_plus, Rplus_opp_l; apply exp_0).
  pose proof (exp_pos (- (1))); pose proof (exp_pos (- (5))); pose proof exp_le_3; pose proof (exp_pos 1).
  assert (E2 : 2 < exp 1) by (pose proof (exp_ineq1 1); lra).
  assert (E5 : 32 < exp 5).
  { replace 5 with (1 + 1 + (1 + 1) + 1) by ring; rewrite !exp_plus; set (e := exp 1) in *.
    assert (4 < e * e) by nra; assert (16 < e * e * (e * e)) by nra; nra. }
  assert (A : 1 / 3 <= exp (- (1))) by nra.
  assert (B : exp (- (5)) < 1 / 32) by nra.
  set (a := exp (- (1))) in *; set (b := exp (- (5))) in *.
  replace (- (1) * a / (1 + a)) with (/ (1 + a) - 1) by (field; lra).
  replace (- (5) * b / (1 + b)) with (5 * / (1 + b) - 5) by (field; lra).
  replace (- 0 * exp (- 0) / (1 + exp (- 0))) with 0 by (unfold Rdiv; ring).
  assert (/ (1 + a) <= 3 / 4).
  { apply Rmult_le_reg_r with (1 + a); [lra|]; rewrite Rinv_l by lra; lra. }
  assert (19 / 20 < / (1 + b)).
  { apply Rmult_lt_reg_r with (1 + b); [lra|]; rewrite Rinv_l by lra; lra. }
  lra.
Qed.

(** Wrong, the label's logit between the mean and the maximum: 0 at s = 0, then negative, then
    positive. The prediction, and with it the accuracy, is the same at every s > 0. *)
Theorem wrong_gap_dips_and_changes_sign :
  let C := gap_at classes witness c1 in
  mean classes witness < witness c1 < witness c0 /\ C 0 = 0 /\ C 1 < 0 /\ 0 < C 100.
Proof.
  intros C; split; [|split; [|split]].
  - unfold mean, card, classes; cbn; lra.
  - unfold C; rewrite gap_at_eq by discriminate; ring.
  - unfold C, gap_at; replace (fun n => 1 * witness n) with witness by (extensionality n; ring).
    apply three_classes_wrong_may_be_negative.
  - unfold C, gap_at; rewrite witness_gap.
    pose proof (sum_exp_pos classes ltac:(discriminate) (fun n => 100 * witness n)) as Hz.
    apply Rdiv_lt_0_compat; auto.
    assert (H1 : 1 + 100 / 10 < exp (100 / 10)) by (pose proof (exp_ineq1 (100 / 10)); lra).
    assert (H2 : exp (- (100)) < 1) by (rewrite <- exp_0; apply exp_increasing; lra); lra.
Qed.
