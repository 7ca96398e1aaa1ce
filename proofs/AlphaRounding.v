(** * The bound of the checks of the alpha-gradients (section 2)

    Z_k is within k0 roundings of p_k, a softmax; c_k is a sum of n products, S_k the sum of their absolute values. The
    backward pass computes Z_m (c_m - sum Z c); the claim has t_m - Z_m sum t from the costs t_k of the weighted
    operations. Either is within N = n + 2 k0 + K + 4 roundings of p_m (c_m - sum p c), on the scale
    p_m (S_m + sum p S), and that is known from A_k, which is p_k S_k but for n + k0 + 2 roundings. *)
From Coq Require Import Reals List Lra Lia.
From Wirecost Require Import Sums Rounding Tolerance RelativeError.
Import ListNotations.
Open Scope R_scope.

Definition alpha_roundings (n K k0 : nat) : nat := 2 * n + 4 * k0 + K + 10.

Section Alpha.
Variable u : R.
Hypothesis Hu : 0 <= u < 1.
Context {J : Type}.
Variables (ks : list J) (p Z c S c' t A : J -> R) (n k0 : nat).
Hypothesis Hp0 : forall k, In k ks -> 0 <= p k.
Hypothesis HZ : forall k, In k ks -> near u k0 (p k) (Z k).
Hypothesis Hc : forall k, In k ks -> within u n (c k) (S k) (c' k).
Hypothesis Ht : forall k, In k ks -> within u (n + k0 + 2) (p k * c k) (p k * S k) (t k).
Hypothesis HA : forall k, In k ks -> p k * S k <= grow u (n + k0 + 2) * A k.
Let K := length ks.
Variable m : J.
Hypothesis Hm : In m ks.
Let exact : R := p m * (c m - \sum_(k <- ks) p k * c k).
Let scale : R := p m * (S m + \sum_(k <- ks) p k * S k).
Let N : nat := (n + 2 * k0 + K + 4)%nat.

Lemma scaled j a B z q : 0 <= q -> within u j a B z -> within u j (q * a) (q * B) (q * z).
Proof. intros Hq H; pose proof (within_scale u j a B z q H) as W; rewrite Rabs_pos_eq in W; auto. Qed.

Theorem tape_within q d z :
  computed u (map (fun k => (Z k, c' k)) ks) q -> rounds u (c' m - q) d -> rounds u (Z m * d) z ->
  within u N exact scale z.
Proof.
  intros Hq Hd Hz.
  assert (Q : within u (n + k0 + K) (\sum_(k <- ks) p k * c k) (\sum_(k <- ks) p k * S k) q).
  { apply (within_dot u Hu ks (n + k0) _ _ Z c'); [|exact Hq]; intros k Hk.
    apply (within_near u Hu _ _ _ _ (p k * c' k)); [apply scaled; auto | apply near_scale; auto]. }
  apply (within_weaken u Hu (n + k0 + K + 1 + k0 + 1)); [unfold N; lia|].
  apply (within_near u Hu _ _ _ _ (Z m * d)); [|apply near_rounds; auto].
  apply (within_near u Hu _ _ _ _ (p m * d)); [|apply near_scale; auto].
  apply scaled; [auto|]; apply (within_near u Hu _ _ _ _ (c' m - q)); [|apply near_rounds; auto].
  apply within_minus; [|exact Q]; apply (within_weaken u Hu n); [lia | auto].
Qed.

Theorem claimed_within total w z :
  computed u (map (fun k => (t k, 1)) ks) total -> rounds u (Z m * total) w -> rounds u (t m - w) z ->
  within u N exact scale z.
Proof.
  intros Hs Hw Hz.
  assert (Q : within u (n + k0 + 2 + K) (\sum_(k <- ks) p k * c k) (\sum_(k <- ks) p k * S k) total).
  { apply (within_dot u Hu ks (n + k0 + 2) _ _ t (fun _ => 1)); [|exact Hs]; intros k Hk; rewrite Rmult_1_r; auto. }
  replace N with (n + k0 + 2 + K + k0 + 1 + 1)%nat by (unfold N; lia).
  apply (within_near u Hu _ _ _ _ (t m - w)); [|apply near_rounds; auto].
  unfold exact, scale; rewrite Rmult_minus_distr_l, Rmult_plus_distr_l; apply within_minus.
  - apply (within_weaken u Hu (n + k0 + 2)); [lia | auto].
  - apply (within_near u Hu _ _ _ _ (Z m * total)); [|apply near_rounds; auto].
    apply (within_near u Hu _ _ _ _ (p m * total)); [apply scaled; auto | apply near_scale; auto].
Qed.

(** The two against each other. *)
Theorem alpha_check_bound y z :
  INR (alpha_roundings n K k0) * u < 1 -> within u N exact scale y -> within u N exact scale z ->
  Rabs (y - z) <= 2 * gamma_n u (alpha_roundings n K k0) * (A m + Z m * \sum_(k <- ks) A k).
Proof.
  intros Hs Hy Hz; eapply Rle_trans; [apply (within_both u N exact scale); auto|].
  rewrite Rmult_assoc; apply Rmult_le_compat_l; [lra|].
  destruct (near_bounds u Hu k0 _ _ (Hp0 m Hm) (HZ m Hm)) as [Z0 [PZ _]].
  set (h := grow u (n + k0 + 2)) in *; pose proof (grow_ge_1 u Hu (n + k0 + 2)) as H1; fold h in H1.
  pose proof (grow_ge_1 u Hu k0) as G0; pose proof (grow_ge_1 u Hu N) as GN; set (SA := \sum_(k <- ks) A k).
  assert (S0 : forall k, In k ks -> 0 <= S k) by (intros k Hk; eapply Rle_trans; [apply Rabs_pos | apply (Hc k Hk)]).
  assert (A0 : forall k, In k ks -> 0 <= A k).
  { intros k Hk; apply Rmult_le_reg_l with h; [lra|]; rewrite Rmult_0_r; eapply Rle_trans; [|apply HA; auto].
    apply Rmult_le_pos; auto. }
  assert (T : \sum_(k <- ks) p k * S k <= h * SA) by (unfold SA; rewrite <- Sum_mult_l; apply Sum_le; auto).
  assert (SA0 : 0 <= SA) by (apply Sum_ge0; auto).
  assert (Q0 : 0 <= \sum_(k <- ks) p k * S k) by (apply Sum_ge0; intros; apply Rmult_le_pos; auto).
  assert (B : scale <= grow u (n + k0 + 2 + k0) * (A m + Z m * SA)).
  { unfold scale; rewrite Rmult_plus_distr_l, grow_plus; fold h.
    assert (p m * (\sum_(k <- ks) p k * S k) <= grow u k0 * Z m * (h * SA)) by (apply Rmult_le_compat; auto).
    assert (p m * S m <= h * A m) by auto.
    assert (h * A m * 1 <= h * A m * grow u k0) by (apply Rmult_le_compat_l; [apply Rmult_le_pos; [lra | auto] | auto]); lra. }
  assert (X0 : 0 <= A m + Z m * SA) by (apply Rplus_le_le_0_compat; [auto | apply Rmult_le_pos; auto]).
  apply Rle_trans with ((grow u N - 1) * (grow u (n + k0 + 2 + k0) * (A m + Z m * SA))); [apply Rmult_le_compat_l; lra|].
  rewrite <- Rmult_assoc; apply Rmult_le_compat_r; [auto|].
  eapply Rle_trans; [apply (grow_mult u Hu _ _ (alpha_roundings n K k0)); unfold N, alpha_roundings; lia|].
  apply grow_le_gamma; auto.
Qed.
End Alpha.
