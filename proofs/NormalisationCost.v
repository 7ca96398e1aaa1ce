(** * A normalisation passes no cost to its input (eqs. (6), (10))

    The paper, Step 3: "exploiting the property of batch normalization", the cost of the
    normalisation's input is zero; and, after Tian (2018), its gradient is orthogonal to the
    normalised input and to the vector 1.

    For eps = 0 that is so, for each group by itself, any gamma, beta and output gradient. For
    eps > 0 the cost at the input is exactly
    eps / (sigma^2 + eps) times the sum over the group of gamma g x_hat. *)
From Coq Require Import Reals List Lra Lia FunctionalExtensionality.
From Wirecost Require Import Sums Derivative Gradient Euler Normalisation.
Import ListNotations.
Open Scope R_scope.

Section Cost.
Context {I : Type}.
Variable s : list I.
Hypothesis Hs : s <> [].
Variable eps : R.
Variables gamma beta : I -> R.

Section Point.
Variable x : I -> R.
Hypothesis Hv : 0 < var s x + eps.

(** The input gradient is orthogonal to the all-ones vector... *)
Theorem norm_backward_sum g : \sum_(i <- s) norm_backward s eps gamma x g i = 0.
Proof.
  unfold norm_backward, Rdiv; rewrite Sum_mult_r, !Sum_minus, Sum_const, Sum_mult_r, (sum_xhat s Hs eps x).
  rewrite (Sum_mean s (fun j => gamma j * g j)) by auto; ring.
Qed.

(** ...and, up to eps, to the normalised input... *)
Theorem norm_backward_xhat_eps g :
  \sum_(i <- s) norm_backward s eps gamma x g i * xhat s eps x i
  = eps / (var s x + eps) * (\sum_(i <- s) gamma i * g i * xhat s eps x i) / sigma s eps x.
Proof.
  pose proof (sigma_pos s eps x Hv).
  set (m := mean s (fun j => gamma j * g j)).
  set (q := mean s (fun j => gamma j * g j * xhat s eps x j)).
  rewrite (Sum_ext s _ (fun i => (gamma i * g i * xhat s eps x i - m * xhat s eps x i
                                  - q * (xhat s eps x i * xhat s eps x i)) * / sigma s eps x)).
  2: { intros i _; unfold norm_backward; fold m q; field; lra. }
  rewrite Sum_mult_r, !Sum_minus, !Sum_mult_l, (sum_xhat s Hs eps x), (sum_xhat_sq s Hs eps x Hv).
  rewrite (Sum_mean s (fun j => gamma j * g j * xhat s eps x j)) by auto; fold q.
  pose proof (card_pos s Hs); field; lra.
Qed.

(** ...so the cost that survives a normalisation is exactly this residual (0 when eps = 0). *)
Theorem norm_cost_eps g :
  \sum_(i <- s) norm_backward s eps gamma x g i * x i
  = eps / (var s x + eps) * \sum_(i <- s) gamma i * g i * xhat s eps x i.
Proof.
  pose proof (sigma_pos s eps x Hv).
  rewrite (Sum_ext s _ (fun i => sigma s eps x * (norm_backward s eps gamma x g i * xhat s eps x i)
                                 + mean s x * norm_backward s eps gamma x g i)).
  2: { intros i _; transitivity (norm_backward s eps gamma x g i * (sigma s eps x * xhat s eps x i + mean s x));
       [rewrite <- (x_of_xhat s eps x Hv); auto | ring]. }
  rewrite Sum_plus, !Sum_mult_l, norm_backward_sum, norm_backward_xhat_eps.
  field; lra.
Qed.

(** With eps > 0, as in practice, that is not 0 unless the cost at x_hat is. *)
Corollary eps_lets_through g :
  0 < eps -> \sum_(i <- s) gamma i * g i * xhat s eps x i <> 0 ->
  \sum_(i <- s) norm_backward s eps gamma x g i * x i <> 0.
Proof.
  intros He Hc; rewrite norm_cost_eps; apply Rmult_integral_contrapositive_currified; [|auto].
  assert (0 < eps / (var s x + eps)) by (apply Rdiv_lt_0_compat; auto); lra.
Qed.

End Point.

(** ** A second reason, and the shorter one: degree 0 *)
Lemma mean_homogeneous t x : mean s (fun i => t * x i) = t * mean s x.
Proof. apply mean_scal. Qed.

Lemma var_homogeneous t x : var s (fun i => t * x i) = t ^ 2 * var s x.
Proof.
  unfold var; rewrite mean_homogeneous.
  rewrite <- (mean_scal s (t ^ 2)); apply mean_ext; intros; ring.
Qed.

(** The share that passes grows as the variance falls. *)
Theorem share_grows t x :
  0 < eps -> 0 < var s x -> 0 < t < 1 ->
  eps / (var s x + eps) < eps / (var s (fun i => t * x i) + eps).
Proof.
  intros He Hv Ht; rewrite var_homogeneous; apply Rmult_lt_compat_l; [auto|].
  assert (0 < t ^ 2 < 1) by (simpl; nra).
  apply Rinv_lt_contravar; [apply Rmult_lt_0_compat|]; nra.
Qed.

Theorem norm_homogeneous x :
  0 < var s x -> homogeneous 0 (norm s 0 gamma beta) x.
Proof.
  intros Hv t o Ht; unfold norm, xhat, sigma.
  rewrite var_homogeneous, mean_homogeneous, !Rplus_0_r.
  rewrite sqrt_mult, sqrt_pow2 by (try apply pow2_ge_0; lra).
  assert (0 < sqrt (var s x)) by (apply sqrt_lt_R0; auto).
  simpl; field; lra.
Qed.

End Cost.

(** ** eps = 0, as in the paper *)

(** Tian (2018): the backward pass projects onto the complement of 1 and x_hat. *)
Theorem norm_projection {I} (s : list I) (gamma x g : I -> R) :
  s <> [] -> 0 < var s x ->
  let gx := norm_backward s 0 gamma x g in
  \sum_(i <- s) gx i = 0 /\ \sum_(i <- s) gx i * xhat s 0 x i = 0.
Proof.
  intros Hs Hv; split; [apply norm_backward_sum; auto|].
  rewrite norm_backward_xhat_eps by (auto; lra); unfold Rdiv; ring.
Qed.

(** ...and it is the projection of gamma g / sigma: on that complement the two agree. *)
Theorem norm_backward_is_projection {I} (s : list I) (gamma x g v : I -> R) :
  0 < var s x -> \sum_(i <- s) v i = 0 -> \sum_(i <- s) xhat s 0 x i * v i = 0 ->
  \sum_(i <- s) norm_backward s 0 gamma x g i * v i
  = \sum_(i <- s) gamma i * g i / sigma s 0 x * v i.
Proof.
  intros Hv H1 Hx; pose proof (sigma_pos s 0 x ltac:(lra)) as Hs; unfold norm_backward.
  set (m := mean s (fun j => gamma j * g j)); set (q := mean s (fun j => gamma j * g j * xhat s 0 x j)).
  rewrite (Sum_ext s _ (fun i => gamma i * g i / sigma s 0 x * v i
    - (m / sigma s 0 x * v i + q / sigma s 0 x * (xhat s 0 x i * v i)))) by (intros; field; lra).
  rewrite Sum_minus, Sum_plus, !Sum_mult_l, H1, Hx; ring.
Qed.

(** Eqs. (6) and (10). *)
Theorem norm_zero_cost {I} (s : list I) (gamma x g : I -> R) :
  s <> [] -> 0 < var s x -> \sum_(i <- s) norm_backward s 0 gamma x g i * x i = 0.
Proof. intros Hs Hv; rewrite norm_cost_eps by (auto; lra); unfold Rdiv; ring. Qed.

(** Whatever follows, differentiable or not. *)
Theorem norm_blocks_cost {I} (s : list I) (gamma beta x : I -> R) L :
  0 < var s x -> cost (fun x => L (norm s 0 gamma beta x)) x 0.
Proof. intros Hv; apply (cost_degree_0 (norm s 0 gamma beta) L), norm_homogeneous; auto. Qed.

(** A group that does not vary has no 1/sigma at eps = 0. With x_hat = 0 there, by convention, nothing is let through,
    whatever number r stands for 1/sigma; the code has r = 0. *)
Theorem constant_group_lets_nothing_through {I} (s : list I) (u h x : I -> R) (r a : R) :
  s <> [] -> (forall i, In i s -> x i = a) -> (forall i, In i s -> h i = 0) ->
  \sum_(i <- s) (u i - mean s u - h i * mean s (fun j => u j * h j)) * r * x i = 0.
Proof.
  intros Hs Hx Hh; rewrite (Sum_ext s _ (fun i => r * a * (u i - mean s u))).
  - rewrite Sum_mult_l, mean_centred by auto; ring.
  - intros i Hi; rewrite Hx, Hh by auto; ring.
Qed.

(** ** Two slips in the printed formulas, as the machine transcription at hand has them *)

(** Eq. (8) has CD for BD under its last term. With a divisor m in place of the number of
    entries the cost would not vanish: *)
Theorem eq8_wrong_divisor {I} (s : list I) (x u : I -> R) (m : R) :
  s <> [] -> 0 < var s x -> m <> 0 ->
  let h := xhat s 0 x in
  \sum_(i <- s) (u i - mean s u - h i * (Sum s (fun j => u j * h j) / m)) / sigma s 0 x * x i
  = (1 - card s / m) * \sum_(i <- s) u i * h i.
Proof.
  intros Hs Hv Hm h; assert (Hv0 : 0 < var s x + 0) by lra.
  pose proof (sigma_pos s 0 x Hv0) as Hsg; pose proof (card_pos s Hs) as Hn.
  set (q := Sum s (fun j => u j * h j)); set (mu := mean s x).
  rewrite (Sum_ext s _ (fun i => (u i * h i - mean s u * h i - q / m * (h i * h i))
                                 + mu / sigma s 0 x * (u i - mean s u - q / m * h i))).
  2: { intros i _.
       transitivity ((u i - mean s u - h i * (q / m)) / sigma s 0 x * (sigma s 0 x * h i + mu));
         [unfold h, mu; rewrite <- x_of_xhat; auto | field; split; lra]. }
  rewrite Sum_plus, Sum_mult_l, !Sum_minus, !Sum_mult_l, Sum_const.
  unfold h; rewrite (sum_xhat s Hs 0 x), (sum_xhat_sq s Hs 0 x Hv0); fold h.
  rewrite (Sum_mean s u Hs); fold q; field; repeat split; lra.
Qed.

(** Eqs. (10) and (15) end with the factor 1 - sum x_hat / BD; that is 1. With the square,
    1 - sum x_hat^2 / BD, it is 0. *)
Theorem eq10_factor {I} (s : list I) (x : I -> R) :
  s <> [] -> 0 < var s x ->
  1 - (\sum_(i <- s) xhat s 0 x i) / card s = 1 /\
  1 - (\sum_(i <- s) xhat s 0 x i * xhat s 0 x i) / card s = 0.
Proof.
  intros Hs Hv; pose proof (card_pos s Hs).
  rewrite sum_xhat, sum_xhat_sq by (auto; lra); split; field; lra.
Qed.
