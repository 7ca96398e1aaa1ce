(** * Every acyclic network has values and gradients

    The equations of Network.v have solutions: going up through the nodes gives values that
    satisfy every forward equation, going down gives gradients that satisfy every backward equation. So
    the theorems about solutions speak of every network. *)
From Coq Require Import Reals List Lra Lia FunctionalExtensionality.
From Wirecost Require Import Sums Gradient Network.
Import ListNotations.
Open Scope R_scope.

Section Solutions.
Context {E I : Type}.
Variables (edges : list E) (src dst : E -> nat) (op : E -> layer I I) (ix : nat -> list I).
Variable n : nat.
Hypothesis acyclic : forall e, In e edges -> (src e < dst e <= n)%nat.

(** Nodes below m are inputs, with the values of st. *)
Theorem values_exist m st :
  (m <= S n)%nat ->
  exists x, (forall j, (j < m)%nat -> x j = st j) /\
            (forall j, (m <= j <= n)%nat -> forward_equation edges src dst op x j).
Proof.
  intros Hm.
  enough (H : forall k, exists x, (forall j, (j < m)%nat -> x j = st j) /\
    (forall j, (m <= j < m + k)%nat -> forward_equation edges src dst op x j)).
  { destruct (H (S n - m)%nat) as [x [H1 H2]]; exists x; split; [auto | intros; apply H2; lia]. }
  induction k as [|k [x [Hin Hx]]]; [exists st; split; [auto | intros; lia]|].
  set (x' := evaluate edges src dst op x (m + k)).
  assert (Hsame : forall j, j <> (m + k)%nat -> x' j = x j).
  { intros j Hj; unfold x', evaluate; destruct (Nat.eqb_spec j (m + k)); [lia | auto]. }
  exists x'; split; [intros j Hj; rewrite Hsame; [auto | lia]|].
  intros j Hj i; destruct (Nat.eq_dec j (m + k)) as [->|Hne].
  - unfold x' at 1, evaluate; rewrite Nat.eqb_refl; apply Sum_ext; intros e He.
    apply filter_In in He as [He Hd]; apply Nat.eqb_eq in Hd; pose proof (acyclic e He).
    rewrite Hsame; [auto | lia].
  - rewrite Hsame, (Hx j) by lia; apply Sum_ext; intros e He.
    apply filter_In in He as [He Hd]; apply Nat.eqb_eq in Hd; pose proof (acyclic e He).
    rewrite Hsame; [auto | lia].
Qed.

(** At node n the gradient is that of the loss. *)
Theorem gradients_exist x g_out :
  exists g, g n = g_out /\ forall j, (j < n)%nat -> backward_equation edges src dst op ix x g j.
Proof.
  enough (H : forall k, exists g : nat -> I -> R, g n = g_out /\
    (forall j, (n - k <= j < n)%nat -> backward_equation edges src dst op ix x g j)).
  { destruct (H n) as [g [H1 H2]]; exists g; split; [auto | intros; apply H2; lia]. }
  induction k as [|k [g [Hout Hg]]]; [exists (fun _ => g_out); split; [auto | intros; lia]|].
  destruct (le_lt_dec n k) as [Hk|Hk]; [exists g; split; [auto | intros; apply Hg; lia]|].
  set (new := (n - S k)%nat).
  set (g' := fun j => if Nat.eqb j new
    then fun i => \sum_(e <- out_of edges src j) backward (op e) (x (src e)) (g (dst e)) i else g j).
  assert (Hsame : forall j, j <> new -> g' j = g j).
  { intros j Hj; unfold g'; destruct (Nat.eqb_spec j new); [lia | auto]. }
  exists g'; split; [rewrite Hsame; [auto | unfold new; lia]|].
  intros j Hj i Hi; destruct (Nat.eq_dec j new) as [->|Hne].
  - unfold g' at 1; rewrite Nat.eqb_refl; apply Sum_ext; intros e He.
    apply filter_In in He as [He Hs]; apply Nat.eqb_eq in Hs; pose proof (acyclic e He).
    rewrite Hsame; [auto | lia].
  - rewrite Hsame, (Hg j) by (auto; unfold new in *; lia); apply Sum_ext; intros e He.
    apply filter_In in He as [He Hs]; apply Nat.eqb_eq in Hs; pose proof (acyclic e He).
    rewrite Hsame; [auto | unfold new in *; lia].
Qed.
End Solutions.
