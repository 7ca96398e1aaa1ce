(** * The bound of a chain of linear steps

    A chain of convolutions and poolings hands its cost on, eq. (4). Its steps together are a matrix A,
    with |A_oi| at most N_oi (the product of the steps' absolute values). If the output y went through at most m
    roundings and the gradient at the input gx through n, then
      |<gx, x> - <gy, y>| <= gamma_(m+n) <|gy|, N |x|>,
    and the roundings of a chain are those of its steps together. *)
From Coq Require Import Reals List Lra Lia.
From Wirecost Require Import Sums Rounding Tolerance RelativeError.
Import ListNotations.
Open Scope R_scope.

Section Chain.
Variable u : R.
Hypothesis Hu : 0 <= u < 1.

(** y is A x after at most k roundings of each entry. *)
Definition maps_to {I O} (si : list I) (so : list O) (k : nat) (A N : O -> I -> R) (x : I -> R) (y : O -> R) : Prop :=
  forall o, In o so ->
    Rabs (y o - \sum_(i <- si) A o i * x i) <= (grow u k - 1) * \sum_(i <- si) N o i * Rabs (x i).

Definition bounded_by {I O} (si : list I) (so : list O) (A N : O -> I -> R) : Prop :=
  forall o i, In o so -> In i si -> Rabs (A o i) <= N o i.

Definition compose {I J O} (sj : list J) (B : O -> J -> R) (A : J -> I -> R) : O -> I -> R :=
  fun o i => \sum_(j <- sj) B o j * A j i.

(** One step: a computed sum of products for each entry. *)
Theorem step_maps_to {I O} (si : list I) (so : list O) A x y :
  (forall o, In o so -> computed u (map (fun i => (A o i, x i)) si) (y o)) ->
  maps_to si so (length si) A (fun o i => Rabs (A o i)) x y.
Proof.
  intros Hy o Ho; pose proof (computed_sum_growth u Hu _ _ (Hy o Ho)) as B.
  rewrite map_length in B; unfold dot, dot_abs in B; rewrite !Sum_map in B; cbn [fst snd] in B.
  eapply Rle_trans; [exact B|]; rewrite (Sum_ext si _ (fun i => Rabs (A o i) * Rabs (x i))) by (intros; apply Rabs_mult).
  apply Rmult_le_compat_r; [apply Sum_ge0; intros; apply Rmult_le_pos; apply Rabs_pos|].
  unfold growth, grow; assert ((1 + u) ^ length si <= (/ (1 - u)) ^ length si); [|lra].
  apply pow_incr; destruct (q_props u Hu) as [_ [Q _]]; lra.
Qed.

(** The same with a share for each output, computed in j roundings: the average over a window forwards... *)
Theorem scaled_step_maps_to {I O} (si : list I) (so : list O) E c w j x z y :
  (forall o, In o so -> computed u (map (fun i => (E o i, x i)) si) (z o)) ->
  (forall o, In o so -> near u j (c o) (w o)) -> (forall o, In o so -> rounds u (w o * z o) (y o)) ->
  maps_to si so (length si + j + 1) (fun o i => c o * E o i) (fun o i => Rabs (c o * E o i)) x y.
Proof.
  intros Hz Hw Hy o Ho.
  assert (B : within u (0 + length si) (\sum_(i <- si) E o i * x i) (\sum_(i <- si) Rabs (E o i * x i)) (z o)).
  { apply (within_dot u Hu si 0 _ _ (E o) x); [intros; apply within_exact | auto]. }
  apply (within_scale u _ _ _ _ (c o)) in B; apply (within_near u Hu _ j _ _ _ (w o * z o)) in B; [|apply near_scale; auto].
  apply (within_near u Hu _ 1 _ _ _ (y o)) in B; [|apply near_rounds; auto]; destruct B as [_ B]; cbn [plus] in B.
  rewrite (Sum_ext si (fun i => c o * E o i * x i) (fun i => c o * (E o i * x i))) by (intros; ring).
  rewrite (Sum_ext si (fun i => Rabs (c o * E o i) * Rabs (x i)) (fun i => Rabs (c o) * Rabs (E o i * x i)))
    by (intros; rewrite !Rabs_mult; ring).
  rewrite !Sum_mult_l; exact B.
Qed.

(** ...and for each input, backwards. *)
Theorem shared_step_maps_to {I O} (si : list I) (so : list O) E c w j x z y :
  (forall i, In i si -> near u j (c i) (w i)) -> (forall i, In i si -> rounds u (w i * x i) (z i)) ->
  (forall o, In o so -> computed u (map (fun i => (E o i, z i)) si) (y o)) ->
  maps_to si so (length si + j + 1) (fun o i => E o i * c i) (fun o i => Rabs (E o i * c i)) x y.
Proof.
  intros Hw Hz Hy o Ho.
  assert (B : within u (j + 1 + length si) (\sum_(i <- si) E o i * c i * x i) (\sum_(i <- si) Rabs (E o i * c i * x i)) (y o)).
  { apply (within_dot u Hu si (j + 1) _ _ (E o) z); [|auto]; intros i Hi.
    apply (within_near u Hu j 1 _ _ (E o i * (w i * x i))).
    - apply (within_near u Hu 0 j _ _ (E o i * c i * x i)); [apply within_exact|].
      replace (E o i * c i * x i) with (c i * (E o i * x i)) by ring.
      replace (E o i * (w i * x i)) with (w i * (E o i * x i)) by ring; apply near_scale; auto.
    - rewrite (Rmult_comm (E o i)), (Rmult_comm (E o i)); apply near_scale; auto; apply near_rounds; auto. }
  destruct B as [_ B]; replace (length si + j + 1)%nat with (j + 1 + length si)%nat by lia.
  rewrite (Sum_ext si (fun i => Rabs (E o i * c i) * Rabs (x i)) (fun i => Rabs (E o i * c i * x i)))
    by (intros; rewrite !Rabs_mult; ring); exact B.
Qed.

Lemma compose_apply {I J O} (si : list I) (sj : list J) (B : O -> J -> R) (A : J -> I -> R) x o :
  \sum_(i <- si) compose sj B A o i * x i = \sum_(j <- sj) B o j * \sum_(i <- si) A j i * x i.
Proof.
  unfold compose; rewrite (Sum_ext si _ (fun i => \sum_(j <- sj) B o j * (A j i * x i)))
    by (intros; rewrite <- Sum_mult_r; apply Sum_ext; intros; ring).
  rewrite Sum_swap; apply Sum_ext; intros; apply Sum_mult_l.
Qed.

Lemma map_size {I O} (si : list I) (so : list O) k A N x y o :
  bounded_by si so A N -> maps_to si so k A N x y -> In o so ->
  Rabs (y o) <= grow u k * \sum_(i <- si) N o i * Rabs (x i).
Proof.
  intros HN Hy Ho; specialize (Hy o Ho); set (T := \sum_(i <- si) N o i * Rabs (x i)) in *.
  assert (HA : Rabs (\sum_(i <- si) A o i * x i) <= T).
  { eapply Rle_trans; [apply Sum_abs|]; apply Sum_le; intros i Hi; rewrite Rabs_mult.
    apply Rmult_le_compat_r; [apply Rabs_pos | apply HN; auto]. }
  replace (y o) with ((\sum_(i <- si) A o i * x i) + (y o - \sum_(i <- si) A o i * x i)) by ring.
  eapply Rle_trans; [apply Rabs_triang | lra].
Qed.

(** Steps in a row: roundings add up. *)
Theorem chain_maps_to {I J O} (si : list I) (sj : list J) (so : list O) j k A NA B NB x y z :
  bounded_by si sj A NA -> bounded_by sj so B NB ->
  maps_to si sj j A NA x y -> maps_to sj so k B NB y z ->
  maps_to si so (j + k) (compose sj B A) (compose sj NB NA) x z.
Proof.
  intros HA HB Hy Hz o Ho; rewrite compose_apply.
  rewrite (compose_apply si sj NB NA (fun i => Rabs (x i))); pose proof (Hz o Ho) as Bz.
  set (T := fun l => \sum_(i <- si) NA l i * Rabs (x i)); set (S := \sum_(l <- sj) NB o l * T l).
  pose proof (grow_ge_1 u Hu k) as Gk.
  assert (NB0 : forall l, In l sj -> 0 <= NB o l) by (intros l Hl; eapply Rle_trans; [apply Rabs_pos | apply (HB o l); auto]).
  assert (B1 : \sum_(l <- sj) NB o l * Rabs (y l) <= grow u j * S).
  { unfold S; rewrite <- Sum_mult_l; apply Sum_le; intros l Hl.
    pose proof (map_size si sj j A NA x y l HA Hy Hl) as M; fold (T l) in M.
    replace (grow u j * (NB o l * T l)) with (NB o l * (grow u j * T l)) by ring; apply Rmult_le_compat_l; auto. }
  assert (B2 : Rabs ((\sum_(l <- sj) B o l * y l) - \sum_(l <- sj) B o l * \sum_(i <- si) A l i * x i) <= (grow u j - 1) * S).
  { rewrite <- Sum_minus; eapply Rle_trans; [apply Sum_abs|]; unfold S; rewrite <- Sum_mult_l; apply Sum_le; intros l Hl.
    rewrite <- Rmult_minus_distr_l, Rabs_mult; specialize (Hy l Hl); fold (T l) in Hy.
    replace ((grow u j - 1) * (NB o l * T l)) with (NB o l * ((grow u j - 1) * T l)) by ring.
    apply Rmult_le_compat; auto using Rabs_pos. }
  replace (z o - \sum_(l <- sj) B o l * \sum_(i <- si) A l i * x i)
    with (z o - (\sum_(l <- sj) B o l * y l)
          + ((\sum_(l <- sj) B o l * y l) - \sum_(l <- sj) B o l * \sum_(i <- si) A l i * x i)) by ring.
  eapply Rle_trans; [apply Rabs_triang|]; rewrite grow_plus.
  apply Rle_trans with ((grow u j * grow u k - 1) * S); [|right; reflexivity].
  assert ((grow u k - 1) * (\sum_(l <- sj) NB o l * Rabs (y l)) <= (grow u k - 1) * (grow u j * S))
    by (apply Rmult_le_compat_l; lra); lra.
Qed.

(** The bound: y after m roundings forwards, gx after n backwards. *)
Theorem chain_bound {I O} (si : list I) (so : list O) m n A N x y gy gx :
  INR (m + n) * u < 1 -> bounded_by si so A N ->
  maps_to si so m A N x y ->
  maps_to so si n (fun i o => A o i) (fun i o => N o i) gy gx ->
  Rabs ((\sum_(i <- si) gx i * x i) - \sum_(o <- so) gy o * y o)
  <= gamma_n u (m + n) * \sum_(o <- so) Rabs (gy o) * \sum_(i <- si) N o i * Rabs (x i).
Proof.
  intros Hmn HN Hy Hgx; set (S := \sum_(o <- so) Rabs (gy o) * \sum_(i <- si) N o i * Rabs (x i)).
  set (D := \sum_(o <- so) gy o * \sum_(i <- si) A o i * x i).
  assert (E : \sum_(i <- si) (\sum_(o <- so) A o i * gy o) * x i = D).
  { unfold D; rewrite (Sum_ext si _ (fun i => \sum_(o <- so) gy o * (A o i * x i)))
      by (intros; rewrite <- Sum_mult_r; apply Sum_ext; intros; ring).
    rewrite Sum_swap; apply Sum_ext; intros; apply Sum_mult_l. }
  assert (B1 : Rabs ((\sum_(o <- so) gy o * y o) - D) <= (grow u m - 1) * S).
  { unfold D; rewrite <- Sum_minus; eapply Rle_trans; [apply Sum_abs|]; unfold S; rewrite <- Sum_mult_l.
    apply Sum_le; intros o Ho; rewrite <- Rmult_minus_distr_l, Rabs_mult; specialize (Hy o Ho).
    pose proof (Rabs_pos (gy o)); apply Rle_trans with (Rabs (gy o) * ((grow u m - 1) * \sum_(i <- si) N o i * Rabs (x i)));
      [apply Rmult_le_compat_l; auto | right; ring]. }
  assert (B2 : Rabs ((\sum_(i <- si) gx i * x i) - D) <= (grow u n - 1) * S).
  { rewrite <- E, <- Sum_minus; eapply Rle_trans; [apply Sum_abs|].
    assert (ES : S = \sum_(i <- si) (\sum_(o <- so) N o i * Rabs (gy o)) * Rabs (x i)).
    { unfold S; rewrite (Sum_ext so _ (fun o => \sum_(i <- si) N o i * Rabs (gy o) * Rabs (x i)))
        by (intros; rewrite <- Sum_mult_l; apply Sum_ext; intros; ring).
      rewrite Sum_swap; apply Sum_ext; intros; apply Sum_mult_r. }
    rewrite ES, <- Sum_mult_l; apply Sum_le; intros i Hi; rewrite <- Rmult_minus_distr_r, Rabs_mult, <- Rmult_assoc.
    apply Rmult_le_compat_r; [apply Rabs_pos | apply Hgx; auto]. }
  assert (HS : 0 <= S).
  { apply Sum_ge0; intros o Ho; apply Rmult_le_pos; [apply Rabs_pos|]; apply Sum_ge0; intros i Hi.
    apply Rmult_le_pos; [eapply Rle_trans; [apply Rabs_pos | apply (HN o i); auto] | apply Rabs_pos]. }
  replace ((\sum_(i <- si) gx i * x i) - \sum_(o <- so) gy o * y o)
    with ((\sum_(i <- si) gx i * x i) - D + - ((\sum_(o <- so) gy o * y o) - D)) by ring.
  eapply Rle_trans; [apply Rabs_triang|]; rewrite Rabs_Ropp.
  pose proof (grow_add u Hu m n (m + n) ltac:(lia)) as G; pose proof (grow_le_gamma u Hu (m + n) Hmn) as GG.
  apply Rle_trans with ((grow u m - 1 + (grow u n - 1)) * S); [lra | apply Rmult_le_compat_r; lra].
Qed.

(** Several gradients added up in the node that they reach. *)
Theorem accumulated_bound {I K} (s : list I) (ks : list K) (g : K -> I -> R) gx x :
  INR (length ks) * u < 1 ->
  (forall i, In i s -> summed u (map (fun k => g k i) ks) (gx i)) ->
  Rabs ((\sum_(i <- s) gx i * x i) - \sum_(k <- ks) \sum_(i <- s) g k i * x i)
  <= gamma_n u (length ks) * \sum_(k <- ks) \sum_(i <- s) Rabs (g k i * x i).
Proof.
  intros Hk Hgx; rewrite !(Sum_swap ks s), <- Sum_minus; eapply Rle_trans; [apply Sum_abs|].
  rewrite <- Sum_mult_l; apply Sum_le; intros i Hi; pose proof (summed_error u Hu _ _ (Hgx i Hi)) as B.
  rewrite map_length in B; unfold total, total_abs in B; rewrite !Sum_map in B.
  rewrite Sum_mult_r, <- Rmult_minus_distr_r, Rabs_mult.
  rewrite (Sum_ext ks (fun k => Rabs (g k i * x i)) (fun k => Rabs (g k i) * Rabs (x i))) by (intros; apply Rabs_mult).
  rewrite Sum_mult_r, <- Rmult_assoc; apply Rmult_le_compat_r; [apply Rabs_pos|].
  eapply Rle_trans; [exact B|]; apply Rmult_le_compat_r; [apply Sum_ge0; intros; apply Rabs_pos|].
  fold (grow u (length ks - 1)); pose proof (grow_le u Hu (length ks - 1) (length ks) ltac:(lia)).
  pose proof (grow_le_gamma u Hu (length ks) Hk); lra.
Qed.

(** A node is one computed sum over the operations of all edges that enter it, with weights w within k roundings of z:
    what each term z_t o_t costs, summed, against the node's cost. *)
Theorem node_bound {I T} (s : list I) (ts : list T) (z w : T -> R) (o : T -> I -> R) (g x : I -> R) k :
  INR (k + length ts) * u < 1 ->
  (forall t, In t ts -> near u k (z t) (w t)) ->
  (forall i, In i s -> computed u (map (fun t => (w t, o t i)) ts) (x i)) ->
  Rabs ((\sum_(i <- s) g i * x i) - \sum_(t <- ts) \sum_(i <- s) g i * (z t * o t i))
  <= gamma_n u (k + length ts) * \sum_(t <- ts) \sum_(i <- s) Rabs (g i) * Rabs (z t * o t i).
Proof.
  intros Hk Hz Hx; rewrite !(Sum_swap ts s), <- Sum_minus, <- Sum_mult_l; eapply Rle_trans; [apply Sum_abs|].
  apply Sum_le; intros i Hi; rewrite !Sum_mult_l, <- Rmult_minus_distr_l, Rabs_mult.
  assert (B : within u (k + length ts) (\sum_(t <- ts) z t * o t i) (\sum_(t <- ts) Rabs (z t * o t i)) (x i)).
  { apply (within_dot u Hu ts k _ _ w (fun t => o t i)); [|auto]; intros t Ht.
    apply (within_near u Hu 0 k _ _ (z t * o t i)); [apply within_exact | apply near_scale; auto]. }
  destruct B as [_ B]; pose proof (grow_le_gamma u Hu _ Hk) as G.
  rewrite <- Rmult_assoc, (Rmult_comm (gamma_n u _)), Rmult_assoc; apply Rmult_le_compat_l; [apply Rabs_pos|].
  eapply Rle_trans; [exact B|]; apply Rmult_le_compat_r; [apply Sum_ge0; intros; apply Rabs_pos | exact G].
Qed.
End Chain.
