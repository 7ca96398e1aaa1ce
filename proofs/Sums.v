(** * Finite sums, [\sum_(i <- s) f i]

    The one notation for the sums of the paper. An index set is a list over any type, so the same
    statement covers vectors (nat), tensors (B * C * D), edges and operations. Repeated indices
    are allowed unless [NoDup] is asked for. *)
From Coq Require Import Reals List Permutation Lra Lia.
Import ListNotations.
Open Scope R_scope.

Fixpoint Sum {I : Type} (s : list I) (f : I -> R) : R :=
  match s with
  | [] => 0
  | i :: s' => f i + Sum s' f
  end.

Notation "\sum_( i <- s ) e" := (Sum s (fun i => e))
  (at level 41, e at level 41, i binder, s at level 60,
   format "'[' \sum_( i  <-  s ) '/  '  e ']'") : R_scope.

(** Number of indices, as a real; average over the index set. *)
Definition card {I} (s : list I) : R := INR (length s).
Definition mean {I} (s : list I) (f : I -> R) : R := Sum s f / card s.

(** 1 if the two indices are the same, else 0. *)
Definition delta {I} (dec : forall i j : I, {i = j} + {i <> j}) (i j : I) : R := if dec i j then 1 else 0.

Lemma sq_nonneg a : 0 <= a * a.
Proof. apply Rle_0_sqr. Qed.

Section SumLemmas.
Context {I : Type}.
Implicit Types (s : list I) (f g : I -> R).

Lemma Sum_ext s f g : (forall i, In i s -> f i = g i) -> Sum s f = Sum s g.
Proof.
  induction s as [|a s IH]; simpl; intros H; auto.
  rewrite (H a), IH; auto.
Qed.

Lemma Sum_0 s : \sum_(i <- s) 0 = 0.
Proof. induction s; simpl; lra. Qed.

Lemma Sum_eq0 s f : (forall i, In i s -> f i = 0) -> Sum s f = 0.
Proof. intros H; rewrite (Sum_ext _ _ (fun _ => 0)); auto using Sum_0. Qed.

Lemma Sum_plus s f g : \sum_(i <- s) (f i + g i) = (\sum_(i <- s) f i) + \sum_(i <- s) g i.
Proof. induction s; simpl; lra. Qed.

Lemma Sum_minus s f g : \sum_(i <- s) (f i - g i) = (\sum_(i <- s) f i) - \sum_(i <- s) g i.
Proof. induction s; simpl; lra. Qed.

Lemma Sum_mult_l s a f : \sum_(i <- s) (a * f i) = a * \sum_(i <- s) f i.
Proof. induction s as [|b s IH]; simpl; [ring | rewrite IH; ring]. Qed.

Lemma Sum_mult_r s a f : \sum_(i <- s) (f i * a) = (\sum_(i <- s) f i) * a.
Proof. induction s as [|b s IH]; simpl; [ring | rewrite IH; ring]. Qed.

Lemma Sum_opp s f : \sum_(i <- s) (- f i) = - \sum_(i <- s) f i.
Proof. induction s; simpl; lra. Qed.

Lemma Sum_const s a : \sum_(i <- s) a = card s * a.
Proof.
  unfold card; induction s as [|b s IH]; [simpl; ring|].
  change (length (b :: s)) with (S (length s)); rewrite S_INR; simpl; rewrite IH; ring.
Qed.

Lemma Sum_app s1 s2 f : Sum (s1 ++ s2) f = Sum s1 f + Sum s2 f.
Proof. induction s1; simpl; lra. Qed.

Lemma Sum_le s f g : (forall i, In i s -> f i <= g i) -> Sum s f <= Sum s g.
Proof.
  induction s as [|a s IH]; simpl; intros H; [lra|].
  apply Rplus_le_compat; auto.
Qed.

Lemma Sum_ge0 s f : (forall i, In i s -> 0 <= f i) -> 0 <= Sum s f.
Proof. intros H; rewrite <- (Sum_0 s); apply Sum_le; auto. Qed.

Lemma Sum_lt s f g :
  (forall i, In i s -> f i <= g i) -> (exists i, In i s /\ f i < g i) -> Sum s f < Sum s g.
Proof.
  induction s as [|a s IH]; simpl; intros H [i [Hi Hlt]]; [tauto|].
  destruct Hi as [<-|Hi].
  - apply Rplus_lt_le_compat; auto. apply Sum_le; auto.
  - apply Rplus_le_lt_compat; auto. apply IH; eauto.
Qed.

Lemma Sum_gt0 s f : s <> [] -> (forall i, In i s -> 0 < f i) -> 0 < Sum s f.
Proof.
  intros Hs H; rewrite <- (Sum_0 s); apply Sum_lt.
  - intros i Hi; left; auto.
  - destruct s as [|a s]; [congruence|]. exists a; split; [|apply H]; left; auto.
Qed.

Lemma Sum_ge0_eq0 s f :
  (forall i, In i s -> 0 <= f i) -> Sum s f = 0 -> forall i, In i s -> f i = 0.
Proof.
  intros H H0 i Hi. destruct (Rle_lt_or_eq_dec _ _ (H i Hi)) as [Hlt|]; auto.
  exfalso; assert (0 < Sum s f); [|lra].
  rewrite <- (Sum_0 s); apply Sum_lt; eauto.
Qed.

Lemma card_pos s : s <> [] -> 0 < card s.
Proof.
  destruct s; [congruence|intros _]. unfold card; simpl length. apply lt_0_INR; lia.
Qed.

Lemma mean_ext s f g : (forall i, In i s -> f i = g i) -> mean s f = mean s g.
Proof. intros H; unfold mean; rewrite (Sum_ext s f g); auto. Qed.

Lemma Sum_mean s f : s <> [] -> \sum_(i <- s) f i = card s * mean s f.
Proof.
  intros H; change (Sum s f = card s * (Sum s f / card s)); field.
  pose proof (card_pos s H); lra.
Qed.

Lemma mean_scal s a f : mean s (fun i => a * f i) = a * mean s f.
Proof. unfold mean, Rdiv; rewrite Sum_mult_l; apply Rmult_assoc. Qed.

Lemma mean_centred s f : s <> [] -> \sum_(i <- s) (f i - mean s f) = 0.
Proof. intros H; rewrite Sum_minus, Sum_const, (Sum_mean s f H); ring. Qed.

Lemma mean_plus s f g : mean s (fun i => f i + g i) = mean s f + mean s g.
Proof. unfold mean, Rdiv; rewrite <- Rmult_plus_distr_r; f_equal; apply Sum_plus. Qed.

Lemma mean_const s (H : s <> []) a : mean s (fun _ => a) = a.
Proof. unfold mean; rewrite Sum_const; pose proof (card_pos s H); field; lra. Qed.

Lemma mean_le s f g : (forall i, In i s -> f i <= g i) -> mean s f <= mean s g.
Proof.
  intros H; destruct s as [|a s]; [apply Rle_refl|].
  unfold mean; apply Rmult_le_compat_r; [|apply Sum_le; auto].
  left; apply Rinv_0_lt_compat, card_pos; discriminate.
Qed.

(** Mean of the absolute values. *)
Definition mean_abs s f : R := mean s (fun i => Rabs (f i)).

Lemma mean_abs_nonneg s (H : s <> []) f : 0 <= mean_abs s f.
Proof. rewrite <- (mean_const s H 0); apply mean_le; intros; apply Rabs_pos. Qed.

(** Picking one index out of a sum. *)
Lemma Sum_pick (dec : forall i j : I, {i = j} + {i <> j}) s k f :
  NoDup s -> In k s -> \sum_(i <- s) delta dec i k * f i = f k.
Proof.
  unfold delta; intros Hnd; induction Hnd as [|a s Hnin Hnd IH]; simpl; intros Hk; [tauto|].
  destruct (dec a k) as [->|Hne].
  - rewrite Sum_eq0; [ring|]. intros i Hi; destruct (dec i k) as [->|]; [tauto|ring].
  - destruct Hk as [|Hk]; [congruence|]. rewrite IH; auto; ring.
Qed.

Lemma Sum_perm s r f : Permutation s r -> Sum s f = Sum r f.
Proof. induction 1; simpl; lra. Qed.

Lemma Sum_abs s f : Rabs (Sum s f) <= \sum_(i <- s) Rabs (f i).
Proof.
  induction s as [|a s IH]; simpl; [rewrite Rabs_R0; lra|].
  eapply Rle_trans; [apply Rabs_triang | apply Rplus_le_compat_l, IH].
Qed.

Lemma Sum_concat (gs : list (list I)) f : Sum (concat gs) f = \sum_(G <- gs) Sum G f.
Proof. induction gs as [|G gs IH]; simpl; [auto | rewrite Sum_app, IH; auto]. Qed.

Lemma Sum_filter (p : I -> bool) s f : Sum (filter p s) f = \sum_(i <- s) if p i then f i else 0.
Proof. induction s as [|a s IH]; simpl; [auto | destruct (p a); simpl; rewrite IH; ring]. Qed.

End SumLemmas.

Lemma Sum_map {I J} (h : I -> J) (s : list I) (f : J -> R) : Sum (map h s) f = \sum_(i <- s) f (h i).
Proof. induction s as [|a s IH]; simpl; [auto | rewrite IH; auto]. Qed.

Lemma Sum_swap {I J} (s : list I) (r : list J) (f : I -> J -> R) :
  \sum_(i <- s) \sum_(j <- r) f i j = \sum_(j <- r) \sum_(i <- s) f i j.
Proof.
  induction s as [|a s IH]; simpl; [rewrite Sum_0; auto|].
  rewrite IH, <- Sum_plus; auto.
Qed.

Lemma Sum_prod {I J} (s : list I) (r : list J) (f : I -> J -> R) :
  \sum_(p <- list_prod s r) f (fst p) (snd p) = \sum_(i <- s) \sum_(j <- r) f i j.
Proof.
  induction s as [|a s IH]; simpl; auto.
  rewrite Sum_app, IH; f_equal.
  clear; induction r; simpl; auto; f_equal; auto.
Qed.
