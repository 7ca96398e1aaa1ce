(** * The tolerance of every identity check

    A check compares a computed sum of n products with its exact value, often 0, and accepts an
    error of gamma_n times the sum of absolute products. Each bound below is Rounding.v applied:
    - exact factors: gamma_n A;
    - factors computed by up to k earlier roundings: gamma_(n+k) S;
    - A itself computed: gamma_2n times the computed A;
    - two sums that must agree, eq. (4): the two bounds added; for a linear layer with everything
      computed, 2 gamma_(n_in + n_out) sum |g A x|;
    - costs of several edges added up (Corollary 1.2): their bounds added, and one more gamma_m. *)
From Coq Require Import Reals List Permutation Lra Lia.
From Wirecost Require Import Sums Gradient LinearOperations Rounding.
Import ListNotations.
Open Scope R_scope.

Section Bounds.
Variable u : R.
Hypothesis Hu : 0 <= u < 1.
Let gamma := gamma_n u.
Let computed := computed u.

(** Exact factors. *)
Theorem zero_check l z :
  INR (length l) * u < 1 -> dot l = 0 -> computed l z -> Rabs z <= gamma (length l) * dot_abs l.
Proof.
  intros Hn H0 Hz; pose proof (computed_sum_gamma u Hu l z Hn Hz) as H.
  rewrite H0, Rminus_0_r in H; auto.
Qed.

(** The scale computed as well: the check that a program runs. *)
Theorem zero_check_computed_scale l z A :
  INR (2 * length l) * u < 1 -> dot l = 0 -> computed l z ->
  computed (map (fun p => (Rabs (fst p), Rabs (snd p))) l) A ->
  Rabs z <= gamma (2 * length l) * A.
Proof.
  intros Hn H0 Hz HA; set (l' := map _ l) in HA.
  assert (Hn1 : INR (length l) * u < 1).
  { rewrite mult_INR in Hn; replace (INR 2) with 2 in Hn by (simpl; ring).
    pose proof (pos_INR (length l)); nra. }
  assert (E : dot l' = dot_abs l /\ dot_abs l' = dot_abs l).
  { unfold l', dot, dot_abs; rewrite !Sum_map; cbn [fst snd]; split; apply Sum_ext; intros p _.
    - rewrite Rabs_mult; auto.
    - rewrite Rabs_mult, !Rabs_Rabsolu, <- Rabs_mult; auto. }
  destruct E as [E1 E2]; assert (El : length l' = length l) by apply map_length.
  pose proof (zero_check l z Hn1 H0 Hz) as Hc.
  pose proof (computed_sum_gamma u Hu l' A) as HAb; rewrite El, E1, E2 in HAb.
  specialize (HAb Hn1 HA); rewrite Rabs_minus_sym in HAb; pose proof (Rle_abs (dot_abs l - A)) as Hle.
  destruct (gamma_double u Hu (length l) Hn) as [Hg1 Hg2]; fold gamma in Hg1, Hg2, HAb.
  pose proof (gamma_nonneg u Hu (length l) Hn1) as Hg0; fold gamma in Hg0.
  set (ga := gamma (length l)) in *; set (a := dot_abs l) in *.
  assert (Ha : a <= A / (1 - ga)).
  { apply Rmult_le_reg_r with (1 - ga); [lra|]; unfold Rdiv; rewrite Rmult_assoc, Rinv_l by lra; lra. }
  eapply Rle_trans; [exact Hc|].
  assert (HA0 : 0 <= A) by (pose proof (dot_abs_nonneg l); fold a in H; nra).
  eapply Rle_trans; [apply Rmult_le_compat_l; [auto | exact Ha]|].
  replace (ga * (A / (1 - ga))) with (ga / (1 - ga) * A) by (field; lra).
  apply Rmult_le_compat_r; auto.
Qed.

(** Factors that were computed themselves: the i-th product is p i in exact arithmetic, and the stored
    factors x i, y i miss it by at most gamma_k on the scale s i. *)
Theorem check_after_k_roundings {I} (ix : list I) (p s x y : I -> R) k z :
  let n := length ix in
  INR (n + k) * u < 1 ->
  (forall i, In i ix -> Rabs (p i) <= s i) ->
  (forall i, In i ix -> Rabs (x i * y i - p i) <= gamma k * s i) ->
  computed (map (fun i => (x i, y i)) ix) z ->
  Rabs (z - \sum_(i <- ix) p i) <= gamma (n + k) * \sum_(i <- ix) s i.
Proof.
  intros n Hnk Hp He Hz; set (S := \sum_(i <- ix) s i).
  pose proof (pos_INR n); pose proof (pos_INR k); rewrite plus_INR in Hnk.
  assert (Hn : INR n * u < 1) by nra; assert (Hk : INR k * u < 1) by nra.
  pose proof (gamma_nonneg u Hu n Hn) as Gn; pose proof (gamma_nonneg u Hu k Hk) as Gk; fold gamma in Gn, Gk.
  assert (HS : 0 <= S).
  { apply Sum_ge0; intros i Hi; eapply Rle_trans; [apply Rabs_pos | apply Hp; auto]. }
  pose proof (computed_sum_gamma u Hu _ z ltac:(rewrite map_length; exact Hn) Hz) as Hc.
  rewrite map_length in Hc; fold n gamma in Hc; unfold dot, dot_abs in Hc; rewrite !Sum_map in Hc; cbn [fst snd] in Hc.
  assert (Hd : Rabs ((\sum_(i <- ix) x i * y i) - \sum_(i <- ix) p i) <= gamma k * S).
  { rewrite <- Sum_minus; eapply Rle_trans; [apply Sum_abs|].
    unfold S; rewrite <- Sum_mult_l; apply Sum_le; auto. }
  assert (Ha : \sum_(i <- ix) Rabs (x i * y i) <= (1 + gamma k) * S).
  { unfold S; rewrite <- Sum_mult_l; apply Sum_le; intros i Hi.
    replace (x i * y i) with (p i + (x i * y i - p i)) by ring.
    eapply Rle_trans; [apply Rabs_triang|]; specialize (Hp i Hi); specialize (He i Hi); lra. }
  replace (z - \sum_(i <- ix) p i)
    with (z - (\sum_(i <- ix) x i * y i) + ((\sum_(i <- ix) x i * y i) - \sum_(i <- ix) p i)) by ring.
  eapply Rle_trans; [apply Rabs_triang|].
  assert (gamma n * (\sum_(i <- ix) Rabs (x i * y i)) <= gamma n * ((1 + gamma k) * S))
    by (apply Rmult_le_compat_l; auto).
  pose proof (gamma_compose u Hu n k ltac:(rewrite plus_INR; lra)) as Hg; fold gamma in Hg; nra.
Qed.

(** Two sums that are equal in exact arithmetic. *)
Theorem equality_check l1 l2 z1 z2 :
  INR (length l1) * u < 1 -> INR (length l2) * u < 1 -> dot l1 = dot l2 ->
  computed l1 z1 -> computed l2 z2 ->
  Rabs (z1 - z2) <= gamma (length l1) * dot_abs l1 + gamma (length l2) * dot_abs l2.
Proof.
  intros H1 H2 E Hz1 Hz2.
  pose proof (computed_sum_gamma u Hu l1 z1 H1 Hz1) as B1; pose proof (computed_sum_gamma u Hu l2 z2 H2 Hz2) as B2.
  replace (z1 - z2) with (z1 - dot l1 + - (z2 - dot l2)) by (rewrite E; ring).
  eapply Rle_trans; [apply Rabs_triang|]; rewrite Rabs_Ropp; unfold gamma; lra.
Qed.

(** Eq. (4), everything computed: output y and gradient gx of a linear layer are computed sums
    themselves. *)
Theorem linear_identity_check {I O} (si : list I) (so : list O) (A : O -> I -> R) x g y gx z1 z2 :
  let n := (length si + length so)%nat in
  let S := \sum_(o <- so) \sum_(i <- si) Rabs (g o * A o i * x i) in
  INR n * u < 1 ->
  (forall o, In o so -> computed (map (fun i => (A o i, x i)) si) (y o)) ->
  (forall i, In i si -> computed (map (fun o => (g o, A o i)) so) (gx i)) ->
  computed (map (fun o => (g o, y o)) so) z1 -> computed (map (fun i => (gx i, x i)) si) z2 ->
  Rabs (z1 - z2) <= 2 * gamma n * S.
Proof.
  intros n S Hn Hy Hgx Hz1 Hz2.
  pose proof (pos_INR (length si)); pose proof (pos_INR (length so)).
  assert (Hsplit : INR n = INR (length si) + INR (length so)) by (apply plus_INR).
  assert (Hi : INR (length si) * u < 1) by nra; assert (Ho : INR (length so) * u < 1) by nra.
  assert (B1 : Rabs (z1 - \sum_(o <- so) g o * forward (linear si so A) x o) <= gamma n * S).
  { replace n with (length so + length si)%nat by (unfold n; lia).
    apply (check_after_k_roundings so _ (fun o => \sum_(i <- si) Rabs (g o * A o i * x i)) g y); auto.
    - rewrite plus_INR, Rplus_comm, <- Hsplit; auto.
    - intros o _; cbn; rewrite <- Sum_mult_l.
      eapply Rle_trans; [apply Sum_abs | apply Sum_le; intros; rewrite Rmult_assoc; lra].
    - intros o Hin; rewrite <- Rmult_minus_distr_l, Rabs_mult.
      pose proof (computed_sum_gamma u Hu _ _ ltac:(rewrite map_length; exact Hi) (Hy o Hin)) as B.
      rewrite map_length in B; unfold dot, dot_abs in B; rewrite !Sum_map in B; cbn [fst snd] in B.
      eapply Rle_trans; [apply Rmult_le_compat_l; [apply Rabs_pos | exact B]|].
      rewrite (Sum_ext si (fun i => Rabs (g o * A o i * x i)) (fun i => Rabs (g o) * Rabs (A o i * x i)))
        by (intros; rewrite Rmult_assoc, Rabs_mult; auto).
      rewrite Sum_mult_l; right; unfold gamma; ring. }
  assert (B2 : Rabs (z2 - \sum_(i <- si) backward (linear si so A) x g i * x i) <= gamma n * S).
  { unfold S; rewrite Sum_swap.
    apply (check_after_k_roundings si _ (fun i => \sum_(o <- so) Rabs (g o * A o i * x i)) gx x); auto.
    - intros i _; cbn; rewrite <- Sum_mult_r; apply (Sum_abs so (fun o => g o * A o i * x i)).
    - intros i Hin; rewrite <- Rmult_minus_distr_r, Rabs_mult.
      pose proof (computed_sum_gamma u Hu _ _ ltac:(rewrite map_length; exact Ho) (Hgx i Hin)) as B.
      rewrite map_length in B; unfold dot, dot_abs in B; rewrite !Sum_map in B; cbn [fst snd] in B.
      eapply Rle_trans; [apply Rmult_le_compat_r; [apply Rabs_pos | exact B]|].
      rewrite (Sum_ext so (fun o => Rabs (g o * A o i * x i)) (fun o => Rabs (g o * A o i) * Rabs (x i)))
        by (intros; rewrite Rabs_mult; auto).
      rewrite Sum_mult_r; right; unfold gamma; ring. }
  pose proof (linear_keeps_cost si so A x g) as E; rewrite E in B2.
  set (D := \sum_(o <- so) g o * forward (linear si so A) x o) in *.
  replace (z1 - z2) with (z1 - D + - (z2 - D)) by ring.
  eapply Rle_trans; [apply Rabs_triang|]; rewrite Rabs_Ropp; lra.
Qed.

(** Costs c e with errors of at most b e, added up: Corollary 1.2 and the node's total. *)
Theorem sum_of_costs_check {E} (es : list E) (exact c b : E -> R) z :
  let m := length es in
  INR m * u < 1 ->
  (forall e, In e es -> Rabs (c e - exact e) <= b e) ->
  computed (map (fun e => (c e, 1)) es) z ->
  Rabs (z - \sum_(e <- es) exact e) <= gamma m * (\sum_(e <- es) Rabs (c e)) + \sum_(e <- es) b e.
Proof.
  intros m Hm Hb Hz; pose proof (computed_sum_gamma u Hu _ z ltac:(rewrite map_length; exact Hm) Hz) as B.
  rewrite map_length in B; unfold dot, dot_abs in B; rewrite !Sum_map in B; cbn [fst snd] in B.
  rewrite (Sum_ext es (fun e => c e * 1) c), (Sum_ext es (fun e => Rabs (c e * 1)) (fun e => Rabs (c e))) in B
    by (intros; rewrite ?Rmult_1_r; auto).
  assert (D : Rabs (Sum es c - \sum_(e <- es) exact e) <= \sum_(e <- es) b e).
  { change (Rabs ((\sum_(e <- es) c e) - \sum_(e <- es) exact e) <= \sum_(e <- es) b e).
    rewrite <- Sum_minus; eapply Rle_trans; [apply Sum_abs | apply Sum_le; auto]. }
  replace (z - \sum_(e <- es) exact e) with (z - Sum es c + (Sum es c - \sum_(e <- es) exact e)) by ring.
  eapply Rle_trans; [apply Rabs_triang|]; fold m gamma in B; lra.
Qed.
End Bounds.
