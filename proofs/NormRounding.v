(** * The bounds of the checks of a normalisation

    With everything rounded (NormStatistics.v forwards, eq. (8) backwards), Gamma = gamma_(4n + 32),
    kappa = r mean|x|, s_i = |g_i| + mean|g| + |h_i| mean|g h|:
    - eq. (10): the cost at the input misses share * sum g h by at most
        Gamma sum s_i (r |x_i| + |h_i|) + n Gamma (1 + kappa) (mean|g| + kappa mean|g h|)
        + n mean|g h| (Gamma + share (Gamma kappa)^2);
    - the sum of the gradient misses 0 by at most r (Gamma sum s_i + n Gamma (1 + kappa) mean|g h|);
    - its product with h, at eps = 0, by at most
        r (Gamma sum s_i |h_i| + n Gamma (1 + kappa) mean|g| + n mean|g h| Gamma);
    - eq. (8) holds entry by entry up to r (3 G s_i + 2 Gamma kappa (mean|g h| + (|h_i| + Gamma kappa) mean|g|)),
        G = Gamma + (Gamma kappa)^2, where G <= 1. *)
From Coq Require Import Reals List Lra Lia.
From Wirecost Require Import Sums Normalisation Rounding Tolerance RelativeError NormStatistics.
Import ListNotations.
Open Scope R_scope.

(** What n entries go through, everything counted. *)
Definition norm_roundings (n : nat) : nat := 4 * n + 32.

Section Bounds.
Variable u : R.
Hypothesis Hu : 0 <= u < 1.
Context {I : Type}.
Variable s : list I.
Hypothesis Hs : s <> [].
Variables (eps : R) (x g : I -> R).
Hypothesis Heps : 0 <= eps.
Hypothesis Hv : 0 < var s x + eps.

(** Eq. (8) as computed, g the gradient that reaches x_hat. *)
Definition differentiated (r' : R) (h gx : I -> R) : Prop :=
  exists z z' mg q,
    summed u (map g s) z /\ rounds u (z / card s) mg /\
    computed u (map (fun i => (g i, h i)) s) z' /\ rounds u (z' / card s) q /\
    forall i, In i s -> exists a b c,
      rounds u (g i - mg) a /\ rounds u (h i * q) b /\ rounds u (a - b) c /\ rounds u (c * r') (gx i).

Variables (m r' : R) (h gx : I -> R).
Hypothesis Hx : standardised u s eps x m r' h.
Hypothesis Hg : differentiated r' h gx.

Let n := length s.
Definition gamma_norm : R := gamma_n u (norm_roundings n).
Hypothesis Hn : INR (norm_roundings n) * u < 1.
Let r := rstd s eps x.
Let k := kappa s eps x.
Let sh := share s eps x.
Let M := mean s g.
Let Q := mean s (fun i => g i * h i).
Let Ag := mean_abs s g.
Let Agh := mean_abs s (fun i => g i * h i).
Definition size (i : I) : R := Rabs (g i) + Ag + Rabs (h i) * Agh.
Let c (i : I) : R := g i - M - h i * Q.

Lemma gamma_norm_ge j : (j <= 4 * n + 32)%nat -> grow u j - 1 <= gamma_norm.
Proof.
  intros Hj; eapply Rle_trans; [|apply (grow_le_gamma u Hu); exact Hn]; unfold norm_roundings.
  apply Rplus_le_compat_r, grow_le; auto.
Qed.

Lemma gamma_norm_nonneg : 0 <= gamma_norm.
Proof. pose proof (gamma_norm_ge 0 ltac:(lia)) as B; pose proof (grow_ge_1 u Hu 0); lra. Qed.

Lemma size_nonneg i : 0 <= size i.
Proof.
  pose proof (mean_abs_nonneg s Hs g); pose proof (mean_abs_nonneg s Hs (fun i => g i * h i)).
  pose proof (Rabs_pos (g i)); pose proof (Rabs_pos (h i)); unfold size, Ag, Agh.
  assert (0 <= Rabs (h i) * mean_abs s (fun i => g i * h i)) by (apply Rmult_le_pos; auto); lra.
Qed.

Lemma abs_mean f : Rabs (mean s f) <= mean_abs s f.
Proof.
  unfold mean_abs, mean, Rdiv; pose proof (Rinv_0_lt_compat _ (card_pos s Hs)).
  rewrite Rabs_mult, (Rabs_pos_eq (/ card s)) by lra; apply Rmult_le_compat_r, Sum_abs; lra.
Qed.

(** One entry: n + 4 roundings. *)
Theorem entry_within i : In i s -> within u (n + 4) (c i) (size i) (gx i / r').
Proof.
  destruct Hg as (z & z' & mg & q & Hz & Hmg & Hz' & Hq & Hi); intros Hin.
  destruct (Hi i Hin) as (a & b & d & Ha & Hb & Hd & Hgx).
  pose proof (within_mean u Hu s g z mg Hs Hz Hmg) as W1; pose proof (within_mean_product u Hu s g h z' q Hs Hz' Hq) as W2.
  assert (A : within u (n + 2) (g i - M) (Rabs (g i) + Ag) a).
  { apply (within_weaken u Hu (n + 1)); [lia|]; apply (within_near u Hu n 1 _ _ (g i - mg)); [|apply near_rounds; auto].
    apply within_minus; [|exact W1]; apply (within_weaken u Hu 0); [lia | apply within_exact; auto]. }
  assert (B : within u (n + 2) (h i * Q) (Rabs (h i) * Agh) b).
  { replace (n + 2)%nat with (n + 1 + 1)%nat by lia; apply (within_near u Hu _ 1 _ _ (h i * q)); [|apply near_rounds; auto].
    apply within_scale; exact W2. }
  pose proof (within_minus u _ _ _ _ _ _ _ A B) as AB.
  replace (n + 4)%nat with (n + 2 + 2)%nat by lia; apply (within_near u Hu _ 2 _ _ (a - b)); [exact AB|].
  apply (near_step u Hu 1 1 _ _ d); [lia | apply near_rounds; auto|].
  pose proof (r'_pos u Hu s Hs eps x Heps Hv m r' h Hx) as R0.
  replace d with (d * r' * / r') by (field; lra); apply near_scale; auto; apply near_rounds; auto.
Qed.

Lemma c_size i : In i s -> Rabs (c i) <= size i.
Proof. intros Hi; apply (entry_within i Hi). Qed.

Lemma Sum_c : \sum_(i <- s) c i = - (card s * (Q * mean s h)).
Proof.
  unfold c; rewrite !Sum_minus, Sum_const, Sum_mult_r; pose proof (Sum_mean s g Hs) as E; pose proof (Sum_mean s h Hs) as E2.
  change (fun i : I => g i) with g in *; change (fun i : I => h i) with h in *; rewrite E, E2; fold M; ring.
Qed.

Lemma Sum_c_h : \sum_(i <- s) c i * h i = card s * (Q * (1 - mean s (fun i => h i * h i)) - M * mean s h).
Proof.
  rewrite (Sum_ext s _ (fun i => g i * h i - M * h i - Q * (h i * h i))) by (intros; unfold c; ring).
  rewrite !Sum_minus, !Sum_mult_l, (Sum_mean s (fun i => g i * h i)), (Sum_mean s (fun i => h i * h i)) by auto.
  pose proof (Sum_mean s h Hs) as E; change (fun i : I => h i) with h in *; rewrite E; fold Q; ring.
Qed.

(** The roundings of the entries, each entry weighed by w. *)
Lemma entries_off w :
  Rabs ((\sum_(i <- s) gx i * w i) - r' * \sum_(i <- s) c i * w i) <= gamma_norm * (r * \sum_(i <- s) size i * Rabs (w i)).
Proof.
  pose proof (r'_pos u Hu s Hs eps x Heps Hv m r' h Hx) as R0; pose proof (rstd_upper u Hu s Hs eps x Heps Hv m r' h Hx) as RU.
  rewrite <- Sum_mult_l, <- Sum_minus; eapply Rle_trans; [apply Sum_abs|].
  rewrite <- Rmult_assoc, <- Sum_mult_l; apply Sum_le; intros i Hi.
  destruct (entry_within i Hi) as [_ B].
  replace (gx i * w i - r' * (c i * w i)) with (r' * ((gx i / r' - c i) * w i)) by (field; lra).
  rewrite !Rabs_mult, (Rabs_pos_eq r') by lra; pose proof (Rabs_pos (w i)); pose proof (size_nonneg i) as S0.
  apply Rle_trans with (grow u (n + 8) * r * ((grow u (n + 4) - 1) * size i * Rabs (w i))).
  - apply Rmult_le_compat; [lra | apply Rmult_le_pos; auto using Rabs_pos | exact RU | apply Rmult_le_compat_r; auto].
  - assert (E : (grow u (n + 4) - 1) * grow u (n + 8) <= gamma_norm).
    { eapply Rle_trans; [apply (grow_mult u Hu _ _ (2 * n + 12)); lia | apply gamma_norm_ge; lia]. }
    replace (grow u (n + 8) * r * ((grow u (n + 4) - 1) * size i * Rabs (w i)))
      with ((grow u (n + 4) - 1) * grow u (n + 8) * (r * (size i * Rabs (w i)))) by ring.
    rewrite (Rmult_assoc gamma_norm r); apply Rmult_le_compat_r; [|auto].
    pose proof (rstd_pos s eps x Hv) as P; fold r in P; apply Rmult_le_pos; [lra | apply Rmult_le_pos; auto].
Qed.

Lemma mean_off : Rabs (mean s h) <= gamma_norm * (1 + k).
Proof.
  eapply Rle_trans; [apply (mean_computed u Hu s Hs eps x Heps Hv m r' h Hx)|].
  pose proof (kappa_nonneg s Hs eps x Hv) as K; apply Rmult_le_compat_r; [unfold k; lra | apply gamma_norm_ge; unfold n; lia].
Qed.

Lemma square_off : Rabs (1 - mean s (fun i => h i * h i) - sh) <= gamma_norm + sh * (gamma_norm * k) ^ 2.
Proof.
  eapply Rle_trans; [apply (mean_square_computed u Hu s Hs eps x Heps Hv m r' h Hx)|].
  pose proof (kappa_nonneg s Hs eps x Hv) as K; destruct (share_bounds s Hs eps x Heps Hv) as [S0 _].
  fold n; apply Rplus_le_compat; [apply gamma_norm_ge; lia|]; apply Rmult_le_compat_l; [auto|].
  pose proof (grow_ge_1 u Hu (n + 2)); apply pow_incr; split; [apply Rmult_le_pos; lra|].
  apply Rmult_le_compat_r; [auto | apply gamma_norm_ge; lia].
Qed.

(** How far the sum over all entries of x_hat may be from 0. *)
Theorem xhat_sum_bound : Rabs (\sum_(i <- s) h i) <= card s * gamma_norm * (1 + k).
Proof.
  pose proof (Sum_mean s h Hs) as E; change (fun i : I => h i) with h in *; rewrite E.
  pose proof (card_pos s Hs) as Hc; rewrite Rabs_mult, Rabs_pos_eq, Rmult_assoc by lra.
  apply Rmult_le_compat_l; [lra | apply mean_off].
Qed.

(** Eq. (10). *)
Theorem input_cost_bound :
  Rabs ((\sum_(i <- s) gx i * x i) - sh * \sum_(i <- s) g i * h i)
  <= gamma_norm * (\sum_(i <- s) size i * (r * Rabs (x i) + Rabs (h i)))
     + card s * gamma_norm * (1 + k) * (Ag + k * Agh)
     + card s * Agh * (gamma_norm + sh * (gamma_norm * k) ^ 2).
Proof.
  pose proof (r'_pos u Hu s Hs eps x Heps Hv m r' h Hx) as R0; pose proof (rstd_upper u Hu s Hs eps x Heps Hv m r' h Hx) as RU.
  fold n r in RU; pose proof (card_pos s Hs) as Hc; pose proof (kappa_nonneg s Hs eps x Hv) as K; fold k in K.
  pose proof (mean_abs_nonneg s Hs g) as Ag0; fold Ag in Ag0.
  pose proof (mean_abs_nonneg s Hs (fun i => g i * h i)) as Agh0; fold Agh in Agh0.
  pose proof (rstd_pos s eps x Hv) as P; fold r in P; pose proof gamma_norm_nonneg as G0.
  set (y := fun i => (x i - m) * r'); set (S := mean s (fun i => h i * h i)).
  assert (E : r' * (\sum_(i <- s) c i * x i) - sh * (\sum_(i <- s) g i * h i)
    = card s * (Q * (1 - S - sh)) - card s * (M * mean s h)
      + (\sum_(i <- s) c i * (y i - h i)) - r' * m * (card s * (Q * mean s h))).
  { rewrite (Sum_ext s (fun i => c i * (y i - h i)) (fun i => r' * (c i * x i) - (r' * m) * c i - c i * h i))
      by (intros; unfold y; ring).
    rewrite !Sum_minus, !Sum_mult_l, Sum_c, Sum_c_h, (Sum_mean s (fun i => g i * h i)) by auto; fold Q S; ring. }
  replace ((\sum_(i <- s) gx i * x i) - sh * (\sum_(i <- s) g i * h i))
    with ((\sum_(i <- s) gx i * x i) - r' * (\sum_(i <- s) c i * x i)
          + (r' * (\sum_(i <- s) c i * x i) - sh * (\sum_(i <- s) g i * h i))) by ring.
  rewrite E; pose proof (entries_off x) as B1.
  assert (B2 : Rabs (card s * (Q * (1 - S - sh))) <= card s * Agh * (gamma_norm + sh * (gamma_norm * k) ^ 2)).
  { rewrite !Rabs_mult, (Rabs_pos_eq (card s)), Rmult_assoc by lra; apply Rmult_le_compat_l; [lra|].
    apply Rmult_le_compat; auto using Rabs_pos; [apply abs_mean | apply square_off]. }
  assert (B3 : Rabs (card s * (M * mean s h)) <= card s * (Ag * (gamma_norm * (1 + k)))).
  { rewrite !Rabs_mult, (Rabs_pos_eq (card s)) by lra; apply Rmult_le_compat_l; [lra|].
    apply Rmult_le_compat; auto using Rabs_pos; [apply abs_mean | apply mean_off]. }
  assert (B4 : Rabs (\sum_(i <- s) c i * (y i - h i)) <= gamma_norm * \sum_(i <- s) size i * Rabs (h i)).
  { eapply Rle_trans; [apply Sum_abs|]; rewrite <- Sum_mult_l; apply Sum_le; intros i Hi.
    destruct (near_error u Hu _ _ _ (xhat_computed u Hu s eps x m r' h Hx i Hi)) as [_ B].
    rewrite Rabs_mult, (Rabs_minus_sym (y i)); pose proof (c_size i Hi); pose proof (gamma_norm_ge 2 ltac:(lia)).
    pose proof (size_nonneg i); pose proof (Rabs_pos (h i)).
    apply Rle_trans with (size i * (gamma_norm * Rabs (h i))); [|right; ring].
    apply Rmult_le_compat; auto using Rabs_pos; eapply Rle_trans; [exact B | apply Rmult_le_compat_r; auto]. }
  assert (B5 : Rabs (r' * m * (card s * (Q * mean s h))) <= card s * (k * Agh * (gamma_norm * (1 + k)))).
  { assert (Rm : Rabs (r' * m) <= grow u (2 * n + 8) * k).
    { rewrite Rabs_mult, (Rabs_pos_eq r') by lra.
      pose proof (within_size u _ _ _ _ (mean_within u Hu s Hs eps x m r' h Hx)) as Wm.
      apply Rle_trans with (grow u (n + 8) * r * (grow u n * mean_abs s x)).
      - apply Rmult_le_compat; auto using Rabs_pos; lra.
      - right; replace (2 * n + 8)%nat with (n + 8 + n)%nat by lia; rewrite (grow_plus u (n + 8)); unfold k, kappa; fold r; ring. }
    assert (Mh : Rabs (mean s h) <= (grow u (2 * n + 10) - 1) * (1 + k)) by apply (mean_computed u Hu s Hs eps x Heps Hv m r' h Hx).
    assert (Gg : (grow u (2 * n + 10) - 1) * grow u (2 * n + 8) <= gamma_norm).
    { eapply Rle_trans; [apply (grow_mult u Hu _ _ (4 * n + 18)); lia | apply gamma_norm_ge; lia]. }
    pose proof (grow_ge_1 u Hu (2 * n + 8)); pose proof (grow_ge_1 u Hu (2 * n + 10)).
    rewrite (Rabs_mult (r' * m)), !(Rabs_mult (card s)), (Rabs_mult Q), (Rabs_pos_eq (card s)) by lra.
    replace (Rabs (r' * m) * (card s * (Rabs Q * Rabs (mean s h)))) with (card s * (Rabs (r' * m) * Rabs Q * Rabs (mean s h))) by ring.
    apply Rmult_le_compat_l; [lra|].
    apply Rle_trans with (grow u (2 * n + 8) * k * Agh * ((grow u (2 * n + 10) - 1) * (1 + k))).
    - apply Rmult_le_compat; auto using Rabs_pos; [apply Rmult_le_pos; apply Rabs_pos|].
      apply Rmult_le_compat; auto using Rabs_pos; apply abs_mean.
    - replace (grow u (2 * n + 8) * k * Agh * ((grow u (2 * n + 10) - 1) * (1 + k)))
        with ((grow u (2 * n + 10) - 1) * grow u (2 * n + 8) * (k * Agh * (1 + k))) by ring.
      replace (k * Agh * (gamma_norm * (1 + k))) with (gamma_norm * (k * Agh * (1 + k))) by ring.
      apply Rmult_le_compat_r; auto; apply Rmult_le_pos; [apply Rmult_le_pos|]; lra. }
  rewrite (Sum_ext s (fun i => size i * (r * Rabs (x i) + Rabs (h i)))
    (fun i => r * (size i * Rabs (x i)) + size i * Rabs (h i))) by (intros; ring).
  rewrite Sum_plus, Sum_mult_l.
  set (a1 := (\sum_(i <- s) gx i * x i) - r' * _) in *; set (a2 := card s * (Q * (1 - S - sh))) in *.
  set (a3 := card s * (M * mean s h)) in *; set (a4 := \sum_(i <- s) c i * (y i - h i)) in *.
  set (a5 := r' * m * _) in *.
  assert (T : Rabs (a1 + (a2 - a3 + a4 - a5)) <= Rabs a1 + (Rabs a2 + Rabs a3 + Rabs a4 + Rabs a5)).
  { eapply Rle_trans; [apply Rabs_triang|]; apply Rplus_le_compat_l; unfold Rminus.
    rewrite <- (Rabs_Ropp a3), <- (Rabs_Ropp a5); do 3 (eapply Rle_trans; [apply Rabs_triang | apply Rplus_le_compat_r]); lra. }
  lra.
Qed.

(** After eq. (10): orthogonal to 1. *)
Theorem sum_bound : Rabs (\sum_(i <- s) gx i) <= r * (gamma_norm * (\sum_(i <- s) size i) + card s * gamma_norm * (1 + k) * Agh).
Proof.
  pose proof (r'_pos u Hu s Hs eps x Heps Hv m r' h Hx) as R0; pose proof (rstd_upper u Hu s Hs eps x Heps Hv m r' h Hx) as RU.
  fold n r in RU; pose proof (card_pos s Hs) as Hc; pose proof (kappa_nonneg s Hs eps x Hv) as K; fold k in K.
  pose proof (mean_abs_nonneg s Hs (fun i => g i * h i)) as Agh0; fold Agh in Agh0.
  pose proof (entries_off (fun _ => 1)) as B1; cbv beta in B1.
  rewrite (Sum_ext s (fun i => gx i * 1) gx), (Sum_ext s (fun i => c i * 1) c), (Sum_ext s (fun i => size i * Rabs 1) size) in B1
    by (intros; rewrite ?Rabs_R1; ring).
  change (Sum s c) with (\sum_(i <- s) c i) in B1; rewrite Sum_c in B1.
  assert (B2 : Rabs (r' * (card s * (Q * mean s h))) <= r * (card s * gamma_norm * (1 + k) * Agh)).
  { pose proof (mean_computed u Hu s Hs eps x Heps Hv m r' h Hx) as Mh; fold n k in Mh.
    rewrite !Rabs_mult, (Rabs_pos_eq r'), (Rabs_pos_eq (card s)) by lra.
    assert (Gg : (grow u (2 * n + 10) - 1) * grow u (n + 8) <= gamma_norm).
    { eapply Rle_trans; [apply (grow_mult u Hu _ _ (3 * n + 18)); lia | apply gamma_norm_ge; lia]. }
    pose proof (rstd_pos s eps x Hv) as P; fold r in P; pose proof (grow_ge_1 u Hu (2 * n + 10)).
    apply Rle_trans with (grow u (n + 8) * r * (card s * (Agh * ((grow u (2 * n + 10) - 1) * (1 + k))))).
    - apply Rmult_le_compat; [lra | | exact RU |].
      + apply Rmult_le_pos; [lra | apply Rmult_le_pos; apply Rabs_pos].
      + apply Rmult_le_compat_l; [lra|]; apply Rmult_le_compat; auto using Rabs_pos; apply abs_mean.
    - replace (grow u (n + 8) * r * (card s * (Agh * ((grow u (2 * n + 10) - 1) * (1 + k)))))
        with ((grow u (2 * n + 10) - 1) * grow u (n + 8) * (r * (card s * (Agh * (1 + k))))) by ring.
      replace (r * (card s * gamma_norm * (1 + k) * Agh)) with (gamma_norm * (r * (card s * (Agh * (1 + k))))) by ring.
      apply Rmult_le_compat_r; auto; repeat first [lra | apply Rmult_le_pos]. }
  change (\sum_(i <- s) gx i) with (Sum s gx) in *.
  replace (Sum s gx) with (Sum s gx - r' * - (card s * (Q * mean s h)) + - (r' * (card s * (Q * mean s h)))) by ring.
  eapply Rle_trans; [apply Rabs_triang|]; rewrite Rabs_Ropp.
  rewrite Rmult_plus_distr_l; apply Rplus_le_compat; [|exact B2].
  eapply Rle_trans; [exact B1|]; right; change (\sum_(i <- s) size i) with (Sum s size); ring.
Qed.

(** Orthogonal to x_hat, at eps = 0. *)
Theorem xhat_bound :
  eps = 0 ->
  Rabs (\sum_(i <- s) gx i * h i)
  <= r * (gamma_norm * (\sum_(i <- s) size i * Rabs (h i)) + card s * gamma_norm * (1 + k) * Ag + card s * Agh * gamma_norm).
Proof.
  intros E0; pose proof (r'_pos u Hu s Hs eps x Heps Hv m r' h Hx) as R0; pose proof (rstd_upper u Hu s Hs eps x Heps Hv m r' h Hx) as RU.
  fold n r in RU; pose proof (card_pos s Hs) as Hc; pose proof (kappa_nonneg s Hs eps x Hv) as K; fold k in K.
  pose proof (mean_abs_nonneg s Hs g) as Ag0; fold Ag in Ag0.
  pose proof (mean_abs_nonneg s Hs (fun i => g i * h i)) as Agh0; fold Agh in Agh0.
  pose proof (rstd_pos s eps x Hv) as P; fold r in P; set (S := mean s (fun i => h i * h i)).
  pose proof (mean_computed u Hu s Hs eps x Heps Hv m r' h Hx) as Mh; fold n k in Mh.
  pose proof (mean_square_computed u Hu s Hs eps x Heps Hv m r' h Hx) as Sq; fold n S in Sq.
  assert (Z : share s eps x = 0) by (unfold share; rewrite E0; unfold Rdiv; ring).
  rewrite Z, Rmult_0_l, Rplus_0_r, Rminus_0_r in Sq.
  pose proof (entries_off h) as B1; rewrite Sum_c_h in B1; fold S in B1.
  assert (G1 : (grow u (2 * n + 10) - 1) * grow u (n + 8) <= gamma_norm).
  { eapply Rle_trans; [apply (grow_mult u Hu _ _ (3 * n + 18)); lia | apply gamma_norm_ge; lia]. }
  assert (G2 : (grow u (n + 10) - 1) * grow u (n + 8) <= gamma_norm).
  { eapply Rle_trans; [apply (grow_mult u Hu _ _ (2 * n + 18)); lia | apply gamma_norm_ge; lia]. }
  pose proof (grow_ge_1 u Hu (2 * n + 10)); pose proof (grow_ge_1 u Hu (n + 10)); pose proof (grow_ge_1 u Hu (n + 8)).
  assert (B2 : Rabs (r' * (card s * (Q * (1 - S) - M * mean s h))) <=
               r * (card s * gamma_norm * (1 + k) * Ag + card s * Agh * gamma_norm)).
  { rewrite !Rabs_mult, (Rabs_pos_eq r'), (Rabs_pos_eq (card s)) by lra.
    apply Rle_trans with (grow u (n + 8) * r * (card s * (Agh * (grow u (n + 10) - 1) + Ag * ((grow u (2 * n + 10) - 1) * (1 + k))))).
    - apply Rmult_le_compat; [lra | apply Rmult_le_pos; auto using Rabs_pos; lra | exact RU|].
      apply Rmult_le_compat_l; [lra|]; unfold Rminus at 1; eapply Rle_trans; [apply Rabs_triang|].
      rewrite Rabs_Ropp, !Rabs_mult; apply Rplus_le_compat; apply Rmult_le_compat; auto using Rabs_pos; apply abs_mean.
    - replace (grow u (n + 8) * r * (card s * (Agh * (grow u (n + 10) - 1) + Ag * ((grow u (2 * n + 10) - 1) * (1 + k)))))
        with ((grow u (n + 10) - 1) * grow u (n + 8) * (r * card s * Agh)
              + (grow u (2 * n + 10) - 1) * grow u (n + 8) * (r * card s * Ag * (1 + k))) by ring.
      replace (r * (card s * gamma_norm * (1 + k) * Ag + card s * Agh * gamma_norm))
        with (gamma_norm * (r * card s * Agh) + gamma_norm * (r * card s * Ag * (1 + k))) by ring.
      apply Rplus_le_compat; apply Rmult_le_compat_r; auto; repeat first [lra | apply Rmult_le_pos]. }
  set (b := r' * (card s * (Q * (1 - S) - M * mean s h))) in *.
  replace (\sum_(i <- s) gx i * h i) with ((\sum_(i <- s) gx i * h i) - b + b) by ring.
  eapply Rle_trans; [apply Rabs_triang|].
  rewrite Rmult_plus_distr_l in B2; rewrite !Rmult_plus_distr_l.
  replace (r * (gamma_norm * (\sum_(i <- s) size i * Rabs (h i)))) with (gamma_norm * (r * \sum_(i <- s) size i * Rabs (h i))) by ring; lra.
Qed.
End Bounds.

(** The last line of eq. (10) with the square, <g, h> (1 - q), against what is let through, q within delta of the mean
    of h^2. *)
Theorem square_factor_bound u {I} (s : list I) eps x (g : I -> R) m r' h q delta :
  0 <= u < 1 -> s <> [] -> 0 <= eps -> 0 < var s x + eps -> standardised u s eps x m r' h ->
  INR (norm_roundings (length s)) * u < 1 -> Rabs (q - mean s (fun i => h i * h i)) <= delta ->
  Rabs ((\sum_(i <- s) g i * h i) * (1 - q) - share s eps x * \sum_(i <- s) g i * h i)
  <= card s * mean_abs s (fun i => g i * h i)
     * (gamma_norm u s + share s eps x * (gamma_norm u s * kappa s eps x) ^ 2 + delta).
Proof.
  intros Hu Hs He Hv Hx Hn Hq; pose proof (mean_square_computed u Hu s Hs eps x He Hv m r' h Hx) as B.
  pose proof (gamma_norm_ge u Hu s Hn (length s + 10) ltac:(lia)) as G1.
  pose proof (gamma_norm_ge u Hu s Hn (length s + 2) ltac:(lia)) as G2.
  pose proof (grow_ge_1 u Hu (length s + 2)) as G; pose proof (kappa_nonneg s Hs eps x Hv) as K.
  assert (S0 : 0 <= share s eps x) by (apply Rmult_le_pos; [auto | left; apply Rinv_0_lt_compat; auto]).
  set (D := \sum_(i <- s) g i * h i); set (M := mean s (fun i => h i * h i)) in *; set (sh := share s eps x) in *.
  assert (HD : Rabs D <= card s * mean_abs s (fun i => g i * h i)).
  { unfold mean_abs; rewrite <- (Sum_mean s (fun i => Rabs (g i * h i)) Hs); apply Sum_abs. }
  replace (D * (1 - q) - sh * D) with (D * (1 - M - sh + - (q - M))) by ring; rewrite Rabs_mult.
  apply Rmult_le_compat; auto using Rabs_pos; eapply Rle_trans; [apply Rabs_triang|]; rewrite Rabs_Ropp.
  apply Rplus_le_compat; [|auto]; eapply Rle_trans; [exact B|]; apply Rplus_le_compat; [auto|].
  apply Rmult_le_compat_l; [auto|]; apply pow_incr; split; [apply Rmult_le_pos; lra | apply Rmult_le_compat_r; auto].
Qed.
