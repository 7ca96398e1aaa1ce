(** * The sign of L - H

    The paper: "negative at high accuracy", because Y_label = max Y for a correctly classified
    sample, and "positive at low accuracy", argued from E[y1 exp(y1 + y2)] > 0 at initialisation.

    Correct gives a cost of at most 0, always. Wrong gives a positive cost with two classes, and
    need not with three or more. The softmax mean of the logits is at least their plain mean
    (Chebyshev's sum inequality), so over a uniformly random label the cost averages to at least 0,
    whatever the distribution of the logits. *)
From Coq Require Import Reals List Lra Lia.
From Wirecost Require Import Sums Derivative Gradient Softmax Theorem2.
Import ListNotations.
Open Scope R_scope.

Section Sign.
Context {N : Type}.
Variable ns : list N.                    (* the classes *)
Hypothesis Hns : ns <> [].

(** Correct classification (the label has the largest logit): the cost is at most 0... *)
Theorem cost_nonpos_when_correct Y label :
  (forall n, In n ns -> Y n <= Y label) -> loss ns Y label - entropy ns Y <= 0.
Proof.
  intros Hmax; rewrite <- (logit_cost_is_L_minus_H ns Hns).
  assert (\sum_(n <- ns) softmax ns Y n * Y n <= \sum_(n <- ns) softmax ns Y n * Y label).
  { apply Sum_le; intros n Hn; apply Rmult_le_compat_l; [left; apply (softmax_pos ns Hns) | auto]. }
  rewrite Sum_mult_r, (softmax_sum ns Hns) in H; lra.
Qed.

(** ...and is 0 only when all logits are equal. *)
Theorem cost_zero_when_correct Y label :
  (forall n, In n ns -> Y n <= Y label) ->
  (loss ns Y label - entropy ns Y = 0 <-> forall n, In n ns -> Y n = Y label).
Proof.
  intros Hmax; rewrite <- (logit_cost_is_L_minus_H ns Hns).
  assert (E : - Y label + \sum_(n <- ns) softmax ns Y n * Y n = - \sum_(n <- ns) softmax ns Y n * (Y label - Y n)).
  { rewrite (Sum_ext ns (fun n => softmax ns Y n * (Y label - Y n))
      (fun n => softmax ns Y n * Y label - softmax ns Y n * Y n))
      by (intros; ring). rewrite Sum_minus, Sum_mult_r, (softmax_sum ns Hns); ring. }
  rewrite E; split.
  - intros H n Hn.
    assert (softmax ns Y n * (Y label - Y n) = 0).
    { apply (Sum_ge0_eq0 ns (fun n => softmax ns Y n * (Y label - Y n))); auto; [|lra].
      intros k Hk; apply Rmult_le_pos; [left; apply (softmax_pos ns Hns) | specialize (Hmax k Hk); lra]. }
    pose proof (softmax_pos ns Hns Y n); apply Rmult_integral in H0; lra.
  - intros H; rewrite Sum_eq0; [ring|]; intros n Hn; rewrite (H n Hn); ring.
Qed.

(** Chebyshev's sum inequality: softmax weights larger logits more. *)
Lemma exp_diff_sign a b : 0 <= (exp a - exp b) * (a - b).
Proof.
  destruct (Rtotal_order a b) as [H|[->|H]]; [|lra|].
  - apply exp_increasing in H as H'.
    replace ((exp a - exp b) * (a - b)) with ((exp b - exp a) * (b - a)) by ring.
    apply Rmult_le_pos; lra.
  - apply exp_increasing in H as H'; apply Rmult_le_pos; lra.
Qed.

Lemma exp_diff_pos a b : a <> b -> 0 < (exp a - exp b) * (a - b).
Proof.
  intros H; destruct (Rle_lt_or_eq_dec _ _ (exp_diff_sign a b)) as [|E]; auto.
  symmetry in E; apply Rmult_integral in E; destruct E as [E|E]; [|lra].
  apply Rminus_diag_uniq, exp_inv in E; tauto.
Qed.

Lemma chebyshev_identity Y :
  \sum_(i <- ns) \sum_(j <- ns) (exp (Y i) - exp (Y j)) * (Y i - Y j)
  = 2 * card ns * sum_exp ns Y * ((\sum_(n <- ns) softmax ns Y n * Y n) - mean ns Y).
Proof.
  pose proof (sum_exp_pos ns Hns Y); pose proof (card_pos ns Hns).
  set (S1 := \sum_(n <- ns) exp (Y n) * Y n).
  rewrite (Sum_ext ns _ (fun i => card ns * (exp (Y i) * Y i) - exp (Y i) * Sum ns Y - Y i * sum_exp ns Y + S1)).
  - rewrite Sum_plus, !Sum_minus, Sum_mult_l, !Sum_mult_r, Sum_const; fold S1; fold (sum_exp ns Y).
    rewrite (Sum_ext ns (fun n => softmax ns Y n * Y n) (fun n => exp (Y n) * Y n * / sum_exp ns Y))
      by (intros; unfold softmax; field; lra).
    rewrite Sum_mult_r; fold S1; unfold mean.
    change (\sum_(i <- ns) Y i) with (Sum ns Y); field; split; lra.
  - intros i _.
    rewrite (Sum_ext ns _ (fun j => exp (Y i) * Y i - exp (Y i) * Y j - Y i * exp (Y j) + exp (Y j) * Y j))
      by (intros; ring).
    rewrite Sum_plus, !Sum_minus, !Sum_mult_l, Sum_const; fold S1; fold (sum_exp ns Y).
    change (\sum_(j <- ns) Y j) with (Sum ns Y); ring.
Qed.

(** The label-free part of the cost exceeds the mean logit... *)
Theorem softmax_mean_ge Y : mean ns Y <= \sum_(n <- ns) softmax ns Y n * Y n.
Proof.
  pose proof (sum_exp_pos ns Hns Y); pose proof (card_pos ns Hns).
  assert (H1 : 0 <= 2 * card ns * sum_exp ns Y * ((\sum_(n <- ns) softmax ns Y n * Y n) - mean ns Y)).
  { rewrite <- chebyshev_identity; apply Sum_ge0; intros i _; apply Sum_ge0; intros j _;
      apply exp_diff_sign. }
  assert (0 < 2 * card ns * sum_exp ns Y) by (repeat apply Rmult_lt_0_compat; lra).
  apply Rmult_le_reg_l with (r := 2 * card ns * sum_exp ns Y); auto; lra.
Qed.

Theorem softmax_mean_gt Y :
  (exists i j, In i ns /\ In j ns /\ Y i <> Y j) -> mean ns Y < \sum_(n <- ns) softmax ns Y n * Y n.
Proof.
  intros [i [j [Hi [Hj Hne]]]]; pose proof (sum_exp_pos ns Hns Y); pose proof (card_pos ns Hns).
  assert (H1 : 0 < 2 * card ns * sum_exp ns Y * ((\sum_(n <- ns) softmax ns Y n * Y n) - mean ns Y)).
  { rewrite <- chebyshev_identity, <- (Sum_0 ns); apply Sum_lt.
    - intros k _; apply Sum_ge0; intros l _; apply exp_diff_sign.
    - exists i; split; auto; rewrite <- (Sum_0 ns); apply Sum_lt.
      + intros l _; apply exp_diff_sign.
      + exists j; split; auto; apply exp_diff_pos; auto. }
  assert (0 < 2 * card ns * sum_exp ns Y) by (repeat apply Rmult_lt_0_compat; lra).
  apply Rmult_lt_reg_l with (r := 2 * card ns * sum_exp ns Y); auto; lra.
Qed.

(** Averaged over a uniformly random label, the cost is how much the softmax mean exceeds the plain one... *)
Lemma cost_random_label Y :
  mean ns (fun label => loss ns Y label - entropy ns Y) = (\sum_(n <- ns) softmax ns Y n * Y n) - mean ns Y.
Proof.
  rewrite (mean_ext ns _ (fun label => (\sum_(n <- ns) softmax ns Y n * Y n) - Y label))
    by (intros; rewrite <- (logit_cost_is_L_minus_H ns Hns); ring).
  pose proof (card_pos ns Hns); unfold mean; rewrite Sum_minus, Sum_const.
  change (\sum_(i <- ns) Y i) with (Sum ns Y); field; lra.
Qed.

(** ...so it is at least 0, and positive unless all logits are equal: the exact form of "positive at low
    accuracy". *)
Theorem cost_nonneg_random_label Y : 0 <= mean ns (fun label => loss ns Y label - entropy ns Y).
Proof. rewrite cost_random_label; pose proof (softmax_mean_ge Y); lra. Qed.

Theorem cost_pos_random_label Y :
  (exists i j, In i ns /\ In j ns /\ Y i <> Y j) ->
  0 < mean ns (fun label => loss ns Y label - entropy ns Y).
Proof. intros Hne; rewrite cost_random_label; pose proof (softmax_mean_gt Y Hne); lra. Qed.

End Sign.
