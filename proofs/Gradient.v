(** * Gradient, cost, layer

    The paper: the cost of an activation X is C = <dL/dX, X>, the sum over all entries of the
    gradient times the activation (the left-hand sides of eqs. (1), (2), (6), (12)).

    Three definitions carry every other file:
    - the gradient of a loss, along every differentiable curve;
    - the cost, the rate at which the loss changes when the activation is scaled;
    - a layer, a forward map together with the backward pass that an implementation runs. *)
From Coq Require Import Reals List Lra Lia FunctionalExtensionality.
From Wirecost Require Import Sums Derivative.
Import ListNotations.
Open Scope R_scope.

(** L has gradient g at y over the entries s: along every curve c through y with velocity v,
    L changes at the rate <g, v>. *)
Definition has_grad {I} (s : list I) (L : (I -> R) -> R) (y g : I -> R) : Prop :=
  forall (c : R -> I -> R) (t0 : R) (v : I -> R),
    c t0 = y ->
    (forall i, In i s -> deriv (fun t => c t i) t0 (v i)) ->
    deriv (fun t => L (c t)) t0 (\sum_(i <- s) g i * v i).

(** The cost of an activation x: d/dt L(t x) at t = 1. *)
Definition cost {I} (L : (I -> R) -> R) (x : I -> R) (C : R) : Prop :=
  deriv (fun t => L (fun i => t * x i)) 1 C.

(** The cost of one summand a of a node total a + b: what one edge, or one path, contributes. *)
Definition path_cost {I} (L : (I -> R) -> R) (a b : I -> R) (C : R) : Prop :=
  deriv (fun t => L (fun i => t * a i + b i)) 1 C.

Theorem cost_unique {I} L (x : I -> R) C1 C2 : cost L x C1 -> cost L x C2 -> C1 = C2.
Proof. apply D_unique. Qed.

(** cost = <dL/dX, X>, the formula the paper starts from. *)
Theorem cost_is_gradient_times_activation {I} (s : list I) L x g :
  has_grad s L x g -> cost L x (\sum_(i <- s) g i * x i).
Proof.
  intros H; apply (H (fun t i => t * x i) 1 x); [extensionality i; ring | intros i _; apply D_ray].
Qed.

Theorem path_cost_is_gradient_times_summand {I} (s : list I) L a b g :
  has_grad s L (fun i => a i + b i) g -> path_cost L a b (\sum_(i <- s) g i * a i).
Proof.
  intros H; apply (H (fun t i => t * a i + b i) 1 a); [extensionality i; ring | intros i _; apply D_line].
Qed.

(** The derivative along any direction v. *)
Lemma deriv_along {I} (s : list I) L x g v :
  has_grad s L x g -> deriv (fun t => L (fun i => t * v i + x i)) 0 (\sum_(i <- s) g i * v i).
Proof.
  intros H; apply (H (fun t i => t * v i + x i) 0 v); [extensionality i; ring | intros i _; apply D_line].
Qed.

(** A linear loss has its coefficients as gradient. *)
Lemma linear_loss_grad {I} (s : list I) (g y : I -> R) :
  has_grad s (fun y => \sum_(i <- s) g i * y i) y g.
Proof.
  intros c t0 v _ Hv; apply (D_Sum s (fun t i => g i * c t i) (fun i => g i * v i)).
  intros i Hi; apply (D_scal (g i) (fun t => c t i)); auto.
Qed.

(** There is only one gradient. *)
Theorem gradient_unique {I} (dec : forall i j : I, {i = j} + {i <> j}) (s : list I) L y g1 g2 :
  NoDup s -> has_grad s L y g1 -> has_grad s L y g2 -> forall i, In i s -> g1 i = g2 i.
Proof.
  intros Hnd H1 H2 k Hk.
  pose proof (D_unique _ _ _ _ (deriv_along s L y g1 (fun i => delta dec i k) H1)
    (deriv_along s L y g2 (fun i => delta dec i k) H2)) as E.
  rewrite <- (Sum_pick dec s k g1), <- (Sum_pick dec s k g2) by auto.
  transitivity (\sum_(i <- s) g1 i * delta dec i k);
    [apply Sum_ext; intros; ring | rewrite E; apply Sum_ext; intros; ring].
Qed.

(** ** Layers *)
Record layer (I O : Type) := Layer {
  forward  : (I -> R) -> O -> R;
  backward : (I -> R) -> (O -> R) -> I -> R   (* input, gradient at the output *) }.
Arguments Layer {I O}.
Arguments forward {I O}.
Arguments backward {I O}.

(** f is differentiable at x, and its backward pass is its transposed Jacobian there: along every
    curve the output has a velocity w, and <g, w> = <backward g, v>. *)
Definition differentiable {I O} (si : list I) (so : list O) (f : layer I O) (x : I -> R) : Prop :=
  forall (c : R -> I -> R) (t0 : R) (v : I -> R),
    c t0 = x ->
    (forall i, In i si -> deriv (fun t => c t i) t0 (v i)) ->
    exists w : O -> R,
      (forall o, In o so -> deriv (fun t => forward f (c t) o) t0 (w o)) /\
      (forall g, \sum_(o <- so) g o * w o = \sum_(i <- si) backward f x g i * v i).

(** The backward pass then yields the gradient of every loss: the chain rule. *)
Theorem backward_is_gradient {I O} (si : list I) (so : list O) (f : layer I O) L x g :
  differentiable si so f x -> has_grad so L (forward f x) g ->
  has_grad si (fun x => L (forward f x)) x (backward f x g).
Proof.
  intros Hf HL c t0 v Hc Hv; destruct (Hf c t0 v Hc Hv) as [w [Hw E]]; rewrite <- E.
  apply (HL (fun t => forward f (c t))); [rewrite Hc; auto | auto].
Qed.

(** The layer hands the cost on unchanged: <backward g, x> = <g, f(x)>. *)
Definition keeps_cost {I O} (si : list I) (so : list O) (f : layer I O) (x : I -> R) : Prop :=
  forall g, \sum_(i <- si) backward f x g i * x i = \sum_(o <- so) g o * forward f x o.

(** First f, then h. *)
Definition chain {I J O} (f : layer I J) (h : layer J O) : layer I O :=
  Layer (fun x => forward h (forward f x)) (fun x g => backward f x (backward h (forward f x) g)).
Notation "f ;; h" := (chain f h) (at level 61, left associativity).

Theorem chain_differentiable {I J O} (si : list I) (sj : list J) (so : list O) f h x :
  differentiable si sj f x -> differentiable sj so h (forward f x) -> differentiable si so (f ;; h) x.
Proof.
  intros Hf Hh c t0 v Hc Hv; destruct (Hf c t0 v Hc Hv) as [w [Hw Ef]].
  destruct (Hh (fun t => forward f (c t)) t0 w) as [z [Hz Eh]]; [rewrite Hc; auto | auto |].
  exists z; split; [auto | intros g; rewrite Eh, Ef; auto].
Qed.

(** Behind a layer that keeps cost, the cost is that of the next layer's input. *)
Lemma chain_cost {I J O} (si : list I) (sj : list J) (f : layer I J) (h : layer J O) x g :
  keeps_cost si sj f x ->
  \sum_(i <- si) backward (f ;; h) x g i * x i
  = \sum_(j <- sj) backward h (forward f x) g j * forward f x j.
Proof. intros Hf; apply Hf. Qed.

Theorem chain_keeps_cost {I J O} (si : list I) (sj : list J) (so : list O) f h x :
  keeps_cost si sj f x -> keeps_cost sj so h (forward f x) -> keeps_cost si so (f ;; h) x.
Proof. intros Hf Hh g; rewrite (chain_cost si sj f h x g Hf); apply Hh. Qed.

(** The identity: the skip connection. *)
Definition skip {I} : layer I I := Layer (fun x => x) (fun _ g => g).

Lemma skip_differentiable {I} (s : list I) x : differentiable s s skip x.
Proof. intros c t0 v _ Hv; exists v; split; auto. Qed.
