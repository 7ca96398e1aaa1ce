(** * The backward pass of a normalisation is its gradient (eqs. (7)-(9), (14))

    The paper, eq. (7): mu and sigma^2 are the mean and variance over the entries that share them;
    x_hat = (x - mu) / sqrt(sigma^2), y = gamma x_hat + beta. Eq. (8) is the backward pass.

    Here s is one group of entries that share statistics: for batch norm all (b, d) of a channel,
    for layer norm all (c, d) of a sample, for instance norm all d of a (b, c). gamma and beta may
    differ from entry to entry. The paper has eps = 0. Positive variance (plus eps) is asked for. *)
From Coq Require Import Reals List Lra Lia FunctionalExtensionality.
From Wirecost Require Import Sums Derivative Gradient.
Import ListNotations.
Open Scope R_scope.

Lemma deriv_mean {I} (s : list I) (c : R -> I -> R) t0 v :
  (forall i, In i s -> deriv (fun t => c t i) t0 (v i)) ->
  deriv (fun t => mean s (c t)) t0 (mean s v).
Proof.
  intros H; unfold mean, Rdiv; apply (D_scal_r (/ card s) (fun t => Sum s (c t))), (D_Sum s c v); auto.
Qed.

Section Norm.
Context {I : Type}.
Variable s : list I.            (* the group *)
Hypothesis Hs : s <> [].
Variable eps : R.
Variables gamma beta : I -> R.

Definition var (x : I -> R) : R := mean s (fun i => (x i - mean s x) ^ 2).
Definition sigma (x : I -> R) : R := sqrt (var x + eps).
Definition xhat (x : I -> R) (i : I) : R := (x i - mean s x) / sigma x.
Definition norm (x : I -> R) (i : I) : R := gamma i * xhat x i + beta i.

(** Eq. (8): the gradient at the input from the gradient g at the output. *)
Definition norm_backward (x g : I -> R) (i : I) : R :=
  (gamma i * g i - mean s (fun j => gamma j * g j)
   - xhat x i * mean s (fun j => gamma j * g j * xhat x j)) / sigma x.

Definition Norm : layer I I := Layer norm norm_backward.

Section Point.
Variable x : I -> R.
Hypothesis Hv : 0 < var x + eps.

Lemma sigma_pos : 0 < sigma x.
Proof. apply sqrt_lt_R0; auto. Qed.

Lemma sigma_sq : sigma x * sigma x = var x + eps.
Proof. apply sqrt_sqrt; lra. Qed.

(** "Standard Gaussian mean property". *)
Lemma sum_xhat : \sum_(i <- s) xhat x i = 0.
Proof.
  unfold xhat, Rdiv; rewrite Sum_mult_r, mean_centred by auto; ring.
Qed.

(** "Standard Gaussian variance property": 1 when eps = 0. *)
Lemma sum_xhat_sq : \sum_(i <- s) xhat x i * xhat x i = card s * (var x / (var x + eps)).
Proof.
  pose proof sigma_pos; rewrite <- sigma_sq.
  rewrite (Sum_ext s _ (fun i => / (sigma x * sigma x) * (x i - mean s x) ^ 2)).
  - rewrite Sum_mult_l, (Sum_mean s (fun i => (x i - mean s x) ^ 2)) by auto.
    fold (var x); field; lra.
  - intros i _; unfold xhat; field; lra.
Qed.

Lemma x_of_xhat i : x i = sigma x * xhat x i + mean s x.
Proof. pose proof sigma_pos; unfold xhat; field; lra. Qed.

(** The velocity of the output along a curve with velocity v. *)
Lemma deriv_norm (c : R -> I -> R) t0 v i :
  c t0 = x -> (forall i, In i s -> deriv (fun t => c t i) t0 (v i)) -> In i s ->
  deriv (fun t => norm (c t) i) t0
    (gamma i * ((v i - mean s v - xhat x i * mean s (fun j => xhat x j * v j)) / sigma x)).
Proof.
  intros Hc H Hi; pose proof sigma_pos as Hsg; pose proof sigma_sq as Hsq.
  assert (Hcen : forall j, In j s ->
            deriv (fun t => c t j - mean s (c t)) t0 (v j - mean s v)).
  { intros j Hj; apply (D_minus (fun t => c t j) (fun t => mean s (c t)));
      [apply H; auto | apply deriv_mean; auto]. }
  set (dv := 2 * sigma x * mean s (fun j => xhat x j * v j)).
  assert (Hvar : deriv (fun t => var (c t) + eps) t0 dv).
  { eapply D_eq; [eapply (D_plus (fun t => var (c t)) (fun _ => eps) t0 _ 0); [|apply D_const]|].
    - apply (deriv_mean s (fun t j => (c t j - mean s (c t)) ^ 2) t0
               (fun j => 2 * sigma x * (xhat x j * v j - mean s v * xhat x j))).
      intros j Hj. apply (D_ext (fun t => (c t j - mean s (c t)) * (c t j - mean s (c t)))).
      { intros t; ring. }
      eapply D_eq; [apply (D_mult (fun t => c t j - mean s (c t)) (fun t => c t j - mean s (c t))); auto|].
      rewrite Hc; unfold xhat; field; lra.
    - unfold dv; rewrite mean_scal; unfold mean at 1 3.
      rewrite Sum_minus, Sum_mult_l, sum_xhat; pose proof (card_pos s Hs); field; lra. }
  assert (Hsig : deriv (fun t => sigma (c t)) t0 (dv / (2 * sigma x))).
  { eapply D_eq; [apply (D_comp sqrt (fun t => var (c t) + eps) t0); [exact Hvar|]|].
    - rewrite Hc; apply D_sqrt; auto.
    - fold (sigma x); field; lra. }
  unfold norm.
  eapply D_eq; [eapply (D_plus (fun t => gamma i * xhat (c t) i) (fun _ => beta i) t0 _ 0); [|apply D_const]|].
  - apply (D_scal (gamma i) (fun t => xhat (c t) i)).
    apply (D_div (fun t => c t i - mean s (c t)) (fun t => sigma (c t))); [apply Hcen; auto | exact Hsig |].
    rewrite Hc; lra.
  - rewrite Hc, Rplus_0_r; f_equal; unfold dv.
    replace (x i - mean s x) with (sigma x * xhat x i) by (unfold xhat; field; lra).
    field; lra.
Qed.

(** The Jacobian is symmetric up to gamma: it moves from the velocity v to the gradient g. *)
Lemma norm_jacobian_adjoint g v :
  \sum_(i <- s) g i * (gamma i * ((v i - mean s v - xhat x i * mean s (fun j => xhat x j * v j)) / sigma x))
  = \sum_(i <- s) norm_backward x g i * v i.
Proof.
  pose proof sigma_pos.
  set (m := mean s v); set (q := mean s (fun j => xhat x j * v j)).
  rewrite (Sum_ext s _ (fun i => (gamma i * g i * v i - gamma i * g i * m
                                  - gamma i * g i * xhat x i * q) * / sigma x)).
  2: { intros i _; field; lra. }
  rewrite Sum_mult_r, !Sum_minus, !Sum_mult_r.
  set (m' := mean s (fun j => gamma j * g j)); set (q' := mean s (fun j => gamma j * g j * xhat x j)).
  rewrite (Sum_ext s (fun i => norm_backward x g i * v i)
             (fun i => (gamma i * g i * v i - m' * v i - q' * (xhat x i * v i)) * / sigma x)).
  2: { intros i _; unfold norm_backward; fold m' q'; field; lra. }
  rewrite Sum_mult_r, !Sum_minus, !Sum_mult_l.
  rewrite (Sum_mean s v), (Sum_mean s (fun i => xhat x i * v i)),
    (Sum_mean s (fun i => gamma i * g i)), (Sum_mean s (fun i => gamma i * g i * xhat x i)) by auto.
  fold m q m' q'; ring.
Qed.

(** Eq. (8) as the paper writes it, gamma the same throughout the group. *)
Theorem norm_backward_eq8 ga g i :
  (forall j, gamma j = ga) ->
  norm_backward x g i
  = g i * (ga / sigma x) - / card s * (\sum_(j <- s) g j * (ga / sigma x))
    - ga / sigma x * (\sum_(j <- s) g j * xhat x j) * (xhat x i / card s).
Proof.
  intros Hga; pose proof sigma_pos; pose proof (card_pos s Hs); unfold norm_backward, mean.
  rewrite Sum_mult_r, (Sum_ext s (fun j => gamma j * g j) (fun j => ga * g j)) by (intros; rewrite Hga; auto).
  rewrite (Sum_ext s (fun j => gamma j * g j * xhat x j) (fun j => ga * (g j * xhat x j)))
    by (intros; rewrite Hga; ring).
  rewrite !Sum_mult_l, Hga; field; lra.
Qed.

Theorem norm_differentiable : differentiable s s Norm x.
Proof.
  intros c t0 v Hc H.
  exists (fun i => gamma i * ((v i - mean s v - xhat x i * mean s (fun j => xhat x j * v j)) / sigma x)).
  split; [intros i Hi; apply deriv_norm; auto | intros g; apply norm_jacobian_adjoint].
Qed.

(** Eq. (8) is the gradient, for every loss behind the normalisation. *)
Theorem norm_backward_is_gradient L g :
  has_grad s L (norm x) g -> has_grad s (fun x => L (norm x)) x (norm_backward x g).
Proof. apply (backward_is_gradient s s Norm), norm_differentiable. Qed.

(** The same as a plain directional derivative of <g, norm x>. *)
Corollary norm_backward_directional g v :
  deriv (fun t => \sum_(i <- s) g i * norm (fun j => t * v j + x j) i) 0
        (\sum_(i <- s) norm_backward x g i * v i).
Proof.
  apply (deriv_along s (fun x => \sum_(i <- s) g i * norm x i)).
  apply (norm_backward_is_gradient (fun y => \sum_(i <- s) g i * y i)), linear_loss_grad.
Qed.

End Point.
End Norm.
