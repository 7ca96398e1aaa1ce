(** * Theorem 2, for one sample: the cost of the logits is L - H

    The paper, eq. (12), lines 4 to 7: the cost at the last layer is
    - Y_label + sum_n p_n Y_n = L - H, the loss minus the entropy of the prediction. *)
From Coq Require Import Reals List Lra Lia FunctionalExtensionality.
From Wirecost Require Import Sums Derivative Gradient Softmax.
Import ListNotations.
Open Scope R_scope.

Section Theorem2.
Context {N : Type}.
Variable ns : list N.                    (* the classes *)
Hypothesis Hns : ns <> [].

Theorem logit_cost_is_L_minus_H Y label :
  - Y label + \sum_(n <- ns) softmax ns Y n * Y n = loss ns Y label - entropy ns Y.
Proof.
  unfold loss, entropy.
  rewrite (Sum_ext ns (fun n => softmax ns Y n * ln (softmax ns Y n))
    (fun n => softmax ns Y n * Y n - softmax ns Y n * ln (sum_exp ns Y))).
  - rewrite Sum_minus, Sum_mult_r, (softmax_sum ns Hns), (ln_softmax ns Hns); ring.
  - intros n _; rewrite (ln_softmax ns Hns); ring.
Qed.

(** dL/dY = softmax - one-hot. *)
Theorem loss_grad (dec : forall i j : N, {i = j} + {i <> j}) Y label :
  NoDup ns -> In label ns ->
  has_grad ns (fun Y => loss ns Y label) Y (fun n => softmax ns Y n - delta dec n label).
Proof.
  intros Hnd Hl c t0 v Hc Hd.
  eapply D_eq; [apply (deriv_loss ns Hns c t0 v); auto|]; rewrite Hc.
  rewrite (Sum_ext ns (fun n => (softmax ns Y n - delta dec n label) * v n)
             (fun n => softmax ns Y n * v n - delta dec n label * v n)) by (intros; ring).
  rewrite Sum_minus, (Sum_pick dec); auto; ring.
Qed.

Theorem theorem_2_logits Y label :
  In label ns -> cost (fun Y => loss ns Y label) Y (loss ns Y label - entropy ns Y).
Proof.
  intros Hl; eapply D_eq.
  - apply (deriv_loss ns Hns (fun t n => t * Y n) 1 Y label); auto.
    intros n _; eapply D_eq; [apply (D_mult (fun t => t) (fun _ => Y n) 1 1 0);
      [apply D_id | apply D_const] | ring].
  - replace (fun n => 1 * Y n) with Y by (extensionality n; ring).
    apply logit_cost_is_L_minus_H.
Qed.

(** As the transcription at hand has it, line 5 of eq. (12) keeps - Y_label under the sum over the
    classes; it is then counted N times, and the value is off by (N - 1) Y_label. *)
Theorem eq12_misprint Y label :
  \sum_(n <- ns) (- Y label + softmax ns Y n * Y n)
  = loss ns Y label - entropy ns Y - (card ns - 1) * Y label.
Proof. rewrite Sum_plus, Sum_const, <- logit_cost_is_L_minus_H; ring. Qed.

(** Sect. 6 with the label's logit in both terms under the sum: (1 - N) Y_label, and not 0. *)
Theorem proportional_misprint Y label :
  \sum_(n <- ns) (- Y label + softmax ns Y n * Y label) = (1 - card ns) * Y label.
Proof. rewrite Sum_plus, Sum_const, Sum_mult_r, (softmax_sum ns Hns); ring. Qed.

(** Logits with a bias b: the cost of what the bias was added to. *)
Theorem bias_in_logits Y b label :
  - (Y label - b label) + (\sum_(n <- ns) softmax ns Y n * (Y n - b n))
  = loss ns Y label - entropy ns Y - (- b label + \sum_(n <- ns) softmax ns Y n * b n).
Proof.
  rewrite <- logit_cost_is_L_minus_H.
  rewrite (Sum_ext ns (fun n => softmax ns Y n * (Y n - b n)) (fun n => softmax ns Y n * Y n - softmax ns Y n * b n))
    by (intros; ring).
  rewrite Sum_minus; ring.
Qed.

End Theorem2.
