(** * L - H is a calibration gap, not an accuracy

    The paper: the cost is "negatively related to classification accuracy", "positive at low
    accuracy" (for random initial weights), "negative at high accuracy".

    - Labels drawn from the model's own softmax give an expected cost of 0, at any accuracy.
    - Over a head whose classes are exchangeable (independent initial rows of one distribution, of
      any kind) the expected cost is at least 0, for every sample and label.
    - Wrong gives a positive cost with two classes; with three a witness against it. *)
From Coq Require Import Reals List Permutation Lra Lia FunctionalExtensionality.
From Wirecost Require Import Sums Softmax Theorem2 Theorem2Sign.
Import ListNotations.
Open Scope R_scope.

Section Calibration.
Context {N : Type}.
Variable ns : list N.
Hypothesis Hns : ns <> [].

(** The cost of one sample, eq. (12). *)
Definition gap (Y : N -> R) (label : N) : R := loss ns Y label - entropy ns Y.

Lemma gap_eq Y label : gap Y label = (\sum_(n <- ns) softmax ns Y n * Y n) - Y label.
Proof. unfold gap; rewrite <- (logit_cost_is_L_minus_H ns Hns); ring. Qed.

(** Labels drawn from the model's own prediction. *)
Theorem calibrated_cost_is_0 Y : \sum_(label <- ns) softmax ns Y label * gap Y label = 0.
Proof.
  rewrite (Sum_ext ns _ (fun l => softmax ns Y l * (\sum_(n <- ns) softmax ns Y n * Y n)
                                  - softmax ns Y l * Y l)) by (intros; rewrite gap_eq; ring).
  rewrite Sum_minus, Sum_mult_r, softmax_sum by auto; ring.
Qed.

(** Labels drawn from any other distribution q: the cost is how much the model's mean logit exceeds
    the mean logit of the labels. *)
Theorem gap_of_label_distribution Y (q : N -> R) :
  \sum_(n <- ns) q n = 1 ->
  \sum_(label <- ns) q label * gap Y label = \sum_(n <- ns) (softmax ns Y n - q n) * Y n.
Proof.
  intros Hq; rewrite (Sum_ext ns _ (fun l => q l * (\sum_(n <- ns) softmax ns Y n * Y n) - q l * Y l))
    by (intros; rewrite gap_eq; ring).
  rewrite (Sum_ext ns (fun n => (softmax ns Y n - q n) * Y n) (fun n => softmax ns Y n * Y n - q n * Y n))
    by (intros; ring).
  rewrite !Sum_minus, Sum_mult_r, Hq; ring.
Qed.

Lemma gap_mean_nonneg Y : 0 <= \sum_(label <- ns) gap Y label.
Proof.
  pose proof (cost_nonneg_random_label ns Hns Y) as H; pose proof (card_pos ns Hns) as Hc.
  change (0 <= mean ns (gap Y)) in H; pose proof (Sum_mean ns (gap Y) Hns) as E.
  rewrite E; apply Rmult_le_pos; lra.
Qed.

(** ** Exchangeable classes *)
Variable dec : forall i j : N, {i = j} + {i <> j}.
Hypothesis Hnd : NoDup ns.

Definition swap (i j n : N) : N := if dec n i then j else if dec n j then i else n.

Lemma swap_involutive i j n : swap i j (swap i j n) = n.
Proof. unfold swap; repeat destruct (dec _ _); congruence. Qed.

Lemma swap_permutes i j : In i ns -> In j ns -> Permutation (map (swap i j) ns) ns.
Proof.
  intros Hi Hj; apply NoDup_Permutation; [|auto|].
  - apply FinFun.Injective_map_NoDup; [|auto]; intros n m E.
    rewrite <- (swap_involutive i j n), E, swap_involutive; auto.
  - intros n; rewrite in_map_iff; split.
    + intros [m [<- Hm]]; unfold swap; repeat destruct (dec _ _); auto.
    + intros Hn; exists (swap i j n); split; [apply swap_involutive|].
      unfold swap; repeat destruct (dec _ _); auto.
Qed.

Lemma gap_swap Y i j : In i ns -> In j ns -> gap (fun n => Y (swap i j n)) i = gap Y j.
Proof.
  intros Hi Hj; rewrite !gap_eq.
  assert (Ez : sum_exp ns (fun n => Y (swap i j n)) = sum_exp ns Y).
  { unfold sum_exp; rewrite <- (Sum_map (swap i j) ns (fun n => exp (Y n))).
    apply Sum_perm, swap_permutes; auto. }
  assert (Es : swap i j i = j) by (unfold swap; destruct (dec i i); congruence).
  rewrite Es; f_equal; unfold softmax; rewrite Ez.
  rewrite <- (Sum_map (swap i j) ns (fun n => exp (Y n) / sum_exp ns Y * Y n)).
  apply Sum_perm, swap_permutes; auto.
Qed.

(** A mean over random heads: linear, and monotone. *)
Record expectation {W : Type} (E : (W -> R) -> R) : Prop := Expectation {
  mean_plus : forall f h, E (fun w => f w + h w) = E f + E h;
  mean_scale : forall a f, E (fun w => a * f w) = a * E f;
  mean_nonneg : forall f, (forall w, 0 <= f w) -> 0 <= E f }.

Lemma expectation_Sum {W J} (E : (W -> R) -> R) (s : list J) (f : J -> W -> R) :
  expectation E -> E (fun w => \sum_(j <- s) f j w) = \sum_(j <- s) E (f j).
Proof.
  intros HE; induction s as [|j s IH]; cbn [Sum].
  - replace (fun _ : W => 0) with (fun _ : W => 0 * 0) by (extensionality w; ring).
    rewrite (mean_scale E HE); ring.
  - rewrite (mean_plus E HE (f j)), IH; auto.
Qed.

(** Logits Y w under the random head w; no statistic sees a renaming of two classes. *)
Definition exchangeable {W} (E : (W -> R) -> R) (Y : W -> N -> R) : Prop :=
  forall (F : (N -> R) -> R) i j, In i ns -> In j ns ->
    E (fun w => F (fun n => Y w (swap i j n))) = E (fun w => F (Y w)).

Theorem expected_cost_nonneg_exchangeable {W} (E : (W -> R) -> R) (Y : W -> N -> R) label :
  expectation E -> exchangeable E Y -> In label ns -> 0 <= E (fun w => gap (Y w) label).
Proof.
  intros HE Hex Hl; pose proof (card_pos ns Hns) as Hc.
  assert (H : card ns * E (fun w => gap (Y w) label) = E (fun w => \sum_(j <- ns) gap (Y w) j)).
  { rewrite (expectation_Sum E ns (fun j w => gap (Y w) j) HE), <- Sum_const.
    apply Sum_ext; intros j Hj; rewrite <- (Hex (fun y => gap y label) label j Hl Hj).
    f_equal; extensionality w; apply gap_swap; auto. }
  assert (0 <= card ns * E (fun w => gap (Y w) label)).
  { rewrite H; apply (mean_nonneg E HE); intros; apply gap_mean_nonneg. }
  apply Rmult_le_reg_l with (card ns); lra.
Qed.
End Calibration.

(** Finitely many draws with weights are such a mean. *)
Theorem finite_draws_are_an_expectation {W} (ws : list W) (q : W -> R) :
  (forall w, In w ws -> 0 <= q w) -> expectation (fun f => \sum_(w <- ws) q w * f w).
Proof.
  intros Hq; split.
  - intros f h; rewrite <- Sum_plus; apply Sum_ext; intros; ring.
  - intros a f; rewrite <- Sum_mult_l; apply Sum_ext; intros; ring.
  - intros f Hf; apply Sum_ge0; intros w Hw; apply Rmult_le_pos; auto.
Qed.

(** ** Wrong classification *)

Theorem two_classes_wrong_is_positive (Y : bool -> R) :
  Y true < Y false -> 0 < gap [true; false] Y true.
Proof.
  assert (Hns : [true; false] <> []) by discriminate.
  intros H; rewrite gap_eq by auto.
  pose proof (softmax_sum [true; false] Hns Y) as H1; cbn [Sum] in H1 |- *.
  pose proof (softmax_pos [true; false] Hns Y false); nra.
Qed.

Inductive three := c0 | c1 | c2.
Definition classes := [c0; c1; c2].

(** Logits (1/10, 0, -1), label the second class: wrong, and yet the cost is negative. *)
Definition witness (n : three) : R := match n with c0 => 1 / 10 | c1 => 0 | c2 => -1 end.

Lemma witness_gap s :
  gap classes (fun n => s * witness n) c1
  = (s / 10 * exp (s / 10) - s * exp (- s)) / sum_exp classes (fun n => s * witness n).
Proof.
  rewrite gap_eq by discriminate.
  pose proof (sum_exp_pos classes ltac:(discriminate) (fun n => s * witness n)) as Hz.
  unfold softmax; set (z := sum_exp _ _) in *; cbn [classes Sum witness].
  replace (s * (1 / 10)) with (s / 10) by field; replace (s * -1) with (- s) by ring; field; lra.
Qed.

Theorem three_classes_wrong_may_be_negative :
  witness c1 < witness c0 /\ gap classes witness c1 < 0.
Proof.
  split; [cbn; lra|].
  replace (gap classes witness c1) with (gap classes (fun n => 1 * witness n) c1)
    by (f_equal; extensionality n; ring).
  rewrite witness_gap.
  pose proof (sum_exp_pos classes ltac:(discriminate) (fun n => 1 * witness n)) as Hz.
  set (z := sum_exp _ _) in *.
  enough (1 / 10 * exp (1 / 10) < exp (- (1))).
  { unfold Rdiv at 1; apply Rmult_lt_reg_r with z; auto.
    rewrite Rmult_assoc, Rinv_l, Rmult_0_l by lra; lra. }
  apply Rmult_lt_reg_r with (exp 1); [apply exp_pos|].
  rewrite <- exp_plus, Rplus_opp_l, exp_0, Rmult_assoc, <- exp_plus.
  assert (exp (1 / 10 + 1) < exp (1 + 1)) by (apply exp_increasing; lra).
  rewrite (exp_plus 1 1) in H; pose proof exp_le_3; pose proof (exp_pos 1); nra.
Qed.
