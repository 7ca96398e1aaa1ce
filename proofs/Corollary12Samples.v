(** * Corollary 1.2 sample by sample, for layer, instance and group norm

    The output edges of a cell that is not the last sum to zero for every sample by itself, where neither the norms of
    the units that read the cell nor what stands ahead of them mix samples. For batch norm they do not
    (Theorem1Literal.v, [batch_norm_per_sample_fails]). *)
From Coq Require Import Reals List Permutation Lra.
From Wirecost Require Import Sums Gradient Normalisation NormalisationGroups NormalisationKinds Theorem1.
From Wirecost Require Import Network CellCost Corollary12.
Import ListNotations.
Open Scope R_scope.

Section Samples.
Context {E B C D : Type}.
Variables (bs : list B) (b : B).

(** A norm over the batch, and the one that sample b sees, over the same positions. *)
Inductive by_sample (cs : list C) (ds : list D) ga be : normalisation (B * C * D) -> normalisation (B * C * D) -> Prop :=
| by_layer : by_sample cs ds ga be (layer_norm bs cs ds 0 ga be) (layer_norm [b] cs ds 0 ga be)
| by_instance : by_sample cs ds ga be (instance_norm bs cs ds 0 ga be) (instance_norm [b] cs ds 0 ga be)
| by_group slices slice_of :
    (forall f, Sum cs f = \sum_(T <- slices) Sum T f) ->
    (forall c, In c cs -> In (slice_of c) slices /\ In c (slice_of c)) ->
    (forall T, In T slices -> T <> [] /\ forall c, In c T -> In c cs /\ slice_of c = T) ->
    by_sample cs ds ga be (channel_groups_norm bs ds slices slice_of 0 ga be)
              (channel_groups_norm [b] ds slices slice_of 0 ga be).

Lemma by_sample_norm cs ds ga be N Nb :
  cs <> [] -> ds <> [] -> by_sample cs ds ga be N Nb ->
  group_norm N = group_norm Nb /\ eps Nb = 0 /\ partitions (entries [b] cs ds) Nb.
Proof.
  intros Hc Hd [| |slices slice_of H1 H2 H3]; (split; [reflexivity | split; [reflexivity|]]).
  - apply layer_norm_partitions; auto; discriminate.
  - apply instance_norm_partitions; auto; discriminate.
  - apply channel_groups_norm_partitions; auto; discriminate.
Qed.

Let I : Type := B * C * D.
Variables (edges : list E) (src dst : E -> nat) (op : E -> layer I I).
Variables x g : nat -> I -> R.
Variable ix : nat -> list I.                        (* the entries of sample b in each node *)
Variables (cell : list nat) (out : nat) (slice : nat -> E).
Hypothesis Hconcat : Permutation (into edges dst out) (map slice cell).
Hypothesis Hslice : forall j, In j cell ->
  src (slice j) = j /\ keeps_cost (ix j) (ix (dst (slice j))) (op (slice j)) (x j).
Hypothesis Hforward : forall j, In j (out :: cell) -> forward_equation edges src dst op x j.
Hypothesis Hout : backward_equation edges src dst op ix x g out.

(** The units that read the cell. *)
Hypothesis Hunits : forall u, In u (out_of edges src out) -> exists cs ds ga be before N Nb after,
  cs <> [] /\ ds <> [] /\ by_sample cs ds ga be N Nb /\ op u = edge before N after /\
  keeps_cost (ix out) (entries [b] cs ds) before (x out) /\ positive_variance Nb (forward before (x out)).

Theorem output_edges_sum_to_0_by_sample : output_edges_cost edges src dst op ix x g cell slice = 0.
Proof.
  rewrite (output_edges_sum edges src dst op ix x g cell out slice Hconcat Hslice Hforward).
  rewrite (node_cost_is_sent_back edges src dst op ix x g out Hout); apply Sum_eq0; intros u Hu.
  destruct (Hunits u Hu) as (cs & ds & ga & be & before & N & Nb & after & Hc & Hd & HN & Hop & Hk & Hv).
  destruct (by_sample_norm cs ds ga be N Nb Hc Hd HN) as [EN [E0 HP]].
  apply filter_In in Hu as [_ Hs]; apply Nat.eqb_eq in Hs; unfold sent_back; rewrite Hs, Hop.
  unfold edge; rewrite EN; apply (theorem_1 (ix out) (entries [b] cs ds) before Nb after); auto.
Qed.
End Samples.
