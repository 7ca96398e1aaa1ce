(** * Corollary 1.2: what the edge costs of a cell sum to

    The paper: "the cost sum of edges in (a) [the second last cell] is 0, but it is not 0 in (b) [the
    last cell]" (section 5, Fig. 9).

    In its true form, for every cell of any stack:
    - the output edges (the paths through the concatenation) sum to the cost of the cell's output;
    - that is what the output's consumers, the preprocessing units of later cells, send back:
      residuals, 0 at eps = 0; for the last cell it is L - H minus the bias term (Theorem 2);
    - all edges sum to that plus what the intermediate edges send back: the skip shares, and
      for eps > 0 the residual of the first normalisation of each operation.
    So the sum over all edges is 0 in a cell that is not the last when no intermediate edge skips. *)
From Coq Require Import Reals List Permutation Lra Lia.
From Wirecost Require Import Sums Derivative Gradient NormalisationGroups Theorem1 Network CellCost.
From Wirecost Require Import Softmax Theorem2Head.
Import ListNotations.
Open Scope R_scope.

(** ** The operations of the search space: none, skip, and those with a normalisation *)
Inductive operation (I : Type) : Type :=
| NoOperation
| SkipConnect
| Normed (sm : list I) (before : layer I I) (N : normalisation I) (after : layer I I).
Arguments NoOperation {I}.
Arguments SkipConnect {I}.
Arguments Normed {I}.

Definition none {I} : layer I I := Layer (fun _ _ => 0) (fun _ _ _ => 0).

Definition layer_of {I} (o : operation I) : layer I I :=
  match o with
  | NoOperation => none
  | SkipConnect => skip
  | Normed sm before N after => edge before N after
  end.

Definition admissible {I} (s : list I) (o : operation I) (x : I -> R) : Prop :=
  match o with
  | Normed sm before N after =>
      partitions sm N /\ keeps_cost s sm before x /\ positive_variance N (forward before x)
  | _ => True
  end.

(** The cost that an operation sends back to its input x when the gradient g reaches its output. *)
Definition lets_through {I} (s : list I) (o : operation I) (x g : I -> R) : R :=
  match o with
  | NoOperation => 0
  | SkipConnect => \sum_(i <- s) g i * x i
  | Normed sm before N after => residual N (forward before x) (reaching before N after x g)
  end.

(** The part of it that is left at eps = 0. *)
Definition skip_part {I} (s : list I) (o : operation I) (x g : I -> R) : R :=
  match o with
  | SkipConnect => \sum_(i <- s) g i * x i
  | _ => 0
  end.

Definition eps_is_0 {I} (o : operation I) : Prop :=
  match o with Normed sm before N after => eps N = 0 | _ => True end.

Theorem none_sends_nothing_back {I} (s : list I) (x g : I -> R) : \sum_(i <- s) backward none x g i * x i = 0.
Proof. apply Sum_eq0; intros; cbn; ring. Qed.

Theorem operation_cost {I} (s : list I) (o : operation I) x g :
  admissible s o x -> \sum_(i <- s) backward (layer_of o) x g i * x i = lets_through s o x g.
Proof.
  destruct o as [| |sm before N after]; cbn [layer_of lets_through].
  - intros _; apply Sum_eq0; intros; cbn; ring.
  - auto.
  - intros [HN [Hb Hv]]; apply (theorem_1_eps s sm); auto.
Qed.

Lemma lets_through_eps_0 {I} (s : list I) o x g : eps_is_0 o -> lets_through s o x g = skip_part s o x g.
Proof. destruct o as [| |sm before N after]; cbn; auto; intros; apply residual_0; auto. Qed.

Section Cell.
Context {E I K : Type}.
Variables (edges : list E) (src dst : E -> nat) (op : E -> layer I I) (ix : nat -> list I).
Variables x g : nat -> I -> R.
Let into := into edges dst.
Let out_of := out_of edges src.
Let edge_cost := edge_cost src dst op ix x g.
Let node_cost := node_cost ix x g.
Let sent_back := sent_back src dst op ix x g.
Let path_through := path_through src dst op ix x g.

(** An edge is a mixture of operations, with weights Z. *)
Variables (ks : list K) (weight : E -> K -> R) (choice : E -> K -> operation I).
Definition is_mixture (f : E) : Prop :=
  op f = mixture ks (weight f) (fun k => layer_of (choice f k)) /\
  forall k, In k ks -> admissible (ix (src f)) (choice f k) (x (src f)).

Definition mixture_lets_through (f : E) : R :=
  \sum_(k <- ks) weight f k * lets_through (ix (src f)) (choice f k) (x (src f)) (g (dst f)).
Definition skip_share (f : E) : R :=
  \sum_(k <- ks) weight f k * skip_part (ix (src f)) (choice f k) (x (src f)) (g (dst f)).

Theorem edge_sends_back f : is_mixture f -> sent_back f = mixture_lets_through f.
Proof.
  intros [Hop Ha]; unfold sent_back, CellCost.sent_back; rewrite Hop, mixture_cost.
  apply Sum_ext; intros k Hk; rewrite operation_cost; auto.
Qed.

Corollary edge_sends_back_eps_0 f :
  is_mixture f -> (forall k, In k ks -> eps_is_0 (choice f k)) -> sent_back f = skip_share f.
Proof.
  intros Hm H0; rewrite edge_sends_back by auto; apply Sum_ext; intros k Hk.
  rewrite lets_through_eps_0; auto.
Qed.

(** The cell: its intermediate nodes; the node [out] that concatenates them; for each node the edge
    into its slice of [out], and its intermediate edges, those to other nodes of the cell. *)
Variables (cell : list nat) (out : nat) (slice : nat -> E) (inner : nat -> list E).
Hypothesis Hconsumers : forall j, In j cell -> Permutation (out_of j) (slice j :: inner j).
Hypothesis Hconcat : Permutation (into out) (map slice cell).
Hypothesis Hslice : forall j, In j cell ->
  src (slice j) = j /\ keeps_cost (ix j) (ix (dst (slice j))) (op (slice j)) (x j).
Hypothesis Hforward : forall j, In j (out :: cell) -> forward_equation edges src dst op x j.
Hypothesis Hbackward : forall j, In j cell -> backward_equation edges src dst op ix x g j.

(** The paths from the edges of the cell through the concatenation: the output edges. *)
Definition output_edges_cost : R := \sum_(j <- cell) \sum_(e <- into j) path_through (slice j) e.
Definition all_edges_cost : R := \sum_(j <- cell) \sum_(e <- into j) edge_cost e.

Lemma slices_cost : \sum_(j <- cell) sent_back (slice j) = node_cost out.
Proof.
  transitivity (\sum_(e <- into out) edge_cost e); [|apply node_cost_is_incoming, Hforward; left; auto].
  rewrite (Sum_perm _ _ _ Hconcat), Sum_map; apply Sum_ext; intros j Hj.
  destruct (Hslice j Hj) as [Hs Hk]; apply sent_back_by_cost_keeping_edge; rewrite Hs; auto.
Qed.

Theorem output_edges_sum : output_edges_cost = node_cost out.
Proof.
  rewrite <- slices_cost; apply Sum_ext; intros j Hj; destruct (Hslice j Hj) as [Hs _].
  unfold path_through, into; rewrite <- Hs at 1; apply paths_through_consumer; rewrite Hs.
  apply Hforward; right; auto.
Qed.

Theorem all_edges_sum :
  all_edges_cost = node_cost out + \sum_(j <- cell) \sum_(f <- inner j) sent_back f.
Proof.
  rewrite <- slices_cost, <- Sum_plus; apply Sum_ext; intros j Hj.
  transitivity (\sum_(f <- out_of j) sent_back f).
  - apply cost_is_conserved; [apply Hforward; right; auto | apply Hbackward; auto].
  - rewrite (Sum_perm _ _ _ (Hconsumers j Hj)); auto.
Qed.

Hypothesis Hinner : forall j f, In j cell -> In f (inner j) -> is_mixture f.

(** Corollary 1.2 for any eps. *)
Theorem corollary_1_2_eps :
  all_edges_cost = node_cost out + \sum_(j <- cell) \sum_(f <- inner j) mixture_lets_through f.
Proof.
  rewrite all_edges_sum; f_equal; apply Sum_ext; intros j Hj; apply Sum_ext; intros f Hf.
  apply edge_sends_back; eauto.
Qed.

(** At eps = 0: the skip shares. *)
Theorem corollary_1_2 :
  (forall j f k, In j cell -> In f (inner j) -> In k ks -> eps_is_0 (choice f k)) ->
  all_edges_cost = node_cost out + \sum_(j <- cell) \sum_(f <- inner j) skip_share f.
Proof.
  intros H0; rewrite all_edges_sum; f_equal; apply Sum_ext; intros j Hj; apply Sum_ext; intros f Hf.
  apply edge_sends_back_eps_0; eauto.
Qed.

(** ** A cell that is not the last: its output is read by preprocessing units *)
Section NotLast.
Hypothesis Hout : backward_equation edges src dst op ix x g out.
Hypothesis Hunits : forall u, In u (out_of out) -> is_mixture u.

Theorem output_cost_is_residuals : node_cost out = \sum_(u <- out_of out) mixture_lets_through u.
Proof.
  transitivity (\sum_(u <- out_of out) sent_back u); [apply node_cost_is_sent_back; auto|].
  apply Sum_ext; intros; apply edge_sends_back; auto.
Qed.

Hypothesis Hnormed : forall u k, In u (out_of out) -> In k ks ->
  eps_is_0 (choice u k) /\ choice u k <> SkipConnect.

Theorem output_edges_sum_to_0 : output_edges_cost = 0.
Proof.
  rewrite output_edges_sum, output_cost_is_residuals.
  apply Sum_eq0; intros u Hu; apply Sum_eq0; intros k Hk; destruct (Hnormed u k Hu Hk) as [H0 Hs].
  rewrite lets_through_eps_0 by auto; destruct (choice u k); cbn; [ring | congruence | ring].
Qed.

Corollary all_edges_sum_to_skip_shares :
  (forall j f k, In j cell -> In f (inner j) -> In k ks -> eps_is_0 (choice f k)) ->
  all_edges_cost = \sum_(j <- cell) \sum_(f <- inner j) skip_share f.
Proof. intros H0; rewrite corollary_1_2, <- output_edges_sum, output_edges_sum_to_0 by auto; ring. Qed.

Corollary all_edges_sum_to_0_without_skip :
  (forall j f k, In j cell -> In f (inner j) -> In k ks ->
     eps_is_0 (choice f k) /\ (choice f k = SkipConnect -> weight f k = 0)) ->
  all_edges_cost = 0.
Proof.
  intros H; rewrite all_edges_sum_to_skip_shares by (intros; eapply H; eauto).
  apply Sum_eq0; intros j Hj; apply Sum_eq0; intros f Hf; apply Sum_eq0; intros k Hk.
  destruct (H j f k Hj Hf Hk) as [_ Hw]; destruct (choice f k); cbn; try ring.
  rewrite Hw; [ring | auto].
Qed.
End NotLast.
End Cell.

(** ** The last cell: its output is read by the head (Theorem 2) *)
Section LastCell.
Context {B C D N : Type}.
Variables (bs : list B) (cs : list C) (ds : list D) (ns : list N).
Hypotheses (Hbs : bs <> []) (Hds : ds <> []) (Hns : ns <> []).
Variables (w : C -> N -> R) (bias : N -> R) (label : B -> N).
Hypothesis Hlabel : forall b, In b bs -> In (label b) ns.
Variables (ix : nat -> list (B * C * D)) (x g : nat -> B * C * D -> R) (out : nat).

Let Y := fun q : B * N => logits cs ds w (x out) q + bias (snd q).

(** With [corollary_1_2_eps] or [corollary_1_2]: the edge costs of the last cell sum to
    L - H - bias term, plus what its intermediate edges send back. *)
Theorem last_output_cost :
  has_grad (ix out) (fun X => batch_loss bs ns label (fun q => logits cs ds w X q + bias (snd q)))
    (x out) (g out) ->
  node_cost ix x g out
  = batch_loss bs ns label Y - batch_entropy bs ns Y
    - mean bs (fun b => - bias (label b) + \sum_(n <- ns) softmax ns (row Y b) n * bias n).
Proof.
  intros Hg; apply (cost_unique _ _ _ _ (cost_is_gradient_times_activation _ _ _ _ Hg)).
  apply (theorem_2_bias bs cs ds ns Hns w label Hlabel).
Qed.
End LastCell.
