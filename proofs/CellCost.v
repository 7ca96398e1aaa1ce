(** * Conservation of cost at a node; Theorem 1 for every intermediate edge

    In any network (Network.v), any operations: the costs of the edges that enter a node sum to the
    node's cost, and that is what its consumers send back. Through a consumer that ends in a
    normalisation nothing comes back at eps = 0 (Theorem 1), through a skip its own cost, eq. (11). *)
From Coq Require Import Reals List Permutation Lra Lia.
From Wirecost Require Import Sums Derivative Gradient LinearOperations NormalisationGroups Theorem1 Network.
Import ListNotations.
Open Scope R_scope.

Section Costs.
Context {E I : Type}.
Variables (edges : list E) (src dst : E -> nat) (op : E -> layer I I) (ix : nat -> list I).
Variables x g : nat -> I -> R.                      (* values and gradients *)

(** C_e = <dL/dnode, X_e>: the cost of what edge e delivers to its target. *)
Definition edge_cost (e : E) : R := \sum_(i <- ix (dst e)) g (dst e) i * forward (op e) (x (src e)) i.
Definition node_cost (j : nat) : R := \sum_(i <- ix j) g j i * x j i.

(** The cost that the source of e gets through e. *)
Definition sent_back (e : E) : R :=
  \sum_(i <- ix (src e)) backward (op e) (x (src e)) (g (dst e)) i * x (src e) i.

(** The cost of edge e through consumer f of its target: the paper's path e, f. *)
Definition path_through (f e : E) : R :=
  \sum_(i <- ix (src f)) backward (op f) (x (src f)) (g (dst f)) i * forward (op e) (x (src e)) i.

Theorem node_cost_is_incoming j :
  forward_equation edges src dst op x j -> \sum_(e <- into edges dst j) edge_cost e = node_cost j.
Proof.
  intros Hf; unfold node_cost.
  rewrite (Sum_ext (ix j) _ (fun i => \sum_(e <- into edges dst j) g j i * forward (op e) (x (src e)) i))
    by (intros i _; rewrite Hf, Sum_mult_l; auto).
  rewrite Sum_swap; apply Sum_ext; intros e He; apply filter_In in He as [_ He].
  apply Nat.eqb_eq in He; unfold edge_cost; rewrite He; auto.
Qed.

Theorem node_cost_is_sent_back j :
  backward_equation edges src dst op ix x g j ->
  node_cost j = \sum_(f <- out_of edges src j) sent_back f.
Proof.
  intros Hb; unfold node_cost.
  rewrite (Sum_ext (ix j) _ (fun i => \sum_(e <- out_of edges src j)
    backward (op e) (x (src e)) (g (dst e)) i * x j i)) by (intros i Hi; rewrite Hb, Sum_mult_r; auto).
  rewrite Sum_swap; apply Sum_ext; intros e He; apply filter_In in He as [_ He].
  apply Nat.eqb_eq in He; unfold sent_back; rewrite He; auto.
Qed.

(** What comes in goes out. *)
Corollary cost_is_conserved j :
  forward_equation edges src dst op x j -> backward_equation edges src dst op ix x g j ->
  \sum_(e <- into edges dst j) edge_cost e = \sum_(f <- out_of edges src j) sent_back f.
Proof. intros Hf Hb; rewrite node_cost_is_incoming, node_cost_is_sent_back; auto. Qed.

(** Through one consumer: the paths of all incoming edges sum to what it sends back. *)
Theorem paths_through_consumer f :
  forward_equation edges src dst op x (src f) ->
  \sum_(e <- into edges dst (src f)) path_through f e = sent_back f.
Proof.
  intros Hf; unfold path_through, sent_back; rewrite Sum_swap; apply Sum_ext; intros i _.
  rewrite Hf, Sum_mult_l; auto.
Qed.

(** An edge that keeps cost sends back its own. *)
Theorem sent_back_by_cost_keeping_edge f :
  keeps_cost (ix (src f)) (ix (dst f)) (op f) (x (src f)) -> sent_back f = edge_cost f.
Proof. intros Hk; apply Hk. Qed.

(** Theorem 1 for any edge of any network that has a normalisation: the residual of its first
    normalisation, zero at eps = 0, is all that the paths through it carry. *)
Theorem theorem_1_in_network {M} f (sm : list M) (before : layer I M) N (after : layer M I) :
  op f = edge before N after -> partitions sm N ->
  keeps_cost (ix (src f)) sm before (x (src f)) ->
  positive_variance N (forward before (x (src f))) ->
  sent_back f = residual N (forward before (x (src f))) (reaching before N after (x (src f)) (g (dst f))).
Proof. intros Hop HN Hb Hv; unfold sent_back; rewrite Hop; apply (theorem_1_eps _ sm); auto. Qed.

Corollary theorem_1_every_intermediate_edge {M} f (sm : list M) (before : layer I M) N (after : layer M I) :
  forward_equation edges src dst op x (src f) ->
  op f = edge before N after -> partitions sm N -> eps N = 0 ->
  keeps_cost (ix (src f)) sm before (x (src f)) ->
  positive_variance N (forward before (x (src f))) ->
  \sum_(e <- into edges dst (src f)) path_through f e = 0.
Proof.
  intros Hf Hop HN He Hb Hv; rewrite paths_through_consumer by auto.
  rewrite (theorem_1_in_network f sm before N after), residual_0; auto.
Qed.
End Costs.

(** ** Mixtures: an edge as a weighted sum of operations. One-hot weights select one of them. *)
Section Mixture.
Context {I O K : Type}.
Variables (si : list I) (so : list O) (ks : list K).
Variables (weight : K -> R) (o : K -> layer I O).

Definition mixture : layer I O :=
  Layer (fun x i => \sum_(k <- ks) weight k * forward (o k) x i)
        (fun x g i => \sum_(k <- ks) weight k * backward (o k) x g i).

Theorem mixture_cost x g :
  \sum_(i <- si) backward mixture x g i * x i
  = \sum_(k <- ks) weight k * \sum_(i <- si) backward (o k) x g i * x i.
Proof.
  cbn; rewrite (Sum_ext si _ (fun i => \sum_(k <- ks) weight k * (backward (o k) x g i * x i)))
    by (intros; rewrite <- Sum_mult_r; apply Sum_ext; intros; ring).
  rewrite Sum_swap; apply Sum_ext; intros k _; rewrite Sum_mult_l; auto.
Qed.

Theorem mixture_differentiable x :
  (forall k, In k ks -> differentiable si so (o k) x) -> differentiable si so mixture x.
Proof.
  intros Hd c t0 v Hc Hv; cbn; induction ks as [|k l IH].
  - exists (fun _ => 0); split; [intros; cbn [Sum]; apply D_const|].
    intros g; rewrite !Sum_eq0; auto; intros; cbn; ring.
  - destruct IH as [w [Hw Ew]]; [intros; apply Hd; right; auto|].
    destruct (Hd k (or_introl eq_refl) c t0 v Hc Hv) as [u [Hu Eu]].
    exists (fun i => weight k * u i + w i); split; cbn [Sum].
    + intros i Hi; apply (D_plus (fun t => weight k * forward (o k) (c t) i)); [|auto].
      apply (D_scal (weight k) (fun t => forward (o k) (c t) i)); auto.
    + intros g; rewrite (Sum_ext so _ (fun i => weight k * (g i * u i) + g i * w i)) by (intros; ring).
      rewrite Sum_plus, Sum_mult_l, Eu, Ew, <- Sum_mult_l, <- Sum_plus; apply Sum_ext; intros; ring.
Qed.
End Mixture.
