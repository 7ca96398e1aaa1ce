(** * Affine-disabled instance norm under global pooling: why Figure 19 is zero (eq. (16))

    The paper: "the cost mean statistic collected on different edges by using affine-disabled
    instance normalization are exactly zero, and they will still be zero after training", because
    sum_d X_{b,c,d} = 0 for the output of an instance norm and the pooling's gradient does not
    depend on d.

    The reason goes further. Global pooling sees the plane means only; every plane mean in the
    network is 0 (or what the betas make it); so the logits do not depend on the input, and no
    parameter ever gets a gradient. With a ReLU behind the norm none of this holds. *)
From Coq Require Import Reals List Lra Lia Wf_nat FunctionalExtensionality.
From Wirecost Require Import Sums Derivative Gradient Normalisation NormalisationGroups NormalisationKinds.
From Wirecost Require Import Relu Softmax Theorem2Head Network CellCost.
Import ListNotations.
Open Scope R_scope.

Section InstanceNorm.
Context {B C D N : Type}.
Variables (bs : list B) (cs : list C) (ds : list D) (ns : list N).
Hypotheses (Hbs : bs <> []) (Hds : ds <> []) (Hns : ns <> []).
Let pool := avg_pool (B := B) (C := C) ds.          (* plane means: global average pooling *)

(** ** Eq. (16) *)

(** A summand a of the pooled node with zero sum over positions has zero cost, whatever follows. *)
Theorem eq16_path_cost (L : (B * C -> R) -> R) (a b : B * C * D -> R) :
  (forall q, \sum_(d <- ds) a (q, d) = 0) -> path_cost (fun X => L (pool X)) a b 0.
Proof.
  intros Ha; unfold path_cost; apply (D_ext (fun _ => L (pool b))); [|apply D_const].
  intros t; f_equal; extensionality q; unfold pool, avg_pool, mean.
  rewrite Sum_plus, Sum_mult_l, Ha; unfold Rdiv; ring.
Qed.

(** The same with the gradient written out: 1/D dL/dX_p, for every d alike. *)
Theorem eq16_cost (h : B * C -> R) (a : B * C * D -> R) :
  (forall b c, In b bs -> In c cs -> \sum_(d <- ds) a (b, c, d) = 0) ->
  \sum_(b <- bs) \sum_(c <- cs) \sum_(d <- ds) h (b, c) / card ds * a (b, c, d) = 0.
Proof.
  intros Ha; apply Sum_eq0; intros b Hb; apply Sum_eq0; intros c Hc.
  rewrite Sum_mult_l, Ha; auto; ring.
Qed.

(** The plane means of an instance norm's output are its betas: 0 when affine-disabled. Any eps, any
    input, even of zero variance. *)
Theorem instance_norm_plane_mean e (ga be : B * C -> R) y q :
  pool (forward (group_norm (instance_norm bs cs ds e (fun i => ga (fst i)) (fun i => be (fst i)))) y) q
  = be q.
Proof.
  destruct q as [b c]; unfold pool, avg_pool; cbn -[block].
  set (G := block ds [b] [c]); pose proof (card_pos ds Hds).
  assert (HG : G <> []) by (apply block_inhabited; congruence).
  assert (H0 : \sum_(d <- ds) xhat G e y (b, c, d) = 0).
  { rewrite <- (sum_xhat G HG e y); unfold G; rewrite Sum_block; cbn; ring. }
  unfold norm, mean; cbn [fst]; rewrite Sum_plus, Sum_mult_l, H0, Sum_const; field; lra.
Qed.

(** So an edge that ends in one, and a mixture of such edges, skips and none, deliver zero plane means. *)
Corollary instance_norm_edge_plane_mean {I} e (before : layer I (B * C * D)) y q :
  pool (forward (before ;; group_norm (instance_norm bs cs ds e (fun _ => 1) (fun _ => 0))) y) q = 0.
Proof. apply (instance_norm_plane_mean e (fun _ => 1) (fun _ => 0)). Qed.

Corollary mixture_plane_mean {I K} (ks : list K) weight (o : K -> layer I (B * C * D)) y q :
  (forall k, In k ks -> pool (forward (o k) y) q = 0) -> pool (forward (mixture ks weight o) y) q = 0.
Proof.
  intros H; unfold pool, avg_pool, mean; cbn; rewrite Sum_swap.
  rewrite (Sum_ext ks _ (fun k => weight k * (card ds * pool (forward (o k) y) q))).
  - rewrite Sum_eq0; [unfold Rdiv; ring | intros k Hk; rewrite H; auto; ring].
  - intros k _; rewrite Sum_mult_l; unfold pool, avg_pool; rewrite <- Sum_mean; auto.
Qed.

Corollary instance_norm_zero_sum e y b c :
  \sum_(d <- ds) forward (group_norm (instance_norm bs cs ds e (fun _ => 1) (fun _ => 0))) y (b, c, d) = 0.
Proof.
  pose proof (instance_norm_plane_mean e (fun _ => 1) (fun _ => 0) y (b, c)) as H.
  pose proof (card_pos ds Hds); unfold pool, avg_pool, mean in H.
  apply (Rmult_eq_reg_r (/ card ds)); [|apply Rinv_neq_0_compat; lra].
  rewrite Rmult_0_l; exact H.
Qed.

(** ** Two runs of one network, on other inputs and with other weights *)
Section TwoRuns.
Context {E : Type}.
Variables (edges : list E) (src dst : E -> nat).
Variables op op' : E -> layer (B * C * D) (B * C * D).
Variables x x' : nat -> B * C * D -> R.
Hypothesis acyclic : forall e, In e edges -> (src e < dst e)%nat.
Definition fed (j : nat) : Prop := exists e, In e edges /\ dst e = j.
Hypothesis Hx : forall j, fed j -> forward_equation edges src dst op x j.
Hypothesis Hx' : forall j, fed j -> forward_equation edges src dst op' x' j.

(** Equal plane means at the source give equal ones behind the edge: skip, none, concatenation. An edge
    from an input of the network gives equal ones in any case: it ends in an instance norm. *)
Hypothesis Hop : forall e, In e edges ->
  (fed (src e) -> forall q, pool (x (src e)) q = pool (x' (src e)) q) ->
  forall q, pool (forward (op e) (x (src e))) q = pool (forward (op' e) (x' (src e))) q.

Lemma pool_Sum {J} (l : list J) (f : J -> B * C * D -> R) q :
  pool (fun i => \sum_(e <- l) f e i) q = \sum_(e <- l) pool (f e) q.
Proof.
  unfold pool, avg_pool, mean, Rdiv; rewrite Sum_swap, <- Sum_mult_r; auto.
Qed.

Theorem plane_means_agree j : fed j -> forall q, pool (x j) q = pool (x' j) q.
Proof.
  induction j as [j IH] using (well_founded_induction lt_wf); intros Hj q.
  assert (F : x j = fun i => \sum_(e <- into edges dst j) forward (op e) (x (src e)) i)
    by (extensionality i; apply Hx; auto).
  assert (F' : x' j = fun i => \sum_(e <- into edges dst j) forward (op' e) (x' (src e)) i)
    by (extensionality i; apply Hx'; auto).
  rewrite F, F', !pool_Sum; apply Sum_ext; intros e He; apply filter_In in He as [He Hd].
  apply Nat.eqb_eq in Hd; apply Hop; auto; intros Hs; apply IH; [rewrite <- Hd; auto | auto].
Qed.

(** The logits are the same: they depend neither on the input nor on any weight before the head. *)
Corollary logits_agree (w : C -> N -> R) j q : fed j -> logits cs ds w (x j) q = logits cs ds w (x' j) q.
Proof.
  intros Hj; unfold logits; apply Sum_ext; intros c _; f_equal; apply (plane_means_agree j Hj).
Qed.
End TwoRuns.

(** ** Affine-disabled: all plane means are zero *)
Section AffineOff.
Context {E : Type}.
Variables (edges : list E) (src dst : E -> nat).
Hypothesis acyclic : forall e, In e edges -> (src e < dst e)%nat.

(** A run: values that obey the forward equation, where every edge delivers planes of zero mean when
    its source has them; from an input of the network, in any case. *)
Definition degenerate_run (op : E -> layer (B * C * D) (B * C * D)) (x : nat -> B * C * D -> R) : Prop :=
  (forall j, fed edges dst j -> forward_equation edges src dst op x j) /\
  (forall e, In e edges -> (fed edges dst (src e) -> forall q, pool (x (src e)) q = 0) ->
     forall q, pool (forward (op e) (x (src e))) q = 0).

Theorem plane_means_are_0 op x j : degenerate_run op x -> fed edges dst j -> forall q, pool (x j) q = 0.
Proof.
  intros [Hx Hop]; induction j as [j IH] using (well_founded_induction lt_wf); intros Hj q.
  assert (F : x j = fun i => \sum_(e <- into edges dst j) forward (op e) (x (src e)) i)
    by (extensionality i; apply Hx; auto).
  rewrite F, pool_Sum; apply Sum_eq0; intros e He; apply filter_In in He as [He Hd].
  apply Nat.eqb_eq in Hd; apply Hop; auto; intros Hs; apply IH; [rewrite <- Hd; auto | auto].
Qed.

Theorem logits_are_0 op x (w : C -> N -> R) j q :
  degenerate_run op x -> fed edges dst j -> logits cs ds w (x j) q = 0.
Proof.
  intros Hr Hj; unfold logits; apply Sum_eq0; intros c _.
  change (pool (x j) (fst q, c) * w c (snd q) = 0); rewrite (plane_means_are_0 op x j Hr Hj); ring.
Qed.

(** Without a bias in the head the prediction is uniform: L = H = ln K, C = 0. *)
Theorem loss_is_ln_K label (Y : N -> R) :
  (forall n, Y n = 0) -> loss ns Y label = ln (card ns) /\ entropy ns Y = ln (card ns).
Proof.
  intros HY; pose proof (card_pos ns Hns) as Hc.
  assert (Hz : sum_exp ns Y = card ns).
  { unfold sum_exp; rewrite (Sum_ext ns _ (fun _ => 1)) by (intros; rewrite HY; apply exp_0).
    rewrite Sum_const; ring. }
  assert (Hl : forall n, ln (softmax ns Y n) = - ln (card ns))
    by (intros; rewrite ln_softmax, HY, Hz by auto; ring).
  split; [unfold loss; rewrite Hl; ring|].
  unfold entropy; rewrite (Sum_ext ns _ (fun n => softmax ns Y n * - ln (card ns))) by (intros; rewrite Hl; auto).
  rewrite Sum_mult_r, softmax_sum by auto; ring.
Qed.

(** Nothing that varies changes the loss: let the input, the weights of any operation and of the
    linear layer, the scale of what an edge delivers move along any curve; the derivative is 0. So no
    parameter gets a gradient (a bias of the linear layer apart), and every edge cost is 0. *)
Theorem no_parameter_gets_a_gradient
    (op : R -> E -> layer (B * C * D) (B * C * D)) x (w : R -> C -> N -> R) bias label j t0 :
  (forall t, degenerate_run (op t) (x t)) -> fed edges dst j ->
  deriv (fun t => batch_loss bs ns label (fun q => logits cs ds (w t) (x t j) q + bias (snd q))) t0 0.
Proof.
  intros Hr Hj; apply (D_ext (fun _ => batch_loss bs ns label (fun q => bias (snd q)))); [|apply D_const].
  intros t; f_equal; extensionality q; rewrite (logits_are_0 (op t) (x t) (w t) j q (Hr t) Hj); ring.
Qed.
End AffineOff.
End InstanceNorm.

(** With a ReLU behind the norm the plane sum is not zero; here the plane (1, 3). *)
Theorem relu_after_norm_is_not_degenerate :
  let ds := [0; 1]%nat in
  let x := fun d => if Nat.eqb d 0 then 1 else 3 in
  \sum_(d <- ds) relu (norm ds 0 (fun _ => 1) (fun _ => 0) x d) = 1.
Proof.
  intros ds x.
  assert (Hm : mean ds x = 2) by (unfold mean, card, ds, x; cbn; lra).
  assert (Hv : var ds x = 1) by (unfold var; rewrite Hm; unfold mean, card, ds, x; cbn; lra).
  assert (Hs : sigma ds 0 x = 1) by (unfold sigma; rewrite Hv, Rplus_0_r; apply sqrt_1).
  unfold norm, xhat; rewrite Hs, Hm; unfold ds, x, relu, Rmax; cbn.
  repeat destruct (Rle_dec _ _); lra.
Qed.
