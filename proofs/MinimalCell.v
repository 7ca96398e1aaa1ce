(** * The paper's minimal cell (Fig. 7): Corollary 1.2 written out

    Two inputs 0 and 1, two intermediate nodes 2 and 3, edges 0: 0-2, 1: 1-2, 2: 0-3, 3: 1-3, 4: 2-3,
    output 4, the concatenation of nodes 2 and 3, read by a preprocessing unit. Any operations on the edges.

    C_0 + C_1 + C_2 + C_3 + C_4 = cost of the output + what edge 4 sends back; at eps = 0 that is the skip
    share of edge 4 alone, and 0 without a skip there. *)
From Coq Require Import Reals List Permutation Lra Lia.
From Wirecost Require Import Sums Gradient NormalisationGroups Network CellCost Corollary12.
Import ListNotations.
Open Scope R_scope.

Inductive arrow := edge0 | edge1 | edge2 | edge3 | edge4 | slice2 | slice3 | unit5.
Definition arrows := [edge0; edge1; edge2; edge3; edge4; slice2; slice3; unit5].
Definition from (e : arrow) : nat :=
  match e with edge0 | edge2 => 0 | edge1 | edge3 => 1 | edge4 | slice2 => 2 | slice3 => 3 | unit5 => 4 end.
Definition to (e : arrow) : nat :=
  match e with edge0 | edge1 => 2 | edge2 | edge3 | edge4 => 3 | slice2 | slice3 => 4 | unit5 => 5 end.
Definition slice_of (j : nat) : arrow := if Nat.eqb j 2 then slice2 else slice3.
Definition inner (j : nat) : list arrow := if Nat.eqb j 2 then [edge4] else [].

Section MinimalCell.
Context {I K : Type}.
Variables (op : arrow -> layer I I) (ix : nat -> list I) (x g : nat -> I -> R).
Variables (ks : list K) (weight : arrow -> K -> R) (choice : arrow -> K -> operation I).
Hypothesis Hslices : forall j, In j [2; 3]%nat -> keeps_cost (ix j) (ix 4) (op (slice_of j)) (x j).
Hypothesis Hforward : forall j, In j [4; 2; 3]%nat -> forward_equation arrows from to op x j.
Hypothesis Hbackward : forall j, In j [4; 2; 3]%nat -> backward_equation arrows from to op ix x g j.
Hypothesis Hedge4 : is_mixture from op ix x ks weight choice edge4.
Hypothesis Hunit : is_mixture from op ix x ks weight choice unit5.

Let C := edge_cost from to op ix x g.

Lemma consumers j : In j [2; 3]%nat -> Permutation (out_of arrows from j) (slice_of j :: inner j).
Proof. intros [<-|[<-|[]]]; cbn; [apply perm_swap | auto]. Qed.

Lemma slices j :
  In j [2; 3]%nat ->
  from (slice_of j) = j /\ keeps_cost (ix j) (ix (to (slice_of j))) (op (slice_of j)) (x j).
Proof. intros Hj; split; [|specialize (Hslices j Hj)]; destruct Hj as [<-|[<-|[]]]; auto. Qed.

Lemma edge4_only j f : In j [2; 3]%nat -> In f (inner j) -> f = edge4.
Proof. intros [<-|[<-|[]]]; cbn; intuition auto. Qed.

(** Node by node: what enters node 2 leaves through edge 4 and the output, what enters node 3
    through the output. *)
Theorem minimal_cell_eps :
  C edge0 + C edge1 + C edge2 + C edge3 + C edge4
  = mixture_lets_through from to ix x g ks weight choice unit5
    + mixture_lets_through from to ix x g ks weight choice edge4.
Proof.
  pose proof (corollary_1_2_eps arrows from to op ix x g ks weight choice [2; 3]%nat 4 slice_of inner
    consumers (Permutation_refl _) slices Hforward (fun j Hj => Hbackward j (or_intror Hj))) as H.
  specialize (H ltac:(intros j f Hj Hf; rewrite (edge4_only j f Hj Hf); auto)).
  rewrite (output_cost_is_residuals arrows from to op ix x g ks weight choice 4) in H.
  - unfold all_edges_cost in H; cbn in H; fold C in H.
    cbn in C |- *; lra.
  - apply Hbackward; left; auto.
  - intros u [<-|[]]; auto.
Qed.

Hypothesis Heps : forall e k, In k ks -> eps_is_0 (choice e k).
Hypothesis Hunit_normed : forall k, In k ks -> choice unit5 k <> SkipConnect.

Theorem minimal_cell :
  C edge0 + C edge1 + C edge2 + C edge3 + C edge4 = skip_share from to ix x g ks weight choice edge4.
Proof.
  rewrite minimal_cell_eps; unfold mixture_lets_through, skip_share.
  rewrite (Sum_eq0 ks (fun k => weight unit5 k * _)).
  - rewrite Rplus_0_l; apply Sum_ext; intros k Hk; rewrite lets_through_eps_0; auto.
  - intros k Hk; rewrite lets_through_eps_0 by auto; pose proof (Hunit_normed k Hk).
    destruct (choice unit5 k); cbn; [ring | congruence | ring].
Qed.
End MinimalCell.
