(** * Theorem 1, for the sum of the edges that enter a node

    The paper: "A path does not distribute cost from its output edge after passing one intermediate
    edge", C(Z) = <dL/dX_3^2 dX_3^2/dX_2^0, X_2^0> = 0, where in the proof X_2^0 is the input of
    edge 4, the node (eqs. (1), (2), (6)).

    So read it holds: the node total, the sum of what all its incoming edges deliver, gets no cost
    through an edge that ends in a normalisation. It holds for every loss and every stacking order
    (section 8.2); for eps > 0 what leaks through is exactly the residual of the edge's first
    normalisation. A skip edge hands the cost on, eq. (11). One incoming edge by itself has zero
    cost when the others deliver nothing. *)
From Coq Require Import Reals List Lra Lia FunctionalExtensionality.
From Wirecost Require Import Sums Derivative Gradient Euler LinearOperations Relu.
From Wirecost Require Import Normalisation NormalisationCost NormalisationGroups.
Import ListNotations.
Open Scope R_scope.

Section Theorem1.
(** An edge reads the entries si of a node; [before] are the layers ahead of its first
    normalisation N over the entries sm, [after] whatever comes behind it. *)
Context {I M O : Type}.
Variables (si : list I) (sm : list M) (so : list O).
Variables (before : layer I M) (N : normalisation M) (after : layer M O).
Hypothesis HN : partitions sm N.

Definition edge : layer I O := before ;; group_norm N ;; after.

(** The gradient that reaches the output of N. *)
Definition reaching (x : I -> R) (g : O -> R) : M -> R :=
  backward after (forward (before ;; group_norm N) x) g.

(** As back-propagation computes it, for any output gradient g, kinks of ReLU included. *)
Theorem theorem_1_eps x g :
  keeps_cost si sm before x -> positive_variance N (forward before x) ->
  \sum_(i <- si) backward edge x g i * x i = residual N (forward before x) (reaching x g).
Proof. intros Hb Hv; rewrite <- (group_norm_cost sm N HN _ Hv); apply Hb. Qed.

Theorem theorem_1 x g :
  eps N = 0 -> keeps_cost si sm before x -> positive_variance N (forward before x) ->
  \sum_(i <- si) backward edge x g i * x i = 0.
Proof. intros He Hb Hv; rewrite theorem_1_eps, residual_0; auto. Qed.

(** The node is the sum of what its incoming edges es deliver; so their costs through this edge
    sum to zero... *)
Corollary incoming_costs_sum_to_0 {E} (es : list E) (X : E -> I -> R) g :
  let node := fun i => \sum_(e <- es) X e i in
  eps N = 0 -> keeps_cost si sm before node -> positive_variance N (forward before node) ->
  \sum_(e <- es) \sum_(i <- si) backward edge node g i * X e i = 0.
Proof.
  intros node He Hb Hv; rewrite <- (theorem_1 node g He Hb Hv), Sum_swap.
  apply Sum_ext; intros i _; apply Sum_mult_l.
Qed.

(** ...and one of them has zero cost by itself when all others are none. *)
Corollary theorem_1_others_none x other g :
  let node := fun i => x i + other i in
  eps N = 0 -> (forall i, In i si -> other i = 0) ->
  keeps_cost si sm before node -> positive_variance N (forward before node) ->
  \sum_(i <- si) backward edge node g i * x i = 0.
Proof.
  intros node He Ho Hb Hv; rewrite <- (theorem_1 node g He Hb Hv).
  apply Sum_ext; intros i Hi; unfold node; rewrite Ho; auto; ring.
Qed.

(** With two incoming edges, their costs are opposite. *)
Corollary two_incoming_costs_are_opposite a b g :
  let node := fun i => a i + b i in
  eps N = 0 -> keeps_cost si sm before node -> positive_variance N (forward before node) ->
  \sum_(i <- si) backward edge node g i * a i = - \sum_(i <- si) backward edge node g i * b i.
Proof.
  intros node He Hb Hv; pose proof (theorem_1 node g He Hb Hv) as H.
  rewrite (Sum_ext si _ (fun i => backward edge node g i * a i + backward edge node g i * b i)) in H
    by (intros; unfold node; ring).
  rewrite Sum_plus in H; lra.
Qed.

(** The back-propagated value is the gradient where the parts are differentiable. *)
Theorem edge_differentiable x :
  differentiable si sm before x -> positive_variance N (forward before x) ->
  differentiable sm so after (forward (before ;; group_norm N) x) ->
  differentiable si so edge x.
Proof.
  intros Hb Hv Ha; apply (chain_differentiable si sm so (before ;; group_norm N) after); auto.
  apply (chain_differentiable si sm sm); [auto | apply group_norm_differentiable; auto].
Qed.

(** From homogeneity alone, for any loss, differentiable or not. *)
Theorem theorem_1_any_loss L x :
  eps N = 0 -> homogeneous 1 (forward before) x ->
  (forall i, 0 < var (group_of N i) (forward before x)) ->
  cost (fun x => L (forward edge x)) x 0.
Proof.
  intros He Hb Hv.
  apply (cost_degree_0 (fun x => forward (group_norm N) (forward before x)) (fun y => L (forward after y))).
  apply (degrees_multiply 1 0 (forward before) (forward (group_norm N))); auto.
  apply group_norm_homogeneous; auto.
Qed.
End Theorem1.

(** ** The stacking orders of Fig. 8 and section 8.2. A is a convolution's matrix. *)
Section Orders.
Context {I M : Type}.
Variables (si : list I) (sm : list M) (A : M -> I -> R) (N : normalisation M) (kink : R).
Hypotheses (HN : partitions sm N) (He : eps N = 0).

Corollary theorem_1_relu_conv_norm x g :
  let before := Relu kink ;; linear si sm A in
  positive_variance N (forward before x) ->
  \sum_(i <- si) backward (edge before N skip) x g i * x i = 0.
Proof.
  intros before Hv; apply (theorem_1 si sm); auto.
  apply (chain_keeps_cost si si sm); [apply relu_keeps_cost | apply linear_keeps_cost].
Qed.

Corollary theorem_1_conv_relu_norm x g :
  let before := linear si sm A ;; Relu kink in
  positive_variance N (forward before x) ->
  \sum_(i <- si) backward (edge before N skip) x g i * x i = 0.
Proof.
  intros before Hv; apply (theorem_1 si sm); auto.
  apply (chain_keeps_cost si sm sm); [apply linear_keeps_cost | apply relu_keeps_cost].
Qed.

Corollary theorem_1_conv_norm_relu x g :
  positive_variance N (forward (linear si sm A) x) ->
  \sum_(i <- si) backward (edge (linear si sm A) N (Relu kink)) x g i * x i = 0.
Proof. intros Hv; apply (theorem_1 si sm); auto; apply linear_keeps_cost. Qed.
End Orders.

(** ** Eq. (11): the exception *)
Theorem skip_keeps_cost {I} (s : list I) x : keeps_cost s s skip x.
Proof. intros g; auto. Qed.

(** The cost that the node gets through a skip is the cost of what the skip delivers. *)
Corollary skip_exception {I} (s : list I) L (x b : I -> R) g :
  has_grad s L (fun i => x i + b i) g ->
  path_cost L x b (\sum_(i <- s) backward skip x g i * x i).
Proof. intros H; apply (path_cost_is_gradient_times_summand s L x b g H). Qed.
