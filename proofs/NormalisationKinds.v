(** * Batch, layer, instance and group norm (eqs. (10), (15))

    The paper: the cost of the input of a batch norm is zero, eq. (10); "layer normalization still
    satisfies Thm. 1", eq. (15); "the proof of instance normalization is similar".

    Each is a partition of the entries (sample, channel, position), and the sum of eq. (10) is zero
    over each of its groups: over (b, d) for every channel in batch norm, over (c, d) for every
    sample in layer norm, over d for every (b, c) in instance norm, over the channels of a group
    and d for every sample in group norm. *)
From Coq Require Import Reals List Lra Lia.
From Wirecost Require Import Sums Derivative Gradient Normalisation NormalisationCost NormalisationGroups.
Import ListNotations.
Open Scope R_scope.

Section Kinds.
Context {B C D : Type}.
Variables (bs : list B) (cs : list C) (ds : list D).
Hypotheses (Hb : bs <> []) (Hc : cs <> []) (Hd : ds <> []).

Definition entries : list (B * C * D) := list_prod (list_prod bs cs) ds.

Lemma Sum_entries f : Sum entries f = \sum_(b <- bs) \sum_(c <- cs) \sum_(d <- ds) f (b, c, d).
Proof.
  transitivity (\sum_(p <- entries) f (fst p, snd p)); [apply Sum_ext; intros [q d] _; auto|].
  unfold entries; rewrite (Sum_prod (list_prod bs cs) ds (fun q d => f (q, d))).
  transitivity (\sum_(q <- list_prod bs cs) \sum_(d <- ds) f (fst q, snd q, d));
    [apply Sum_ext; intros [b c] _; auto|].
  apply (Sum_prod bs cs (fun b c => \sum_(d <- ds) f (b, c, d))).
Qed.

Lemma in_entries b c d : In (b, c, d) entries <-> In b bs /\ In c cs /\ In d ds.
Proof. unfold entries; rewrite !in_prod_iff; tauto. Qed.

(** A block of samples by channels shares statistics over all positions. *)
Definition block (sb : list B) (sc : list C) : list (B * C * D) := list_prod (list_prod sb sc) ds.
Arguments block : simpl never.

Definition batch_norm (e : R) ga be : normalisation (B * C * D) :=
  Normalisation (map (fun c => block bs [c]) cs) (fun i => block bs [snd (fst i)]) e ga be.
Definition layer_norm e ga be : normalisation (B * C * D) :=
  Normalisation (map (fun b => block [b] cs) bs) (fun i => block [fst (fst i)] cs) e ga be.
Definition instance_norm e ga be : normalisation (B * C * D) :=
  Normalisation (map (fun q => block [fst q] [snd q]) (list_prod bs cs))
                (fun i => block [fst (fst i)] [snd (fst i)]) e ga be.
(** [slices]: the channel groups; [slice_of c]: the one that holds c. *)
Definition channel_groups_norm (slices : list (list C)) (slice_of : C -> list C) e ga be : normalisation (B * C * D) :=
  Normalisation (map (fun q => block [fst q] (snd q)) (list_prod bs slices))
                (fun i => block [fst (fst i)] (slice_of (snd (fst i)))) e ga be.


Lemma Sum_block sb sc f : Sum (block sb sc) f = \sum_(b <- sb) \sum_(c <- sc) \sum_(d <- ds) f (b, c, d).
Proof.
  transitivity (\sum_(p <- block sb sc) f (fst p, snd p)); [apply Sum_ext; intros [q d] _; auto|].
  unfold block; rewrite (Sum_prod (list_prod sb sc) ds (fun q d => f (q, d))).
  transitivity (\sum_(q <- list_prod sb sc) \sum_(d <- ds) f (fst q, snd q, d));
    [apply Sum_ext; intros [b c] _; auto|].
  apply (Sum_prod sb sc (fun b c => \sum_(d <- ds) f (b, c, d))).
Qed.

Lemma in_block sb sc b c d : In (b, c, d) (block sb sc) <-> In b sb /\ In c sc /\ In d ds.
Proof. unfold block; rewrite !in_prod_iff; tauto. Qed.

Lemma block_inhabited sb sc : sb <> [] -> sc <> [] -> block sb sc <> [].
Proof.
  destruct sb as [|b sb], sc as [|c sc]; try congruence; intros _ _.
  destruct ds as [|d ds'] eqn:E; [congruence|]; intros H.
  assert (K : In (b, c, d) (block (b :: sb) (c :: sc))) by (rewrite in_block, E; cbn; tauto).
  rewrite H in K; destruct K.
Qed.

Ltac partition_members :=
  match goal with
  | |- forall G i, In G (map _ _) -> _ =>
      intros G [[b c] d]; rewrite in_map_iff; intros [k [<- Hk]];
      rewrite in_block, in_entries; cbn; intuition (subst; auto)
  end.

Theorem batch_norm_partitions e ga be : partitions entries (batch_norm e ga be).
Proof.
  split; cbn.
  - intros f; rewrite Sum_entries, Sum_map, Sum_swap; apply Sum_ext; intros c _.
    rewrite Sum_block; apply Sum_ext; intros b _; cbn; ring.
  - intros [[b c] d]; rewrite in_entries, in_map_iff, in_block; cbn; intros [H1 [H2 H3]]; eauto 8.
  - partition_members.
  - intros G; rewrite in_map_iff; intros [c [<- Hk]]; apply block_inhabited; auto; congruence.
Qed.

Theorem layer_norm_partitions e ga be : partitions entries (layer_norm e ga be).
Proof.
  split; cbn.
  - intros f; rewrite Sum_entries, Sum_map; apply Sum_ext; intros b _; rewrite Sum_block; cbn; ring.
  - intros [[b c] d]; rewrite in_entries, in_map_iff, in_block; cbn; intros [H1 [H2 H3]]; eauto 8.
  - partition_members.
  - intros G; rewrite in_map_iff; intros [c [<- Hk]]; apply block_inhabited; auto; congruence.
Qed.

Theorem instance_norm_partitions e ga be : partitions entries (instance_norm e ga be).
Proof.
  split; cbn.
  - intros f; rewrite Sum_entries, Sum_map.
    transitivity (\sum_(q <- list_prod bs cs) \sum_(d <- ds) f (fst q, snd q, d)).
    + symmetry; apply (Sum_prod bs cs (fun b c => \sum_(d <- ds) f (b, c, d))).
    + apply Sum_ext; intros q _; rewrite Sum_block; cbn; ring.
  - intros [[b c] d]; rewrite in_entries, in_map_iff, in_block; cbn; intros [H1 [H2 H3]].
    split; [exists (b, c); rewrite in_prod_iff|]; auto.
  - intros G [[b c] d]; rewrite in_map_iff; intros [[b' c'] [<- Hk]]; apply in_prod_iff in Hk.
    rewrite in_block, in_entries; cbn; intuition (subst; auto).
  - intros G; rewrite in_map_iff; intros [q [<- Hk]]; apply block_inhabited; congruence.
Qed.

Theorem channel_groups_norm_partitions slices slice_of e ga be :
  (forall f, Sum cs f = \sum_(T <- slices) Sum T f) ->
  (forall c, In c cs -> In (slice_of c) slices /\ In c (slice_of c)) ->
  (forall T, In T slices -> T <> [] /\ forall c, In c T -> In c cs /\ slice_of c = T) ->
  partitions entries (channel_groups_norm slices slice_of e ga be).
Proof.
  intros Hsum Hcov Hmem; split; cbn.
  - intros f; rewrite Sum_entries, Sum_map.
    transitivity (\sum_(q <- list_prod bs slices) \sum_(c <- snd q) \sum_(d <- ds) f (fst q, c, d)).
    + rewrite (Sum_prod bs slices (fun b T => \sum_(c <- T) \sum_(d <- ds) f (b, c, d))).
      apply Sum_ext; intros b _; apply (Hsum (fun c => \sum_(d <- ds) f (b, c, d))).
    + apply Sum_ext; intros q _; rewrite Sum_block; cbn; ring.
  - intros [[b c] d]; rewrite in_entries, in_map_iff, in_block; cbn; intros [H1 [H2 H3]].
    destruct (Hcov c H2); split; [exists (b, slice_of c); rewrite in_prod_iff|]; auto.
  - intros G [[b c] d]; rewrite in_map_iff; intros [[b' T] [<- Hk]]; apply in_prod_iff in Hk as [Hk1 Hk2].
    rewrite in_block, in_entries; cbn; intros [[<-|[]] [HcT Hds]].
    destruct (Hmem T Hk2) as [_ HT]; destruct (HT c HcT) as [Hcc ->]; auto.
  - intros G; rewrite in_map_iff; intros [[b T] [<- Hk]]; apply in_prod_iff in Hk as [Hk1 Hk2].
    apply block_inhabited; [discriminate | apply Hmem; auto].
Qed.

(** ** The statements of the paper, eps = 0 *)
Variables ga be x g : B * C * D -> R.

(** Eq. (10): for every channel, hence in total. *)
Corollary batch_norm_zero_cost c :
  0 < var (block bs [c]) x ->
  \sum_(b <- bs) \sum_(d <- ds) backward (group_norm (batch_norm 0 ga be)) x g (b, c, d) * x (b, c, d) = 0.
Proof.
  intros Hv; transitivity (\sum_(i <- block bs [c]) norm_backward (block bs [c]) 0 ga x g i * x i);
    [|apply norm_zero_cost; [apply block_inhabited; congruence | auto]].
  rewrite Sum_block; apply Sum_ext; intros b _; cbn; rewrite ?Rplus_0_r; reflexivity.
Qed.

(** Eq. (15): for every sample. *)
Corollary layer_norm_zero_cost b :
  0 < var (block [b] cs) x ->
  \sum_(c <- cs) \sum_(d <- ds) backward (group_norm (layer_norm 0 ga be)) x g (b, c, d) * x (b, c, d) = 0.
Proof.
  intros Hv; transitivity (\sum_(i <- block [b] cs) norm_backward (block [b] cs) 0 ga x g i * x i);
    [|apply norm_zero_cost; [apply block_inhabited; congruence | auto]].
  rewrite Sum_block; cbn; rewrite ?Rplus_0_r; reflexivity.
Qed.

(** For every sample and channel. *)
Corollary instance_norm_zero_cost b c :
  0 < var (block [b] [c]) x ->
  \sum_(d <- ds) backward (group_norm (instance_norm 0 ga be)) x g (b, c, d) * x (b, c, d) = 0.
Proof.
  intros Hv; transitivity (\sum_(i <- block [b] [c]) norm_backward (block [b] [c]) 0 ga x g i * x i);
    [|apply norm_zero_cost; [apply block_inhabited; congruence | auto]].
  rewrite Sum_block; cbn; rewrite ?Rplus_0_r; reflexivity.
Qed.

(** For every sample and group of channels. *)
Corollary channel_groups_norm_zero_cost slices slice_of b T :
  T <> [] -> (forall c, In c T -> slice_of c = T) -> 0 < var (block [b] T) x ->
  \sum_(c <- T) \sum_(d <- ds)
    backward (group_norm (channel_groups_norm slices slice_of 0 ga be)) x g (b, c, d) * x (b, c, d) = 0.
Proof.
  intros HT Hof Hv; transitivity (\sum_(i <- block [b] T) norm_backward (block [b] T) 0 ga x g i * x i);
    [|apply norm_zero_cost; [apply block_inhabited; congruence | auto]].
  rewrite Sum_block; cbn; rewrite Rplus_0_r; apply Sum_ext; intros c HcT; apply Sum_ext; intros d _.
  rewrite (Hof c HcT); auto.
Qed.

End Kinds.
