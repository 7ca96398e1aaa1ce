(** * Euler's law: a layer of degree k multiplies the cost by k

    The paper's Steps 2 and 3 (eqs. (2), (4), (6)) are two cases of one law. A layer f with
    f(t x) = t^k f(x) for t > 0 has
    - k = 1 (ReLU, convolution, pooling): the cost passes unchanged, eqs. (2), (4), (11);
    - k = 0 (normalisation with eps = 0): the cost of the input is zero, eq. (6). *)
From Coq Require Import Reals List Lra Lia FunctionalExtensionality.
From Wirecost Require Import Sums Derivative Gradient.
Import ListNotations.
Open Scope R_scope.

(** No differentiability of f is asked for: ReLU and max pooling have kinks. *)
Definition homogeneous {I O} (k : nat) (f : (I -> R) -> (O -> R)) (x : I -> R) : Prop :=
  forall t o, 0 < t -> f (fun i => t * x i) o = t ^ k * f x o.

Theorem euler_cost {I O} k (f : (I -> R) -> (O -> R)) L x C :
  homogeneous k f x -> cost L (f x) C -> cost (fun x => L (f x)) x (INR k * C).
Proof.
  intros Hf HL; unfold cost in *.
  apply (D_ext_loc (fun t => L (fun o => t ^ k * f x o))).
  - exists 1; split; [lra|]; intros t Ht. f_equal; extensionality o.
    rewrite Hf; auto. apply Rabs_def2 in Ht; lra.
  - eapply D_eq;
      [apply (D_comp (fun u => L (fun o => u * f x o)) (fun t => t ^ k) 1 C (INR k * 1 ^ pred k))|].
    + apply D_pow.
    + rewrite pow1; auto.
    + rewrite pow1; ring.
Qed.

(** Degree 0 (normalisation): the cost of the input is zero, whatever the loss. Eq. (6). *)
Theorem cost_degree_0 {I O} (f : (I -> R) -> (O -> R)) (L : (O -> R) -> R) x :
  homogeneous 0 f x -> cost (fun x => L (f x)) x 0.
Proof.
  intros Hf; unfold cost.
  apply (D_ext_loc (fun _ => L (f x))); [|apply D_const].
  exists 1; split; [lra|]; intros t Ht. f_equal; extensionality o.
  rewrite Hf; [simpl; ring|]. apply Rabs_def2 in Ht; lra.
Qed.

(** Degree 1 (ReLU, convolution, pooling): the cost passes unchanged. Eqs. (2), (4). *)
Theorem cost_degree_1 {I O} (f : (I -> R) -> (O -> R)) L x C :
  homogeneous 1 f x -> cost L (f x) C -> cost (fun x => L (f x)) x C.
Proof.
  intros Hf HL; eapply D_eq; [apply (euler_cost 1 f L x C); auto | simpl; ring].
Qed.

(** Euler's identity itself, for a real-valued f: the derivative along x is k f(x). *)
Theorem euler_identity {I} k (f : (I -> R) -> R) (x : I -> R) :
  (forall t, 0 < t -> f (fun i => t * x i) = t ^ k * f x) -> cost f x (INR k * f x).
Proof.
  intros Hf; unfold cost.
  apply (D_ext_loc (fun t => t ^ k * f x)).
  - exists 1; split; [lra|]; intros t Ht. rewrite Hf; auto. apply Rabs_def2 in Ht; lra.
  - eapply D_eq; [apply (D_mult (fun t => t ^ k) (fun _ => f x)); [apply D_pow | apply D_const]|].
    rewrite !pow1; ring.
Qed.

(** Degrees multiply under composition, so e.g. norm . conv . ReLU has degree 0 * 1 * 1 = 0. *)
Theorem degrees_multiply {I J K} j k (f : (I -> R) -> (J -> R)) (g : (J -> R) -> (K -> R)) x :
  homogeneous j f x -> homogeneous k g (f x) -> homogeneous (j * k) (fun x => g (f x)) x.
Proof.
  intros Hf Hg t o Ht.
  replace (f (fun i => t * x i)) with (fun o => t ^ j * f x o) by (extensionality p; rewrite Hf; auto).
  rewrite Hg, pow_mult; auto using pow_lt.
Qed.

(** The same for the backward pass of a differentiable layer: <backward g, x> = k <g, f(x)>. *)
Theorem euler_backward {I O} (si : list I) (so : list O) k (f : layer I O) x g :
  differentiable si so f x -> homogeneous k (forward f) x ->
  \sum_(i <- si) backward f x g i * x i = INR k * \sum_(o <- so) g o * forward f x o.
Proof.
  intros Hf Hk; set (L := fun y => \sum_(o <- so) g o * y o).
  apply (cost_unique (fun x => L (forward f x)) x).
  - apply cost_is_gradient_times_activation, (backward_is_gradient si so f L); auto; apply linear_loss_grad.
  - apply (euler_cost k (forward f) L x); auto.
    apply cost_is_gradient_times_activation, linear_loss_grad.
Qed.

Corollary degree_1_keeps_cost {I O} (si : list I) (so : list O) (f : layer I O) x :
  differentiable si so f x -> homogeneous 1 (forward f) x -> keeps_cost si so f x.
Proof. intros Hf Hk g; rewrite (euler_backward si so 1 f x g Hf Hk); simpl; ring. Qed.

Corollary degree_0_blocks_cost {I O} (si : list I) (so : list O) (f : layer I O) x g :
  differentiable si so f x -> homogeneous 0 (forward f) x ->
  \sum_(i <- si) backward f x g i * x i = 0.
Proof. intros Hf Hk; rewrite (euler_backward si so 0 f x g Hf Hk); simpl; ring. Qed.
