(** * The tolerance that the checks use: gamma_(k + n) times the computed sum of absolute values

    A check adds n stored terms, in any order and bracketing, and compares the result with its exact
    value, often 0. Each term went through at most k roundings (the product's own among them). The
    program knows the sum of absolute values only as computed too.

    With m = n + k and m (m - 1) u <= 1 (m up to 9e7 in f64, 4096 in f32) the error is at most
    gamma_m A, gamma_m = m u / (1 - m u), A the computed sum of absolute values. The n - 1 additions
    make one rounding less than gamma_m counts; that one pays for A being computed. *)
From Coq Require Import Reals List Permutation Lra Lia.
From Wirecost Require Import Sums Rounding.
Import ListNotations.
Open Scope R_scope.

Section Tolerance.
Variable u : R.
Hypothesis Hu : 0 <= u < 1.

(** t is p after k roundings. *)
Inductive rounded : nat -> R -> R -> Prop :=
| not_rounded p : rounded 0 p p
| once_more k p s t : rounded k p s -> rounds u s t -> rounded (S k) p t.

(** z is a computed sum of the terms in l. *)
Inductive summed : list R -> R -> Prop :=
| one_term x : summed [x] x
| add_sums l1 l2 a b z : summed l1 a -> summed l2 b -> rounds u (a + b) z -> summed (l1 ++ l2) z
| any_order l l' z : Permutation l l' -> summed l z -> summed l' z.

Definition total (l : list R) : R := \sum_(x <- l) x.
Definition total_abs (l : list R) : R := \sum_(x <- l) Rabs x.

(** Products of stored factors. *)
Lemma rounded_scale k p t c : rounded k p t -> rounded k (p * c) (t * c).
Proof.
  induction 1 as [p | k p s t H IH [d [Hd ->]]]; [constructor|].
  apply (once_more k _ (s * c)); [auto | exists d; split; [auto | ring]].
Qed.

Lemma rounded_trans j k p s t : rounded j p s -> rounded k s t -> rounded (k + j) p t.
Proof. intros Hj; induction 1; [auto | simpl; eapply once_more; eauto]. Qed.

Theorem rounded_product j k x y x' y' t :
  rounded j x x' -> rounded k y y' -> rounds u (x' * y') t -> rounded (S (j + k)) (x * y) t.
Proof.
  intros Hx Hy Ht; apply (once_more _ _ (x' * y')); [|auto].
  rewrite Nat.add_comm; apply (rounded_trans j k _ (x' * y)).
  - apply rounded_scale; auto.
  - rewrite (Rmult_comm x' y), (Rmult_comm x' y'); apply rounded_scale; auto.
Qed.

(** q = 1 / (1 - u) bounds one rounding, forwards and backwards. *)
Let q : R := / (1 - u).

Lemma q_props : 1 <= q /\ 1 + u <= q /\ q * (1 - u) = 1.
Proof.
  assert (E : q * (1 - u) = 1) by (apply Rinv_l; lra).
  assert (0 < q) by (apply Rinv_0_lt_compat; lra); repeat split; auto; nra.
Qed.

Lemma q_pow_ge_1 n : 1 <= q ^ n.
Proof. apply pow_R1_Rle, q_props. Qed.

Lemma q_pow_le n m : (n <= m)%nat -> q ^ n <= q ^ m.
Proof. apply Rle_pow, q_props. Qed.

Lemma q_pow_bound n : INR n * u < 1 -> q ^ n <= / (1 - INR n * u).
Proof.
  intros Hn; apply Rmult_le_reg_r with (1 - INR n * u); [lra|]; rewrite Rinv_l by lra.
  destruct q_props as [_ [_ E]]; clear Hn; induction n as [|n IH]; [simpl; lra|].
  rewrite S_INR; simpl; pose proof (q_pow_ge_1 n); pose proof (pos_INR n).
  assert (q * (1 - (INR n + 1) * u) <= 1 - INR n * u); [|nra].
  destruct q_props as [Q1 _]; nra.
Qed.

Lemma rounds_bounds a b : rounds u a b -> Rabs a <= q * Rabs b /\ Rabs b <= q * Rabs a.
Proof.
  intros [d [Hd ->]]; destruct q_props as [Q1 [Q2 E]].
  assert (Hd' : - u <= d <= u) by (split; unfold Rabs in Hd; destruct (Rcase_abs d); lra).
  rewrite Rabs_mult, (Rabs_pos_eq (1 + d)) by lra; pose proof (Rabs_pos a).
  split; [|nra].
  assert (1 <= q * (1 + d)) by nra; nra.
Qed.

Lemma rounded_error k p t : rounded k p t -> Rabs (t - p) <= (q ^ k - 1) * Rabs t.
Proof.
  induction 1 as [p | k p s t H IH Hr].
  - simpl; replace (p - p) with 0 by ring; rewrite Rabs_R0; lra.
  - destruct q_props as [Q1 [Q2 E]]; pose proof (q_pow_ge_1 k).
    pose proof (rounds_error u s t Hr); destruct (rounds_bounds s t Hr) as [B _].
    replace (t - p) with (t - s + (s - p)) by ring; eapply Rle_trans; [apply Rabs_triang|].
    apply Rle_trans with ((u + (q ^ k - 1)) * Rabs s); [lra|].
    apply Rle_trans with ((u + (q ^ k - 1)) * (q * Rabs t)); [apply Rmult_le_compat_l; lra|].
    simpl; right; replace (q ^ k) with (q ^ k * (q * (1 - u)) + q ^ k - q ^ k * (q * (1 - u))) at 1 by ring.
    rewrite E; replace ((u + (q ^ k * 1 + q ^ k - q ^ k * 1 - 1)) * (q * Rabs t))
      with ((q * q ^ k - q * (1 - u)) * Rabs t) by ring; rewrite E; ring.
Qed.

Lemma summed_length l z : summed l z -> (1 <= length l)%nat.
Proof.
  induction 1 as [|l1 l2 a b z _ I1 _ I2|l l' z Hp _ I]; simpl; [lia | rewrite app_length; lia |].
  rewrite <- (Permutation_length Hp); auto.
Qed.

Lemma total_le_abs l : Rabs (total l) <= total_abs l.
Proof. apply (Sum_abs l (fun x => x)). Qed.

(** n - 1 additions. *)
Theorem summed_error l z : summed l z -> Rabs (z - total l) <= (q ^ (length l - 1) - 1) * total_abs l.
Proof.
  destruct q_props as [Q1 [Q2 E]].
  induction 1 as [x | l1 l2 a b z H1 IH1 H2 IH2 H | l l' z Hp H IH].
  - unfold total; simpl; replace (x - (x + 0)) with 0 by ring; rewrite Rabs_R0; lra.
  - pose proof (summed_length _ _ H1); pose proof (summed_length _ _ H2).
    unfold total, total_abs; rewrite !Sum_app, app_length.
    change (Sum l1 (fun x => x)) with (total l1); change (Sum l2 (fun x => x)) with (total l2).
    change (Sum l1 (fun x => Rabs x)) with (total_abs l1); change (Sum l2 (fun x => Rabs x)) with (total_abs l2).
    assert (P1 : 0 <= total_abs l1) by (apply Sum_ge0; intros; apply Rabs_pos).
    assert (P2 : 0 <= total_abs l2) by (apply Sum_ge0; intros; apply Rabs_pos).
    set (m := (Nat.max (length l1) (length l2) - 1)%nat); pose proof (q_pow_ge_1 m).
    assert (q ^ (length l1 - 1) <= q ^ m) by (apply q_pow_le; unfold m; lia).
    assert (q ^ (length l2 - 1) <= q ^ m) by (apply q_pow_le; unfold m; lia).
    assert (q ^ S m <= q ^ (length l1 + length l2 - 1)) by (apply q_pow_le; unfold m; lia).
    eapply Rle_trans; [apply (one_more_rounding u Hu (a + b) _ (total_abs l1 + total_abs l2) (q ^ m - 1) z)|].
    + replace (a + b - (total l1 + total l2)) with (a - total l1 + (b - total l2)) by ring.
      eapply Rle_trans; [apply Rabs_triang | nra].
    + eapply Rle_trans; [apply Rabs_triang|]; pose proof (total_le_abs l1); pose proof (total_le_abs l2); lra.
    + auto.
    + apply Rmult_le_compat_r; [lra|]; simpl in *; nra.
  - unfold total, total_abs in *; rewrite <- (Sum_perm l l' _ Hp), <- (Sum_perm l l' _ Hp).
    rewrite <- (Permutation_length Hp); auto.
Qed.

(** A computed sum of absolute values is not much too small. *)
Theorem summed_abs_lower l z :
  (forall x, In x l -> 0 <= x) -> summed l z -> total l <= q ^ (length l - 1) * z.
Proof.
  destruct q_props as [Q1 [Q2 E]]; intros Hl Hz.
  induction Hz as [x | l1 l2 a b z H1 IH1 H2 IH2 H | l l' z Hp Hz IH].
  - unfold total; simpl; lra.
  - pose proof (summed_length _ _ H1); pose proof (summed_length _ _ H2).
    specialize (IH1 ltac:(intros; apply Hl, in_or_app; auto)).
    specialize (IH2 ltac:(intros; apply Hl, in_or_app; auto)).
    assert (T1 : 0 <= total l1) by (apply Sum_ge0; intros; apply Hl, in_or_app; auto).
    assert (T2 : 0 <= total l2) by (apply Sum_ge0; intros; apply Hl, in_or_app; auto).
    unfold total; rewrite Sum_app, app_length.
    change (Sum l1 (fun x => x)) with (total l1); change (Sum l2 (fun x => x)) with (total l2).
    set (m := (Nat.max (length l1) (length l2) - 1)%nat); pose proof (q_pow_ge_1 m).
    assert (A : 0 <= a) by (pose proof (q_pow_ge_1 (length l1 - 1)); nra).
    assert (B : 0 <= b) by (pose proof (q_pow_ge_1 (length l2 - 1)); nra).
    assert (q ^ (length l1 - 1) <= q ^ m) by (apply q_pow_le; unfold m; lia).
    assert (q ^ (length l2 - 1) <= q ^ m) by (apply q_pow_le; unfold m; lia).
    assert (q ^ S m <= q ^ (length l1 + length l2 - 1)) by (apply q_pow_le; unfold m; lia).
    destruct H as [d [Hd ->]]; assert (Hd' : - u <= d) by (unfold Rabs in Hd; destruct (Rcase_abs d); lra).
    assert (Hq : a + b <= q * ((a + b) * (1 + d))).
    { assert (1 <= q * (1 + d)) by nra; nra. }
    apply Rle_trans with (q ^ m * (a + b)); [nra|].
    apply Rle_trans with (q ^ S m * ((a + b) * (1 + d))); [simpl; nra|].
    apply Rmult_le_compat_r; [|auto]; apply Rmult_le_pos; lra.
  - unfold total in *; rewrite <- (Sum_perm l l' _ Hp), <- (Permutation_length Hp).
    apply IH; intros x Hx; apply Hl, (Permutation_in x Hp); auto.
Qed.

(** q^(n-1) - 1 of the sum and q^k - 1 of the terms, on a scale that is itself q^(n-1) off. *)
Lemma powers_within_gamma n k :
  let m := (n + k)%nat in
  (1 <= n)%nat -> INR m * u < 1 -> INR m * (INR m - 1) * u <= 1 ->
  (q ^ (n - 1) - 1 + (q ^ k - 1)) * q ^ (n - 1) <= gamma_n u m.
Proof.
  intros m Hn Hm Hmm; set (A := INR (n - 1) * u); set (K := INR k * u); set (M := A + K).
  pose proof (pos_INR (n - 1)); pose proof (pos_INR k).
  assert (HA : 0 <= A) by (apply Rmult_le_pos; lra); assert (HK : 0 <= K) by (apply Rmult_le_pos; lra).
  assert (EM : INR m * u = M + u).
  { unfold m, M, A, K; rewrite plus_INR, minus_INR by auto; simpl; ring. }
  assert (Em : INR m = INR (n - 1) + INR k + 1) by (unfold m; rewrite plus_INR, minus_INR by auto; simpl; ring).
  assert (HMu : M * (M + u) <= u).
  { replace (M * (M + u)) with (INR m * (INR m - 1) * u * u)
      by (rewrite <- EM, Em; unfold M, A, K; ring).
    rewrite <- (Rmult_1_l u) at 3; apply Rmult_le_compat_r; lra. }
  assert (HM1 : M < 1) by (unfold M in *; lra).
  pose proof (q_pow_bound (n - 1) ltac:(fold A; unfold M in *; lra)) as Q1; fold A in Q1.
  pose proof (q_pow_bound k ltac:(fold K; unfold M in *; lra)) as Q2; fold K in Q2.
  pose proof (q_pow_ge_1 (n - 1)); pose proof (q_pow_ge_1 k).
  assert (I1 : / (1 - A) - 1 = A / (1 - A)) by (field; unfold M in *; lra).
  assert (I2 : / (1 - K) - 1 = K / (1 - K)) by (field; unfold M in *; lra).
  assert (LA : / (1 - A) <= / (1 - M)) by (apply Rinv_le_contravar; unfold M in *; lra).
  assert (LK : / (1 - K) <= / (1 - M)) by (apply Rinv_le_contravar; unfold M in *; lra).
  assert (P : 0 < / (1 - M)) by (apply Rinv_0_lt_compat; lra).
  apply Rle_trans with (M * / (1 - M) * / (1 - M)).
  - apply Rmult_le_compat; [lra | lra | | lra].
    apply Rle_trans with (A / (1 - A) + K / (1 - K)); [lra|].
    unfold Rdiv; assert (A * / (1 - A) <= A * / (1 - M)) by (apply Rmult_le_compat_l; auto).
    assert (K * / (1 - K) <= K * / (1 - M)) by (apply Rmult_le_compat_l; auto); unfold M at 1; lra.
  - unfold gamma_n; rewrite EM.
    assert (S1 : M * / (1 - M) <= M + u).
    { apply Rmult_le_reg_r with (1 - M); [lra|]; rewrite Rmult_assoc, Rinv_l by lra; lra. }
    apply Rle_trans with ((M + u) * / (1 - M)); [apply Rmult_le_compat_r; lra|].
    unfold Rdiv; apply Rmult_le_compat_l; [unfold M; lra|]; apply Rinv_le_contravar; lra.
Qed.

(** The bound of the checks. The i-th stored term t i is p i after k roundings; z is the computed sum of
    the terms, A that of their absolute values. *)
Theorem check_bound {I} (ix : list I) (p t : I -> R) k z A :
  let n := length ix in
  let m := (n + k)%nat in
  INR m * u < 1 -> INR m * (INR m - 1) * u <= 1 ->
  (forall i, In i ix -> rounded k (p i) (t i)) ->
  summed (map t ix) z -> summed (map (fun i => Rabs (t i)) ix) A ->
  Rabs (z - \sum_(i <- ix) p i) <= gamma_n u m * A.
Proof.
  intros n m Hm Hmm Ht Hz HA; set (T := \sum_(i <- ix) Rabs (t i)).
  assert (Hn : (1 <= n)%nat) by (pose proof (summed_length _ _ Hz) as H; rewrite map_length in H; auto).
  pose proof (summed_error _ z Hz) as B1; rewrite map_length in B1; fold n in B1.
  unfold total, total_abs in B1; rewrite !Sum_map in B1; fold T in B1.
  pose proof (summed_abs_lower (map (fun i => Rabs (t i)) ix) A) as B2; rewrite map_length in B2; fold n in B2.
  unfold total in B2; rewrite Sum_map in B2; fold T in B2.
  specialize (B2 ltac:(intros x Hx; apply in_map_iff in Hx as [i [<- _]]; apply Rabs_pos) HA).
  assert (B3 : Rabs ((\sum_(i <- ix) t i) - \sum_(i <- ix) p i) <= (q ^ k - 1) * T).
  { rewrite <- Sum_minus; eapply Rle_trans; [apply Sum_abs|].
    unfold T; rewrite <- Sum_mult_l; apply Sum_le; intros i Hi; apply rounded_error; auto. }
  replace (z - \sum_(i <- ix) p i)
    with (z - (\sum_(i <- ix) t i) + ((\sum_(i <- ix) t i) - \sum_(i <- ix) p i)) by ring.
  eapply Rle_trans; [apply Rabs_triang|].
  pose proof (powers_within_gamma n k Hn Hm Hmm) as G; fold m in G.
  pose proof (q_pow_ge_1 (n - 1)); pose proof (q_pow_ge_1 k).
  set (e := q ^ (n - 1) - 1 + (q ^ k - 1)) in *.
  assert (HT : 0 <= T) by (apply Sum_ge0; intros; apply Rabs_pos).
  apply Rle_trans with (e * T); [unfold e; lra|].
  apply Rle_trans with (e * (q ^ (n - 1) * A)); [apply Rmult_le_compat_l; [unfold e; lra | auto]|].
  rewrite <- Rmult_assoc; apply Rmult_le_compat_r; [|auto].
  apply Rmult_le_reg_l with (q ^ (n - 1)); [lra|]; lra.
Qed.

(** An identity whose exact value is 0: eqs. (10), (15), Theorem 1, Corollary 1.2. *)
Corollary zero_check_bound {I} (ix : list I) (p t : I -> R) k z A :
  let m := (length ix + k)%nat in
  INR m * u < 1 -> INR m * (INR m - 1) * u <= 1 -> \sum_(i <- ix) p i = 0 ->
  (forall i, In i ix -> rounded k (p i) (t i)) ->
  summed (map t ix) z -> summed (map (fun i => Rabs (t i)) ix) A ->
  Rabs z <= gamma_n u m * A.
Proof.
  intros m Hm Hmm H0 Ht Hz HA; pose proof (check_bound ix p t k z A Hm Hmm Ht Hz HA) as B.
  rewrite H0, Rminus_0_r in B; auto.
Qed.

(** Two sums that are equal in exact arithmetic, eq. (4) and Theorem 2: their difference, as computed. *)
Corollary balance_check_bound {I J} (ix : list I) (jx : list J) p t p' t' k k' z A z' A' d :
  let m := (length ix + k)%nat in let m' := (length jx + k')%nat in
  INR m * u < 1 -> INR m * (INR m - 1) * u <= 1 ->
  INR m' * u < 1 -> INR m' * (INR m' - 1) * u <= 1 ->
  \sum_(i <- ix) p i = \sum_(j <- jx) p' j ->
  (forall i, In i ix -> rounded k (p i) (t i)) -> (forall j, In j jx -> rounded k' (p' j) (t' j)) ->
  summed (map t ix) z -> summed (map (fun i => Rabs (t i)) ix) A ->
  summed (map t' jx) z' -> summed (map (fun j => Rabs (t' j)) jx) A' ->
  rounds u (z - z') d ->
  Rabs d <= (1 + u) * (gamma_n u m * A + gamma_n u m' * A').
Proof.
  intros m m' Hm Hmm Hm' Hmm' E Ht Ht' Hz HA Hz' HA' Hd.
  pose proof (check_bound ix p t k z A Hm Hmm Ht Hz HA) as B.
  pose proof (check_bound jx p' t' k' z' A' Hm' Hmm' Ht' Hz' HA') as B'; rewrite <- E in B'.
  fold m in B; fold m' in B'; set (D := \sum_(i <- ix) p i) in *.
  assert (Rabs (z - z') <= gamma_n u m * A + gamma_n u m' * A').
  { replace (z - z') with (z - D + - (z' - D)) by ring.
    eapply Rle_trans; [apply Rabs_triang|]; rewrite Rabs_Ropp; lra. }
  destruct Hd as [e [He ->]]; rewrite Rabs_mult.
  assert (Rabs (1 + e) <= 1 + u).
  { eapply Rle_trans; [apply Rabs_triang|]; rewrite (Rabs_pos_eq 1); lra. }
  rewrite Rmult_comm; apply Rmult_le_compat; auto using Rabs_pos.
Qed.
End Tolerance.
