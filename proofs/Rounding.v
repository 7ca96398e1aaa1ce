(** * A computed sum of n products is within gamma_n of the exact one

    The standard model of floating point: each operation's result is the exact one times 1 + d,
    |d| <= u (u = 2^-53 in f64, 2^-24 in f32; no overflow, no underflow). A sum of n products,
    added up in any order and any bracketing (one accumulator, lanes of a vector unit, pairwise, parallel
    parts), with or without fused multiply-add, differs from the exact sum by at most
    gamma_n sum |x_i y_i|, gamma_n = n u / (1 - n u). *)
From Coq Require Import Reals List Permutation Lra Lia.
From Wirecost Require Import Sums.
Import ListNotations.
Open Scope R_scope.

Section Rounding.
Variable u : R.
Hypothesis Hu : 0 <= u < 1.

(** b is a rounding of the exact result a. *)
Definition rounds (a b : R) : Prop := exists d, Rabs d <= u /\ b = a * (1 + d).

Definition gamma_n (n : nat) : R := INR n * u / (1 - INR n * u).

Definition dot (l : list (R * R)) : R := \sum_(p <- l) fst p * snd p.
Definition dot_abs (l : list (R * R)) : R := \sum_(p <- l) Rabs (fst p * snd p).

(** z is a computed value of the sum of the products in l. *)
Inductive computed : list (R * R) -> R -> Prop :=
| one_product x y z : rounds (x * y) z -> computed [(x, y)] z
| add_parts l1 l2 a b z :                 (* two partial sums, each of at least one product *)
    computed l1 a -> computed l2 b -> rounds (a + b) z -> computed (l1 ++ l2) z
| fused l a x y z :                       (* fused multiply-add: one rounding *)
    computed l a -> rounds (a + x * y) z -> computed (l ++ [(x, y)]) z
| reordered l l' z : Permutation l l' -> computed l z -> computed l' z.

(** The error before it is bounded by gamma: (1 + u)^n - 1. *)
Definition growth (n : nat) : R := (1 + u) ^ n - 1.

Lemma growth_S n : growth (S n) = growth n * (1 + u) + u.
Proof. unfold growth; simpl; ring. Qed.

Lemma growth_nonneg n : 0 <= growth n.
Proof. induction n; [unfold growth; simpl; lra | rewrite growth_S; nra]. Qed.

Lemma growth_le n m : (n <= m)%nat -> growth n <= growth m.
Proof. induction 1; [lra | rewrite growth_S; pose proof (growth_nonneg m); nra]. Qed.

Lemma growth_plus n m : growth n + growth m + growth n * growth m = growth (n + m).
Proof. unfold growth; rewrite pow_add; ring. Qed.

Theorem growth_le_gamma n : INR n * u < 1 -> growth n <= gamma_n n.
Proof.
  unfold gamma_n; intros Hn.
  assert (H : (1 + u) ^ n * (1 - INR n * u) <= 1).
  { clear Hn; induction n as [|n IH]; [simpl; lra|]; rewrite S_INR; simpl.
    assert (0 <= INR n) by apply pos_INR; assert (0 < (1 + u) ^ n) by (apply pow_lt; lra).
    assert ((1 + u) * (1 - (INR n + 1) * u) <= 1 - INR n * u) by nra; nra. }
  unfold growth; apply Rmult_le_reg_r with (1 - INR n * u); [lra|].
  unfold Rdiv; rewrite Rmult_assoc, Rinv_l by lra; lra.
Qed.

Lemma rounds_error a b : rounds a b -> Rabs (b - a) <= u * Rabs a.
Proof.
  intros [d [Hd ->]]; replace (a * (1 + d) - a) with (d * a) by ring.
  rewrite Rabs_mult; apply Rmult_le_compat_r; [apply Rabs_pos | auto].
Qed.

Lemma dot_abs_nonneg l : 0 <= dot_abs l.
Proof. apply Sum_ge0; intros; apply Rabs_pos. Qed.

Lemma dot_le_abs l : Rabs (dot l) <= dot_abs l.
Proof. apply (Sum_abs l (fun p => fst p * snd p)). Qed.

(** One more operation on top of an error of e on a scale of A. *)
Lemma one_more_rounding a exact A e z :
  Rabs (a - exact) <= e * A -> Rabs exact <= A -> rounds a z ->
  Rabs (z - exact) <= (e * (1 + u) + u) * A.
Proof.
  intros Ha HA Hz; pose proof (rounds_error a z Hz) as Hr.
  assert (Hs : Rabs a <= A + e * A).
  { replace a with (exact + (a - exact)) by ring; eapply Rle_trans; [apply Rabs_triang | lra]. }
  replace (z - exact) with (z - a + (a - exact)) by ring.
  eapply Rle_trans; [apply Rabs_triang|].
  assert (u * Rabs a <= u * (A + e * A)) by (apply Rmult_le_compat_l; lra); nra.
Qed.

Lemma computed_length l z : computed l z -> (1 <= length l)%nat.
Proof.
  induction 1; simpl; try rewrite app_length; simpl; try lia.
  rewrite <- (Permutation_length H); auto.
Qed.

Theorem computed_sum_growth l z : computed l z -> Rabs (z - dot l) <= growth (length l) * dot_abs l.
Proof.
  induction 1 as [x y z H | l1 l2 a b z H1 IH1 H2 IH2 H | l a x y z H1 IH H | l l' z Hp H IH].
  - unfold dot, dot_abs; cbn [Sum length fst snd]; rewrite !Rplus_0_r.
    unfold growth; rewrite pow_1; replace (1 + u - 1) with u by ring; apply rounds_error; auto.
  - pose proof (computed_length _ _ H1); pose proof (computed_length _ _ H2).
    unfold dot, dot_abs; rewrite !Sum_app, app_length; fold (dot l1) (dot l2) (dot_abs l1) (dot_abs l2).
    pose proof (dot_abs_nonneg l1); pose proof (dot_abs_nonneg l2).
    set (m := Nat.max (length l1) (length l2)).
    eapply Rle_trans; [apply (one_more_rounding (a + b) _ (dot_abs l1 + dot_abs l2) (growth m) z)|].
    + replace (a + b - (dot l1 + dot l2)) with (a - dot l1 + (b - dot l2)) by ring.
      eapply Rle_trans; [apply Rabs_triang|].
      assert (growth (length l1) <= growth m) by (apply growth_le; unfold m; lia).
      assert (growth (length l2) <= growth m) by (apply growth_le; unfold m; lia); nra.
    + eapply Rle_trans; [apply Rabs_triang|]; pose proof (dot_le_abs l1); pose proof (dot_le_abs l2); lra.
    + auto.
    + rewrite <- growth_S; apply Rmult_le_compat_r; [lra | apply growth_le; unfold m; lia].
  - unfold dot, dot_abs; rewrite !Sum_app, app_length; fold (dot l) (dot_abs l); cbn [Sum length fst snd].
    rewrite !Rplus_0_r, Nat.add_1_r, growth_S.
    pose proof (dot_abs_nonneg l); pose proof (growth_nonneg (length l)); pose proof (Rabs_pos (x * y)).
    apply (one_more_rounding (a + x * y)); auto.
    + replace (a + x * y - (dot l + x * y)) with (a - dot l) by ring; nra.
    + eapply Rle_trans; [apply Rabs_triang|]; pose proof (dot_le_abs l); lra.
  - unfold dot, dot_abs in *; rewrite <- (Sum_perm l l' _ Hp), <- (Sum_perm l l' _ Hp).
    rewrite <- (Permutation_length Hp); auto.
Qed.

Theorem computed_sum_gamma l z :
  INR (length l) * u < 1 -> computed l z -> Rabs (z - dot l) <= gamma_n (length l) * dot_abs l.
Proof.
  intros Hn Hz; eapply Rle_trans; [apply computed_sum_growth; auto|].
  apply Rmult_le_compat_r; [apply dot_abs_nonneg | apply growth_le_gamma; auto].
Qed.

(** ** What is needed to work with gamma *)

Lemma gamma_nonneg n : INR n * u < 1 -> 0 <= gamma_n n.
Proof.
  intros; apply Rmult_le_pos; [apply Rmult_le_pos; [apply pos_INR | lra]|].
  left; apply Rinv_0_lt_compat; lra.
Qed.

Lemma gamma_le n m : (n <= m)%nat -> INR m * u < 1 -> gamma_n n <= gamma_n m.
Proof.
  intros Hnm Hm; apply le_INR in Hnm; unfold gamma_n.
  assert (INR n * u <= INR m * u) by nra; set (a := INR n * u) in *; set (b := INR m * u) in *.
  apply Rmult_le_reg_r with ((1 - a) * (1 - b)); [nra|].
  replace (a / (1 - a) * ((1 - a) * (1 - b))) with (a * (1 - b)) by (field; lra).
  replace (b / (1 - b) * ((1 - a) * (1 - b))) with (b * (1 - a)) by (field; lra); lra.
Qed.

(** n roundings after k roundings are n + k roundings. *)
Theorem gamma_compose n k :
  INR (n + k) * u < 1 -> gamma_n n + gamma_n k + gamma_n n * gamma_n k <= gamma_n (n + k).
Proof.
  intros H; unfold gamma_n; rewrite plus_INR in *.
  pose proof (pos_INR n); pose proof (pos_INR k).
  assert (Ha : 0 <= INR n * u) by nra; assert (Hb : 0 <= INR k * u) by nra.
  rewrite Rmult_plus_distr_r in *; set (a := INR n * u) in *; set (b := INR k * u) in *.
  apply Rmult_le_reg_r with ((1 - a) * (1 - b) * (1 - (a + b))); [apply Rmult_lt_0_compat; nra|].
  replace ((a / (1 - a) + b / (1 - b) + a / (1 - a) * (b / (1 - b))) * ((1 - a) * (1 - b) * (1 - (a + b))))
    with ((a + b - a * b) * (1 - (a + b))) by (field; lra).
  replace ((a + b) / (1 - (a + b)) * ((1 - a) * (1 - b) * (1 - (a + b))))
    with ((a + b) * (1 - (a + b) + a * b)) by (field; lra).
  assert (0 <= a * b) by nra; nra.
Qed.

(** gamma_n / (1 - gamma_n) <= gamma_2n. *)
Lemma gamma_double n :
  INR (2 * n) * u < 1 -> gamma_n n < 1 /\ gamma_n n / (1 - gamma_n n) <= gamma_n (2 * n).
Proof.
  intros H; rewrite mult_INR in H; replace (INR 2) with 2 in H by (simpl; ring).
  pose proof (pos_INR n); assert (Ha : 0 <= INR n * u) by nra.
  unfold gamma_n; rewrite mult_INR; replace (INR 2) with 2 by (simpl; ring).
  rewrite Rmult_assoc in *; set (a := INR n * u) in *.
  assert (a / (1 - a) < 1).
  { apply Rmult_lt_reg_r with (1 - a); [lra|]; unfold Rdiv; rewrite Rmult_assoc, Rinv_l; lra. }
  split; [auto|].
  replace (a / (1 - a) / (1 - a / (1 - a))) with (a / (1 - 2 * a)) by (field; lra).
  unfold Rdiv; apply Rmult_le_compat_r; [left; apply Rinv_0_lt_compat; lra | lra].
Qed.
End Rounding.
