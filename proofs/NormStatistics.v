(** * The statistics of a normalisation as a program has them

    A group s of n entries x. Computed are a mean m, the differences d = x - m, 1/sigma as r', and
    x_hat = d r' as h, each operation rounded. Exact are the mean, sigma, r = 1/sigma, share =
    eps / (sigma^2 + eps) and kappa = r mean|x|: how many times larger than its spread a group is. Then
    - r' is at most grow (n + 8) r, and no smaller than the mean's error makes it;
    - mean h^2 is 1 - share, and mean h is 0, up to roundings and the mean's error, which kappa magnifies. *)
From Coq Require Import Reals List Lra Lia.
From Wirecost Require Import Sums Normalisation Rounding Tolerance RelativeError.
Import ListNotations.
Open Scope R_scope.

Section Statistics.
Variable u : R.
Hypothesis Hu : 0 <= u < 1.
Context {I : Type}.
Variable s : list I.
Hypothesis Hs : s <> [].
Variables (eps : R) (x : I -> R).
Hypothesis Heps : 0 <= eps.
Hypothesis Hv : 0 < var s x + eps.

Let n := length s.
Definition rstd : R := / sigma s eps x.
Definition share : R := eps / (var s x + eps).
Definition kappa : R := rstd * mean_abs s x.

(** What a program computes; the sum V by fused multiply-add or not. *)
Definition standardised (m r' : R) (h : I -> R) : Prop :=
  exists z V w w' t d,
    summed u (map x s) z /\ rounds u (z / card s) m /\
    (forall i, In i s -> rounds u (x i - m) (d i)) /\
    computed u (map (fun i => (d i, d i)) s) V /\ rounds u (V / card s) w /\
    rounds u (w + eps) w' /\ rounds u (sqrt w') t /\ rounds u (/ t) r' /\
    (forall i, In i s -> rounds u (d i * r') (h i)).

Lemma mean_near k f g :
  (forall i, In i s -> 0 <= f i) -> (forall i, In i s -> near u k (f i) (g i)) -> near u k (mean s f) (mean s g).
Proof. intros Hf Hn; apply near_scale; auto; apply near_Sum; auto. Qed.

Lemma var_nonneg : 0 <= var s x.
Proof. unfold var; rewrite <- (mean_const s Hs 0); apply mean_le; intros; apply pow2_ge_0. Qed.

(** The second moment about any m. *)
Lemma second_moment m : mean s (fun i => (x i - m) * (x i - m)) = var s x + (m - mean s x) ^ 2.
Proof.
  pose proof (card_pos s Hs) as Hc; unfold var, mean at 1 2.
  rewrite (Sum_ext s _ (fun i => (x i - mean s x) ^ 2 + (2 * (mean s x - m)) * (x i - mean s x) + (m - mean s x) ^ 2))
    by (intros; ring).
  rewrite !Sum_plus, Sum_mult_l, mean_centred, Sum_const by auto; field; lra.
Qed.

Lemma moment_nonneg m : 0 <= var s x + (m - mean s x) ^ 2.
Proof. rewrite <- second_moment, <- (mean_const s Hs 0); apply mean_le; intros; apply sq_nonneg. Qed.

Lemma rstd_pos : 0 < rstd.
Proof. apply Rinv_0_lt_compat, sigma_pos; auto. Qed.

Lemma rstd_sq : rstd * rstd = / (var s x + eps).
Proof. unfold rstd; rewrite <- Rinv_mult, sigma_sq; auto. Qed.

Lemma kappa_nonneg : 0 <= kappa.
Proof. apply Rmult_le_pos; [left; apply rstd_pos | apply mean_abs_nonneg; auto]. Qed.

Lemma share_bounds : 0 <= share <= 1.
Proof.
  pose proof var_nonneg as V.
  unfold share, Rdiv; pose proof (Rinv_0_lt_compat _ Hv); split; [nra|].
  replace 1 with ((var s x + eps) * / (var s x + eps)) by (field; lra); nra.
Qed.

Section Computed.
Variables (m r' : R) (h : I -> R).
Hypothesis H : standardised m r' h.
Let off : R := rstd * (m - mean s x).            (* the mean's error, in units of sigma *)

Lemma mean_within : within u n (mean s x) (mean_abs s x) m.
Proof. destruct H as (z & _ & _ & _ & _ & _ & Hz & Hm & _); apply (within_mean u Hu s x z); auto. Qed.

Lemma off_bound : Rabs off <= (grow u n - 1) * kappa.
Proof.
  destruct mean_within as [_ B]; unfold off, kappa; rewrite Rabs_mult, (Rabs_pos_eq rstd) by (left; apply rstd_pos).
  pose proof rstd_pos; nra.
Qed.

(** r'^2 and mean h^2, with the computed differences' second moment D. *)
Lemma moments :
  exists D, near u 2 (var s x + (m - mean s x) ^ 2) D /\ 0 < D + eps /\ 0 < r' /\
    near u (n + 6) (/ (D + eps)) (r' * r') /\ near u (n + 8) (D * / (D + eps)) (mean s (fun i => h i * h i)).
Proof.
  destruct H as (z & V & w & w' & t & d & _ & _ & Hd & HV & Hw & Hw' & Ht & Hr & Hh).
  pose proof (pow2_ge_0 (m - mean s x)) as Hp; pose proof (card_pos s Hs) as Hc.
  set (D := mean s (fun i => d i * d i)).
  assert (D1 : near u 2 (var s x + (m - mean s x) ^ 2) D).
  { rewrite <- second_moment; apply mean_near; intros i Hi; [apply sq_nonneg|].
    apply (near_mult u Hu 1 1); apply near_rounds; auto. }
  assert (HD : 0 <= D).
  { unfold D; rewrite <- (mean_const s Hs 0); apply mean_le; intros; apply sq_nonneg. }
  assert (DE : 0 < D + eps).
  { pose proof (moment_nonneg m) as Hvar.
    destruct (near_bounds u Hu 2 _ _ Hvar D1) as [_ [B _]]; destruct HD as [|E0]; [lra|].
    rewrite <- E0, Rmult_0_r in B; lra. }
  assert (W : near u (n + 2) (D + eps) w').
  { apply (near_step u Hu (n + 1) 1 _ _ (w + eps)); [lia | | apply near_rounds; auto]; apply near_plus; auto; [|apply near_refl; auto].
    apply (near_step u Hu n 1 _ _ (V / card s)); [lia | | apply near_rounds; auto]; apply near_scale; auto.
    unfold n; rewrite <- (map_length (fun i => (d i, d i)) s).
    replace (\sum_(i <- s) d i * d i) with (dot (map (fun i => (d i, d i)) s)) by (unfold dot; rewrite Sum_map; auto).
    apply near_computed; auto; intros p Hin; apply in_map_iff in Hin as [i [<- _]]; apply sq_nonneg. }
  assert (W0 : 0 < w').
  { destruct (near_bounds u Hu _ _ _ (Rlt_le _ _ DE) W) as [W1 [B _]]; destruct W1 as [|E0]; [auto|].
    rewrite <- E0, Rmult_0_r in B; lra. }
  assert (St : 0 < sqrt w') by (apply sqrt_lt_R0; auto).
  assert (T0 : 0 < t).
  { destruct (near_bounds u Hu 1 _ _ (Rlt_le _ _ St) (near_rounds u Hu _ _ Ht)) as [T1 [B _]].
    destruct T1 as [|E0]; [auto | rewrite <- E0, Rmult_0_r in B; lra]. }
  assert (T2 : near u (n + 4) (D + eps) (t * t)).
  { replace (n + 4)%nat with (n + 2 + (1 + 1))%nat by lia; apply (near_trans u Hu _ _ _ w'); auto.
    rewrite <- (sqrt_sqrt w') by lra; apply near_mult; auto; apply near_rounds; auto. }
  assert (R0 : 0 < r').
  { pose proof (Rinv_0_lt_compat _ T0) as P.
    destruct (near_bounds u Hu 1 _ _ (Rlt_le _ _ P) (near_rounds u Hu _ _ Hr)) as [R1 [B _]].
    destruct R1 as [|E0]; [auto | rewrite <- E0, Rmult_0_r in B; lra]. }
  assert (R2 : near u (n + 6) (/ (D + eps)) (r' * r')).
  { replace (n + 6)%nat with (n + 4 + (1 + 1))%nat by lia; apply (near_trans u Hu _ _ _ (/ (t * t))).
    - apply near_inv; auto; lra.
    - rewrite Rinv_mult; apply near_mult; auto; apply near_rounds; auto. }
  exists D; repeat split; auto.
  replace (n + 8)%nat with (n + 6 + 2)%nat by lia.
  apply (near_trans u Hu _ _ _ (D * (r' * r'))); [rewrite !(Rmult_comm D); apply near_scale; auto|].
  unfold D, mean, Rdiv; rewrite Rmult_assoc, (Rmult_comm (/ card s)), <- Rmult_assoc; apply near_scale; auto.
  rewrite <- Sum_mult_r; apply near_Sum; auto; intros i Hi.
  { apply Rmult_le_pos; apply sq_nonneg. }
  replace (d i * d i * (r' * r')) with (d i * r' * (d i * r')) by ring.
  apply (near_mult u Hu 1 1); apply near_rounds; auto.
Qed.

Lemma r'_pos : 0 < r'.
Proof. destruct moments as (D & _ & _ & P & _); auto. Qed.

(** 1/sigma from above, and from below. *)
Theorem rstd_upper : r' <= grow u (n + 8) * rstd.
Proof.
  destruct moments as (D & D1 & DE & R0 & R2 & _); pose proof (grow_ge_1 u Hu (n + 8)) as G; pose proof rstd_pos as P.
  pose proof (Rinv_0_lt_compat _ DE) as Q; destruct (near_bounds u Hu _ _ _ (Rlt_le _ _ Q) R2) as [_ [_ B]].
  assert (E : / (D + eps) <= grow u 2 * (rstd * rstd)).
  { rewrite rstd_sq; pose proof (pow2_ge_0 (m - mean s x)) as Hp.
    pose proof (moment_nonneg m) as V0.
    destruct (near_bounds u Hu 2 _ _ V0 D1) as [_ [B2 _]]; pose proof (grow_ge_1 u Hu 2) as G2.
    apply Rmult_le_reg_r with ((D + eps) * (var s x + eps)); [nra|].
    replace (/ (D + eps) * ((D + eps) * (var s x + eps))) with (var s x + eps) by (field; lra).
    replace (grow u 2 * / (var s x + eps) * ((D + eps) * (var s x + eps))) with (grow u 2 * (D + eps)) by (field; lra); nra. }
  assert (Sq : r' * r' <= grow u (n + 8) * (rstd * rstd)).
  { replace (n + 8)%nat with (n + 6 + 2)%nat by lia; rewrite grow_plus; pose proof (grow_ge_1 u Hu (n + 6)).
    rewrite Rmult_assoc; eapply Rle_trans; [exact B|]; apply Rmult_le_compat_l; lra. }
  apply Rsqr_incr_0; [unfold Rsqr|lra|nra]; nra.
Qed.

Theorem rstd_lower : rstd * rstd <= grow u (n + 8) * (1 + off ^ 2) * (r' * r').
Proof.
  destruct moments as (D & D1 & DE & R0 & R2 & _); pose proof rstd_sq as E; pose proof rstd_pos as P.
  pose proof (Rinv_0_lt_compat _ DE) as Q; destruct (near_bounds u Hu _ _ _ (Rlt_le _ _ Q) R2) as [_ [B _]].
  pose proof (pow2_ge_0 (m - mean s x)) as Hp; pose proof (grow_ge_1 u Hu 2) as G2; pose proof (grow_ge_1 u Hu (n + 6)).
  pose proof (moment_nonneg m) as V0.
  destruct (near_bounds u Hu 2 _ _ V0 D1) as [_ [_ B2]].
  assert (E1 : (var s x + eps) * (1 + off ^ 2) = var s x + eps + (m - mean s x) ^ 2).
  { unfold off; replace ((rstd * (m - mean s x)) ^ 2) with (rstd * rstd * (m - mean s x) ^ 2) by ring.
    rewrite E; field; lra. }
  assert (E2 : D + eps <= grow u 2 * ((var s x + eps) * (1 + off ^ 2))) by (rewrite E1; nra).
  assert (E3 : rstd * rstd <= grow u 2 * (1 + off ^ 2) * / (D + eps)).
  { rewrite E; apply Rmult_le_reg_r with ((D + eps) * (var s x + eps)); [nra|].
    replace (/ (var s x + eps) * ((D + eps) * (var s x + eps))) with (D + eps) by (field; lra).
    replace (grow u 2 * (1 + off ^ 2) * / (D + eps) * ((D + eps) * (var s x + eps)))
      with (grow u 2 * ((var s x + eps) * (1 + off ^ 2))) by (field; lra); auto. }
  replace (n + 8)%nat with (2 + (n + 6))%nat by lia; rewrite grow_plus.
  eapply Rle_trans; [exact E3|].
  replace (grow u 2 * grow u (n + 6) * (1 + off ^ 2) * (r' * r'))
    with (grow u 2 * (1 + off ^ 2) * (grow u (n + 6) * (r' * r'))) by ring.
  apply Rmult_le_compat_l; [|auto]; pose proof (pow2_ge_0 off); nra.
Qed.

(** "Variance property" of x_hat as computed. *)
Theorem mean_square_computed :
  Rabs (1 - mean s (fun i => h i * h i) - share) <= (grow u (n + 10) - 1) + share * ((grow u (n + 2) - 1) * kappa) ^ 2.
Proof.
  destruct moments as (D & D1 & DE & _ & _ & HS); set (S := mean s (fun i => h i * h i)) in *.
  set (W := var s x + eps) in *; set (p := D * / (D + eps)) in *; set (del := (m - mean s x) ^ 2) in *.
  pose proof (pow2_ge_0 (m - mean s x)) as Hdel; fold del in Hdel.
  pose proof var_nonneg as V0.
  destruct (near_bounds u Hu 2 _ _ (Rplus_le_le_0_compat _ _ V0 Hdel) D1) as [D0 [B1 B2]].
  pose proof (Rinv_0_lt_compat _ DE) as Q; pose proof (Rinv_0_lt_compat _ Hv) as QW; fold W in QW.
  pose proof (grow_ge_1 u Hu 2) as G2; pose proof (grow_ge_1 u Hu (n + 8)) as G8.
  assert (P0 : 0 <= p) by (apply Rmult_le_pos; lra).
  assert (P1 : 1 - p = eps * / (D + eps)) by (unfold p; field; lra).
  assert (P2 : p <= 1) by (assert (0 <= eps * / (D + eps)) by (apply Rmult_le_pos; lra); lra).
  assert (C1 : Rabs (S - p) <= (grow u (n + 8) - 1) * p).
  { destruct (near_error u Hu _ _ _ HS) as [C _]; rewrite (Rabs_pos_eq p) in C; auto. }
  destruct share_bounds as [S0 S1].
  assert (Eoff : off ^ 2 = del * / W).
  { unfold off; replace ((rstd * (m - mean s x)) ^ 2) with (rstd * rstd * (m - mean s x) ^ 2) by ring.
    rewrite rstd_sq; fold W del; ring. }
  assert (C2 : Rabs (1 - p - share) <= share * ((grow u 2 - 1) * p + grow u 2 * off ^ 2)).
  { replace (1 - p - share) with (share * ((var s x - D) * / (D + eps)))
      by (rewrite P1; unfold share; fold W; unfold W; field; fold W; lra).
    rewrite Rabs_mult, (Rabs_pos_eq share) by auto; apply Rmult_le_compat_l; auto.
    rewrite Rabs_mult, (Rabs_pos_eq (/ (D + eps))) by lra.
    assert (O0 : 0 <= grow u 2 * off ^ 2) by (pose proof (pow2_ge_0 off); nra).
    destruct (Rle_lt_dec D (var s x)) as [Hle|Hlt].
    - rewrite Rabs_pos_eq by lra; unfold p.
      assert ((var s x - D) * / (D + eps) <= (grow u 2 - 1) * (D * / (D + eps))); [|lra].
      rewrite <- Rmult_assoc; apply Rmult_le_compat_r; nra.
    - rewrite Rabs_left1 by lra.
      assert (Hw : / (D + eps) <= / W) by (apply Rinv_le_contravar; unfold W in *; lra).
      assert (A : - (var s x - D) <= (grow u 2 - 1) * D + grow u 2 * del) by nra.
      apply Rle_trans with (((grow u 2 - 1) * D + grow u 2 * del) * / (D + eps)); [apply Rmult_le_compat_r; lra|].
      rewrite Rmult_plus_distr_r; unfold p; rewrite Rmult_assoc; apply Rplus_le_compat_l.
      rewrite Eoff, Rmult_assoc; apply Rmult_le_compat_l; [lra|]; apply Rmult_le_compat_l; auto. }
  replace (1 - S - share) with (1 - p - share + - (S - p)) by ring.
  eapply Rle_trans; [apply Rabs_triang|]; rewrite Rabs_Ropp.
  assert (G10 : grow u (n + 8) - 1 + (grow u 2 - 1) <= grow u (n + 10) - 1).
  { apply grow_add; auto; lia. }
  assert (Hoff : grow u 2 * off ^ 2 <= ((grow u (n + 2) - 1) * kappa) ^ 2).
  { pose proof off_bound as B; pose proof kappa_nonneg as K; pose proof (grow_ge_1 u Hu n) as Gn.
    assert (B' : off ^ 2 <= ((grow u n - 1) * kappa) ^ 2) by (rewrite <- (pow2_abs off); apply pow_incr; split; auto using Rabs_pos).
    assert (E : grow u 2 * (grow u n - 1) <= grow u (n + 2) - 1) by (rewrite Rmult_comm; apply grow_mult; auto).
    apply Rle_trans with ((grow u 2 * ((grow u n - 1) * kappa)) ^ 2).
    - rewrite (Rpow_mult_distr (grow u 2)); apply Rmult_le_compat; [lra | apply pow2_ge_0 | simpl; nra | auto].
    - apply pow_incr; split; [apply Rmult_le_pos; [lra | apply Rmult_le_pos; lra]|].
      rewrite <- Rmult_assoc; apply Rmult_le_compat_r; auto. }
  assert (share * ((grow u 2 - 1) * p) <= grow u 2 - 1).
  { assert (share * p <= 1) by (rewrite <- (Rmult_1_l 1); apply Rmult_le_compat; lra).
    replace (share * ((grow u 2 - 1) * p)) with ((grow u 2 - 1) * (share * p)) by ring.
    rewrite <- (Rmult_1_r (grow u 2 - 1)) at 2; apply Rmult_le_compat_l; lra. }
  assert ((grow u (n + 8) - 1) * p <= grow u (n + 8) - 1).
  { rewrite <- (Rmult_1_r (grow u (n + 8) - 1)) at 2; apply Rmult_le_compat_l; lra. }
  assert (share * (grow u 2 * off ^ 2) <= share * ((grow u (n + 2) - 1) * kappa) ^ 2) by (apply Rmult_le_compat_l; auto).
  lra.
Qed.

(** h is (x - m) r' up to its own two roundings. *)
Lemma xhat_computed i : In i s -> near u 2 ((x i - m) * r') (h i).
Proof.
  destruct H as (z & V & w & w' & t & d & _ & _ & Hd & _ & _ & _ & _ & _ & Hh); intros Hi.
  apply (near_trans u Hu 1 1 _ (d i * r')); [apply near_scale|]; auto; apply near_rounds; auto.
Qed.

Lemma mean_abs_xhat : mean_abs s h <= grow u (n + 8).
Proof.
  destruct moments as (D & D1 & DE & _ & _ & HS); pose proof (grow_ge_1 u Hu (n + 8)) as G.
  assert (B : mean s (fun i => h i * h i) <= grow u (n + 8)).
  { pose proof (moment_nonneg m) as V0.
    destruct (near_bounds u Hu 2 _ _ V0 D1) as [D0 _]; pose proof (Rinv_0_lt_compat _ DE) as Q.
    assert (P0 : 0 <= D * / (D + eps)) by (apply Rmult_le_pos; lra).
    assert (P1 : D * / (D + eps) <= 1).
    { replace 1 with ((D + eps) * / (D + eps)) by (field; lra); apply Rmult_le_compat_r; lra. }
    destruct (near_bounds u Hu _ _ _ P0 HS) as [_ [_ B]]; nra. }
  apply Rle_trans with (mean s (fun i => / 2 + / 2 * (h i * h i))).
  - apply mean_le; intros i _; replace (h i * h i) with (Rabs (h i) * Rabs (h i))
      by (rewrite <- Rabs_mult; apply Rabs_pos_eq, sq_nonneg).
    pose proof (sq_nonneg (Rabs (h i) - 1)); lra.
  - rewrite mean_plus, mean_const, mean_scal by auto; lra.
Qed.

(** "Mean property" of x_hat as computed. *)
Theorem mean_computed : Rabs (mean s h) <= (grow u (2 * n + 10) - 1) * (1 + kappa).
Proof.
  pose proof r'_pos as R0; pose proof rstd_upper as RU; pose proof mean_abs_xhat as MH; pose proof kappa_nonneg as K.
  destruct mean_within as [_ MW]; pose proof rstd_pos as P; pose proof (mean_abs_nonneg s Hs x) as MA; pose proof (mean_abs_nonneg s Hs h) as MH0.
  pose proof (grow_ge_1 u Hu n); pose proof (grow_ge_1 u Hu 2); pose proof (grow_ge_1 u Hu (n + 8)).
  assert (E : mean s h = mean s (fun i => h i - (x i - m) * r') + (mean s x - m) * r').
  { unfold mean; rewrite Sum_minus, Sum_mult_r, Sum_minus, Sum_const; pose proof (card_pos s Hs).
    change (fun i : I => h i) with h; change (fun i : I => x i) with x; field; lra. }
  assert (A1 : Rabs (mean s (fun i => h i - (x i - m) * r')) <= (grow u 2 - 1) * mean_abs s h).
  { pose proof (card_pos s Hs) as Hc; pose proof (Rinv_0_lt_compat _ Hc).
    unfold mean_abs, mean, Rdiv; rewrite Rabs_mult, (Rabs_pos_eq (/ card s)), <- Rmult_assoc by lra.
    apply Rmult_le_compat_r; [lra|]; eapply Rle_trans; [apply Sum_abs|]; rewrite <- Sum_mult_l; apply Sum_le.
    intros i Hi; apply (near_error u Hu); apply xhat_computed; auto. }
  assert (A2 : Rabs ((mean s x - m) * r') <= (grow u n - 1) * grow u (n + 8) * kappa).
  { rewrite Rabs_mult, (Rabs_pos_eq r'), Rabs_minus_sym by lra; unfold kappa.
    replace ((grow u n - 1) * grow u (n + 8) * (rstd * mean_abs s x))
      with ((grow u n - 1) * mean_abs s x * (grow u (n + 8) * rstd)) by ring.
    apply Rmult_le_compat; auto using Rabs_pos; lra. }
  rewrite E; eapply Rle_trans; [apply Rabs_triang|].
  assert (G1 : (grow u 2 - 1) * grow u (n + 8) <= grow u (2 * n + 10) - 1).
  { apply grow_mult; auto; lia. }
  assert (G2 : (grow u n - 1) * grow u (n + 8) <= grow u (2 * n + 10) - 1).
  { apply grow_mult; auto; lia. }
  assert ((grow u 2 - 1) * mean_abs s h <= (grow u 2 - 1) * grow u (n + 8)) by (apply Rmult_le_compat_l; lra).
  nra.
Qed.
End Computed.
End Statistics.
