(** * Differentiable in the usual sense implies [has_grad]

    The paper takes the loss to be differentiable. Written out in epsilon-delta that is
    [frechet]; it implies the derivative along every curve, so [has_grad] asks for nothing unusual. *)
From Coq Require Import Reals List Lra Lia.
From Wirecost Require Import Sums Derivative Gradient.
Import ListNotations.
Open Scope R_scope.

Definition frechet {I} (s : list I) (L : (I -> R) -> R) (y g : I -> R) : Prop :=
  forall eps, 0 < eps -> exists d, 0 < d /\ forall z : I -> R,
    (forall i, In i s -> Rabs (z i - y i) < d) ->
    Rabs (L z - L y - \sum_(i <- s) g i * (z i - y i)) <= eps * \sum_(i <- s) Rabs (z i - y i).

Theorem frechet_implies_gradient {I} (s : list I) L (y g : I -> R) : frechet s L y g -> has_grad s L y g.
Proof.
  intros HF c t0 v Hc Hv; subst y.
  set (r := fun t => L (c t) - L (c t0) - \sum_(i <- s) g i * (c t i - c t0 i)).
  assert (Hr : deriv r t0 0).
  { apply D_def; intros eps Heps.
    set (M := \sum_(i <- s) (Rabs (v i) + 1)).
    assert (HM : 0 <= M) by (apply Sum_ge0; intros; pose proof (Rabs_pos (v i)); lra).
    destruct (HF (eps / (2 * (M + 1)))) as [d [Hd HLd]].
    { apply Rdiv_lt_0_compat; lra. }
    destruct (small_for_all s (fun i h => Rabs (c (t0 + h) i - c t0 i) <= (Rabs (v i) + 1) * Rabs h))
      as [d1 [Hd1 H1]]; [intros i Hi; apply (curve_lipschitz (fun t => c t i)), Hv; auto|].
    destruct (small_for_all s (fun i h => (Rabs (v i) + 1) * Rabs h < d)) as [d2 [Hd2 H2]].
    { intros i _; pose proof (Rabs_pos (v i)) as Hp.
      exists (d / (Rabs (v i) + 1)); split; [apply Rdiv_lt_0_compat; lra|].
      intros h Hh; apply (Rmult_lt_compat_l (Rabs (v i) + 1)) in Hh; [|lra].
      replace ((Rabs (v i) + 1) * (d / (Rabs (v i) + 1))) with d in Hh by (field; lra); auto. }
    assert (Hm : 0 < Rmin d1 d2) by (apply Rmin_pos; auto).
    exists (mkposreal _ Hm); simpl; intros h Hn Hh.
    assert (Hh1 : Rabs h < d1) by (eapply Rlt_le_trans; [exact Hh | apply Rmin_l]).
    assert (Hh2 : Rabs h < d2) by (eapply Rlt_le_trans; [exact Hh | apply Rmin_r]).
    replace (r t0) with 0 by
      (unfold r; rewrite (Sum_eq0 s); [ring | intros; ring]).
    assert (Hp : 0 < Rabs h) by (apply Rabs_pos_lt; auto).
    assert (Hb : Rabs (r (t0 + h)) <= eps / (2 * (M + 1)) * (M * Rabs h)).
    { eapply Rle_trans.
      - apply (HLd (c (t0 + h))); intros i Hi; eapply Rle_lt_trans; [apply H1 | apply H2]; auto.
      - apply Rmult_le_compat_l; [left; apply Rdiv_lt_0_compat; lra|].
        unfold M; rewrite <- Sum_mult_r; apply Sum_le; intros i Hi; apply H1; auto. }
    rewrite !Rminus_0_r; unfold Rdiv; rewrite Rabs_mult, Rabs_inv.
    apply (Rmult_lt_reg_r (Rabs h)); auto.
    rewrite Rmult_assoc, Rinv_l, Rmult_1_r by lra.
    eapply Rle_lt_trans; [exact Hb|].
    replace (eps / (2 * (M + 1)) * (M * Rabs h)) with (eps * Rabs h * (M / (2 * (M + 1)))) by (field; lra).
    rewrite <- (Rmult_1_r (eps * Rabs h)) at 2; apply Rmult_lt_compat_l; [apply Rmult_lt_0_compat; auto|].
    apply (Rmult_lt_reg_r (2 * (M + 1))); [lra|].
    unfold Rdiv; rewrite Rmult_assoc, Rinv_l by lra; lra. }
  apply (D_ext (fun t => L (c t0) + (\sum_(i <- s) g i * (c t i - c t0 i)) + r t)).
  { intros t; unfold r; ring. }
  eapply D_eq; [apply (D_plus (fun t => L (c t0) + \sum_(i <- s) g i * (c t i - c t0 i)) r); [|exact Hr]|].
  - apply (D_plus (fun _ => L (c t0))); [apply D_const|].
    apply (D_Sum s (fun t i => g i * (c t i - c t0 i)) (fun i => g i * v i)); intros i Hi.
    apply (D_scal (g i) (fun t => c t i - c t0 i)).
    eapply D_eq; [apply (D_minus (fun t => c t i) (fun _ => c t0 i)); [apply Hv; auto | apply D_const] | ring].
  - ring.
Qed.
