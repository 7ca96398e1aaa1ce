(** * Theorem 2, through the whole head: pooling, linear layer, softmax, batch (eqs. (12), (13))

    The paper: "Cost at output edges of the last cell has the form C_Z = L - H", for the post-
    processing of Fig. 10: average pooling over positions, a bias-free linear layer, cross-entropy,
    mean over the batch. With a bias in the linear layer, what the bias contributes is subtracted. *)
From Coq Require Import Reals List Lra Lia FunctionalExtensionality.
From Wirecost Require Import Sums Derivative Gradient Normalisation Softmax Theorem2.
Import ListNotations.
Open Scope R_scope.

Section Head.
Context {B C D N : Type}.
Variables (bs : list B) (cs : list C) (ds : list D) (ns : list N).
Hypotheses (Hbs : bs <> []) (Hds : ds <> []) (Hns : ns <> []).
Variable w : C -> N -> R.
Variable label : B -> N.
Hypothesis Hlabel : forall b, In b bs -> In (label b) ns.

Definition avg_pool (X : B * C * D -> R) (q : B * C) : R := mean ds (fun d => X (q, d)).
Definition logits (X : B * C * D -> R) (q : B * N) : R :=
  \sum_(c <- cs) avg_pool X (fst q, c) * w c (snd q).

Definition row (Y : B * N -> R) (b : B) (n : N) : R := Y (b, n).
Definition batch_loss (Y : B * N -> R) : R := mean bs (fun b => loss ns (row Y b) (label b)).
Definition batch_entropy (Y : B * N -> R) : R := mean bs (fun b => entropy ns (row Y b)).

Lemma deriv_batch_loss (c : R -> B * N -> R) t0 v :
  (forall b n, In b bs -> In n ns -> deriv (fun t => c t (b, n)) t0 (v (b, n))) ->
  deriv (fun t => batch_loss (c t)) t0
    (mean bs (fun b => - v (b, label b) + \sum_(n <- ns) softmax ns (row (c t0) b) n * v (b, n))).
Proof.
  intros Hd; unfold batch_loss.
  apply (deriv_mean bs (fun t b => loss ns (row (c t) b) (label b))); intros b Hb.
  apply (deriv_loss ns Hns (fun t => row (c t) b) t0 (row v b)); auto.
  intros n Hn; apply Hd; auto.
Qed.

Lemma logits_homogeneous t X q : logits (fun i => t * X i) q = t * logits X q.
Proof.
  unfold logits, avg_pool; rewrite <- Sum_mult_l; apply Sum_ext; intros c _.
  rewrite mean_scal; ring.
Qed.

(** With a bias in the last layer the cost of the pooled features is L - H minus what the
    bias itself contributes. *)
Theorem theorem_2_bias (bias : N -> R) X :
  let Y := fun q => logits X q + bias (snd q) in
  cost (fun X => batch_loss (fun q => logits X q + bias (snd q))) X
    (batch_loss Y - batch_entropy Y
     - mean bs (fun b => - bias (label b) + \sum_(n <- ns) softmax ns (row Y b) n * bias n)).
Proof.
  intros Y; unfold cost.
  apply (D_ext (fun t => batch_loss (fun q => t * logits X q + bias (snd q)))).
  { intros t; f_equal; extensionality q; rewrite logits_homogeneous; auto. }
  eapply D_eq; [apply (deriv_batch_loss (fun t q => t * logits X q + bias (snd q)) 1 (logits X))|].
  - intros b n _ _; eapply D_eq;
      [eapply (D_plus (fun t => t * logits X (b, n)) (fun _ => bias n) 1 _ 0);
         [apply (D_mult (fun t => t) (fun _ => logits X (b, n)) 1 1 0);
            [apply D_id | apply D_const] | apply D_const] | ring].
  - replace (fun q : B * N => 1 * logits X q + bias (snd q)) with Y
      by (extensionality q; unfold Y; ring).
    unfold batch_loss, batch_entropy, mean, Rdiv; rewrite <- !Rmult_minus_distr_r, <- !Sum_minus.
    f_equal; apply Sum_ext; intros b Hb.
    assert (Hrow : forall n, row Y b n = logits X (b, n) + bias n) by reflexivity.
    rewrite <- (logit_cost_is_L_minus_H ns Hns (row Y b) (label b)).
    rewrite (Sum_ext ns (fun n => softmax ns (row Y b) n * logits X (b, n))
      (fun n => softmax ns (row Y b) n * row Y b n - softmax ns (row Y b) n * bias n))
      by (intros n _; rewrite Hrow; ring).
    rewrite Sum_minus, Hrow; ring.
Qed.

(** Theorem 2. *)
Theorem theorem_2 X :
  cost (fun X => batch_loss (logits X)) X (batch_loss (logits X) - batch_entropy (logits X)).
Proof.
  pose proof (theorem_2_bias (fun _ => 0) X) as H; cbv beta zeta in H.
  replace (fun q : B * N => logits X q + 0) with (logits X) in H by (extensionality q; ring).
  eapply D_eq.
  - eapply D_ext; [|exact H]; intros t; simpl; f_equal; extensionality q; ring.
  - unfold mean at 1; rewrite (Sum_eq0 bs); [unfold Rdiv; ring|].
    intros b _; rewrite (Sum_eq0 ns); [ring | intros; ring].
Qed.

(** Eq. (13): the gradient at the head input. *)
Definition head_grad (Y : B * N -> R) (i : B * C * D) : R :=
  match i with
  | (b, c, _) => (- w c (label b) + \sum_(n <- ns) softmax ns (row Y b) n * w c n) / (card bs * card ds)
  end.

Theorem head_grad_correct X :
  has_grad (list_prod (list_prod bs cs) ds) (fun X => batch_loss (logits X)) X (head_grad (logits X)).
Proof.
  intros k t0 v Hk Hd; pose proof (card_pos bs Hbs); pose proof (card_pos ds Hds).
  eapply D_eq; [apply (deriv_batch_loss (fun t => logits (k t)) t0 (logits v))|].
  - intros b n Hb Hn; unfold logits.
    apply (D_Sum cs (fun t c => avg_pool (k t) (b, c) * w c n) (fun c => avg_pool v (b, c) * w c n)).
    intros c Hc; eapply D_eq;
      [eapply (D_mult (fun t => avg_pool (k t) (b, c)) (fun _ => w c n) t0 _ 0); [|apply D_const]|].
    + apply (deriv_mean ds (fun t d => k t (b, c, d)) t0 (fun d => v (b, c, d))).
      intros d Hd'; apply (Hd (b, c, d)); repeat (apply in_prod); auto.
    + unfold avg_pool; ring.
  - rewrite Hk; unfold mean at 1.
    rewrite (Sum_ext (list_prod (list_prod bs cs) ds) _
      (fun i => head_grad (logits X) (fst i, snd i) * v (fst i, snd i))) by (intros [q d] _; auto).
    rewrite (Sum_prod (list_prod bs cs) ds (fun q d => head_grad (logits X) (q, d) * v (q, d))).
    rewrite (Sum_ext (list_prod bs cs) _ (fun q =>
      \sum_(d <- ds) head_grad (logits X) ((fst q, snd q), d) * v ((fst q, snd q), d)))
      by (intros [b c] _; auto).
    rewrite (Sum_prod bs cs (fun b c => \sum_(d <- ds) head_grad (logits X) (b, c, d) * v (b, c, d))).
    unfold Rdiv; rewrite <- Sum_mult_r; apply Sum_ext; intros b Hb.
    unfold logits at 1 3; cbn [fst snd].
    set (P := softmax ns (row (logits X) b)).
    rewrite (Sum_ext ns _ (fun n => \sum_(c <- cs) P n * (avg_pool v (b, c) * w c n)))
      by (intros n _; rewrite Sum_mult_l; auto).
    rewrite Sum_swap, <- Sum_opp, <- Sum_plus, <- Sum_mult_r; apply Sum_ext; intros c Hc.
    unfold head_grad; rewrite Sum_mult_l; fold P.
    rewrite (Sum_ext ns _ (fun n => P n * w c n * avg_pool v (b, c))) by (intros; ring).
    rewrite Sum_mult_r; unfold avg_pool, mean; field; lra.
Qed.

(** Theorem 2 sample by sample: the part of the cost that falls on sample b. *)
Theorem theorem_2_sample X b :
  let Y := logits X in
  \sum_(c <- cs) \sum_(d <- ds) head_grad Y (b, c, d) * X (b, c, d)
  = (loss ns (row Y b) (label b) - entropy ns (row Y b)) / card bs.
Proof.
  intros Y; pose proof (card_pos bs Hbs); pose proof (card_pos ds Hds).
  rewrite <- (logit_cost_is_L_minus_H ns Hns); set (P := softmax ns (row Y b)).
  transitivity (\sum_(c <- cs) (- (avg_pool X (b, c) * w c (label b))
    + \sum_(n <- ns) P n * (avg_pool X (b, c) * w c n)) * / card bs).
  - apply Sum_ext; intros c _; cbn [head_grad]; fold P; rewrite Sum_mult_l.
    rewrite (Sum_ext ns (fun n => P n * (avg_pool X (b, c) * w c n))
      (fun n => P n * w c n * avg_pool X (b, c))) by (intros; ring).
    rewrite Sum_mult_r; unfold avg_pool, mean; field; lra.
  - unfold Rdiv; rewrite Sum_mult_r, Sum_plus, Sum_opp, Sum_swap; do 2 f_equal.
    apply Sum_ext; intros n _; rewrite Sum_mult_l; auto.
Qed.

(** After eq. (12), as printed: -1/B log p of a sample, without the sum over the batch. With two samples or more, and
    two classes or more, that is less than L, whichever sample is meant. *)
Lemma one_below_Sum {I} (s : list I) f k :
  In k s -> (1 < length s)%nat -> (forall i, In i s -> 0 < f i) -> f k < Sum s f.
Proof.
  intros Hk Hl Hf; destruct (in_split k s Hk) as [l1 [l2 ->]].
  rewrite Sum_app; cbn [Sum]; rewrite app_length in Hl; cbn [length] in Hl.
  assert (0 < Sum (l1 ++ l2) f).
  { apply Sum_gt0; [|intros i Hi; apply Hf; apply in_app_iff in Hi; apply in_or_app; cbn; tauto].
    intros E; apply app_eq_nil in E as [-> ->]; cbn in Hl; lia. }
  rewrite Sum_app in H; lra.
Qed.

Theorem loss_misprint Y b :
  In b bs -> (1 < length bs)%nat -> (1 < length ns)%nat ->
  / card bs * - ln (softmax ns (row Y b) (label b)) < batch_loss Y.
Proof.
  intros Hb Hl Hk; unfold batch_loss, mean, Rdiv; rewrite Rmult_comm; apply Rmult_lt_compat_r.
  - apply Rinv_0_lt_compat, card_pos; auto.
  - apply (one_below_Sum bs (fun b => loss ns (row Y b) (label b))); auto.
    intros a Ha; unfold loss; pose proof (softmax_pos ns Hns (row Y a) (label a)).
    assert (softmax ns (row Y a) (label a) < 1).
    { rewrite <- (softmax_sum ns Hns (row Y a)); apply one_below_Sum; auto using softmax_pos. }
    assert (ln (softmax ns (row Y a) (label a)) < ln 1) by (apply ln_increasing; auto); rewrite ln_1 in *; lra.
Qed.

End Head.
