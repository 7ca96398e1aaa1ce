(** * A flat gradient through an instance norm without an affine map, eq. (16)

    The gradient that reaches the normalisation is a at every pixel of an image but for noise of at most eta. In
    exact arithmetic a flat gradient leaves nothing behind the norm. Computed, with X the largest |x_hat|, it leaves
    at most r (a Gamma (2 + X^2 + X (1 + kappa)) + eta (2 + X^2) (1 + 2 Gamma)). *)
From Coq Require Import Reals List Lra Lia.
From Wirecost Require Import Sums Normalisation Rounding Tolerance RelativeError NormStatistics NormRounding ChainRounding.
Import ListNotations.
Open Scope R_scope.

Section Flat.
Variable u : R.
Hypothesis Hu : 0 <= u < 1.
Context {I : Type}.
Variable s : list I.
Hypothesis Hs : s <> [].
Variables (eps : R) (x g : I -> R).
Hypothesis Heps : 0 <= eps.
Hypothesis Hv : 0 < var s x + eps.
Variables (m r' : R) (h gx : I -> R).
Hypothesis Hx : standardised u s eps x m r' h.
Hypothesis Hg : differentiated u s g r' h gx.
Hypothesis Hn : INR (norm_roundings (length s)) * u < 1.
Variables (a eta X : R).
Hypothesis Hflat : forall i, In i s -> Rabs (g i - a) <= eta.
Hypothesis HX : forall i, In i s -> Rabs (h i) <= X.
Let Gamma := gamma_norm u s.
Let k := kappa s eps x.
Let r := rstd s eps x.

Theorem flat_gradient_bound i :
  In i s ->
  Rabs (gx i) <= r * (Rabs a * Gamma * (2 + X ^ 2 + X * (1 + k)) + eta * (2 + X ^ 2) * (1 + 2 * Gamma)).
Proof.
  intros Hi; pose proof (gamma_norm_nonneg u Hu s Hn) as G0; fold Gamma in G0.
  pose proof (kappa_nonneg s Hs eps x Hv) as K; fold k in K; pose proof (rstd_pos s eps x Hv) as P; fold r in P.
  pose proof (r'_pos u Hu s Hs eps x Heps Hv m r' h Hx) as R0.
  pose proof (Rle_trans _ _ _ (Rabs_pos _) (HX i Hi)) as X0; pose proof (Rle_trans _ _ _ (Rabs_pos _) (Hflat i Hi)) as E0.
  pose proof (Rabs_pos a) as A0; set (n := length s) in *.
  assert (Ga : forall j, In j s -> Rabs (g j) <= Rabs a + eta).
  { intros j Hj; replace (g j) with (a + (g j - a)) by ring; eapply Rle_trans; [apply Rabs_triang|].
    specialize (Hflat j Hj); lra. }
  assert (Mg : mean_abs s g <= Rabs a + eta).
  { rewrite <- (mean_const s Hs (Rabs a + eta)); apply mean_le; auto. }
  assert (Mgh : mean_abs s (fun j => g j * h j) <= (Rabs a + eta) * X).
  { rewrite <- (mean_const s Hs ((Rabs a + eta) * X)); apply mean_le; auto; intros j Hj; rewrite Rabs_mult.
    apply Rmult_le_compat; auto using Rabs_pos. }
  assert (Size : size s g h i <= (Rabs a + eta) * (2 + X ^ 2)).
  { unfold size; pose proof (mean_abs_nonneg s Hs (fun j => g j * h j)).
    assert (Rabs (h i) * mean_abs s (fun j => g j * h j) <= X * ((Rabs a + eta) * X))
      by (apply Rmult_le_compat; auto using Rabs_pos).
    pose proof (Ga i Hi); simpl; lra. }
  assert (Mean : Rabs (mean s g - a) <= eta).
  { rewrite <- (mean_const s Hs a) at 1; unfold mean, Rdiv; rewrite <- Rmult_minus_distr_r.
    change (Sum s g) with (\sum_(j <- s) g j); rewrite <- Sum_minus.
    eapply Rle_trans; [apply (abs_mean s Hs (fun j => g j - a))|].
    rewrite <- (mean_const s Hs eta); apply mean_le; auto. }
  set (G' := grow u (2 * n + 10) - 1).
  assert (MQ : Rabs (mean s (fun j => g j * h j)) <= Rabs a * (G' * (1 + k)) + eta * X).
  { replace (mean s (fun j => g j * h j)) with (a * mean s h + mean s (fun j => (g j - a) * h j)).
    2: { rewrite <- mean_scal, <- mean_plus; apply mean_ext; intros; ring. }
    eapply Rle_trans; [apply Rabs_triang|]; rewrite Rabs_mult; apply Rplus_le_compat.
    - apply Rmult_le_compat_l; [auto|]; apply (mean_computed u Hu s Hs eps x Heps Hv m r' h Hx).
    - eapply Rle_trans; [apply (abs_mean s Hs)|]; rewrite <- (mean_const s Hs (eta * X)); apply mean_le; auto.
      intros j Hj; rewrite Rabs_mult; apply Rmult_le_compat; auto using Rabs_pos. }
  set (c := g i - mean s g - h i * mean s (fun j => g j * h j)).
  assert (C : Rabs c <= 2 * eta + X * (Rabs a * (G' * (1 + k)) + eta * X)).
  { unfold c; replace (g i - mean s g) with (g i - a - (mean s g - a)) by ring.
    unfold Rminus at 1; eapply Rle_trans; [apply Rabs_triang|]; rewrite Rabs_Ropp, Rabs_mult.
    assert (Rabs (g i - a - (mean s g - a)) <= 2 * eta).
    { unfold Rminus at 1; eapply Rle_trans; [apply Rabs_triang|]; rewrite Rabs_Ropp; specialize (Hflat i Hi); lra. }
    assert (Rabs (h i) * Rabs (mean s (fun j => g j * h j)) <= X * (Rabs a * (G' * (1 + k)) + eta * X))
      by (apply Rmult_le_compat; auto using Rabs_pos); lra. }
  destruct (entry_within u Hu s Hs eps x g Heps Hv m r' h gx Hx Hg i Hi) as [_ B]; fold n c in B.
  pose proof (rstd_upper u Hu s Hs eps x Heps Hv m r' h Hx) as RU; fold n r in RU.
  pose proof (grow_ge_1 u Hu (n + 4)); pose proof (grow_ge_1 u Hu (n + 8)) as G8; pose proof (grow_ge_1 u Hu (2 * n + 10)).
  assert (G1 : (grow u (n + 4) - 1) * grow u (n + 8) <= Gamma).
  { eapply Rle_trans; [apply (grow_mult u Hu _ _ (2 * n + 12)); lia | apply gamma_norm_ge; auto; fold n; lia]. }
  assert (G2 : G' * grow u (n + 8) <= Gamma).
  { eapply Rle_trans; [apply (grow_mult u Hu _ _ (3 * n + 18)); lia | apply gamma_norm_ge; auto; fold n; lia]. }
  assert (G3 : grow u (n + 8) <= 1 + Gamma).
  { pose proof (gamma_norm_ge u Hu s Hn (n + 8) ltac:(fold n; lia)) as B3; fold Gamma in B3; lra. }
  set (e := grow u (n + 4) - 1) in *; set (f := grow u (n + 8)) in *; set (T := 2 + X ^ 2) in *.
  assert (T0 : 0 <= T) by (unfold T; pose proof (pow2_ge_0 X); lra).
  assert (Gx : Rabs (gx i) <= f * r * (Rabs c + e * ((Rabs a + eta) * T))).
  { replace (gx i) with (r' * (c + (gx i / r' - c))) by (field; lra).
    rewrite Rabs_mult, (Rabs_pos_eq r') by lra; apply Rmult_le_compat; auto using Rabs_pos; [lra|].
    eapply Rle_trans; [apply Rabs_triang|]; apply Rplus_le_compat_l; eapply Rle_trans; [exact B|].
    apply Rmult_le_compat_l; [unfold e; lra | exact Size]. }
  eapply Rle_trans; [exact Gx|].
  apply Rle_trans with (f * r * (2 * eta + X * (Rabs a * (G' * (1 + k)) + eta * X) + e * ((Rabs a + eta) * T))).
  { apply Rmult_le_compat_l; [apply Rmult_le_pos; lra | lra]. }
  replace (f * r * (2 * eta + X * (Rabs a * (G' * (1 + k)) + eta * X) + e * ((Rabs a + eta) * T)))
    with (r * (f * (eta * T) + G' * f * (Rabs a * X * (1 + k)) + e * f * ((Rabs a + eta) * T))) by (unfold T; ring).
  apply Rmult_le_compat_l; [lra|].
  assert (P1 : f * (eta * T) <= (1 + Gamma) * (eta * T)) by (apply Rmult_le_compat_r; auto; apply Rmult_le_pos; auto).
  assert (P2 : G' * f * (Rabs a * X * (1 + k)) <= Gamma * (Rabs a * X * (1 + k))).
  { apply Rmult_le_compat_r; auto; apply Rmult_le_pos; [apply Rmult_le_pos; auto | lra]. }
  assert (P3 : e * f * ((Rabs a + eta) * T) <= Gamma * ((Rabs a + eta) * T)).
  { apply Rmult_le_compat_r; auto; apply Rmult_le_pos; [lra | auto]. }
  lra.
Qed.
End Flat.

(** Noise through a convolution, k roundings of each entry: at most the largest column sum of |W|. *)
Theorem noise_through_weights {I O} (si : list I) (so : list O) u k (W : O -> I -> R) g gx G eta i :
  0 <= u < 1 -> maps_to u so si k (fun i o => W o i) (fun i o => Rabs (W o i)) g gx ->
  (forall o, In o so -> Rabs (g o) <= eta) -> \sum_(o <- so) Rabs (W o i) <= G -> 0 <= eta -> In i si ->
  Rabs (gx i) <= grow u k * (G * eta).
Proof.
  intros Hu Hgx Hg HG He Hi; pose proof (grow_ge_1 u Hu k).
  eapply Rle_trans; [apply (map_size u so si k (fun i o => W o i) (fun i o => Rabs (W o i)) g gx i); [|exact Hgx | exact Hi]|].
  - intros j o _ _; apply Rle_refl.
  - apply Rmult_le_compat_l; [lra|]; apply Rle_trans with (\sum_(o <- so) Rabs (W o i) * eta).
    + apply Sum_le; intros o Ho; apply Rmult_le_compat_l; auto using Rabs_pos.
    + rewrite Sum_mult_r; apply Rmult_le_compat_r; auto.
Qed.

(** A flat gradient with noise against values whose sum nearly vanishes. *)
Theorem flat_cost_bound {I} (s : list I) (g y : I -> R) a eta :
  (forall i, In i s -> Rabs (g i - a) <= eta) ->
  Rabs (\sum_(i <- s) g i * y i) <= Rabs a * Rabs (\sum_(i <- s) y i) + eta * \sum_(i <- s) Rabs (y i).
Proof.
  intros Hg; rewrite (Sum_ext s _ (fun i => a * y i + (g i - a) * y i)) by (intros; ring).
  rewrite Sum_plus, Sum_mult_l; eapply Rle_trans; [apply Rabs_triang|]; rewrite Rabs_mult; apply Rplus_le_compat_l.
  eapply Rle_trans; [apply Sum_abs|]; rewrite <- Sum_mult_l; apply Sum_le; intros i Hi; rewrite Rabs_mult.
  apply Rmult_le_compat_r; auto using Rabs_pos.
Qed.

(** Gradients h_e, each flat (a_e) but for noise of eta_e, that meet in a node and go on with a weight w: z is that
    after at most k roundings. *)
Theorem accumulated_noise {E} (es : list E) u k (h a eta : E -> R) w z :
  0 <= u < 1 -> (forall e, In e es -> Rabs (h e - a e) <= eta e) ->
  Rabs (z - w * \sum_(e <- es) h e) <= (grow u k - 1) * (Rabs w * \sum_(e <- es) Rabs (h e)) ->
  Rabs (z - w * \sum_(e <- es) a e)
  <= Rabs w * (grow u k * ((\sum_(e <- es) eta e) + (grow u k - 1) * \sum_(e <- es) Rabs (a e))).
Proof.
  intros Hu Hh Hz; pose proof (grow_ge_1 u Hu k) as G; pose proof (Rabs_pos w) as W.
  set (A := \sum_(e <- es) Rabs (a e)); set (N := \sum_(e <- es) eta e); set (g := grow u k) in *.
  assert (HA : 0 <= A) by (apply Sum_ge0; intros; apply Rabs_pos).
  assert (HH : \sum_(e <- es) Rabs (h e) <= A + N).
  { unfold A, N; rewrite <- Sum_plus; apply Sum_le; intros e He; specialize (Hh e He).
    replace (h e) with (a e + (h e - a e)) at 1 by ring; eapply Rle_trans; [apply Rabs_triang | lra]. }
  assert (HD : Rabs ((\sum_(e <- es) h e) - \sum_(e <- es) a e) <= N).
  { rewrite <- Sum_minus; eapply Rle_trans; [apply Sum_abs | apply Sum_le; auto]. }
  replace (z - w * \sum_(e <- es) a e)
    with (z - w * (\sum_(e <- es) h e) + w * ((\sum_(e <- es) h e) - \sum_(e <- es) a e)) by ring.
  eapply Rle_trans; [apply Rabs_triang|]; rewrite Rabs_mult.
  apply Rle_trans with ((g - 1) * (Rabs w * (A + N)) + Rabs w * N).
  - apply Rplus_le_compat; [eapply Rle_trans; [exact Hz|]; apply Rmult_le_compat_l; [lra|]|]; apply Rmult_le_compat_l; auto.
  - replace ((g - 1) * (Rabs w * (A + N)) + Rabs w * N) with (Rabs w * (g * N + (g - 1) * A)) by ring.
    apply Rmult_le_compat_l; [auto|]; assert (0 <= (g - 1) * ((g - 1) * A)) by (repeat apply Rmult_le_pos; lra); lra.
Qed.

(** One factor for all of this: 1 + 10^-3 up to k u = 2^-10, which is 16384 roundings in f32. *)
Theorem small_growth u k : 0 <= u < 1 -> INR k * u <= / 1024 -> grow u k <= 1 + 1 / 1000.
Proof.
  intros Hu Hk; pose proof (grow_le_gamma u Hu k ltac:(lra)) as B; unfold gamma_n in B.
  assert (INR k * u / (1 - INR k * u) <= 1 / 1000); [|lra].
  apply Rmult_le_reg_r with (1 - INR k * u); [lra|]; unfold Rdiv at 1; rewrite Rmult_assoc, Rinv_l by lra; lra.
Qed.
