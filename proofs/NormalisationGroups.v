(** * Normalisation of a whole tensor, group by group (eqs. (7), (10), (14), (15))

    The paper: "this result can be generalized to [...] other normalization methods, like instance
    normalization, layer normalization" (end of Step 3, and section 8.1, eqs. (14), (15)).

    Normalisation methods differ only in which entries share statistics: a partition of all entries into
    groups. The cost is zero for each group by itself. *)
From Coq Require Import Reals List Lra Lia FunctionalExtensionality.
From Wirecost Require Import Sums Derivative Gradient Euler Normalisation NormalisationCost.
Import ListNotations.
Open Scope R_scope.

Record normalisation (I : Type) := Normalisation {
  groups : list (list I);       (* the groups that share statistics *)
  group_of : I -> list I;       (* the group of an entry *)
  eps : R;
  gamma : I -> R;
  beta : I -> R }.
Arguments Normalisation {I}.
Arguments groups {I}.
Arguments group_of {I}.
Arguments eps {I}.
Arguments gamma {I}.
Arguments beta {I}.

(** The groups partition the entries s. *)
Record partitions {I} (s : list I) (N : normalisation I) : Prop := Partitions {
  sums_agree : forall f, Sum s f = \sum_(G <- groups N) Sum G f;
  covered : forall i, In i s -> In (group_of N i) (groups N) /\ In i (group_of N i);
  members : forall G i, In G (groups N) -> In i G -> In i s /\ group_of N i = G;
  inhabited : forall G, In G (groups N) -> G <> [] }.

Definition positive_variance {I} (N : normalisation I) (y : I -> R) : Prop :=
  forall G, In G (groups N) -> 0 < var G y + eps N.

Definition group_norm {I} (N : normalisation I) : layer I I :=
  Layer (fun y i => norm (group_of N i) (eps N) (gamma N) (beta N) y i)
        (fun y g i => norm_backward (group_of N i) (eps N) (gamma N) y g i).

(** What a normalisation lets through: zero at eps = 0. *)
Definition residual {I} (N : normalisation I) (y g : I -> R) : R :=
  \sum_(G <- groups N) eps N / (var G y + eps N) * \sum_(i <- G) gamma N i * g i * xhat G (eps N) y i.

Lemma residual_0 {I} (N : normalisation I) y g : eps N = 0 -> residual N y g = 0.
Proof. intros E; apply Sum_eq0; intros G _; rewrite E; unfold Rdiv; ring. Qed.

Section GroupNorm.
Context {I : Type}.
Variables (s : list I) (N : normalisation I).
Hypothesis HN : partitions s N.
Variable y : I -> R.
Hypothesis Hv : positive_variance N y.

(** The cost at the input is the residual. *)
Theorem group_norm_cost g :
  \sum_(i <- s) backward (group_norm N) y g i * y i = residual N y g.
Proof.
  rewrite (sums_agree s N HN); apply Sum_ext; intros G HG.
  rewrite <- (norm_cost_eps G (inhabited s N HN G HG) (eps N) (gamma N) y (Hv G HG)).
  apply Sum_ext; intros i Hi; cbn; destruct (members s N HN G i HG Hi) as [_ ->]; auto.
Qed.

(** Group by group, at eps = 0. *)
Corollary group_norm_zero_cost G g :
  eps N = 0 -> In G (groups N) -> \sum_(i <- G) backward (group_norm N) y g i * y i = 0.
Proof.
  intros E HG; rewrite <- (norm_zero_cost G (gamma N) y g (inhabited s N HN G HG)).
  - apply Sum_ext; intros i Hi; cbn; destruct (members s N HN G i HG Hi) as [_ ->]; rewrite E; auto.
  - pose proof (Hv G HG) as H; rewrite E in H; lra.
Qed.

Theorem group_norm_differentiable : differentiable s s (group_norm N) y.
Proof.
  intros c t0 v Hc H.
  exists (fun i => let G := group_of N i in gamma N i *
    ((v i - mean G v - xhat G (eps N) y i * mean G (fun j => xhat G (eps N) y j * v j)) / sigma G (eps N) y)).
  split.
  - intros i Hi; destruct (covered s N HN i Hi) as [HG HiG].
    apply (deriv_norm _ (inhabited s N HN _ HG) (eps N) (gamma N) (beta N) y (Hv _ HG)); auto.
    intros j Hj; apply H, (members s N HN _ j HG Hj).
  - intros g; rewrite !(sums_agree s N HN); apply Sum_ext; intros G HG; cbn.
    transitivity (\sum_(i <- G) norm_backward G (eps N) (gamma N) y g i * v i).
    + rewrite <- (norm_jacobian_adjoint G (inhabited s N HN G HG) (eps N) (gamma N) y (Hv G HG) g v).
      apply Sum_ext; intros i Hi; destruct (members s N HN G i HG Hi) as [_ ->]; auto.
    + apply Sum_ext; intros i Hi; destruct (members s N HN G i HG Hi) as [_ ->]; auto.
Qed.
End GroupNorm.

Lemma group_norm_homogeneous {I} (N : normalisation I) y :
  eps N = 0 -> (forall i, 0 < var (group_of N i) y) -> homogeneous 0 (forward (group_norm N)) y.
Proof. intros E Hv t i Ht; cbn; rewrite E; apply (norm_homogeneous _ (gamma N) (beta N) y (Hv i)); auto. Qed.
