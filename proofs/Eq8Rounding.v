(** * Eq. (8) entry by entry, everything computed

    With off = Gamma kappa and rel = Gamma + off^2 <= 1, an entry of the computed gradient misses eq. (8) by at most
      r (Gamma s_i + 2 (moved + rel s_i)),  moved = off (mean|g h| + |h_i| mean|g| + off mean|g|),
    s_i as in NormRounding.v: h is x_hat times alpha_i, plus beta_i with |beta_i| <= off, and alpha_i alpha_j is within
    rel of 1. *)
From Coq Require Import Reals List Lra Lia.
From Wirecost Require Import Sums Normalisation Rounding Tolerance RelativeError NormStatistics NormRounding.
Import ListNotations.
Open Scope R_scope.

Section Eq8.
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
Let n := length s.
Hypothesis Hn : INR (norm_roundings n) * u < 1.
Let Gamma := gamma_norm u s.
Let k := kappa s eps x.
Let r := rstd s eps x.
Let off := Gamma * k.
Let rel := Gamma + off ^ 2.
Hypothesis Hrel : rel <= 1.
Let Ag := mean_abs s g.
Let Agh := mean_abs s (fun i => g i * h i).
Let X (i : I) : R := xhat s eps x i.

Lemma Gamma0 : 0 <= Gamma. Proof. apply gamma_norm_nonneg; auto. Qed.
Lemma k0 : 0 <= k. Proof. apply kappa_nonneg; auto. Qed.
Lemma off0 : 0 <= off. Proof. apply Rmult_le_pos; [apply Gamma0 | apply k0]. Qed.
Lemma rel0 : 0 <= rel. Proof. unfold rel; pose proof Gamma0; pose proof (pow2_ge_0 off); lra. Qed.
Lemma r'0 : 0 < r'. Proof. apply (r'_pos u Hu s Hs eps x Heps Hv m r' h Hx). Qed.
Lemma r0 : 0 < r. Proof. apply rstd_pos; auto. Qed.

(** rho = r / r', from both sides. *)
Lemma rho_bounds : / grow u (n + 8) <= r / r' /\ (r / r') ^ 2 <= grow u (n + 8) * (1 + ((grow u n - 1) * k) ^ 2).
Proof.
  pose proof r'0 as R0; pose proof r0 as P; pose proof (grow_ge_1 u Hu (n + 8)) as G.
  pose proof (rstd_upper u Hu s Hs eps x Heps Hv m r' h Hx) as U; fold n r in U.
  pose proof (rstd_lower u Hu s Hs eps x Heps Hv m r' h Hx) as Lw; fold n r in Lw.
  pose proof (off_bound u Hu s Hs eps x Hv m r' h Hx) as O; fold n k r in O.
  split.
  - apply Rmult_le_reg_r with (grow u (n + 8) * r'); [nra|].
    replace (/ grow u (n + 8) * (grow u (n + 8) * r')) with r' by (field; lra).
    replace (r / r' * (grow u (n + 8) * r')) with (grow u (n + 8) * r) by (field; lra); auto.
  - assert (O2 : (r * (m - mean s x)) ^ 2 <= ((grow u n - 1) * k) ^ 2)
      by (rewrite <- (pow2_abs (r * (m - mean s x))); apply pow_incr; split; auto using Rabs_pos).
    apply Rmult_le_reg_r with (r' * r'); [nra|].
    replace ((r / r') ^ 2 * (r' * r')) with (r * r) by (field; lra).
    eapply Rle_trans; [exact Lw|]; apply Rmult_le_compat_r; [nra|]; apply Rmult_le_compat_l; lra.
Qed.

(** h i = X i / rho_i + beta_i; w i = rho / f_i is rho_i. *)
Lemma xhat_parts i : In i s -> exists w b,
  X i = w * h i + b /\ Rabs b <= off /\ / grow u (n + 10) <= w /\ w ^ 2 <= grow u (n + 12) * (1 + ((grow u n - 1) * k) ^ 2).
Proof.
  intros Hi; pose proof r'0 as R0; pose proof r0 as P; destruct rho_bounds as [W1 W2].
  destruct (xhat_computed u Hu s eps x m r' h Hx i Hi) as [f [Hf [F1 F2]]].
  pose proof (grow_ge_1 u Hu 2) as G2; pose proof (grow_inv u Hu 2) as I2; pose proof (grow_inv u Hu (n + 8)) as I8.
  assert (Ff : 0 < f) by lra.
  assert (Fi : / grow u 2 <= / f <= grow u 2).
  { split; [apply Rinv_le_contravar; lra|]; rewrite <- (Rinv_inv (grow u 2)); apply Rinv_le_contravar; lra. }
  exists (r / r' * / f), (r * (m - mean s x)); repeat split.
  - unfold X, xhat; rewrite Hf; unfold r, rstd; pose proof (sigma_pos s eps x Hv); field; lra.
  - eapply Rle_trans; [apply (off_bound u Hu s Hs eps x Hv m r' h Hx)|]; fold n k; unfold off.
    apply Rmult_le_compat_r; [apply k0 | apply gamma_norm_ge; auto; unfold norm_roundings; fold n; lia].
  - replace (n + 10)%nat with (n + 8 + 2)%nat by lia; rewrite grow_plus, Rinv_mult; apply Rmult_le_compat; lra.
  - replace (n + 12)%nat with (n + 8 + (2 + 2))%nat by lia; rewrite (grow_plus u (n + 8)), (grow_plus u 2 2), Rpow_mult_distr.
    replace (grow u (n + 8) * (grow u 2 * grow u 2) * (1 + ((grow u n - 1) * k) ^ 2))
      with (grow u (n + 8) * (1 + ((grow u n - 1) * k) ^ 2) * (grow u 2 ^ 2)) by ring.
    apply Rmult_le_compat; [apply pow2_ge_0 | apply pow2_ge_0 | exact W2 | apply pow_incr; lra].
Qed.

(** Products of two such factors, and r'/r, are within rel of 1. *)
Lemma product_within w v :
  / grow u (n + 10) <= w -> / grow u (n + 10) <= v ->
  w ^ 2 <= grow u (n + 12) * (1 + ((grow u n - 1) * k) ^ 2) -> v ^ 2 <= grow u (n + 12) * (1 + ((grow u n - 1) * k) ^ 2) ->
  Rabs (w * v - 1) <= rel.
Proof.
  intros W1 V1 W2 V2; pose proof (grow_inv u Hu (n + 10)) as I10; pose proof (grow_ge_1 u Hu (2 * n + 20)) as G.
  pose proof Gamma0 as G0; pose proof k0 as K; pose proof (grow_ge_1 u Hu n) as Gn; pose proof (grow_ge_1 u Hu (n + 12)) as G12.
  assert (B : w * v <= grow u (n + 12) * (1 + ((grow u n - 1) * k) ^ 2)).
  { assert (2 * (w * v) <= w ^ 2 + v ^ 2) by (pose proof (pow2_ge_0 (w - v)); simpl in *; lra); lra. }
  assert (B2 : grow u (n + 12) * ((grow u n - 1) * k) ^ 2 <= off ^ 2).
  { unfold off; rewrite !Rpow_mult_distr, <- Rmult_assoc; apply Rmult_le_compat_r; [apply pow2_ge_0|].
    assert (E : (grow u n - 1) * grow u (n + 12) <= Gamma).
    { eapply Rle_trans; [apply (grow_mult u Hu _ _ (2 * n + 12)); lia | apply gamma_norm_ge; auto; unfold norm_roundings; fold n; lia]. }
    assert (E' : grow u n - 1 <= Gamma) by (apply gamma_norm_ge; auto; unfold norm_roundings; fold n; lia).
    replace (grow u (n + 12) * (grow u n - 1) ^ 2) with ((grow u n - 1) * grow u (n + 12) * (grow u n - 1)) by ring.
    replace (Gamma ^ 2) with (Gamma * Gamma) by ring; apply Rmult_le_compat; try lra; apply Rmult_le_pos; lra. }
  assert (B3 : grow u (n + 12) - 1 <= Gamma) by (apply gamma_norm_ge; auto; unfold norm_roundings; fold n; lia).
  assert (L : 1 - Gamma <= w * v).
  { apply Rle_trans with (/ grow u (2 * n + 20)).
    - assert (grow u (2 * n + 20) - 1 <= Gamma) by (apply gamma_norm_ge; auto; unfold norm_roundings; fold n; lia).
      assert (1 - (grow u (2 * n + 20) - 1) <= / grow u (2 * n + 20)); [|lra].
      apply Rmult_le_reg_r with (grow u (2 * n + 20)); [lra|]; rewrite Rinv_l by lra.
      pose proof (pow2_ge_0 (grow u (2 * n + 20) - 1)); simpl in *; lra.
    - replace (2 * n + 20)%nat with (n + 10 + (n + 10))%nat by lia; rewrite grow_plus, Rinv_mult.
      apply Rmult_le_compat; lra. }
  unfold rel; pose proof (pow2_ge_0 off); unfold Rabs; destruct (Rcase_abs (w * v - 1)); lra.
Qed.

Lemma r'_within : Rabs (r' / r - 1) <= rel.
Proof.
  pose proof r'0 as R0; pose proof r0 as P; pose proof (rstd_upper u Hu s Hs eps x Heps Hv m r' h Hx) as U; fold n r in U.
  destruct rho_bounds as [_ W2]; pose proof Gamma0 as G0; pose proof rel0 as L0.
  assert (B3 : grow u (n + 8) - 1 <= Gamma) by (apply gamma_norm_ge; auto; unfold norm_roundings; fold n; lia).
  set (p := r' / r); assert (P0 : 0 < p) by (apply Rdiv_lt_0_compat; auto).
  assert (E : r / r' = / p) by (unfold p; field; lra).
  assert (Pu : p <= 1 + Gamma).
  { unfold p; apply Rmult_le_reg_r with r; [auto|]; unfold Rdiv; rewrite Rmult_assoc, Rinv_l by lra; nra. }
  assert (Pl : / p <= 1 + rel \/ 1 <= p).
  { destruct (Rle_lt_dec 1 p); [auto|left].
    assert (Q : 1 < / p) by (rewrite <- Rinv_1; apply Rinv_lt_contravar; lra).
    assert (Q2 : (/ p) ^ 2 <= 1 + rel).
    { rewrite <- E; eapply Rle_trans; [exact W2|].
      pose proof (grow_ge_1 u Hu n) as Gn; pose proof k0 as K.
      assert (E1 : (grow u n - 1) * grow u (n + 8) <= Gamma).
      { eapply Rle_trans; [apply (grow_mult u Hu _ _ (2 * n + 12)); lia | apply gamma_norm_ge; auto; unfold norm_roundings; fold n; lia]. }
      assert (E' : grow u n - 1 <= Gamma) by (apply gamma_norm_ge; auto; unfold norm_roundings; fold n; lia).
      assert (E2 : grow u (n + 8) * ((grow u n - 1) * k) ^ 2 <= off ^ 2).
      { unfold off; rewrite !Rpow_mult_distr, <- Rmult_assoc; apply Rmult_le_compat_r; [apply pow2_ge_0|].
        replace (grow u (n + 8) * (grow u n - 1) ^ 2) with ((grow u n - 1) * grow u (n + 8) * (grow u n - 1)) by ring.
        replace (Gamma ^ 2) with (Gamma * Gamma) by ring; pose proof (grow_ge_1 u Hu (n + 8)).
        apply Rmult_le_compat; try lra; apply Rmult_le_pos; lra. }
      unfold rel; lra. }
    assert (/ p * 1 <= / p * / p) by (apply Rmult_le_compat_l; lra).
    replace ((/ p) ^ 2) with (/ p * / p) in Q2 by ring; lra. }
  assert (Rl : 1 - rel <= p).
  { destruct Pl as [Pl|]; [|lra]; assert (1 <= p * (1 + rel)).
    { assert (p * / p = 1) by (field; lra); assert (p * / p <= p * (1 + rel)) by (apply Rmult_le_compat_l; lra); lra. }
    destruct (Rle_lt_dec 1 p); [lra|]; assert (p * rel <= rel * 1) by (rewrite Rmult_comm; apply Rmult_le_compat_l; lra); lra. }
  unfold rel in *; pose proof (pow2_ge_0 off); unfold Rabs; destruct (Rcase_abs (p - 1)); lra.
Qed.

Let moved (i : I) : R := off * (Agh + Rabs (h i) * Ag + off * Ag).

(** h_i mean(g h) and x_hat_i mean(g x_hat). *)
Lemma product_off i : In i s ->
  Rabs (h i * mean s (fun j => g j * h j) - X i * mean s (fun j => g j * X j)) <= rel * (Rabs (h i) * Agh) + 2 * moved i.
Proof.
  intros Hi; destruct (xhat_parts i Hi) as (w & b & Ei & Hb & W1 & W2).
  pose proof rel0 as L0; pose proof off0 as O0; pose proof (Rabs_pos (h i)) as H0.
  replace (h i * mean s (fun j => g j * h j) - X i * mean s (fun j => g j * X j))
    with (mean s (fun j => g j * (h i * h j - X i * X j))).
  2: { rewrite <- !mean_scal; unfold mean, Rdiv; rewrite <- Rmult_minus_distr_r; f_equal; rewrite <- Sum_minus.
       apply Sum_ext; intros; ring. }
  eapply Rle_trans; [apply (abs_mean s Hs)|]; unfold mean_abs.
  apply Rle_trans with (mean s (fun j => (rel * Rabs (h i) + 2 * off) * Rabs (g j * h j)
                                         + (2 * off * Rabs (h i) + off * off) * Rabs (g j))).
  - apply mean_le; auto; intros j Hj; destruct (xhat_parts j Hj) as (v & c & Ej & Hc & V1 & V2).
    rewrite Rabs_mult, Ei, Ej; pose proof (product_within w v W1 V1 W2 V2) as PW.
    assert (Wu : forall z, / grow u (n + 10) <= z -> z ^ 2 <= grow u (n + 12) * (1 + ((grow u n - 1) * k) ^ 2) -> Rabs z <= 2).
    { intros z Z1 Z2; pose proof (product_within z z Z1 Z1 Z2 Z2) as ZZ; pose proof (grow_inv u Hu (n + 10)).
      rewrite Rabs_pos_eq by lra; unfold Rabs in ZZ; destruct (Rcase_abs (z * z - 1)); nra. }
    pose proof (Wu w W1 W2) as Ww; pose proof (Wu v V1 V2) as Wv.
    replace (h i * h j - (w * h i + b) * (v * h j + c))
      with (- ((w * v - 1) * (h i * h j)) - w * h i * c - v * h j * b - b * c) by ring.
    pose proof (Rabs_pos (g j)) as J0; pose proof (Rabs_pos (h j)) as Hj0.
    assert (T : Rabs (- ((w * v - 1) * (h i * h j)) - w * h i * c - v * h j * b - b * c)
      <= rel * (Rabs (h i) * Rabs (h j)) + 2 * Rabs (h i) * off + 2 * Rabs (h j) * off + off * off).
    { assert (T4 : forall p1 p2 p3 p4, Rabs (- p1 - p2 - p3 - p4) <= Rabs p1 + Rabs p2 + Rabs p3 + Rabs p4).
      { intros p1 p2 p3 p4; rewrite <- (Rabs_Ropp p1), <- (Rabs_Ropp p2), <- (Rabs_Ropp p3), <- (Rabs_Ropp p4); unfold Rminus.
        do 2 (eapply Rle_trans; [apply Rabs_triang | apply Rplus_le_compat_r]); apply Rabs_triang. }
      eapply Rle_trans; [apply T4|]; rewrite !Rabs_mult; repeat apply Rplus_le_compat.
      - apply Rmult_le_compat_r; [apply Rmult_le_pos; auto | exact PW].
      - apply Rmult_le_compat; auto using Rabs_pos; [apply Rmult_le_pos; apply Rabs_pos|]; apply Rmult_le_compat_r; auto.
      - apply Rmult_le_compat; auto using Rabs_pos; [apply Rmult_le_pos; apply Rabs_pos|]; apply Rmult_le_compat_r; auto.
      - apply Rmult_le_compat; auto using Rabs_pos. }
    eapply Rle_trans; [apply Rmult_le_compat_l; [auto | exact T]|]; rewrite Rabs_mult; right; ring.
  - rewrite mean_plus, !mean_scal; fold Agh Ag; unfold moved.
    change (mean s (fun j => Rabs (g j * h j))) with Agh; change (mean s (fun j => Rabs (g j))) with Ag.
    pose proof (mean_abs_nonneg s Hs g) as A0; fold Ag in A0.
    assert (0 <= off * off * Ag) by (apply Rmult_le_pos; [apply Rmult_le_pos; exact O0 | exact A0]); lra.
Qed.

Theorem gradient_bound i : In i s ->
  Rabs (gx i - (g i - mean s g - X i * mean s (fun j => g j * X j)) * r)
  <= r * (Gamma * size s g h i + 2 * (moved i + rel * size s g h i)).
Proof.
  intros Hi; pose proof r'0 as R0; pose proof r0 as P; pose proof rel0 as L0.
  destruct (entry_within u Hu s Hs eps x g Heps Hv m r' h gx Hx Hg i Hi) as [C B]; fold n in B.
  set (c := g i - mean s g - h i * mean s (fun j => g j * h j)) in *; set (sz := size s g h i) in *.
  pose proof (size_nonneg s Hs g h i) as S0; fold sz in S0.
  pose proof (product_off i Hi) as PO; pose proof r'_within as RW.
  pose proof (rstd_upper u Hu s Hs eps x Heps Hv m r' h Hx) as U; fold n r in U.
  assert (B1 : Rabs (gx i - r' * c) <= r * (Gamma * sz)).
  { replace (gx i - r' * c) with (r' * (gx i / r' - c)) by (field; lra); rewrite Rabs_mult, (Rabs_pos_eq r') by lra.
    apply Rle_trans with (grow u (n + 8) * r * ((grow u (n + 4) - 1) * sz)).
    - apply Rmult_le_compat; auto using Rabs_pos; lra.
    - replace (grow u (n + 8) * r * ((grow u (n + 4) - 1) * sz)) with (r * ((grow u (n + 4) - 1) * grow u (n + 8) * sz)) by ring.
      apply Rmult_le_compat_l; [lra|]; apply Rmult_le_compat_r; [auto|].
      eapply Rle_trans; [apply (grow_mult u Hu _ _ (2 * n + 12)); lia | apply gamma_norm_ge; auto; unfold norm_roundings; fold n; lia]. }
  assert (B2 : Rabs (r' * c - r * c) <= r * (rel * sz)).
  { replace (r' * c - r * c) with (r * ((r' / r - 1) * c)) by (field; lra); rewrite !Rabs_mult, (Rabs_pos_eq r) by lra.
    apply Rmult_le_compat_l; [lra|]; apply Rmult_le_compat; auto using Rabs_pos. }
  assert (B3 : Rabs (r * c - (g i - mean s g - X i * mean s (fun j => g j * X j)) * r) <= r * (rel * sz + 2 * moved i)).
  { replace (r * c - (g i - mean s g - X i * mean s (fun j => g j * X j)) * r)
      with (- (r * (h i * mean s (fun j => g j * h j) - X i * mean s (fun j => g j * X j)))) by (unfold c; ring).
    rewrite Rabs_Ropp, Rabs_mult, (Rabs_pos_eq r) by lra; apply Rmult_le_compat_l; [lra|].
    eapply Rle_trans; [exact PO|]; apply Rplus_le_compat_r, Rmult_le_compat_l; auto; unfold sz, size; fold Ag Agh.
    pose proof (mean_abs_nonneg s Hs g) as A0; fold Ag in A0; pose proof (Rabs_pos (g i)); lra. }
  replace (gx i - (g i - mean s g - X i * mean s (fun j => g j * X j)) * r)
    with (gx i - r' * c + (r' * c - r * c) + (r * c - (g i - mean s g - X i * mean s (fun j => g j * X j)) * r)) by ring.
  eapply Rle_trans; [apply Rabs_triang|].
  eapply Rle_trans; [apply Rplus_le_compat; [apply Rabs_triang | exact B3]|]; lra.
Qed.
End Eq8.

(** The hypothesis on rel holds where the checks say anything: where Gamma max(kappa^2, 1) is at most 1/32. *)
Theorem rel_at_most_1 Gamma k : 0 <= Gamma -> Rmax (k ^ 2) 1 * Gamma <= 1 / 32 -> Gamma + (Gamma * k) ^ 2 <= 1.
Proof.
  intros G0 H; pose proof (Rmax_l (k ^ 2) 1) as M1; pose proof (Rmax_r (k ^ 2) 1) as M2.
  assert (H1 : 1 * Gamma <= Rmax (k ^ 2) 1 * Gamma) by (apply Rmult_le_compat_r; auto).
  assert (H2 : k ^ 2 * Gamma <= Rmax (k ^ 2) 1 * Gamma) by (apply Rmult_le_compat_r; auto).
  replace ((Gamma * k) ^ 2) with (Gamma * (k ^ 2 * Gamma)) by ring.
  assert (Gamma * (k ^ 2 * Gamma) <= Gamma * (1 / 32)) by (apply Rmult_le_compat_l; lra); lra.
Qed.
