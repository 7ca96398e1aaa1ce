(** * The bounds of the checks of the head, eqs. (12) and (13)

    Logits l = A x through pooling and classifier, m roundings; Y = l + b, one more; slopes d for
    dL/dY = p - y; backwards n roundings. That d is within k roundings of p - y on a scale e is a hypothesis here, and
    [slope_within] of SoftmaxRounding.v, with e = p + y. Then the cost at the features misses
    sum (p - y) (Y - b), which is L - H less the bias term, by at most
      gamma_(m+n+k+1) sum e (|Y| + N |x|),  |A| <= N. *)
From Coq Require Import Reals List Lra Lia.
From Wirecost Require Import Sums Rounding Tolerance RelativeError ChainRounding.
Import ListNotations.
Open Scope R_scope.

Section Head.
Variable u : R.
Hypothesis Hu : 0 <= u < 1.
Context {I C : Type}.
Variables (s : list I) (ns : list C) (A N : C -> I -> R).
Variables (x gx : I -> R) (l b Y d slope e : C -> R) (m n k : nat).
Hypothesis HN : bounded_by s ns A N.
Hypothesis Hl : maps_to u s ns m A N x l.
Hypothesis HY : forall c, In c ns -> rounds u (l c + b c) (Y c).
Hypothesis Hd : forall c, In c ns -> within u k (slope c) (e c) (d c).
Hypothesis Hgx : maps_to u ns s n (fun i c => A c i) (fun i c => N c i) d gx.
Let T (c : C) : R := \sum_(i <- s) N c i * Rabs (x i).

Lemma T_nonneg c : In c ns -> 0 <= T c.
Proof.
  intros Hc; apply Sum_ge0; intros i Hi; apply Rmult_le_pos; [|apply Rabs_pos].
  eapply Rle_trans; [apply Rabs_pos | apply (HN c i); auto].
Qed.

Lemma e_nonneg c : In c ns -> 0 <= e c.
Proof. intros Hc; eapply Rle_trans; [apply Rabs_pos | apply (Hd c Hc)]. Qed.

Theorem feature_gradient_bound i :
  In i s -> INR (n + k) * u < 1 ->
  Rabs (gx i - \sum_(c <- ns) A c i * slope c) <= gamma_n u (n + k) * \sum_(c <- ns) N c i * e c.
Proof.
  intros Hi Hnk; set (S := \sum_(c <- ns) N c i * e c).
  assert (N0 : forall c, In c ns -> 0 <= N c i) by (intros c Hc; eapply Rle_trans; [apply Rabs_pos | apply (HN c i); auto]).
  assert (B1 : \sum_(c <- ns) N c i * Rabs (d c) <= grow u k * S).
  { unfold S; rewrite <- Sum_mult_l; apply Sum_le; intros c Hc.
    pose proof (within_size u k _ _ _ (Hd c Hc)) as B.
    replace (grow u k * (N c i * e c)) with (N c i * (grow u k * e c)) by ring; apply Rmult_le_compat_l; auto. }
  assert (B2 : Rabs ((\sum_(c <- ns) A c i * d c) - \sum_(c <- ns) A c i * slope c) <= (grow u k - 1) * S).
  { rewrite <- Sum_minus; eapply Rle_trans; [apply Sum_abs|]; unfold S; rewrite <- Sum_mult_l; apply Sum_le; intros c Hc.
    rewrite <- Rmult_minus_distr_l, Rabs_mult; destruct (Hd c Hc) as [_ B].
    replace ((grow u k - 1) * (N c i * e c)) with (N c i * ((grow u k - 1) * e c)) by ring.
    apply Rmult_le_compat; auto using Rabs_pos. }
  assert (HS : 0 <= S) by (apply Sum_ge0; intros c Hc; apply Rmult_le_pos; auto using e_nonneg).
  pose proof (Hgx i Hi) as B3; pose proof (grow_ge_1 u Hu n); pose proof (grow_ge_1 u Hu k).
  replace (gx i - \sum_(c <- ns) A c i * slope c)
    with (gx i - (\sum_(c <- ns) A c i * d c) + ((\sum_(c <- ns) A c i * d c) - \sum_(c <- ns) A c i * slope c)) by ring.
  eapply Rle_trans; [apply Rabs_triang|].
  apply Rle_trans with ((grow u (n + k) - 1) * S).
  - rewrite grow_plus; assert ((grow u n - 1) * (\sum_(c <- ns) N c i * Rabs (d c)) <= (grow u n - 1) * (grow u k * S))
      by (apply Rmult_le_compat_l; lra); lra.
  - apply Rmult_le_compat_r; [auto | apply grow_le_gamma; auto].
Qed.

Theorem head_cost_bound :
  INR (m + n + k + 1) * u < 1 ->
  Rabs ((\sum_(i <- s) gx i * x i) - \sum_(c <- ns) slope c * (Y c - b c))
  <= gamma_n u (m + n + k + 1) * \sum_(c <- ns) e c * (Rabs (Y c) + \sum_(i <- s) N c i * Rabs (x i)).
Proof.
  intros Hmn; set (L := fun c => \sum_(i <- s) A c i * x i).
  pose proof (grow_ge_1 u Hu n) as Gn; pose proof (grow_ge_1 u Hu k) as Gk; pose proof (grow_ge_1 u Hu m) as Gm.
  assert (LT : forall c, In c ns -> Rabs (L c) <= T c).
  { intros c Hc; eapply Rle_trans; [apply Sum_abs|]; apply Sum_le; intros i Hi; rewrite Rabs_mult.
    apply Rmult_le_compat_r; [apply Rabs_pos | apply HN; auto]. }
  assert (E : \sum_(i <- s) (\sum_(c <- ns) A c i * d c) * x i = \sum_(c <- ns) d c * L c).
  { rewrite (Sum_ext s _ (fun i => \sum_(c <- ns) d c * (A c i * x i)))
      by (intros; rewrite <- Sum_mult_r; apply Sum_ext; intros; ring).
    rewrite Sum_swap; apply Sum_ext; intros; apply Sum_mult_l. }
  assert (B1 : Rabs ((\sum_(i <- s) gx i * x i) - \sum_(c <- ns) d c * L c) <= (grow u n - 1) * \sum_(c <- ns) Rabs (d c) * T c).
  { rewrite <- E, <- Sum_minus; eapply Rle_trans; [apply Sum_abs|].
    assert (ES : \sum_(c <- ns) Rabs (d c) * T c = \sum_(i <- s) (\sum_(c <- ns) N c i * Rabs (d c)) * Rabs (x i)).
    { rewrite (Sum_ext ns _ (fun c => \sum_(i <- s) N c i * Rabs (d c) * Rabs (x i)))
        by (intros; unfold T; rewrite <- Sum_mult_l; apply Sum_ext; intros; ring).
      rewrite Sum_swap; apply Sum_ext; intros; apply Sum_mult_r. }
    rewrite ES, <- Sum_mult_l; apply Sum_le; intros i Hi; rewrite <- Rmult_minus_distr_r, Rabs_mult, <- Rmult_assoc.
    apply Rmult_le_compat_r; [apply Rabs_pos | apply Hgx; auto]. }
  set (M := (m + n + k + 1)%nat) in *.
  replace ((\sum_(i <- s) gx i * x i) - \sum_(c <- ns) slope c * (Y c - b c))
    with ((\sum_(i <- s) gx i * x i) - (\sum_(c <- ns) d c * L c)
          + ((\sum_(c <- ns) d c * L c) - \sum_(c <- ns) slope c * (Y c - b c))) by ring.
  eapply Rle_trans; [apply Rabs_triang|].
  apply Rle_trans with (\sum_(c <- ns) (((grow u n - 1) * (Rabs (d c) * T c)) + Rabs (d c * L c - slope c * (Y c - b c)))).
  { rewrite Sum_plus, Sum_mult_l; apply Rplus_le_compat; [exact B1|]; rewrite <- Sum_minus; apply Sum_abs. }
  rewrite <- Sum_mult_l; apply Sum_le; intros c Hc; fold (T c).
  pose proof (T_nonneg c Hc) as T0; pose proof (e_nonneg c Hc) as E0; destruct (Hd c Hc) as [S1 S2].
  pose proof (within_size u k _ _ _ (Hd c Hc)) as Dd; specialize (LT c Hc); pose proof (Hl c Hc) as Bl; fold (T c) (L c) in Bl.
  destruct (near_error u Hu 1 _ _ (near_rounds u Hu _ _ (HY c Hc))) as [_ BY].
  assert (P1 : (grow u n - 1) * (Rabs (d c) * T c) <= (grow u n - 1) * (grow u k * e c * T c)).
  { apply Rmult_le_compat_l; [lra|]; apply Rmult_le_compat_r; auto. }
  assert (P2 : Rabs (d c * L c - slope c * (Y c - b c))
    <= (grow u k - 1) * e c * T c + e c * ((grow u m - 1) * T c) + e c * ((grow u 1 - 1) * Rabs (Y c))).
  { replace (d c * L c - slope c * (Y c - b c))
      with ((d c - slope c) * L c + slope c * (L c - l c) + slope c * (l c + b c - Y c)) by ring.
    eapply Rle_trans; [apply Rabs_triang|]; apply Rplus_le_compat.
    - eapply Rle_trans; [apply Rabs_triang|]; rewrite !Rabs_mult; apply Rplus_le_compat.
      + apply Rmult_le_compat; auto using Rabs_pos.
      + apply Rmult_le_compat; auto using Rabs_pos; rewrite Rabs_minus_sym; auto.
    - rewrite Rabs_mult; apply Rmult_le_compat; auto using Rabs_pos; rewrite Rabs_minus_sym; auto. }
  pose proof (grow_le_gamma u Hu M Hmn) as GM.
  assert (G1 : (grow u n - 1) * grow u k + (grow u k - 1) + (grow u m - 1) <= gamma_n u M).
  { pose proof (grow_add u Hu (n + k) m M ltac:(unfold M; lia)) as Ga; rewrite (grow_plus u n k) in Ga; lra. }
  assert (G2 : grow u 1 - 1 <= gamma_n u M).
  { pose proof (grow_le u Hu 1 M ltac:(unfold M; lia)); lra. }
  pose proof (Rabs_pos (Y c)) as Y0.
  assert (Q1 : ((grow u n - 1) * grow u k + (grow u k - 1) + (grow u m - 1)) * (e c * T c) <= gamma_n u M * (e c * T c)).
  { apply Rmult_le_compat_r; auto; apply Rmult_le_pos; auto. }
  assert (Q2 : (grow u 1 - 1) * (e c * Rabs (Y c)) <= gamma_n u M * (e c * Rabs (Y c))).
  { apply Rmult_le_compat_r; auto; apply Rmult_le_pos; auto. }
  lra.
Qed.
End Head.
