(** * A network as a graph, and back-propagation on it

    A node is the sum of what its incoming edges deliver; an edge applies a layer to its source.
    Stem, cells, preprocessing units, concatenations and the head's input are nodes of one graph, and
    slices of a concatenation are edges. Nodes are numbered so that every edge goes upwards, which
    every acyclic graph allows.

    The forward and backward equations below are what an implementation computes; the theorem says
    that the backward equations yield, at every node, the gradient of the loss. *)
From Coq Require Import Reals List Lra Lia Bool FunctionalExtensionality.
From Wirecost Require Import Sums Derivative Gradient.
Import ListNotations.
Open Scope R_scope.

Section Network.
Context {E I : Type}.
Variable edges : list E.
Variables src dst : E -> nat.
Variable op : E -> layer I I.
Variable ix : nat -> list I.                        (* the entries of each node *)

Definition into (j : nat) : list E := filter (fun e => Nat.eqb (dst e) j) edges.
Definition out_of (j : nat) : list E := filter (fun e => Nat.eqb (src e) j) edges.

(** Values x: node j is the sum of its incoming edges. *)
Definition forward_equation (x : nat -> I -> R) (j : nat) : Prop :=
  forall i, x j i = \sum_(e <- into j) forward (op e) (x (src e)) i.

(** Gradients g: node j collects what its consumers send back. *)
Definition backward_equation (x g : nat -> I -> R) (j : nat) : Prop :=
  forall i, In i (ix j) -> g j i = \sum_(e <- out_of j) backward (op e) (x (src e)) (g (dst e)) i.

(** The nodes ks evaluated in turn, the others kept. *)
Definition evaluate (st : nat -> I -> R) (k : nat) : nat -> I -> R :=
  fun j => if Nat.eqb j k then fun i => \sum_(e <- into k) forward (op e) (st (src e)) i else st j.
Definition evaluate_all (ks : list nat) (st : nat -> I -> R) : nat -> I -> R := fold_left evaluate ks st.

(** ** Back-propagation is correct *)
Variable n : nat.                                   (* the node that the loss reads *)
Variable L : (I -> R) -> R.
Variables x g : nat -> I -> R.
Hypothesis acyclic : forall e, In e edges -> (src e < dst e <= n)%nat.
Hypothesis Hforward : forall j, (exists e, In e edges /\ dst e = j) -> forward_equation x j.
Hypothesis Hbackward : forall j, (j < n)%nat -> backward_equation x g j.
Hypothesis Hloss : has_grad (ix n) L (x n) (g n).
Hypothesis Hdiff : forall e, In e edges -> differentiable (ix (src e)) (ix (dst e)) (op e) (x (src e)).

(** The rate at which edge e passes on a velocity v of its source. *)
Definition edge_rate (v : nat -> I -> R) (e : E) : R :=
  \sum_(i <- ix (src e)) backward (op e) (x (src e)) (g (dst e)) i * v (src e) i.

(** The rate of the loss when the nodes up to j move: the sum over the edges that cross the cut
    behind node j. *)
Definition cut_rate (j : nat) (v : nat -> I -> R) : R :=
  (if Nat.eqb j n then \sum_(i <- ix n) g n i * v n i else 0) +
  \sum_(e <- edges) if Nat.leb (src e) j && Nat.ltb j (dst e) then edge_rate v e else 0.

(** What a node receives has a velocity when its sources have. *)
Lemma node_velocity (l : list E) k (c : R -> nat -> I -> R) t0 v :
  (forall e, In e l -> In e edges /\ dst e = k /\ c t0 (src e) = x (src e) /\
     forall i, In i (ix (src e)) -> deriv (fun t => c t (src e) i) t0 (v (src e) i)) ->
  exists w,
    (forall i, In i (ix k) -> deriv (fun t => \sum_(e <- l) forward (op e) (c t (src e)) i) t0 (w i)) /\
    \sum_(i <- ix k) g k i * w i = \sum_(e <- l) edge_rate v e.
Proof.
  induction l as [|e l IH]; intros H.
  - exists (fun _ => 0); split; [intros; cbn [Sum]; apply D_const | cbn [Sum]; apply Sum_eq0; intros; ring].
  - destruct (H e) as [He [Hk [Hx Hv]]]; [left; auto|].
    destruct IH as [w [Hw Ew]]; [intros; apply H; right; auto|].
    destruct (Hdiff e He (fun t => c t (src e)) t0 (v (src e)) Hx Hv) as [u [Hu Eu]].
    exists (fun i => u i + w i); split; cbn [Sum].
    + intros i Hi; apply (D_plus (fun t => forward (op e) (c t (src e)) i)); [apply Hu; rewrite Hk|]; auto.
    + rewrite (Sum_ext (ix k) _ (fun i => g k i * u i + g k i * w i)) by (intros; ring).
      rewrite Sum_plus, Ew; f_equal; unfold edge_rate; rewrite <- Eu, Hk; auto.
Qed.

Lemma out_of_rate j v :
  (j < n)%nat -> \sum_(e <- out_of j) edge_rate v e = \sum_(i <- ix j) g j i * v j i.
Proof.
  intros Hj; rewrite (Sum_ext (ix j) _ (fun i => \sum_(e <- out_of j)
    backward (op e) (x (src e)) (g (dst e)) i * v j i))
    by (intros; rewrite Sum_mult_r, <- Hbackward; auto).
  rewrite Sum_swap; apply Sum_ext; intros e He; apply filter_In in He as [_ He].
  apply Nat.eqb_eq in He; unfold edge_rate; rewrite He; auto.
Qed.

(** Moving the cut across node j + 1. *)
Lemma cut_step j v w :
  (j < n)%nat ->
  \sum_(i <- ix (S j)) g (S j) i * w i = \sum_(e <- into (S j)) edge_rate v e ->
  cut_rate (S j) (fun k => if Nat.eqb k (S j) then w else v k) = cut_rate j v.
Proof.
  intros Hj Hw; set (v' := fun k => if Nat.eqb k (S j) then w else v k).
  assert (Ew : v' (S j) = w) by (unfold v'; rewrite Nat.eqb_refl; auto).
  transitivity (\sum_(i <- ix (S j)) g (S j) i * w i +
    \sum_(e <- edges) if Nat.leb (src e) j && Nat.ltb (S j) (dst e) then edge_rate v e else 0).
  - transitivity ((if Nat.eqb (S j) n then \sum_(i <- ix n) g n i * v' n i else 0) +
      ((\sum_(e <- out_of (S j)) edge_rate v' e) +
       \sum_(e <- edges) if Nat.leb (src e) j && Nat.ltb (S j) (dst e) then edge_rate v e else 0)).
    + unfold cut_rate, out_of; f_equal; rewrite Sum_filter, <- Sum_plus; apply Sum_ext; intros e He.
      pose proof (acyclic e He); unfold edge_rate, v'.
      destruct (Nat.eqb_spec (src e) (S j)), (Nat.leb_spec (src e) (S j)), (Nat.leb_spec (src e) j),
        (Nat.ltb_spec (S j) (dst e)); cbn [andb]; try lia; ring.
    + rewrite <- Rplus_assoc; f_equal; destruct (Nat.eqb_spec (S j) n) as [E0|E0].
      * rewrite <- E0, Ew, (Sum_eq0 (out_of (S j))); [ring|].
        intros e He; apply filter_In in He as [He Hs]; apply Nat.eqb_eq in Hs.
        pose proof (acyclic e He); lia.
      * rewrite out_of_rate, Ew by lia; ring.
  - unfold cut_rate; rewrite Hw; unfold into; rewrite Sum_filter, <- Sum_plus.
    destruct (Nat.eqb_spec j n); [lia|]; rewrite Rplus_0_l; apply Sum_ext; intros e He.
    pose proof (acyclic e He).
    destruct (Nat.eqb_spec (dst e) (S j)), (Nat.leb_spec (src e) j), (Nat.ltb_spec (S j) (dst e)),
      (Nat.ltb_spec j (dst e)); cbn [andb]; try lia; ring.
Qed.

Lemma rate_of_loss m : forall j c t0 v,
  (j + m = n)%nat ->
  (forall k, (k <= j)%nat -> c t0 k = x k) ->
  (forall k i, (k <= j)%nat -> In i (ix k) -> deriv (fun t => c t k i) t0 (v k i)) ->
  (forall k, (j < k <= n)%nat -> exists e, In e edges /\ dst e = k) ->
  deriv (fun t => L (evaluate_all (seq (S j) m) (c t) n)) t0 (cut_rate j v).
Proof.
  induction m as [|m IH]; intros j c t0 v Hm Hx Hv Hfed.
  - assert (j = n) by lia; subst j; cbn.
    eapply D_eq; [apply (Hloss (fun t => c t n) t0 (v n)); auto|].
    unfold cut_rate; rewrite Nat.eqb_refl, (Sum_eq0 edges); [ring|].
    intros e He; pose proof (acyclic e He).
    destruct (Nat.ltb_spec n (dst e)); [lia | rewrite andb_false_r; auto].
  - destruct (node_velocity (into (S j)) (S j) c t0 v) as [w [Hw Ew]].
    { intros e He; apply filter_In in He as [He Hd]; apply Nat.eqb_eq in Hd.
      pose proof (acyclic e He); repeat split; auto; [apply Hx; lia | intros i Hi; apply Hv; [lia | auto]]. }
    rewrite <- (cut_step j v w) by (auto; lia).
    apply (IH (S j) (fun t => evaluate (c t) (S j)) t0); [lia | | | intros; apply Hfed; lia].
    + intros k Hk; unfold evaluate; destruct (Nat.eqb_spec k (S j)) as [->|]; [|apply Hx; lia].
      extensionality i; rewrite (Hforward (S j)) by (apply Hfed; lia).
      apply Sum_ext; intros e He; apply filter_In in He as [He Hd]; apply Nat.eqb_eq in Hd.
      pose proof (acyclic e He); rewrite Hx; [auto | lia].
    + intros k i Hk Hi; unfold evaluate; destruct (Nat.eqb_spec k (S j)) as [->|]; [auto | apply Hv; [lia | auto]].
Qed.

(** The loss as a function of node j alone: everything behind it evaluated anew. *)
Definition loss_at (j : nat) (y : I -> R) : R :=
  L (evaluate_all (seq (S j) (n - j)) (fun k => if Nat.eqb k j then y else x k) n).

(** g j is the gradient of the loss at node j, for every node whose successors are fed by edges. *)
Theorem backpropagation_is_gradient j :
  (j <= n)%nat -> (forall k, (j < k <= n)%nat -> exists e, In e edges /\ dst e = k) ->
  has_grad (ix j) (loss_at j) (x j) (g j).
Proof.
  intros Hj Hfed c t0 v Hc Hv.
  set (vs := fun k => if Nat.eqb k j then v else fun _ => 0).
  eapply D_eq; [apply (rate_of_loss (n - j) j (fun t k => if Nat.eqb k j then c t else x k) t0 vs)|]; auto.
  - lia.
  - intros k _; destruct (Nat.eqb_spec k j) as [->|]; auto.
  - intros k i _ Hi; unfold vs; destruct (Nat.eqb_spec k j) as [->|]; [auto | apply D_const].
  - assert (Ev : vs j = v) by (unfold vs; rewrite Nat.eqb_refl; auto).
    assert (E0 : \sum_(e <- edges) (if Nat.leb (src e) j && Nat.ltb j (dst e) then edge_rate vs e else 0)
                 = \sum_(e <- out_of j) edge_rate vs e).
    { unfold out_of; rewrite Sum_filter; apply Sum_ext; intros e He; pose proof (acyclic e He).
      destruct (Nat.eqb_spec (src e) j) as [Es|Es].
      - destruct (Nat.leb_spec (src e) j), (Nat.ltb_spec j (dst e)); try lia; auto.
      - destruct (_ && _); auto; unfold edge_rate, vs; destruct (Nat.eqb_spec (src e) j); [tauto|].
        apply Sum_eq0; intros; ring. }
    unfold cut_rate; rewrite E0; destruct (Nat.eqb_spec j n) as [->|Hne].
    + rewrite (Sum_eq0 (out_of n)); [rewrite Ev; ring|].
      intros e He; apply filter_In in He as [He Hs]; apply Nat.eqb_eq in Hs.
      pose proof (acyclic e He); lia.
    + rewrite out_of_rate, Ev by lia; ring.
Qed.
End Network.
