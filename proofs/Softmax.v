(** * Softmax, cross-entropy and entropy, and their derivatives

    The paper's L_theta and H_theta (after eq. (12)), for one sample: Y are the logits, n_b is
    [label]. The same softmax turns architecture parameters alpha into probabilities (section 2). *)
From Coq Require Import Reals List Lra Lia.
From Wirecost Require Import Sums Derivative Gradient.
Import ListNotations.
Open Scope R_scope.

Section Softmax.
Context {N : Type}.
Variable ns : list N.                    (* the classes *)
Hypothesis Hns : ns <> [].

Definition sum_exp (Y : N -> R) : R := \sum_(n <- ns) exp (Y n).
Definition softmax (Y : N -> R) (n : N) : R := exp (Y n) / sum_exp Y.
Definition loss (Y : N -> R) (label : N) : R := - ln (softmax Y label).
Definition entropy (Y : N -> R) : R := - \sum_(n <- ns) softmax Y n * ln (softmax Y n).

Lemma sum_exp_pos Y : 0 < sum_exp Y.
Proof. apply Sum_gt0; auto; intros; apply exp_pos. Qed.

Lemma softmax_pos Y n : 0 < softmax Y n.
Proof. apply Rdiv_lt_0_compat; [apply exp_pos | apply sum_exp_pos]. Qed.

Lemma softmax_sum Y : \sum_(n <- ns) softmax Y n = 1.
Proof.
  pose proof (sum_exp_pos Y); unfold softmax, Rdiv; rewrite Sum_mult_r; fold (sum_exp Y); apply Rinv_r; lra.
Qed.

Lemma ln_softmax Y n : ln (softmax Y n) = Y n - ln (sum_exp Y).
Proof.
  pose proof (sum_exp_pos Y); unfold softmax, Rdiv.
  rewrite ln_mult, ln_exp, ln_Rinv; auto using exp_pos, Rinv_0_lt_compat; ring.
Qed.

(** Every log-softmax changes at v_n minus the softmax mean of v. *)
Lemma deriv_ln_softmax (c : R -> N -> R) t0 v n :
  (forall k, In k ns -> deriv (fun t => c t k) t0 (v k)) -> In n ns ->
  deriv (fun t => ln (softmax (c t) n)) t0 (v n - \sum_(k <- ns) softmax (c t0) k * v k).
Proof.
  intros Hd Hn; pose proof (sum_exp_pos (c t0)).
  apply (D_ext (fun t => c t n - ln (sum_exp (c t)))); [intros t; rewrite ln_softmax; auto|].
  apply (D_minus (fun t => c t n)); [apply Hd; auto|].
  eapply D_eq.
  - apply (D_comp ln (fun t => sum_exp (c t)) t0 (/ sum_exp (c t0)) (\sum_(k <- ns) exp (c t0 k) * v k)).
    + apply (D_Sum ns (fun t k => exp (c t k)) (fun k => exp (c t0 k) * v k)).
      intros k Hk; apply (D_comp exp (fun t => c t k)); [auto | apply D_exp].
    + apply D_ln; auto.
  - rewrite Rmult_comm, <- Sum_mult_r; apply Sum_ext; intros k _; unfold softmax; field; lra.
Qed.

Lemma deriv_softmax (c : R -> N -> R) t0 v n :
  (forall k, In k ns -> deriv (fun t => c t k) t0 (v k)) -> In n ns ->
  deriv (fun t => softmax (c t) n) t0
    (softmax (c t0) n * (v n - \sum_(k <- ns) softmax (c t0) k * v k)).
Proof.
  intros Hd Hn; apply (D_ext (fun t => exp (ln (softmax (c t) n))));
    [intros t; apply exp_ln, softmax_pos|].
  eapply D_eq; [apply (D_comp exp (fun t => ln (softmax (c t) n)));
    [apply (deriv_ln_softmax c t0 v n Hd Hn) | apply D_exp] | rewrite exp_ln; auto using softmax_pos].
Qed.

Lemma deriv_loss (c : R -> N -> R) t0 v label :
  (forall n, In n ns -> deriv (fun t => c t n) t0 (v n)) -> In label ns ->
  deriv (fun t => loss (c t) label) t0 (- v label + \sum_(n <- ns) softmax (c t0) n * v n).
Proof.
  intros Hd Hl; unfold loss; apply (D_ext (fun t => (-1) * ln (softmax (c t) label))); [intros; ring|].
  eapply D_eq; [apply (D_scal (-1) (fun t => ln (softmax (c t) label))), (deriv_ln_softmax c t0 v); auto | ring].
Qed.

End Softmax.
