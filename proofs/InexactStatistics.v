(** * Eq. (10) with the statistics that a program has

    A program normalises with a computed mean mu, a computed 1/sigma r, and backward with computed
    means m of u = gamma g and q of u x_hat. None of them is exact, so the cost at the
    input is not exactly 0 even before its own sum is rounded. What remains is, exactly, a sum of the
    statistics' defects, each of which a program can bound or measure:

      (sum u h - n q) + q (n - sum h^2) - (m + r mu q) sum h + r mu (sum u - n m) + the rounding of h,

    where h is the stored x_hat. With exact statistics only q (n - sum h^2) is left, which is the
    residual of eps. The last theorem adds the rounding of the backward pass and of the sum. *)
From Coq Require Import Reals List Lra Lia.
From Wirecost Require Import Sums Rounding IdentityBounds.
Import ListNotations.
Open Scope R_scope.

Section Inexact.
Context {I : Type}.
Variables (s : list I) (x u h theta : I -> R) (mu r m q : R).
Hypothesis Hr : r <> 0.

(** h is (x - mu) r up to the relative error theta of its two roundings. *)
Hypothesis Hh : forall i, In i s -> x i = h i * (1 + theta i) / r + mu.

Definition defect_q : R := (\sum_(i <- s) u i * h i) - card s * q.
Definition defect_m : R := (\sum_(i <- s) u i) - card s * m.
Definition defect_variance : R := card s - \sum_(i <- s) h i * h i.
Definition defect_mean : R := \sum_(i <- s) h i.
Definition defect_h : R := \sum_(i <- s) (u i - m - h i * q) * (h i * theta i).

(** The backward pass without its own rounding, times the input. *)
Theorem norm_cost_inexact_statistics :
  \sum_(i <- s) r * (u i - m - h i * q) * x i
  = defect_q + q * defect_variance - (m + r * mu * q) * defect_mean + r * mu * defect_m + defect_h.
Proof.
  rewrite (Sum_ext s _ (fun i => (u i * h i - m * h i - q * (h i * h i))
    + r * mu * (u i - m - q * h i) + (u i - m - h i * q) * (h i * theta i)))
    by (intros i Hi; rewrite (Hh i Hi); field; auto).
  rewrite !Sum_plus, Sum_mult_l, !Sum_minus, !Sum_mult_l, Sum_const.
  unfold defect_q, defect_m, defect_variance, defect_mean, defect_h; ring.
Qed.

Section Bound.
Variable v : R.                                     (* unit roundoff *)
Hypothesis Hv : 0 <= v < 1.

(** One entry: a = u - m, b = h q by one or two roundings, then (a - b) r. *)
Theorem norm_backward_rounding ui hi a b c gx :
  rounds v (ui - m) a -> Rabs (b - hi * q) <= growth v 2 * Rabs (hi * q) ->
  rounds v (a - b) c -> rounds v (c * r) gx ->
  Rabs (gx - r * (ui - m - hi * q)) <= growth v 4 * (Rabs r * (Rabs ui + Rabs m + Rabs (hi * q))).
Proof.
  intros Ha Hb Hc Hg; set (A := Rabs ui + Rabs m + Rabs (hi * q)).
  assert (Hum : Rabs (ui - m) <= Rabs ui + Rabs m).
  { unfold Rminus; eapply Rle_trans; [apply Rabs_triang | rewrite Rabs_Ropp; lra]. }
  assert (He : Rabs (ui - m - hi * q) <= A).
  { unfold A, Rminus at 1; eapply Rle_trans; [apply Rabs_triang | rewrite Rabs_Ropp; lra]. }
  pose proof (growth_nonneg v Hv 2) as G2; pose proof (Rabs_pos (hi * q)).
  assert (G12 : v <= growth v 2) by (unfold growth; simpl; nra).
  assert (Hab : Rabs (a - b - (ui - m - hi * q)) <= growth v 2 * A).
  { replace (a - b - (ui - m - hi * q)) with (a - (ui - m) + - (b - hi * q)) by ring.
    eapply Rle_trans; [apply Rabs_triang|]; rewrite Rabs_Ropp.
    pose proof (rounds_error v (ui - m) a Ha); pose proof (Rabs_pos (ui - m)); unfold A; nra. }
  pose proof (one_more_rounding v Hv (a - b) _ A (growth v 2) c Hab He Hc) as H3; rewrite <- growth_S in H3.
  rewrite (growth_S v 3); apply (one_more_rounding v Hv (c * r)); auto.
  - replace (c * r - r * (ui - m - hi * q)) with (r * (c - (ui - m - hi * q))) by ring.
    rewrite Rabs_mult; pose proof (Rabs_pos r); nra.
  - rewrite Rabs_mult; apply Rmult_le_compat_l; [apply Rabs_pos | auto].
Qed.

(** The computed cost at the input of a normalisation. *)
Theorem norm_zero_cost_check gx z :
  let n := length s in
  let S := \sum_(i <- s) Rabs r * (Rabs (u i) + Rabs m + Rabs (h i * q)) * Rabs (x i) in
  INR (n + 4) * v < 1 ->
  (forall i, In i s ->
     Rabs (gx i - r * (u i - m - h i * q)) <= growth v 4 * (Rabs r * (Rabs (u i) + Rabs m + Rabs (h i * q)))) ->
  computed v (map (fun i => (gx i, x i)) s) z ->
  Rabs z <= gamma_n v (n + 4) * S + Rabs defect_q + Rabs q * Rabs defect_variance
            + Rabs (m + r * mu * q) * Rabs defect_mean + Rabs (r * mu) * Rabs defect_m + Rabs defect_h.
Proof.
  intros n S Hn Hgx Hz; set (exact := fun i => r * (u i - m - h i * q) * x i).
  assert (H4 : INR 4 * v < 1).
  { rewrite plus_INR in Hn; pose proof (pos_INR n); nra. }
  assert (B : Rabs (z - \sum_(i <- s) exact i) <= gamma_n v (n + 4) * S).
  { apply (check_after_k_roundings v Hv s exact
      (fun i => Rabs r * (Rabs (u i) + Rabs m + Rabs (h i * q)) * Rabs (x i)) gx x 4 z); auto.
    - intros i _; unfold exact; rewrite !Rabs_mult; apply Rmult_le_compat_r; [apply Rabs_pos|].
      apply Rmult_le_compat_l; [apply Rabs_pos|].
      unfold Rminus; eapply Rle_trans; [apply Rabs_triang|]; rewrite Rabs_Ropp, Rabs_mult.
      apply Rplus_le_compat_r; eapply Rle_trans; [apply Rabs_triang | rewrite Rabs_Ropp; lra].
    - intros i Hi; unfold exact; rewrite <- Rmult_minus_distr_r, Rabs_mult, <- Rmult_assoc.
      apply Rmult_le_compat_r; [apply Rabs_pos|]; eapply Rle_trans; [apply Hgx; auto|].
      apply Rmult_le_compat_r; [|apply growth_le_gamma; auto].
      apply Rmult_le_pos; [apply Rabs_pos|].
      pose proof (Rabs_pos (u i)); pose proof (Rabs_pos m); pose proof (Rabs_pos (h i * q)); lra. }
  replace z with (z - (\sum_(i <- s) exact i) + \sum_(i <- s) exact i) by ring.
  unfold exact at 2; rewrite norm_cost_inexact_statistics.
  eapply Rle_trans; [apply Rabs_triang|].
  assert (T : forall a b c d e, Rabs (a + b - c + d + e) <= Rabs a + Rabs b + Rabs c + Rabs d + Rabs e).
  { intros; rewrite <- (Rabs_Ropp c); unfold Rminus; do 3 (eapply Rle_trans; [apply Rabs_triang | apply Rplus_le_compat_r]).
    eapply Rle_trans; [apply Rabs_triang | lra]. }
  pose proof (T defect_q (q * defect_variance) ((m + r * mu * q) * defect_mean) (r * mu * defect_m) defect_h) as D.
  rewrite (Rabs_mult q), (Rabs_mult (m + r * mu * q)), (Rabs_mult (r * mu) defect_m) in D; lra.
Qed.
End Bound.
End Inexact.
