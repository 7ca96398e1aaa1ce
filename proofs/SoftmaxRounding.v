(** * A softmax as computed

    p_n = exp(x_n - max - log sum exp(x - max)), each step rounded. Of exp and log it is asked that their results are
    within 4 roundings, two units in the last place. Then p is within 4 K + 4 r + 9 roundings of the softmax of K
    logits, relatively, where no logit is more than r below the largest. *)
From Coq Require Import Reals List Lra Lia.
From Wirecost Require Import Sums Softmax Rounding Tolerance RelativeError.
Import ListNotations.
Open Scope R_scope.

Definition softmax_roundings (K r : nat) : nat := 4 * K + 4 * r + 9.

Lemma ln_mono a b : 0 < a -> a <= b -> ln a <= ln b.
Proof. intros Ha [H|<-]; [left; apply ln_increasing; auto | lra]. Qed.

Lemma exp_mono a b : a <= b -> exp a <= exp b.
Proof. intros [H|<-]; [left; apply exp_increasing; auto | lra]. Qed.

Section Log.
Variable u : R.
Hypothesis Hu : 0 <= u < 1.
Let v : R := - ln (1 - u).

Lemma grow_exp k : grow u k = exp (INR k * v).
Proof.
  unfold grow, v; rewrite <- Rpower_pow by (apply Rinv_0_lt_compat; lra); unfold Rpower.
  rewrite ln_Rinv by lra; auto.
Qed.

Lemma v_nonneg : 0 <= v.
Proof.
  unfold v; assert (ln (1 - u) <= ln 1) by (apply ln_mono; lra); rewrite ln_1 in *; lra.
Qed.

Lemma u_le_v : u <= v.
Proof.
  unfold v; assert (ln (1 - u) <= - u); [|lra].
  rewrite <- (ln_exp (- u)); apply ln_mono; [lra|]; pose proof (exp_ineq1_le (- u)); lra.
Qed.

(** A factor of exp h. *)
Lemma near_of_exponent k a h : Rabs h <= INR k * v -> near u k a (a * exp h).
Proof.
  intros Hh; exists (exp h); split; [auto|]; rewrite grow_exp, <- exp_Ropp.
  assert (- (INR k * v) <= h <= INR k * v) by (unfold Rabs in Hh; destruct (Rcase_abs h); lra).
  split; apply exp_mono; lra.
Qed.

Lemma exponent_of_near k a b : 0 < a -> near u k a b -> 0 < b /\ Rabs (ln b - ln a) <= INR k * v.
Proof.
  intros Ha [f [-> [F1 F2]]]; pose proof (grow_inv u Hu k) as I.
  assert (0 < f) by lra; split; [apply Rmult_lt_0_compat; auto|]; rewrite ln_mult by auto.
  rewrite grow_exp in F1, F2; rewrite <- exp_Ropp in F1.
  apply ln_mono in F1; [|apply exp_pos]; apply ln_mono in F2; [|auto]; rewrite ln_exp in F1, F2.
  unfold Rabs; destruct (Rcase_abs _); lra.
Qed.
End Log.

Lemma ln_le_half x : 0 < x -> ln x <= x / 2.
Proof.
  intros Hx; rewrite <- (ln_exp (x / 2)); apply ln_mono; [auto|].
  replace (x / 2) with (x / 4 + x / 4) by field; rewrite exp_plus.
  pose proof (exp_ineq1_le (x / 4)); pose proof (pow2_ge_0 (1 - x / 4)).
  assert ((1 + x / 4) * (1 + x / 4) <= exp (x / 4) * exp (x / 4)) by (apply Rmult_le_compat; lra); simpl in *; lra.
Qed.

Lemma exp_minus_1 x : 0 <= x <= 1 / 7 -> exp x - 1 <= 7 / 6 * x.
Proof.
  intros Hx; pose proof (exp_ineq1_le (- x)) as H; pose proof (exp_pos x).
  assert (E : exp x * exp (- x) = 1) by (rewrite <- exp_plus, Rplus_opp_r; apply exp_0).
  assert (exp x * (1 - x) <= 1) by (rewrite <- E; apply Rmult_le_compat_l; lra).
  assert (exp x <= 7 / 6) by nra; nra.
Qed.

Section Softmax.
Variable u : R.
Hypothesis Hu : 0 <= u < 1.
Context {N : Type}.
Variables (ns : list N) (x : N -> R) (top : R) (r : nat).
Hypothesis Htop : exists n, In n ns /\ x n = top.
Hypothesis Hrange : forall n, In n ns -> top - INR r <= x n <= top.
Let K := length ns.
Variables (d e l p : N -> R) (S g : R).
Hypothesis Hd : forall n, In n ns -> rounds u (x n - top) (d n).
Hypothesis He : forall n, In n ns -> near u 4 (exp (d n)) (e n).
Hypothesis HS : computed u (map (fun n => (e n, 1)) ns) S.
Hypothesis Hg : near u 4 (ln S) g.
Hypothesis Hl : forall n, In n ns -> rounds u (d n - g) (l n).
Hypothesis Hp : forall n, In n ns -> near u 4 (exp (l n)) (p n).
Hypothesis Hsmall : INR (softmax_roundings K r) * u <= 1 / 8.
Let v : R := - ln (1 - u).
Let T : R := \sum_(n <- ns) exp (x n - top).

Lemma count_positive : 9 <= INR (softmax_roundings K r).
Proof. replace 9 with (INR 9) by (simpl; ring); apply le_INR; unfold softmax_roundings; lia. Qed.

Lemma v_small : INR (softmax_roundings K r) * v <= 1 / 7.
Proof.
  pose proof count_positive as C; set (k := INR _) in *; assert (u <= 1 / 8) by nra.
  assert (V : v * (1 - u) <= u).
  { assert (v <= / (1 - u) - 1).
    { unfold v; rewrite <- ln_Rinv by lra; pose proof (exp_ineq1_le (ln (/ (1 - u)))) as H'.
      rewrite exp_ln in H' by (apply Rinv_0_lt_compat; lra); lra. }
    replace u with ((/ (1 - u) - 1) * (1 - u)) at 2 by (field; lra); apply Rmult_le_compat_r; lra. }
  pose proof (v_nonneg u Hu) as V0; fold v in V0; assert (v * (7 / 8) <= u) by nra; nra.
Qed.

Lemma rounds_abs a b : rounds u a b -> Rabs (b - a) <= v * Rabs a.
Proof.
  intros H; eapply Rle_trans; [apply rounds_error; exact H|]; apply Rmult_le_compat_r; [apply Rabs_pos|].
  apply u_le_v; auto.
Qed.

Lemma shift_bound n : In n ns -> Rabs (x n - top) <= INR r.
Proof. intros Hn; specialize (Hrange n Hn); unfold Rabs; destruct (Rcase_abs _); lra. Qed.

Lemma exponentials n : In n ns -> near u (r + 4) (exp (x n - top)) (e n).
Proof.
  intros Hn; apply (near_trans u Hu _ _ _ (exp (d n))); [|auto].
  replace (exp (d n)) with (exp (x n - top) * exp (d n - (x n - top))) by (rewrite <- exp_plus; f_equal; ring).
  apply near_of_exponent; auto; fold v; eapply Rle_trans; [apply rounds_abs; auto|]; rewrite Rmult_comm.
  apply Rmult_le_compat_r; [apply v_nonneg; auto | apply shift_bound; auto].
Qed.

Lemma total_near : near u (r + 4 + K) T S.
Proof.
  assert (E : near u (r + 4) T (\sum_(n <- ns) e n))
    by (apply near_Sum; auto; [intros; left; apply exp_pos | apply exponentials]).
  apply (near_trans u Hu _ _ _ (\sum_(n <- ns) e n)); [auto|].
  assert (H : near u K (dot (map (fun n => (e n, 1)) ns)) S).
  { unfold K; rewrite <- (map_length (fun n => (e n, 1)) ns); apply near_computed; auto.
    intros q Hq; apply in_map_iff in Hq as [n [<- Hn]]; cbn [fst snd]; rewrite Rmult_1_r.
    apply (near_bounds u Hu (r + 4) (exp (x n - top))); [left; apply exp_pos | apply exponentials; auto]. }
  unfold dot in H; rewrite Sum_map in H; cbn [fst snd] in H.
  rewrite (Sum_ext ns _ (fun n => e n)) in H by (intros; ring); exact H.
Qed.

Lemma T_bounds : 1 <= T <= INR K.
Proof.
  split.
  - destruct Htop as [n [Hn E]]; unfold T; destruct (in_split n ns Hn) as [l1 [l2 ->]].
    rewrite Sum_app; cbn [Sum]; rewrite E, Rminus_diag_eq, exp_0 by auto.
    assert (0 <= \sum_(n <- l1) exp (x n - top)) by (apply Sum_ge0; intros; left; apply exp_pos).
    assert (0 <= \sum_(n <- l2) exp (x n - top)) by (apply Sum_ge0; intros; left; apply exp_pos); lra.
  - replace (INR K) with (\sum_(n <- ns) 1) by (rewrite Sum_const; unfold card, K; ring).
    apply Sum_le; intros n Hn; rewrite <- exp_0; apply exp_mono; specialize (Hrange n Hn); lra.
Qed.

Lemma softmax_shifted n : softmax ns x n = exp (x n - top - ln T).
Proof.
  pose proof T_bounds as [T1 _]; unfold Rminus at 1; rewrite exp_plus, exp_Ropp, exp_ln by lra.
  assert (E : sum_exp ns x = exp top * T).
  { unfold sum_exp, T; rewrite <- Sum_mult_l; apply Sum_ext; intros; rewrite <- exp_plus; f_equal; ring. }
  unfold softmax; rewrite E; replace (exp (x n)) with (exp top * exp (x n - top)) by (rewrite <- exp_plus; f_equal; ring).
  pose proof (exp_pos top); field; lra.
Qed.

Lemma log_error n : In n ns -> Rabs (l n - (x n - top - ln T)) <= INR (4 * K + 4 * r + 5) * v.
Proof.
  intros Hn; pose proof T_bounds as [T1 TK]; pose proof (v_nonneg u Hu) as V0; fold v in V0; pose proof v_small as Vs.
  pose proof count_positive as C; pose proof (u_le_v u Hu) as UV; fold v in UV.
  assert (EK : INR (softmax_roundings K r) = 4 * INR K + 4 * INR r + 9)
    by (unfold softmax_roundings; rewrite !plus_INR, !mult_INR; simpl; ring).
  rewrite EK in Vs, C; pose proof (pos_INR K) as K0; pose proof (pos_INR r) as R0.
  assert (T0 : 0 < T) by lra; destruct (exponent_of_near u Hu _ _ _ T0 total_near) as [S0 HM]; fold v in HM.
  assert (EM : INR (r + 4 + K) = INR r + 4 + INR K) by (rewrite !plus_INR; simpl; ring); rewrite EM in HM.
  assert (L0 : 0 <= ln T) by (rewrite <- ln_1; apply ln_mono; lra).
  assert (L1 : ln T <= INR K / 2) by (eapply Rle_trans; [apply ln_le_half; lra | lra]).
  assert (P : 0 <= INR r * v /\ 0 <= INR K * v) by (split; apply Rmult_le_pos; auto).
  assert (LS : Rabs (ln S) <= INR K / 2 + 1 / 7).
  { replace (ln S) with (ln T + (ln S - ln T)) by ring; eapply Rle_trans; [apply Rabs_triang|].
    rewrite (Rabs_pos_eq (ln T)) by auto; lra. }
  assert (G4 : grow u 4 - 1 <= 7 / 6 * (4 * v)).
  { rewrite (grow_exp u Hu); fold v; replace (INR 4) with 4 by (simpl; ring); apply exp_minus_1; lra. }
  destruct (near_error u Hu 4 _ _ Hg) as [Eg _]; pose proof (grow_ge_1 u Hu 4) as Gg.
  pose proof (Rabs_pos (ln S)) as A0.
  assert (Eg' : Rabs (g - ln S) <= 14 / 3 * v * (INR K / 2 + 1 / 7)).
  { eapply Rle_trans; [exact Eg|]; apply Rmult_le_compat; lra. }
  assert (v14 : 14 / 3 * v <= 1 / 6) by lra.
  assert (Ag : Rabs g <= 7 / 6 * (INR K / 2 + 1 / 7)).
  { replace g with (ln S + (g - ln S)) by ring; eapply Rle_trans; [apply Rabs_triang|].
    assert (14 / 3 * v * (INR K / 2 + 1 / 7) <= 1 / 6 * (INR K / 2 + 1 / 7)) by (apply Rmult_le_compat_r; lra); lra. }
  pose proof (rounds_abs _ _ (Hd n Hn)) as Ed; pose proof (shift_bound n Hn) as Sh.
  assert (Ed' : Rabs (d n - (x n - top)) <= v * INR r) by (eapply Rle_trans; [exact Ed | apply Rmult_le_compat_l; auto]).
  assert (v9 : v <= 1 / 63) by lra.
  assert (Ad : Rabs (d n) <= 64 / 63 * INR r).
  { replace (d n) with (x n - top + (d n - (x n - top))) by ring; eapply Rle_trans; [apply Rabs_triang|].
    assert (v * INR r <= 1 / 63 * INR r) by (apply Rmult_le_compat_r; auto); lra. }
  pose proof (rounds_abs _ _ (Hl n Hn)) as El.
  assert (El' : Rabs (l n - (d n - g)) <= v * (64 / 63 * INR r + 7 / 6 * (INR K / 2 + 1 / 7))).
  { eapply Rle_trans; [exact El|]; apply Rmult_le_compat_l; [auto|]; unfold Rminus.
    eapply Rle_trans; [apply Rabs_triang|]; rewrite Rabs_Ropp; lra. }
  replace (l n - (x n - top - ln T)) with (l n - (d n - g) + (d n - (x n - top)) + (- (g - ln S)) + (- (ln S - ln T))) by ring.
  eapply Rle_trans; [apply Rabs_triang|]; rewrite Rabs_Ropp.
  eapply Rle_trans; [apply Rplus_le_compat_r, Rabs_triang|]; rewrite Rabs_Ropp.
  eapply Rle_trans; [apply Rplus_le_compat_r, Rplus_le_compat_r, Rabs_triang|].
  replace (INR (4 * K + 4 * r + 5)) with (4 * INR K + 4 * INR r + 5) by (rewrite !plus_INR, !mult_INR; simpl; ring).
  lra.
Qed.

(** The probabilities, relatively... *)
Theorem softmax_near n : In n ns -> near u (softmax_roundings K r) (softmax ns x n) (p n).
Proof.
  intros Hn; set (X := x n - top - ln T).
  replace (softmax_roundings K r) with (4 * K + 4 * r + 5 + 4)%nat by (unfold softmax_roundings; lia).
  apply (near_trans u Hu _ _ _ (exp (l n))); [|auto].
  rewrite softmax_shifted; fold X; replace (exp (l n)) with (exp X * exp (l n - X)) by (rewrite <- exp_plus; f_equal; ring).
  apply near_of_exponent; auto; apply log_error; auto.
Qed.

Let s := softmax_roundings K r.

(** ...their logarithms, absolutely. *)
Theorem log_softmax_near n : In n ns -> Rabs (l n - ln (softmax ns x n)) <= grow u s - 1.
Proof.
  intros Hn; rewrite softmax_shifted, ln_exp; eapply Rle_trans; [apply log_error; auto|].
  apply Rle_trans with (grow u (4 * K + 4 * r + 5) - 1).
  - rewrite (grow_exp u Hu); fold v; pose proof (exp_ineq1_le (INR (4 * K + 4 * r + 5) * v)); lra.
  - assert (grow u (4 * K + 4 * r + 5) <= grow u s) by (apply grow_le; auto; unfold s, softmax_roundings; lia); lra.
Qed.

Lemma probability_pos n : In n ns -> 0 < softmax ns x n.
Proof. intros Hn; rewrite softmax_shifted; apply exp_pos. Qed.

(** dL/dY_n = p_n - y_n: the scale is p + y. *)
Theorem slope_within n y z :
  In n ns -> 0 <= y -> rounds u (p n - y) z -> within u (s + 1) (softmax ns x n - y) (softmax ns x n + y) z.
Proof.
  intros Hn Hy Hz; pose proof (probability_pos n Hn) as P; pose proof (grow_ge_1 u Hu s) as G.
  apply (within_near u Hu _ _ _ _ (p n - y)); [|apply near_rounds; auto].
  destruct (near_error u Hu s _ _ (softmax_near n Hn)) as [B _]; rewrite (Rabs_pos_eq (softmax ns x n)) in B by lra; split.
  - unfold Rabs; destruct (Rcase_abs _); lra.
  - replace (p n - y - (softmax ns x n - y)) with (p n - softmax ns x n) by ring.
    assert (0 <= (grow u s - 1) * y) by (apply Rmult_le_pos; lra); lra.
Qed.

(** Sum (p_n - y_n) w_n, the cost of the logits or the bias term. *)
Theorem logit_sum_within y z w c :
  (forall n, In n ns -> 0 <= y n) -> (forall n, In n ns -> rounds u (p n - y n) (z n)) ->
  computed u (map (fun n => (z n, w n)) ns) c ->
  within u (s + 1 + K) (\sum_(n <- ns) (softmax ns x n - y n) * w n) (\sum_(n <- ns) (softmax ns x n + y n) * Rabs (w n)) c.
Proof.
  intros Hy Hz Hc; apply (within_dot u Hu ns (s + 1) _ _ z w); [|exact Hc].
  intros n Hn; pose proof (within_scale u _ _ _ _ (w n) (slope_within n (y n) (z n) Hn (Hy n Hn) (Hz n Hn))) as B.
  rewrite (Rmult_comm _ (w n)), (Rmult_comm _ (Rabs (w n))), (Rmult_comm (z n)); exact B.
Qed.

(** A term of the entropy. *)
Lemma entropy_term n : In n ns ->
  within u (2 * s) (softmax ns x n * ln (softmax ns x n)) (softmax ns x n * (1 + Rabs (ln (softmax ns x n)))) (p n * l n).
Proof.
  intros Hn; pose proof (probability_pos n Hn) as P; pose proof (log_softmax_near n Hn) as B.
  destruct (near_error u Hu s _ _ (softmax_near n Hn)) as [B2 _]; set (q := softmax ns x n) in *.
  rewrite (Rabs_pos_eq q) in B2 by lra; pose proof (grow_ge_1 u Hu s) as G; set (w := ln q) in *.
  replace (2 * s)%nat with (s + s)%nat by lia; unfold within; rewrite grow_plus; set (h := grow u s) in *.
  pose proof (Rabs_pos w) as W; split.
  - rewrite Rabs_mult, (Rabs_pos_eq q) by lra; apply Rmult_le_compat_l; lra.
  - assert (Lw : Rabs (l n) <= Rabs w + (h - 1)).
    { replace (l n) with (w + (l n - w)) by ring; eapply Rle_trans; [apply Rabs_triang | lra]. }
    replace (p n * l n - q * w) with ((p n - q) * l n + q * (l n - w)) by ring.
    eapply Rle_trans; [apply Rabs_triang|]; rewrite !Rabs_mult, (Rabs_pos_eq q) by lra.
    apply Rle_trans with ((h - 1) * q * (Rabs w + (h - 1)) + q * (h - 1)).
    + apply Rplus_le_compat; [apply Rmult_le_compat; auto using Rabs_pos | apply Rmult_le_compat_l; lra].
    + replace ((h - 1) * q * (Rabs w + (h - 1)) + q * (h - 1)) with (q * (h - 1) * (Rabs w + h)) by ring.
      replace ((h * h - 1) * (q * (1 + Rabs w))) with (q * (h - 1) * ((1 + h) * (1 + Rabs w))) by ring.
      apply Rmult_le_compat_l; [apply Rmult_le_pos; lra|].
      assert (0 <= h * Rabs w) by (apply Rmult_le_pos; lra); lra.
Qed.

(** L - H = -log p_label + sum p log p, as computed. *)
Theorem closed_form_within label m z :
  In label ns -> computed u (map (fun n => (p n, l n)) ns) m -> rounds u (- l label + m) z ->
  within u (2 * s + K + 1) (loss ns x label - entropy ns x)
    (1 + Rabs (ln (softmax ns x label)) + \sum_(n <- ns) softmax ns x n * (1 + Rabs (ln (softmax ns x n)))) z.
Proof.
  intros Hl' Hm Hz; apply (within_near u Hu _ _ _ _ (- l label + m)); [|apply near_rounds; auto].
  pose proof (within_dot u Hu ns (2 * s) _ _ p l m entropy_term Hm) as [E1 E2]; fold K in E2.
  pose proof (log_softmax_near label Hl') as B; unfold loss, entropy.
  set (w := ln (softmax ns x label)) in *; set (H := \sum_(n <- ns) softmax ns x n * ln (softmax ns x n)) in *.
  set (A := \sum_(n <- ns) softmax ns x n * (1 + Rabs (ln (softmax ns x n)))) in *.
  pose proof (grow_le u Hu s (2 * s + K) ltac:(lia)) as G; pose proof (grow_ge_1 u Hu s); pose proof (Rabs_pos w).
  replace (- w - - H) with (- w + H) by ring; split.
  - eapply Rle_trans; [apply Rabs_triang|]; rewrite Rabs_Ropp; lra.
  - replace (- l label + m - (- w + H)) with (- (l label - w) + (m - H)) by ring.
    eapply Rle_trans; [apply Rabs_triang|]; rewrite Rabs_Ropp.
    assert (1 * (grow u s - 1) <= (1 + Rabs w) * (grow u (2 * s + K) - 1)) by (apply Rmult_le_compat; lra); lra.
Qed.

(** The scales are known as computed only: 1 + |log p| and p are off by s roundings each. *)
Theorem scale_near n :
  In n ns -> softmax ns x n * (1 + Rabs (ln (softmax ns x n))) <= grow u (2 * s) * (p n * (1 + Rabs (l n))).
Proof.
  intros Hn; pose proof (probability_pos n Hn) as P; pose proof (log_softmax_near n Hn) as B.
  destruct (near_bounds u Hu s _ _ (Rlt_le _ _ P) (softmax_near n Hn)) as [P' [Q _]]; set (q := softmax ns x n) in *.
  pose proof (grow_ge_1 u Hu s) as G; set (h := grow u s) in *; pose proof (Rabs_pos (l n)) as L0.
  replace (2 * s)%nat with (s + s)%nat by lia; rewrite grow_plus; fold h.
  assert (W : 1 + Rabs (ln q) <= h * (1 + Rabs (l n))).
  { assert (Rabs (ln q) <= Rabs (l n) + (h - 1)).
    { replace (ln q) with (l n + - (l n - ln q)) by ring; eapply Rle_trans; [apply Rabs_triang|]; rewrite Rabs_Ropp; lra. }
    assert (0 <= (h - 1) * Rabs (l n)) by (apply Rmult_le_pos; lra); lra. }
  replace (h * h * (p n * (1 + Rabs (l n)))) with (h * p n * (h * (1 + Rabs (l n)))) by ring.
  apply Rmult_le_compat; auto; pose proof (Rabs_pos (ln q)); lra.
Qed.
End Softmax.
