(** * Max pooling keeps the cost

    The paper: Theorem 1 "can be easily generalized to pooling operations" (footnote 1).
    Average pooling is linear; max pooling is not. Its backward pass sends the gradient of an
    output to the entries that attain the maximum, by some rule when they are several. The cost is
    kept under every such rule; the backward pass is the gradient where the maximum is unique. *)
From Coq Require Import Reals List Lra Lia.
From Wirecost Require Import Sums Derivative Gradient Euler LinearOperations.
Import ListNotations.
Open Scope R_scope.

(** The maximum over a window; 0 over the empty one. *)
Definition maximum {I} (x : I -> R) (w : list I) : R :=
  match w with
  | [] => 0
  | i :: w => fold_right (fun j m => Rmax (x j) m) (x i) w
  end.

Lemma maximum_attained {I} (x : I -> R) w k :
  In k w -> (forall i, In i w -> x i <= x k) -> maximum x w = x k.
Proof.
  destruct w as [|a w]; [intros []|]; intros Hk Hle; cbn.
  assert (Hub : fold_right (fun j m => Rmax (x j) m) (x a) w <= x k).
  { clear Hk; induction w as [|j w IH]; cbn; [apply Hle; left; auto|].
    apply Rmax_lub; [apply Hle; right; left; auto|].
    apply IH; intros i [<-|Hi]; apply Hle; [left | right; right]; auto. }
  enough (x k <= fold_right (fun j m => Rmax (x j) m) (x a) w) by lra.
  clear Hub Hle; induction w as [|j w IH]; cbn.
  - destruct Hk as [<-|[]]; lra.
  - destruct Hk as [<-|[<-|Hk]].
    + eapply Rle_trans; [apply IH; left; auto | apply Rmax_r].
    + apply Rmax_l.
    + eapply Rle_trans; [apply IH; right; auto | apply Rmax_r].
Qed.

Section MaxPool.
Context {I O : Type} (dec : forall i j : I, {i = j} + {i <> j}).
Variables (si : list I) (so : list O).
Variable window : O -> list I.

(** [share x o i]: the share of output o's gradient that goes to entry i. *)
Definition max_pool (share : (I -> R) -> O -> I -> R) : layer I O :=
  Layer (fun x o => maximum x (window o)) (fun x g i => \sum_(o <- so) g o * share x o i).

Lemma max_pool_homogeneous share x : homogeneous 1 (forward (max_pool share)) x.
Proof.
  intros t o Ht; cbn; unfold maximum; rewrite Rmult_1_r; destruct (window o) as [|i w]; [ring|].
  induction w as [|j w IH]; cbn; [auto | rewrite IH, RmaxRmult; [auto | lra]].
Qed.

(** Any rule that gives shares of total 1 to maximal entries only keeps the cost. *)
Theorem max_pool_keeps_cost share x :
  (forall o, In o so -> \sum_(i <- si) share x o i = 1) ->
  (forall o i, In o so -> share x o i <> 0 -> x i = maximum x (window o)) ->
  keeps_cost si so (max_pool share) x.
Proof.
  intros H1 Hmax g; pose proof (linear_keeps_cost si so (share x) x g) as H; cbn in H |- *; rewrite H.
  apply Sum_ext; intros o Ho; f_equal.
  rewrite (Sum_ext si _ (fun i => share x o i * maximum x (window o))).
  - rewrite Sum_mult_r, H1; auto; ring.
  - intros i _; destruct (Req_dec (share x o i) 0) as [E|E]; [rewrite E; ring | rewrite (Hmax o i); auto].
Qed.

(** The rule of most implementations: the whole gradient to one selected entry. *)
Corollary max_pool_first_maximum_keeps_cost (sel : (I -> R) -> O -> I) x :
  NoDup si -> (forall o, In o so -> In (sel x o) si) ->
  (forall o, In o so -> x (sel x o) = maximum x (window o)) ->
  keeps_cost si so (max_pool (fun x o i => delta dec i (sel x o))) x.
Proof.
  intros Hnd Hin Hsel; apply max_pool_keeps_cost.
  - intros o Ho; rewrite (Sum_ext si _ (fun i => delta dec i (sel x o) * 1)) by (intros; ring).
    apply (Sum_pick dec si (sel x o) (fun _ => 1)); auto.
  - intros o i Ho; unfold delta; destruct (dec i (sel x o)) as [->|]; [auto | lra].
Qed.

(** At a unique maximum the backward pass is the gradient. *)
Theorem max_pool_differentiable (sel : (I -> R) -> O -> I) x :
  NoDup si ->
  (forall o i, In o so -> In i (window o) -> In i si) ->
  (forall o, In o so -> In (sel x o) (window o)) ->
  (forall o i, In o so -> In i (window o) -> i <> sel x o -> x i < x (sel x o)) ->
  differentiable si so (max_pool (fun x o i => delta dec i (sel x o))) x.
Proof.
  intros Hnd Hwin Hsel Huniq c t0 v Hc Hv; exists (fun o => v (sel x o)); split.
  - intros o Ho; apply (D_ext_loc (fun t => c t (sel x o))); [|apply Hv; eauto].
    destruct (small_for_all (window o) (fun i h => c (t0 + h) i <= c (t0 + h) (sel x o)))
      as [d [Hd H]].
    + intros i Hi; destruct (dec i (sel x o)) as [->|Hne].
      * exists 1; split; [lra | intros; lra].
      * destruct (less_nearby (fun t => c t i) (fun t => c t (sel x o)) t0 (v i) (v (sel x o)))
          as [d [Hd H]]; [apply Hv; eauto | apply Hv; eauto | rewrite Hc; apply Huniq; auto |].
        exists d; split; [auto | intros h Hh; left; auto].
    + exists d; split; auto; intros t Ht; symmetry; apply maximum_attained; [auto|].
      intros i Hi; replace t with (t0 + (t - t0)) by ring; apply (H (t - t0)); auto.
  - intros g; cbn.
    rewrite (Sum_ext si _ (fun i => \sum_(o <- so) g o * (delta dec i (sel x o) * v i))).
    + rewrite Sum_swap; apply Sum_ext; intros o Ho; rewrite Sum_mult_l, Sum_pick; eauto.
    + intros i _; rewrite <- Sum_mult_r; apply Sum_ext; intros; ring.
Qed.
End MaxPool.
