(** * Affine-disabled instance norm: every edge of every cell costs zero (eq. (16), Fig. 19)

    The gradient that the head sends back is flat: equal at all positions of a plane (sample, channel). A skip and a
    concatenation hand a flat gradient on as a flat one; an instance norm without an affine map hands on nothing of it.
    So the gradient is flat at every node. What an edge delivers sums to zero over every plane, and a flat gradient
    times that is zero. *)
From Coq Require Import Reals List Lra Lia Wf_nat.
From Wirecost Require Import Sums Gradient Normalisation NormalisationGroups NormalisationKinds Theorem1 Theorem2Head.
From Wirecost Require Import Network CellCost InstanceNorm.
Import ListNotations.
Open Scope R_scope.

Section Flat.
Context {B C D : Type}.
Variables (bs : list B) (ds : list D).
Hypothesis Hds : ds <> [].

Definition flat (cs : list C) (g : B * C * D -> R) : Prop :=
  forall b c d d', In b bs -> In c cs -> In d ds -> In d' ds -> g (b, c, d) = g (b, c, d').
Definition zero_sums (cs : list C) (x : B * C * D -> R) : Prop :=
  forall b c, In b bs -> In c cs -> \sum_(d <- ds) x (b, c, d) = 0.

Lemma flat_cost cs g x : flat cs g -> zero_sums cs x -> \sum_(i <- entries bs cs ds) g i * x i = 0.
Proof.
  intros Hg Hx; rewrite Sum_entries; apply Sum_eq0; intros b Hb; apply Sum_eq0; intros c Hc.
  assert (exists d0, In d0 ds) as [d0 H0] by (destruct ds as [|d l]; [congruence | exists d; left; auto]).
  rewrite (Sum_ext ds _ (fun d => g (b, c, d0) * x (b, c, d))); [rewrite Sum_mult_l, Hx by auto; ring|].
  intros d Hd; rewrite (Hg b c d d0); auto.
Qed.

Lemma flat_Sum {J} cs (l : list J) f : (forall e, In e l -> flat cs (f e)) -> flat cs (fun i => \sum_(e <- l) f e i).
Proof. intros Hf b c d d' Hb Hc Hd Hd'; apply Sum_ext; intros e He; apply (Hf e He); auto. Qed.

Lemma zero_sums_Sum {J} cs (l : list J) f :
  (forall e, In e l -> zero_sums cs (f e)) -> zero_sums cs (fun i => \sum_(e <- l) f e i).
Proof. intros Hf b c Hb Hc; rewrite Sum_swap; apply Sum_eq0; intros e He; apply (Hf e He); auto. Qed.

Theorem head_gradient_is_flat {N} cs (ns : list N) w label Y : flat cs (head_grad bs ds ns w label Y).
Proof. intros b c d d' _ _ _ _; reflexivity. Qed.

(** Any eps, any input, of zero variance too. *)
Theorem instance_norm_stops_flat cs e y g i :
  flat cs g -> In i (entries bs cs ds) ->
  backward (group_norm (instance_norm bs cs ds e (fun _ => 1) (fun _ => 0))) y g i = 0.
Proof.
  intros Hg Hi; destruct i as [[b c] d]; apply in_entries in Hi as [Hb [Hc Hd]].
  cbn -[block]; set (G := block ds [b] [c]); assert (HG : G <> []) by (apply block_inhabited; congruence).
  assert (E : forall j, In j G -> g j = g (b, c, d)).
  { intros [[b' c'] d'] Hj; apply in_block in Hj as [[<-|[]] [[<-|[]] Hd']]; apply Hg; auto. }
  unfold norm_backward; rewrite (mean_ext G (fun j => 1 * g j) (fun _ => g (b, c, d))) by (intros; rewrite E; auto; ring).
  rewrite (mean_ext G (fun j => 1 * g j * xhat G e y j) (fun j => g (b, c, d) * xhat G e y j))
    by (intros; rewrite E; auto; ring).
  assert (H0 : mean G (xhat G e y) = 0)
    by (unfold mean at 1; change (Sum G (xhat G e y)) with (\sum_(i <- G) xhat G e y i); rewrite (sum_xhat G HG e y); unfold Rdiv; ring).
  rewrite mean_scal, mean_const, H0 by auto; unfold Rdiv; ring.
Qed.

(** What the network is made of: a flat gradient comes out flat, and what is delivered sums to zero over every plane,
    if the source does or is an input of the network. *)
Record plane_operation (from_input : Prop) (csi cso : list C) (f : layer (B * C * D) (B * C * D)) : Prop := Plane {
  hands_on_flat : forall x g, flat cso g -> flat csi (backward f x g);
  delivers_zero : forall x, (from_input \/ zero_sums csi x) -> zero_sums cso (forward f x) }.

(** Operations that end in the norm: nothing comes back, if no gradient leaves none. *)
Theorem normed_operation from_input csi cso e before :
  (forall x g, (forall i, In i (entries bs cso ds) -> g i = 0) -> flat csi (backward before x g)) ->
  plane_operation from_input csi cso (edge before (instance_norm bs cso ds e (fun _ => 1) (fun _ => 0)) skip).
Proof.
  intros Hb; split.
  - intros x g Hg; apply Hb; intros i Hi; apply instance_norm_stops_flat; auto.
  - intros x _ b c _ _; apply (instance_norm_zero_sum bs cso ds Hds).
Qed.

Theorem skip_operation (from_input : Prop) cs : ~ from_input -> plane_operation from_input cs cs skip.
Proof. intros Hi; split; [auto | intros x [H|H]; [tauto | auto]]. Qed.

Theorem mixture_operation {K} from_input csi cso (ks : list K) weight o :
  (forall k, In k ks -> plane_operation from_input csi cso (o k)) ->
  plane_operation from_input csi cso (mixture ks weight o).
Proof.
  intros Ho; split.
  - intros x g Hg; apply (flat_Sum csi ks (fun k i => weight k * backward (o k) x g i)).
    intros k Hk b c d d' Hb Hc Hd Hd'; f_equal; apply (hands_on_flat _ _ _ _ (Ho k Hk)); auto.
  - intros x Hx; apply (zero_sums_Sum cso ks (fun k i => weight k * forward (o k) x i)).
    intros k Hk b c Hb Hc; rewrite Sum_mult_l, (delivers_zero _ _ _ _ (Ho k Hk) x Hx b c); auto; ring.
Qed.

(** A part of the channels of a concatenation: forwards every other channel is 0. *)
Theorem slice_operation (from_input : Prop) csi cso (to : C -> option C) (back : C -> option C) :
  ~ from_input ->
  (forall c, In c csi -> exists c', back c = Some c' /\ In c' cso) ->
  (forall c c', In c cso -> to c = Some c' -> In c' csi) ->
  plane_operation from_input csi cso
    (Layer (fun x i => match to (snd (fst i)) with Some c' => x (fst (fst i), c', snd i) | None => 0 end)
           (fun _ g i => match back (snd (fst i)) with Some c' => g (fst (fst i), c', snd i) | None => 0 end)).
Proof.
  intros Hi Hb Ht; split.
  - intros x g Hg b c d d' Hb' Hc Hd Hd'; cbn; destruct (Hb c Hc) as [c' [-> Hc']]; apply Hg; auto.
  - intros x [H|Hx]; [tauto|]; intros b c Hb' Hc; cbn; destruct (to c) as [c'|] eqn:E; [|apply Sum_0].
    apply Hx; [auto | apply (Ht c c'); auto].
Qed.

Section Network.
Context {E : Type}.
Variables (edges : list E) (src dst : E -> nat) (op : E -> layer (B * C * D) (B * C * D)).
Variables (cs : nat -> list C) (x g : nat -> B * C * D -> R) (n : nat).
Let ix (j : nat) := entries bs (cs j) ds.
Hypothesis acyclic : forall e, In e edges -> (src e < dst e <= n)%nat.
Hypothesis Hforward : forall j, fed edges dst j -> forward_equation edges src dst op x j.
Hypothesis Hbackward : forall j, (j < n)%nat -> backward_equation edges src dst op ix x g j.
Hypothesis Hhead : flat (cs n) (g n).
Hypothesis Hop : forall e, In e edges ->
  plane_operation (~ fed edges dst (src e)) (cs (src e)) (cs (dst e)) (op e).

Lemma gradients_are_flat j : (j <= n)%nat -> flat (cs j) (g j).
Proof.
  remember (n - j)%nat as m; revert j Heqm; induction m as [m IH] using (well_founded_induction lt_wf); intros j -> Hj.
  destruct (Nat.eq_dec j n) as [->|Hne]; [auto|]; intros b c d d' Hb Hc Hd Hd'.
  assert (Hin : forall d, In d ds -> In (b, c, d) (ix j)) by (intros; apply in_entries; auto).
  rewrite !(Hbackward j) by (auto; lia); apply Sum_ext; intros e He; apply filter_In in He as [He Hs].
  apply Nat.eqb_eq in Hs; pose proof (acyclic e He).
  pose proof (hands_on_flat _ _ _ _ (Hop e He) (x (src e)) (g (dst e))) as F; rewrite Hs in F |- *; apply F; auto.
  apply (IH (n - dst e)%nat); lia.
Qed.

Lemma values_sum_to_0 j : fed edges dst j -> zero_sums (cs j) (x j).
Proof.
  induction j as [j IH] using (well_founded_induction lt_wf); intros Hj b c Hb Hc.
  rewrite (Sum_ext ds _ (fun d => \sum_(e <- into edges dst j) forward (op e) (x (src e)) (b, c, d)))
    by (intros d _; apply (Hforward j Hj)).
  rewrite Sum_swap; apply Sum_eq0; intros e He; apply filter_In in He as [He Hd]; apply Nat.eqb_eq in Hd.
  pose proof (acyclic e He); pose proof (delivers_zero _ _ _ _ (Hop e He) (x (src e))) as F; rewrite Hd in F; apply F; auto.
  destruct (in_dec Nat.eq_dec (src e) (map dst edges)) as [Hin|Hout].
  - apply in_map_iff in Hin as [f [Hf Hf']]; right; apply IH; [lia | exists f; auto].
  - left; intros [f [Hf Hf']]; apply Hout, in_map_iff; exists f; auto.
Qed.

Theorem every_edge_costs_0 e : In e edges -> edge_cost src dst op ix x g e = 0.
Proof.
  intros He; pose proof (acyclic e He); apply flat_cost; [apply gradients_are_flat; lia|].
  apply (delivers_zero _ _ _ _ (Hop e He)).
  destruct (in_dec Nat.eq_dec (src e) (map dst edges)) as [Hin|Hout].
  - apply in_map_iff in Hin as [f [Hf Hf']]; right; apply values_sum_to_0; exists f; auto.
  - left; intros [f [Hf Hf']]; apply Hout, in_map_iff; exists f; auto.
Qed.
End Network.
End Flat.
