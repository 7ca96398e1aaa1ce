(** * Theorem 1 sample by sample, for layer, instance and group norm

    These norms do not mix samples. Where the layers ahead of them do not either (convolution,
    pooling, ReLU), Theorem 1 holds for every sample by itself. For batch norm it does not
    (Theorem1Literal.v, [batch_norm_per_sample_fails]). *)
From Coq Require Import Reals List Lra.
From Wirecost Require Import Sums Gradient LinearOperations Relu.
From Wirecost Require Import Normalisation NormalisationGroups NormalisationKinds Theorem1.
Import ListNotations.
Open Scope R_scope.

Section Samples.
Context {I O B C D : Type}.
Variables (bs : list B) (cs : list C) (ds : list D).
Hypotheses (Hc : cs <> []) (Hd : ds <> []).
Variables (before : layer I (B * C * D)) (after : layer (B * C * D) O).
Variables (ga be : B * C * D -> R) (x : I -> R) (g : O -> R).

(** One sample: its entries in the node, and in the normalisation. *)
Variables (b : B) (node_b : list I).
Let norm_b := entries [b] cs ds.
Hypothesis Hbefore : keeps_cost node_b norm_b before x.

Corollary theorem_1_layer_norm_sample :
  positive_variance (layer_norm [b] cs ds 0 ga be) (forward before x) ->
  \sum_(i <- node_b) backward (edge before (layer_norm bs cs ds 0 ga be) after) x g i * x i = 0.
Proof.
  intros Hv; apply (theorem_1 node_b norm_b before (layer_norm [b] cs ds 0 ga be) after); auto.
  apply layer_norm_partitions; auto; discriminate.
Qed.

Corollary theorem_1_instance_norm_sample :
  positive_variance (instance_norm [b] cs ds 0 ga be) (forward before x) ->
  \sum_(i <- node_b) backward (edge before (instance_norm bs cs ds 0 ga be) after) x g i * x i = 0.
Proof.
  intros Hv; apply (theorem_1 node_b norm_b before (instance_norm [b] cs ds 0 ga be) after); auto.
  apply instance_norm_partitions; auto; discriminate.
Qed.

Corollary theorem_1_group_norm_sample slices slice_of :
  (forall f, Sum cs f = \sum_(T <- slices) Sum T f) ->
  (forall c, In c cs -> In (slice_of c) slices /\ In c (slice_of c)) ->
  (forall T, In T slices -> T <> [] /\ forall c, In c T -> In c cs /\ slice_of c = T) ->
  positive_variance (channel_groups_norm [b] ds slices slice_of 0 ga be) (forward before x) ->
  \sum_(i <- node_b) backward (edge before (channel_groups_norm bs ds slices slice_of 0 ga be) after) x g i * x i = 0.
Proof.
  intros H1 H2 H3 Hv.
  apply (theorem_1 node_b norm_b before (channel_groups_norm [b] ds slices slice_of 0 ga be) after); auto.
  apply channel_groups_norm_partitions; auto; discriminate.
Qed.
End Samples.

(** ReLU and a convolution keep the cost of each sample: the hypothesis above. A, in the coordinates
    (sample, entry), connects entries of one sample only. *)
Theorem relu_conv_keeps_cost_by_sample {I M} (si : list I) (sm : list M) (A : M -> I -> R) kink x
    (in_sample : I -> bool) (in_sample' : M -> bool) :
  (forall o i, in_sample' o <> in_sample i -> A o i = 0) ->
  keeps_cost (filter in_sample si) (filter in_sample' sm) (Relu kink ;; linear si sm A) x.
Proof.
  intros HA; apply (chain_keeps_cost _ (filter in_sample si)); [apply relu_keeps_cost|].
  apply linear_keeps_cost_by_part; auto.
Qed.
