(** * Theorem 1, for a single incoming edge: false, by a counterexample of four numbers

    The paper writes the theorem for the output X_2^0 of one edge entering node 2. Its proof takes
    X_2^0 to be the input of edge 4, the node. The two agree only where no other edge delivers
    anything to the node.

    One channel of four entries, two incoming edges a = (0, 2, 0, 2) and b = (1, -1, 3, 1), and
    an edge ReLU - 1x1 convolution of weight 1 - normalisation with gamma = 1, beta = 0, eps = 0;
    the loss reads the first output. The node is (1, 1, 3, 3), mean 2, variance 1; the gradient at
    the node is (1/2, -1/2, 0, 0); a has cost -1, b has cost +1, the node 0. *)
From Coq Require Import Reals List Lra Lia FunctionalExtensionality.
From Wirecost Require Import Sums Derivative Gradient Euler LinearOperations Relu.
From Wirecost Require Import Normalisation NormalisationGroups Theorem1.
Import ListNotations.
Open Scope R_scope.

Definition ix : list nat := [0; 1; 2; 3]%nat.
Definition weight_1 (o i : nat) : R := delta Nat.eq_dec i o.
Definition whole : normalisation nat := Normalisation [ix] (fun _ => ix) 0 (fun _ => 1) (fun _ => 0).
Definition f : layer nat nat := edge (Relu 0 ;; linear ix ix weight_1) whole skip.
Definition L (y : nat -> R) : R := y 0%nat.
Definition vec (a b c d : R) (i : nat) : R := match i with 0 => a | 1 => b | 2 => c | _ => d end%nat.
Definition a := vec 0 2 0 2.
Definition b := vec 1 (-1) 3 1.
Definition node := fun i => a i + b i.
Definition g (i : nat) : R := delta Nat.eq_dec i 0%nat.   (* dL/dy *)

Lemma whole_partitions : partitions ix whole.
Proof.
  split; cbn [groups group_of whole].
  - intros h; cbn [Sum]; ring.
  - intros i Hi; split; [left; auto | auto].
  - intros G i [<-|[]] Hi; auto.
  - intros G [<-|[]]; discriminate.
Qed.

Ltac cases_ix H := simpl in H; destruct H as [<-|[<-|[<-|[<-|[]]]]].
Ltac expand := unfold mean, card, ix; cbn [Sum length].

(** The convolution's output. *)
Definition y : nat -> R := forward (Relu 0 ;; linear ix ix weight_1) node.

Lemma y_val i : In i ix -> y i = vec 1 1 3 3 i.
Proof.
  intros Hi; unfold y; cbn -[Sum ix]; unfold relu, Rmax, weight_1, delta, node, a, b; expand.
  cases_ix Hi; simpl; repeat destruct (Rle_dec _ _); lra.
Qed.

Lemma mean_y : mean ix y = 2.
Proof. rewrite (mean_ext ix y _ y_val); expand; simpl; lra. Qed.

Lemma var_y : var ix y = 1.
Proof.
  unfold var; rewrite mean_y, (mean_ext ix _ (fun i => (vec 1 1 3 3 i - 2) ^ 2));
    [expand; simpl; lra | intros i Hi; rewrite y_val; auto].
Qed.

Lemma sigma_y : sigma ix 0 y = 1.
Proof. unfold sigma; rewrite var_y, Rplus_0_r; apply sqrt_1. Qed.

Lemma xhat_y i : In i ix -> xhat ix 0 y i = vec (-1) (-1) 1 1 i.
Proof. intros Hi; unfold xhat; rewrite mean_y, sigma_y, y_val by auto; cases_ix Hi; simpl; lra. Qed.

Lemma norm_grad i : In i ix -> norm_backward ix 0 (fun _ => 1) y g i = vec (1/2) (-1/2) 0 0 i.
Proof.
  intros Hi; unfold norm_backward; rewrite sigma_y, xhat_y by auto.
  rewrite (mean_ext ix (fun j => 1 * g j * xhat ix 0 y j) (fun j => 1 * g j * vec (-1) (-1) 1 1 j))
    by (intros j Hj; rewrite xhat_y; auto).
  unfold g, delta; expand; cases_ix Hi; simpl; lra.
Qed.

(** The gradient at the node. *)
Lemma node_grad i : In i ix -> backward f node g i = vec (1/2) (-1/2) 0 0 i.
Proof.
  intros Hi; cbn -[Sum ix norm_backward]; fold y.
  rewrite (Sum_ext ix _ (fun o => vec (1/2) (-1/2) 0 0 o * weight_1 o i))
    by (intros o Ho; f_equal; apply norm_grad; auto).
  unfold weight_1, slope, delta, node, a, b; expand.
  cases_ix Hi; simpl; repeat destruct (Rlt_dec _ _); lra.
Qed.

Lemma L_grad z : has_grad ix L z g.
Proof.
  intros c t0 v Hc Hv; eapply D_eq; [apply (Hv 0%nat); simpl; tauto|].
  unfold g, delta; expand; simpl; ring.
Qed.

Lemma Lf_grad : has_grad ix (fun z => L (forward f z)) node (backward f node g).
Proof.
  apply (backward_is_gradient ix ix f L); [|apply L_grad].
  apply (edge_differentiable ix ix ix); [apply whole_partitions | | | apply skip_differentiable].
  - apply (chain_differentiable ix ix ix); [apply relu_differentiable | apply linear_differentiable].
    intros i Hi; unfold node, a, b; cases_ix Hi; simpl; lra.
  - intros G [<-|[]]; fold y; rewrite var_y; simpl; lra.
Qed.

(** The node's cost is 0; its two incoming edges have costs -1 and +1. *)
Theorem theorem_1_literal_fails :
  path_cost (fun z => L (forward f z)) a b (-1) /\
  path_cost (fun z => L (forward f z)) b a 1 /\
  cost (fun z => L (forward f z)) (fun i => a i + b i) 0.
Proof.
  split; [|split].
  - eapply D_eq; [apply (path_cost_is_gradient_times_summand ix (fun z => L (forward f z)) a b _ Lf_grad)|].
    rewrite (Sum_ext _ _ (fun i => vec (1/2) (-1/2) 0 0 i * a i)) by (intros i Hi; rewrite node_grad; auto).
    unfold a; expand; simpl; lra.
  - eapply D_eq; [apply (path_cost_is_gradient_times_summand ix (fun z => L (forward f z)) b a (backward f node g))|].
    + replace (fun i => b i + a i) with node by (extensionality i; unfold node; ring); apply Lf_grad.
    + rewrite (Sum_ext _ _ (fun i => vec (1/2) (-1/2) 0 0 i * b i)) by (intros i Hi; rewrite node_grad; auto).
      unfold b; expand; simpl; lra.
  - apply theorem_1_any_loss; [auto | | intros i; change (0 < var ix y); rewrite var_y; lra].
    apply (degrees_multiply 1 1 (forward (Relu 0)) (forward (linear ix ix weight_1)));
      [apply relu_homogeneous | apply linear_homogeneous].
Qed.

(** Taken as a batch norm over two samples, entries 0 and 2 and entries 1 and 3, the same numbers
    show that the sum of eq. (10) is not zero sample by sample. *)
Theorem batch_norm_per_sample_fails :
  \sum_(i <- [0; 2]%nat) backward f node g i * node i = 1/2 /\
  \sum_(i <- [1; 3]%nat) backward f node g i * node i = -1/2.
Proof. cbn [Sum]; rewrite !node_grad by (simpl; tauto); unfold node, a, b; simpl; lra. Qed.
