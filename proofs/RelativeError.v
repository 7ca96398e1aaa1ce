(** * Relative errors that multiply

    k roundings in a row multiply a number by f with 1/grow k <= f <= grow k, grow k = (1 - u)^-k, and
    [near k] says so. It passes through products, quotients and sums of nonnegative terms, so
    the statistics of a normalisation and the probabilities of a softmax are counted out with it.
    [within k] is its counterpart for signed sums: an error of (grow k - 1) times a scale. Both come back to
    gamma_k at the end, [grow_le_gamma]. *)
From Coq Require Import Reals List Permutation Lra Lia.
From Wirecost Require Import Sums Rounding Tolerance.
Import ListNotations.
Open Scope R_scope.

Section RelativeError.
Variable u : R.
Hypothesis Hu : 0 <= u < 1.

Definition grow (k : nat) : R := (/ (1 - u)) ^ k.

Lemma grow_ge_1 k : 1 <= grow k.
Proof. apply (q_pow_ge_1 u Hu). Qed.

Lemma grow_inv k : 0 < / grow k <= 1.
Proof.
  pose proof (grow_ge_1 k); split; [apply Rinv_0_lt_compat; lra|].
  replace 1 with (/ 1) by apply Rinv_1; apply Rinv_le_contravar; lra.
Qed.

Lemma grow_le j k : (j <= k)%nat -> grow j <= grow k.
Proof. apply (q_pow_le u Hu). Qed.

Lemma grow_plus j k : grow (j + k) = grow j * grow k.
Proof. apply pow_add. Qed.

Theorem grow_le_gamma k : INR k * u < 1 -> grow k - 1 <= gamma_n u k.
Proof.
  intros Hk; pose proof (q_pow_bound u Hu k Hk) as B; fold (grow k) in B.
  unfold gamma_n; apply Rle_trans with (/ (1 - INR k * u) - 1); [lra|]; right; field; lra.
Qed.

(** Errors one after the other, and errors side by side. *)
Lemma grow_mult j k l : (j + k <= l)%nat -> (grow j - 1) * grow k <= grow l - 1.
Proof.
  intros Hl; pose proof (grow_le _ _ Hl) as L; rewrite grow_plus in L; pose proof (grow_ge_1 k); lra.
Qed.

Lemma grow_add j k l : (j + k <= l)%nat -> grow j - 1 + (grow k - 1) <= grow l - 1.
Proof.
  intros Hl; pose proof (grow_le _ _ Hl) as L; rewrite grow_plus in L.
  pose proof (grow_ge_1 j); pose proof (grow_ge_1 k).
  assert (0 <= (grow j - 1) * (grow k - 1)) by (apply Rmult_le_pos; lra); lra.
Qed.

(** ** Nonnegative quantities *)
Definition near (k : nat) (a b : R) : Prop := exists f, b = a * f /\ / grow k <= f <= grow k.

Lemma near_intro k a b : 0 <= a -> a <= grow k * b -> b <= grow k * a -> near k a b.
Proof.
  intros Ha H1 H2; pose proof (grow_ge_1 k) as G; destruct Ha as [Ha|<-].
  - exists (b / a); split; [field; lra|]; split.
    + apply Rmult_le_reg_r with (grow k * a); [nra|]; replace (/ grow k * (grow k * a)) with a by (field; lra).
      replace (b / a * (grow k * a)) with (grow k * b) by (field; lra); auto.
    + apply Rmult_le_reg_r with a; [auto|]; replace (b / a * a) with b by (field; lra); auto.
  - exists 1; split; [nra | split; [apply grow_inv | auto]].
Qed.

Lemma near_bounds k a b : 0 <= a -> near k a b -> 0 <= b /\ a <= grow k * b /\ b <= grow k * a.
Proof.
  intros Ha [f [-> [F1 F2]]]; pose proof (grow_ge_1 k) as G.
  assert (0 < / grow k) by (apply Rinv_0_lt_compat; lra).
  assert (1 <= grow k * f).
  { replace 1 with (grow k * / grow k) by (field; lra); apply Rmult_le_compat_l; lra. }
  repeat split; nra.
Qed.

Lemma near_refl k a : near k a a.
Proof.
  exists 1; split; [ring | split; [apply grow_inv | apply grow_ge_1]].
Qed.

Lemma near_rounds a b : rounds u a b -> near 1 a b.
Proof.
  intros [d [Hd ->]]; exists (1 + d); split; [auto|]; unfold grow; rewrite pow_1, Rinv_inv.
  destruct (q_props u Hu) as [_ [Q _]].
  assert (- u <= d <= u) by (split; unfold Rabs in Hd; destruct (Rcase_abs d); lra); lra.
Qed.

Lemma near_mult j k a b c d : near j a b -> near k c d -> near (j + k) (a * c) (b * d).
Proof.
  intros [f [-> [F1 F2]]] [h [-> [H1 H2]]]; exists (f * h); split; [ring|].
  rewrite grow_plus; pose proof (grow_ge_1 j); pose proof (grow_ge_1 k).
  assert (0 < / grow j) by (apply Rinv_0_lt_compat; lra).
  assert (0 < / grow k) by (apply Rinv_0_lt_compat; lra).
  rewrite Rinv_mult; split; apply Rmult_le_compat; lra.
Qed.

Lemma near_trans j k a b c : near j a b -> near k b c -> near (j + k) a c.
Proof.
  intros [f [-> F]] [h [-> H]]; destruct (near_mult j k 1 f 1 h) as [p [E P]].
  - exists f; split; [ring | auto].
  - exists h; split; [ring | auto].
  - exists p; split; [rewrite Rmult_assoc, E; ring | auto].
Qed.

(** The same where the count is written differently. *)
Lemma near_step j k l a b c : l = (j + k)%nat -> near j a b -> near k b c -> near l a c.
Proof. intros ->; apply near_trans. Qed.

Lemma near_scale k a b c : near k a b -> near k (a * c) (b * c).
Proof. intros H; rewrite <- (Nat.add_0_r k); apply near_mult; [auto | apply near_refl]. Qed.

Lemma near_weaken j k a b : (j <= k)%nat -> near j a b -> near k a b.
Proof.
  intros Hjk H; replace k with (j + (k - j))%nat by lia; apply (near_trans _ _ _ b); auto using near_refl.
Qed.

Lemma near_inv k a b : a <> 0 -> near k a b -> near k (/ a) (/ b).
Proof.
  intros Ha [f [-> [F1 F2]]]; pose proof (grow_ge_1 k).
  assert (0 < / grow k) by (apply Rinv_0_lt_compat; lra).
  exists (/ f); split; [field; lra|]; split; [apply Rinv_le_contravar; lra|].
  rewrite <- (Rinv_inv (grow k)); apply Rinv_le_contravar; lra.
Qed.

Lemma near_Sum {I} k (s : list I) a b :
  (forall i, In i s -> 0 <= a i) -> (forall i, In i s -> near k (a i) (b i)) -> near k (Sum s a) (Sum s b).
Proof.
  intros Ha Hn; apply near_intro; [apply Sum_ge0; auto | |]; rewrite <- Sum_mult_l; apply Sum_le; intros i Hi;
    destruct (near_bounds k (a i) (b i)) as [? [? ?]]; auto.
Qed.

Lemma near_plus k a b c d : 0 <= a -> 0 <= c -> near k a b -> near k c d -> near k (a + c) (b + d).
Proof.
  intros Ha Hc H1 H2; destruct (near_bounds _ _ _ Ha H1) as [? [? ?]]; destruct (near_bounds _ _ _ Hc H2) as [? [? ?]].
  apply near_intro; lra.
Qed.

Lemma near_error k a b : near k a b -> Rabs (b - a) <= (grow k - 1) * Rabs a /\ Rabs (b - a) <= (grow k - 1) * Rabs b.
Proof.
  intros [f [-> [F1 F2]]]; pose proof (grow_ge_1 k) as G.
  assert (P : 0 < / grow k) by (apply Rinv_0_lt_compat; lra).
  assert (E : grow k * / grow k = 1) by (field; lra).
  assert (Gf : 1 <= grow k * f) by nra.
  assert (Hf : Rabs (f - 1) <= grow k - 1 /\ Rabs (f - 1) <= (grow k - 1) * f).
  { unfold Rabs; destruct (Rcase_abs (f - 1)); split; nra. }
  replace (a * f - a) with (a * (f - 1)) by ring; rewrite !Rabs_mult, (Rabs_pos_eq f) by lra.
  pose proof (Rabs_pos a); split; nra.
Qed.

(** A computed sum of n nonnegative products. *)
Theorem near_computed l z :
  (forall p, In p l -> 0 <= fst p * snd p) -> computed u l z -> near (length l) (dot l) z.
Proof.
  intros Hl Hz; induction Hz as [x y z H | l1 l2 a b z H1 IH1 H2 IH2 H | l a x y z H1 IH H | l l' z Hp Hz IH].
  - unfold dot; simpl; rewrite Rplus_0_r; apply near_rounds; auto.
  - pose proof (computed_length u _ _ H1); pose proof (computed_length u _ _ H2).
    specialize (IH1 ltac:(intros; apply Hl, in_or_app; auto)); specialize (IH2 ltac:(intros; apply Hl, in_or_app; auto)).
    unfold dot in *; rewrite Sum_app, app_length; set (m := Nat.max (length l1) (length l2)).
    apply (near_weaken (m + 1)); [unfold m; lia|]; apply (near_trans _ _ _ (a + b)); [|apply near_rounds; auto].
    apply near_plus; [apply Sum_ge0; intros; apply Hl, in_or_app; auto | apply Sum_ge0; intros; apply Hl, in_or_app; auto | |];
      eapply near_weaken; try eassumption; unfold m; lia.
  - specialize (IH ltac:(intros; apply Hl, in_or_app; auto)).
    unfold dot in *; rewrite Sum_app, app_length; cbn [Sum length fst snd]; rewrite Rplus_0_r.
    apply (near_trans _ _ _ (a + x * y)); [|apply near_rounds; auto].
    apply near_plus; [apply Sum_ge0; intros; apply Hl, in_or_app; auto | | auto | apply near_refl].
    apply (Hl (x, y)), in_or_app; right; left; auto.
  - unfold dot in *; rewrite <- (Sum_perm l l' _ Hp), <- (Permutation_length Hp).
    apply IH; intros p Hin; apply Hl, (Permutation_in p Hp); auto.
Qed.

(** ** Signed quantities *)
Definition within (k : nat) (exact scale z : R) : Prop := Rabs exact <= scale /\ Rabs (z - exact) <= (grow k - 1) * scale.

Lemma within_size k e A z : within k e A z -> Rabs z <= grow k * A.
Proof.
  intros [He Hz]; replace z with (e + (z - e)) by ring; eapply Rle_trans; [apply Rabs_triang | lra].
Qed.

Lemma within_weaken j k e A z : (j <= k)%nat -> within j e A z -> within k e A z.
Proof.
  intros Hjk [He Hz]; split; [auto|]; eapply Rle_trans; [exact Hz|].
  pose proof (Rabs_pos e); apply Rmult_le_compat_r; [lra|]; pose proof (grow_le j k Hjk); lra.
Qed.

Lemma within_near j k e A a z : within j e A a -> near k a z -> within (j + k) e A z.
Proof.
  intros H Hn; pose proof (within_size _ _ _ _ H) as Hs; destruct H as [He Ha]; split; [auto|].
  destruct (near_error k a z Hn) as [B _]; pose proof (grow_ge_1 k).
  replace (z - e) with (z - a + (a - e)) by ring; eapply Rle_trans; [apply Rabs_triang|].
  rewrite grow_plus; assert ((grow k - 1) * Rabs a <= (grow k - 1) * (grow j * A)) by (apply Rmult_le_compat_l; lra); lra.
Qed.

Lemma within_exact e : within 0 e (Rabs e) e.
Proof. split; [lra|]; replace (e - e) with 0 by ring; rewrite Rabs_R0; unfold grow; simpl; lra. Qed.

Lemma within_minus k e A a e' A' a' : within k e A a -> within k e' A' a' -> within k (e - e') (A + A') (a - a').
Proof.
  intros [E1 H1] [E2 H2]; split.
  - unfold Rminus; eapply Rle_trans; [apply Rabs_triang|]; rewrite Rabs_Ropp; lra.
  - replace (a - a' - (e - e')) with (a - e + - (a' - e')) by ring.
    eapply Rle_trans; [apply Rabs_triang|]; rewrite Rabs_Ropp; lra.
Qed.

Lemma within_scale k e A a c : within k e A a -> within k (c * e) (Rabs c * A) (c * a).
Proof.
  intros [E H]; pose proof (Rabs_pos c); rewrite <- Rmult_minus_distr_l || idtac; split.
  - rewrite Rabs_mult; apply Rmult_le_compat_l; auto.
  - replace (c * a - c * e) with (c * (a - e)) by ring; rewrite Rabs_mult; nra.
Qed.

(** A computed mean of n numbers, and of n products. *)
Theorem within_mean {I} (s : list I) x z m :
  s <> [] -> summed u (map x s) z -> rounds u (z / card s) m ->
  within (length s) (mean s x) (mean s (fun i => Rabs (x i))) m.
Proof.
  intros Hs Hz Hm; pose proof (card_pos s Hs) as Hc.
  assert (Hl : (1 <= length s)%nat) by (destruct s; [congruence | simpl; lia]).
  replace (length s) with (length s - 1 + 1)%nat by lia.
  apply (within_near _ _ _ _ (z / card s)); [|apply near_rounds; auto].
  assert (P : 0 <= / card s) by (left; apply Rinv_0_lt_compat; auto).
  unfold mean, Rdiv; split.
  - rewrite Rabs_mult, (Rabs_pos_eq (/ card s)) by auto; apply Rmult_le_compat_r, Sum_abs; auto.
  - rewrite <- Rmult_minus_distr_r, Rabs_mult, (Rabs_pos_eq (/ card s)), <- Rmult_assoc by auto.
    apply Rmult_le_compat_r; auto; pose proof (summed_error u Hu _ _ Hz) as B.
    rewrite map_length in B; unfold total, total_abs in B; rewrite !Sum_map in B; exact B.
Qed.

Theorem within_mean_product {I} (s : list I) x y z m :
  s <> [] -> computed u (map (fun i => (x i, y i)) s) z -> rounds u (z / card s) m ->
  within (length s + 1) (mean s (fun i => x i * y i)) (mean s (fun i => Rabs (x i * y i))) m.
Proof.
  intros Hs Hz Hm; pose proof (card_pos s Hs) as Hc.
  apply (within_near _ _ _ _ (z / card s)); [|apply near_rounds; auto].
  assert (P : 0 <= / card s) by (left; apply Rinv_0_lt_compat; auto).
  unfold mean, Rdiv; split.
  - rewrite Rabs_mult, (Rabs_pos_eq (/ card s)) by auto; apply Rmult_le_compat_r, Sum_abs; auto.
  - rewrite <- Rmult_minus_distr_r, Rabs_mult, (Rabs_pos_eq (/ card s)), <- Rmult_assoc by auto.
    apply Rmult_le_compat_r; auto; pose proof (computed_sum_growth u Hu _ _ Hz) as B.
    rewrite map_length in B; unfold dot, dot_abs in B; rewrite !Sum_map in B; cbn [fst snd] in B.
    eapply Rle_trans; [exact B|]; apply Rmult_le_compat_r; [apply Sum_ge0; intros; apply Rabs_pos|].
    unfold growth, grow; assert ((1 + u) ^ length s <= (/ (1 - u)) ^ length s); [|lra].
    apply pow_incr; destruct (q_props u Hu) as [_ [Q _]]; lra.
Qed.

(** A computed sum of products, each product within k roundings of what it stands for. *)
Theorem within_dot {J} (js : list J) k (a A y c : J -> R) z :
  (forall j, In j js -> within k (a j) (A j) (y j * c j)) ->
  computed u (map (fun j => (y j, c j)) js) z ->
  within (k + length js) (\sum_(j <- js) a j) (\sum_(j <- js) A j) z.
Proof.
  intros Hj Hz; pose proof (grow_ge_1 (length js)) as G; pose proof (grow_ge_1 k) as Gk.
  pose proof (computed_sum_growth u Hu _ _ Hz) as B; rewrite map_length in B; unfold dot, dot_abs in B.
  rewrite !Sum_map in B; cbn [fst snd] in B; split.
  - eapply Rle_trans; [apply Sum_abs | apply Sum_le; intros j Hin; apply (Hj j Hin)].
  - assert (B1 : growth u (length js) <= grow (length js) - 1).
    { unfold growth, grow; assert ((1 + u) ^ length js <= (/ (1 - u)) ^ length js); [|lra].
      apply pow_incr; destruct (q_props u Hu) as [_ [Q _]]; lra. }
    assert (B2 : \sum_(j <- js) Rabs (y j * c j) <= grow k * \sum_(j <- js) A j).
    { rewrite <- Sum_mult_l; apply Sum_le; intros j Hin; apply (within_size _ _ _ _ (Hj j Hin)). }
    assert (B3 : Rabs ((\sum_(j <- js) y j * c j) - \sum_(j <- js) a j) <= (grow k - 1) * \sum_(j <- js) A j).
    { rewrite <- Sum_minus, <- Sum_mult_l; eapply Rle_trans; [apply Sum_abs|]; apply Sum_le; intros j Hin; apply (Hj j Hin). }
    replace (z - \sum_(j <- js) a j)
      with (z - (\sum_(j <- js) y j * c j) + ((\sum_(j <- js) y j * c j) - \sum_(j <- js) a j)) by ring.
    eapply Rle_trans; [apply Rabs_triang|]; rewrite grow_plus; set (P := \sum_(j <- js) Rabs (y j * c j)) in *.
    assert (0 <= P) by (apply Sum_ge0; intros; apply Rabs_pos).
    assert (growth u (length js) * P <= (grow (length js) - 1) * P) by (apply Rmult_le_compat_r; auto).
    assert ((grow (length js) - 1) * P <= (grow (length js) - 1) * (grow k * \sum_(j <- js) A j))
      by (apply Rmult_le_compat_l; lra); lra.
Qed.

(** Both sides of a comparison may be off. *)
Lemma within_both k e A y z : within k e A y -> within k e A z -> Rabs (y - z) <= 2 * ((grow k - 1) * A).
Proof.
  intros [_ Hy] [_ Hz]; replace (y - z) with (y - e + - (z - e)) by ring.
  eapply Rle_trans; [apply Rabs_triang|]; rewrite Rabs_Ropp; lra.
Qed.
End RelativeError.
