(** * Convolution, pooling and every other bias-free linear operation keep the cost

    The paper, Step 2: "utilizing the linear property of Conv operation", the cost of a convolution's
    input is the cost of its output, eqs. (2)-(5); "can be easily generalized to pooling operations".

    Here: any matrix A (eqs. (3) and (5) are A transposed and A), and any operation that gathers
    weighted entries of a zero-padded input: convolution with any stride, dilation and padding,
    depthwise convolution, average pooling under either padding count, the linear head, a slice of
    a concatenation. *)
From Coq Require Import Reals List ZArith Lra Lia.
From Wirecost Require Import Sums Derivative Gradient Euler.
Import ListNotations.
Open Scope R_scope.

(** ** A matrix *)
Section Matrix.
Context {I O : Type}.
Variables (si : list I) (so : list O).
Variable A : O -> I -> R.

Definition linear : layer I O :=
  Layer (fun x o => \sum_(i <- si) A o i * x i) (fun _ g i => \sum_(o <- so) g o * A o i).

(** Eq. (4): <A^T g, x> = <g, A x>; the change of the summation order is the whole proof. *)
Theorem linear_keeps_cost x : keeps_cost si so linear x.
Proof.
  intros g; cbn; transitivity (\sum_(i <- si) \sum_(o <- so) g o * A o i * x i).
  - apply Sum_ext; intros i _; rewrite <- Sum_mult_r; auto.
  - rewrite Sum_swap; apply Sum_ext; intros o _; rewrite <- Sum_mult_l; apply Sum_ext; intros; ring.
Qed.

Lemma linear_homogeneous x : homogeneous 1 (forward linear) x.
Proof. intros t o _; cbn; rewrite Rmult_1_r, <- Sum_mult_l; apply Sum_ext; intros; ring. Qed.

(** The same for a part of the entries, one sample say, when A does not connect it with the rest. *)
Theorem linear_keeps_cost_by_part (pi : I -> bool) (po : O -> bool) x :
  (forall o i, po o <> pi i -> A o i = 0) -> keeps_cost (filter pi si) (filter po so) linear x.
Proof.
  intros Hpart g; rewrite !Sum_filter; cbn.
  rewrite (Sum_ext si _ (fun i => \sum_(o <- so) g o * A o i * (if pi i then x i else 0)))
    by (intros i _; rewrite Sum_mult_r; destruct (pi i); ring).
  rewrite Sum_swap; apply Sum_ext; intros o _.
  rewrite (Sum_ext si _ (fun i => g o * (if po o then A o i * x i else 0))).
  - rewrite Sum_mult_l; destruct (po o); [auto | rewrite Sum_0; ring].
  - intros i _; destruct (Bool.bool_dec (po o) (pi i)) as [E|E].
    + rewrite <- E; destruct (po o); ring.
    + rewrite (Hpart o i E); destruct (po o), (pi i); ring.
Qed.

(** Eq. (3) is the gradient. *)
Theorem linear_differentiable x : differentiable si so linear x.
Proof.
  intros c t0 v _ Hv; exists (fun o => \sum_(i <- si) A o i * v i); split.
  - intros o _; apply (D_Sum si (fun t i => A o i * c t i) (fun i => A o i * v i)).
    intros i Hi; apply (D_scal (A o i) (fun t => c t i)); auto.
  - intros g; symmetry; apply (linear_keeps_cost v g).
Qed.
End Matrix.

(** ** Gathering from a zero-padded input: output o is the sum of weight * entry over [taps o] *)
Section Gather.
Context {I O : Type} (dec : forall i j : I, {i = j} + {i <> j}).
Variables (si : list I) (so : list O).
Hypothesis Hnd : NoDup si.
Variable taps : O -> list (I * R).

(** What lies outside the image reads as zero. *)
Definition padded (x : I -> R) (i : I) : R := if in_dec dec i si then x i else 0.

Definition tap_matrix (o : O) (i : I) : R := \sum_(t <- taps o) snd t * delta dec i (fst t).

Definition gather : layer I O :=
  Layer (fun x o => \sum_(t <- taps o) snd t * padded x (fst t)) (backward (linear si so tap_matrix)).

Lemma padded_pick x k : \sum_(i <- si) delta dec i k * x i = padded x k.
Proof.
  unfold padded; destruct (in_dec dec k si) as [Hk|Hk]; [apply Sum_pick; auto|].
  apply Sum_eq0; intros i Hi; unfold delta; destruct (dec i k) as [->|]; [tauto | ring].
Qed.

Theorem gather_is_linear x o : forward gather x o = forward (linear si so tap_matrix) x o.
Proof.
  cbn; unfold tap_matrix.
  rewrite (Sum_ext si _ (fun i => \sum_(t <- taps o) snd t * (delta dec i (fst t) * x i))).
  - rewrite Sum_swap; apply Sum_ext; intros t _; rewrite Sum_mult_l, padded_pick; auto.
  - intros i _; rewrite <- Sum_mult_r; apply Sum_ext; intros; ring.
Qed.

Theorem gather_keeps_cost x : keeps_cost si so gather x.
Proof.
  intros g; rewrite (Sum_ext so _ (fun o => g o * forward (linear si so tap_matrix) x o)).
  - apply linear_keeps_cost.
  - intros o _; rewrite gather_is_linear; auto.
Qed.

Theorem gather_differentiable x : differentiable si so gather x.
Proof.
  intros c t0 v Hc Hv; destruct (linear_differentiable si so tap_matrix x c t0 v Hc Hv) as [w [Hw E]].
  exists w; split; [|exact E]; intros o Ho.
  apply (D_ext (fun t => forward (linear si so tap_matrix) (c t) o)); [|auto].
  intros t; rewrite gather_is_linear; auto.
Qed.
End Gather.

(** A slice of a concatenation, or any copying: [source o] is the entry that output o repeats, if any. *)
Definition slice_taps {I O} (source : O -> option I) (o : O) : list (I * R) :=
  match source o with Some i => [(i, 1)] | None => [] end.

Corollary slice_keeps_cost {I O} (dec : forall i j : I, {i = j} + {i <> j}) si so (source : O -> option I) x :
  NoDup si -> keeps_cost si so (gather dec si so (slice_taps source)) x.
Proof. intros Hnd; apply gather_keeps_cost; auto. Qed.

(** ** The paper's operations. An entry is (sample, channel, row, column). *)
Section Images.
Context {B C : Type} (dec : forall i j : B * C * Z * Z, {i = j} + {i <> j}).
Variables (si so : list (B * C * Z * Z)).
Hypothesis Hnd : NoDup si.
Variable window : list (Z * Z).                  (* the K x K offsets of the kernel *)
Variables stride dilation padding : Z.

Definition at_offset (h : Z) (k : Z) : Z := (stride * h + dilation * k - padding)%Z.

(** Eq. (5): X[b,co,ho,wo] = sum over ci and offsets of W[co,ci,kh,kw] X0[b,ci,hi,wi]; the paper's
    w_in - w_out is the offset kw. *)
Definition convolution_taps (cs : list C) (W : C -> C -> Z * Z -> R) (o : B * C * Z * Z) :=
  let '(b, co, ho, wo) := o in
  map (fun t => ((b, fst t, at_offset ho (fst (snd t)), at_offset wo (snd (snd t))), W co (fst t) (snd t)))
      (list_prod cs window).

Corollary convolution_keeps_cost cs W x : keeps_cost si so (gather dec si so (convolution_taps cs W)) x.
Proof. apply gather_keeps_cost; auto. Qed.

Corollary convolution_differentiable cs W x : differentiable si so (gather dec si so (convolution_taps cs W)) x.
Proof. apply gather_differentiable; auto. Qed.

(** Each channel has its own kernel. *)
Definition depthwise_taps (W : C -> Z * Z -> R) (o : B * C * Z * Z) :=
  let '(b, c, ho, wo) := o in
  map (fun k => ((b, c, at_offset ho (fst k), at_offset wo (snd k)), W c k)) window.

Corollary depthwise_keeps_cost W x : keeps_cost si so (gather dec si so (depthwise_taps W)) x.
Proof. apply gather_keeps_cost; auto. Qed.

(** [count o] is what the window's sum is divided by: its size, or its pixels inside the image. *)
Definition average_pool_taps (count : B * C * Z * Z -> R) (o : B * C * Z * Z) :=
  let '(b, c, ho, wo) := o in
  map (fun k => ((b, c, at_offset ho (fst k), at_offset wo (snd k)), / count o)) window.

Corollary average_pool_keeps_cost count x : keeps_cost si so (gather dec si so (average_pool_taps count)) x.
Proof. apply gather_keeps_cost; auto. Qed.

(** Eq. (5) as the paper writes it. *)
Corollary convolution_eq5 cs W x b co ho wo :
  forward (gather dec si so (convolution_taps cs W)) x (b, co, ho, wo)
  = \sum_(ci <- cs) \sum_(k <- window)
      W co ci k * padded dec si x (b, ci, at_offset ho (fst k), at_offset wo (snd k)).
Proof.
  cbn; rewrite Sum_map; cbn [fst snd].
  apply (Sum_prod cs window
    (fun ci k => W co ci k * padded dec si x (b, ci, at_offset ho (fst k), at_offset wo (snd k)))).
Qed.
End Images.
