(** * An operation with a bias does not hand the cost on

    Eqs. (2)-(5) speak of operations without a bias. For y = x + b the cost at the output is the cost at the input and
    <dL/dy, b> more. *)
From Coq Require Import Reals List Lra.
From Wirecost Require Import Sums Derivative Gradient.
Import ListNotations.
Open Scope R_scope.

Definition add_bias {I} (b : I -> R) : layer I I := Layer (fun x i => x i + b i) (fun _ g => g).

Theorem add_bias_differentiable {I} (s : list I) b x : differentiable s s (add_bias b) x.
Proof.
  intros c t0 v _ Hv; exists v; split; [|auto]; intros i Hi; cbn.
  eapply D_eq; [apply (D_plus (fun t => c t i) (fun _ => b i) t0 (v i) 0); [auto | apply D_const] | ring].
Qed.

Theorem bias_law {I} (s : list I) b x g :
  \sum_(i <- s) g i * forward (add_bias b) x i
  = (\sum_(i <- s) backward (add_bias b) x g i * x i) + \sum_(i <- s) g i * b i.
Proof. cbn; rewrite <- Sum_plus; apply Sum_ext; intros; ring. Qed.

(** So it keeps the cost for every gradient only where b vanishes. *)
Theorem bias_keeps_cost_iff {I} (dec : forall i j : I, {i = j} + {i <> j}) (s : list I) b x :
  NoDup s -> (keeps_cost s s (add_bias b) x <-> forall i, In i s -> b i = 0).
Proof.
  intros Hnd; split.
  - intros Hk k Hin; specialize (Hk (fun i => delta dec i k)); rewrite bias_law in Hk.
    rewrite <- (Sum_pick dec s k b) by auto; lra.
  - intros Hb g; rewrite bias_law, (Sum_eq0 s (fun i => g i * b i)); [ring|]; intros i Hi; rewrite Hb; auto; ring.
Qed.

(** One entry: x = 2, b = 1, dL/dy = 1. *)
Corollary bias_does_not_keep_cost : ~ keeps_cost [tt] [tt] (add_bias (fun _ => 1)) (fun _ => 2).
Proof. intros Hk; specialize (Hk (fun _ => 1)); cbn in Hk; lra. Qed.
