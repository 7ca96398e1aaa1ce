(** * ReLU keeps the cost

    The paper, footnote 1: "we do not consider ReLU operation (before Conv) here, since ReLU
    operation obviously satisfies the proof."

    At its kink ReLU has no derivative. The identity holds there all the same, whatever value an
    implementation takes for ReLU'(0); that the backward pass is the gradient asks for x <> 0. *)
From Coq Require Import Reals List Lra Lia.
From Wirecost Require Import Sums Derivative Gradient Euler.
Import ListNotations.
Open Scope R_scope.

Definition relu (x : R) : R := Rmax 0 x.

(** The slope used in the backward pass; [kink] is the convention at 0 (0 in PyTorch and here). *)
Definition slope (kink x : R) : R := if Rlt_dec 0 x then 1 else if Rlt_dec x 0 then 0 else kink.

Definition Relu {I} (kink : R) : layer I I :=
  Layer (fun x i => relu (x i)) (fun x g i => g i * slope kink (x i)).

Lemma relu_slope kink x : relu x = slope kink x * x.
Proof.
  unfold relu, slope, Rmax; destruct (Rle_dec 0 x), (Rlt_dec 0 x), (Rlt_dec x 0); try lra.
  replace x with 0 by lra; ring.
Qed.

Theorem relu_keeps_cost {I} (s : list I) kink x : keeps_cost s s (Relu kink) x.
Proof. intros g; apply Sum_ext; intros i _; cbn; rewrite (relu_slope kink); ring. Qed.

Lemma relu_homogeneous {I} kink (x : I -> R) : homogeneous 1 (forward (Relu kink)) x.
Proof. intros t o Ht; cbn; unfold relu; rewrite Rmult_1_r, <- RmaxRmult, Rmult_0_r by lra; auto. Qed.

Lemma D_relu kink x : x <> 0 -> deriv relu x (slope kink x).
Proof.
  intros Hx; unfold slope; destruct (Rlt_dec 0 x); [|destruct (Rlt_dec x 0); [|lra]].
  - apply (D_ext_loc (fun t => t)); [|apply D_id].
    exists x; split; auto; intros t Ht; apply Rabs_def2 in Ht; unfold relu; rewrite Rmax_right; lra.
  - apply (D_ext_loc (fun _ => 0)); [|apply D_const].
    exists (- x); split; [lra|]; intros t Ht; apply Rabs_def2 in Ht; unfold relu; rewrite Rmax_left; lra.
Qed.

Theorem relu_differentiable {I} (s : list I) kink x :
  (forall i, In i s -> x i <> 0) -> differentiable s s (Relu kink) x.
Proof.
  intros Hx c t0 v Hc Hv; exists (fun i => slope kink (x i) * v i); split.
  - intros i Hi; apply (D_comp relu (fun t => c t i)); [auto | rewrite Hc; apply D_relu; auto].
  - intros g; apply Sum_ext; intros; cbn; ring.
Qed.

(** The hypothesis is needed: at the kink no number is the derivative. *)
Theorem relu_kink_has_no_derivative l : ~ deriv relu 0 l.
Proof.
  intros H; apply D_def in H; destruct (H (1 / 2)) as [d Hd]; [lra|].
  pose proof (cond_pos d) as Hp; unfold relu in Hd.
  assert (Hr := Hd (d / 2)); assert (Hl := Hd (- (d / 2))).
  rewrite Rplus_0_l, (Rmax_left 0 0), Rmax_right in Hr by lra.
  rewrite Rplus_0_l, (Rmax_left 0 0), Rmax_left in Hl by lra.
  replace ((d / 2 - 0) / (d / 2) - l) with (1 - l) in Hr by (field; lra).
  replace ((0 - 0) / - (d / 2) - l) with (- l) in Hl by (field; lra).
  assert (R1 : Rabs (1 - l) < 1 / 2) by (apply Hr; [lra | rewrite Rabs_pos_eq; lra]).
  assert (R2 : Rabs (- l) < 1 / 2) by (apply Hl; [lra | rewrite Rabs_Ropp, Rabs_pos_eq; lra]).
  apply Rabs_def2 in R1; apply Rabs_def2 in R2; lra.
Qed.
