(** * Readings that fail, each by one small example

    - Eq. (15) for layer norm: the cost is zero for every sample, not for every channel of it.
    - Corollary 1.2: the last cell's costs do not sum to zero as the second-last's do. *)
From Coq Require Import Reals List Lra Lia.
From Wirecost Require Import Sums Gradient Normalisation NormalisationGroups NormalisationKinds.
From Wirecost Require Import Softmax Theorem2Head Network CellCost Corollary12 MinimalCell.
Import ListNotations.
Open Scope R_scope.

Definition both : list bool := [true; false].

(** ** One sample, two channels of two positions: x = 1, 3 in each, the loss reads the first entry *)
Definition four (i : unit * bool * bool) : R := if snd i then 1 else 3.
Definition reads_first (i : unit * bool * bool) : R := if snd (fst i) then if snd i then 1 else 0 else 0.

Theorem layer_norm_per_channel_fails :
  let back := backward (group_norm (layer_norm [tt] both both 0 (fun _ => 1) (fun _ => 0))) four reads_first in
  \sum_(d <- both) back (tt, true, d) * four (tt, true, d) = 1 / 2 /\
  \sum_(d <- both) back (tt, false, d) * four (tt, false, d) = - (1 / 2).
Proof.
  intros back; set (G := block both [tt] both).
  assert (Hm : mean G four = 2) by (unfold mean, card, G, block, both, four; cbn; lra).
  assert (Hv : var G four = 1) by (unfold var; rewrite Hm; unfold mean, card, G, block, both, four; cbn; lra).
  assert (Hs : sigma G 0 four = 1) by (unfold sigma; rewrite Hv, Rplus_0_r; apply sqrt_1).
  assert (Hx : forall i, xhat G 0 four i = four i - 2) by (intros i; unfold xhat; rewrite Hm, Hs; field).
  assert (Hb : forall c d, back (tt, c, d) = norm_backward G 0 (fun _ => 1) four reads_first (tt, c, d)) by reflexivity.
  assert (Hq : mean G (fun j => 1 * reads_first j * xhat G 0 four j) = - (1 / 4)).
  { rewrite (mean_ext G _ (fun j => reads_first j * (four j - 2))) by (intros; rewrite Hx; ring).
    unfold mean, card, G, block, both, four, reads_first; cbn; lra. }
  assert (Hg : mean G (fun j => 1 * reads_first j) = 1 / 4)
    by (unfold mean, card, G, block, both, reads_first; cbn; lra).
  assert (H : forall c d, back (tt, c, d) = reads_first (tt, c, d) - 1 / 4 + (four (tt, c, d) - 2) * (1 / 4))
    by (intros c d; rewrite Hb; unfold norm_backward; rewrite Hs, Hq, Hg, Hx; field).
  clearbody back; unfold both; cbn [Sum]; rewrite (H true true), (H true false), (H false true), (H false false).
  unfold four, reads_first; cbn [fst snd]; split; field.
Qed.

(** ** A last cell: the minimal cell, edges 0 and 3 skips, the others none, both inputs 1 at one pixel; behind it the
    head with two classes, logits 2 and 0, the first one right. Its edges sum to L - H < 0. *)
Section LastCell.
Let entry : Type := unit * bool * unit.
Definition last_edges : list arrow := [edge0; edge1; edge2; edge3; edge4; slice2; slice3].
Definition channel (i : entry) : bool := snd (fst i).
Definition last_op (e : arrow) : layer entry entry :=
  match e with
  | edge0 | edge3 => skip
  | slice2 => Layer (fun y i => if channel i then y i else 0) (fun _ g i => if channel i then g i else 0)
  | slice3 => Layer (fun y i => if channel i then 0 else y (tt, true, tt))
                    (fun _ g i => if channel i then g (tt, false, tt) else 0)
  | _ => none
  end.
Definition last_ix (j : nat) : list entry :=
  if Nat.eqb j 4 then [(tt, true, tt); (tt, false, tt)] else [(tt, true, tt)].
Definition ones (_ : nat) (_ : entry) : R := 1.
Definition last_w (_ n : bool) : R := if n then 1 else 0.
Definition last_label (_ : unit) : bool := true.
Definition last_head : entry -> R :=
  head_grad [tt] [tt] both last_w last_label (logits both [tt] last_w (ones 4)).
Definition last_g (j : nat) (i : entry) : R := if Nat.eqb j 3 then last_head (tt, false, tt) else last_head i.

Theorem last_cell_does_not_sum_to_0 :
  (forall j, In j [4; 2; 3]%nat -> forward_equation last_edges from to last_op ones j) /\
  (forall j, In j [2; 3]%nat -> backward_equation last_edges from to last_op last_ix ones last_g j) /\
  has_grad (last_ix 4) (fun X => batch_loss [tt] both last_label (logits both [tt] last_w X)) (ones 4) (last_g 4) /\
  all_edges_cost last_edges from to last_op last_ix ones last_g [2; 3]%nat < 0.
Proof.
  repeat split.
  - intros j [<-|[<-|[<-|[]]]] [[[] []] []]; unfold ones; cbn; ring.
  - intros j [<-|[<-|[]]] i [<-|[]]; unfold last_g; cbn; ring.
  - apply (head_grad_correct [tt] both [tt] both ltac:(discriminate) ltac:(discriminate) ltac:(discriminate)
      last_w last_label ltac:(intros; left; auto) (ones 4)).
  - assert (Hns : both <> []) by discriminate.
    set (Y := row (logits both [tt] last_w (ones 4)) tt).
    pose proof (softmax_pos both Hns Y true) as P; pose proof (softmax_pos both Hns Y false) as Q.
    pose proof (softmax_sum both Hns Y) as S; unfold both in S at 1; cbn [Sum] in S.
    assert (H : forall c, last_head (tt, c, tt) = softmax both Y true - 1).
    { intros c; unfold last_head, head_grad; fold Y; unfold last_w, last_label, card; unfold both at 1; cbn [Sum length INR].
      field. }
    unfold all_edges_cost, edge_cost, into, last_g, ones; cbn -[last_head]; rewrite !H; lra.
Qed.
End LastCell.
