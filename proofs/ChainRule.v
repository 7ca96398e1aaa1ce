(** * The gradient of a normalisation as three terms, eqs. (8) and (9)

    The paper adds up the way straight through x_hat, the way through sigma^2 and the way through mu. Their sum is
    eq. (8). The second term of dL/dmu, which holds sum (x - mu), is 0. *)
From Coq Require Import Reals List Lra.
From Wirecost Require Import Sums Normalisation.
Import ListNotations.
Open Scope R_scope.

Section ChainRule.
Context {I : Type}.
Variable s : list I.
Hypothesis Hs : s <> [].
Variable eps : R.
Variables gamma x g : I -> R.
Hypothesis Hv : 0 < var s x + eps.

Let sg : R := sigma s eps x.
Definition dL_dvar : R := \sum_(i <- s) gamma i * g i * (x i - mean s x) * (- / 2 * / (sg * sg * sg)).
Definition dL_dmean : R :=
  (\sum_(i <- s) gamma i * g i * (- / sg)) + dL_dvar * mean s (fun i => - 2 * (x i - mean s x)).

Theorem three_terms i :
  gamma i * g i * / sg + dL_dvar * (2 * (x i - mean s x) / card s) + dL_dmean / card s
  = norm_backward s eps gamma x g i.
Proof.
  pose proof (sigma_pos s eps x Hv) as P; fold sg in P; pose proof (card_pos s Hs).
  unfold dL_dmean; rewrite mean_scal; unfold mean at 2; rewrite mean_centred by auto.
  set (A := \sum_(j <- s) gamma j * g j * (x j - mean s x)).
  assert (E1 : dL_dvar = A * (- / 2 * / (sg * sg * sg))) by (unfold dL_dvar; rewrite Sum_mult_r; auto).
  assert (E2 : mean s (fun j => gamma j * g j * xhat s eps x j) = A / sg / card s).
  { unfold mean, Rdiv; f_equal; unfold A; rewrite <- Sum_mult_r; apply Sum_ext; intros; unfold xhat; fold sg; field; lra. }
  unfold norm_backward; rewrite E1, E2, Sum_mult_r; unfold xhat; fold sg.
  set (B := \sum_(j <- s) gamma j * g j); change (mean s (fun j => gamma j * g j)) with (B / card s); field; lra.
Qed.
End ChainRule.
