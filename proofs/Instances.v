(** * Concrete instances, computed over the rationals

    The numbers that the Rust code has to reproduce: the four-number counterexample to the literal
    Theorem 1, two small normalisations, and four minimal cells with a preprocessing unit behind
    them. Variances are chosen so that every standard deviation is rational.

    [instances] prints one quantity a line: instance, quantity, numbers (integers or p/q). check.sh
    compares the lines with tests/testdata/proofs/instances.txt. *)
From Coq Require Import QArith Qreals Reals String DecimalString List Lra.
From Wirecost Require Import Sums Gradient Theorem1Literal.
From Wirecost Require NormRounding.
Import ListNotations.
Open Scope Q_scope.

(** ** Vectors *)
Definition zip (f : Q -> Q -> Q) (a b : list Q) : list Q := map (fun p => Qred (f (fst p) (snd p))) (combine a b).
Definition scale (k : Q) (a : list Q) : list Q := map (fun v => Qred (k * v)) a.
Definition qsum (a : list Q) : Q := Qred (fold_right Qplus 0 a).
Definition qdot (a b : list Q) : Q := qsum (zip Qmult a b).
Definition qmean (a : list Q) : Q := Qred (qsum a / inject_Z (Z.of_nat (length a))).
Definition qvar (a : list Q) : Q := qmean (map (fun v => (v - qmean a) * (v - qmean a)) a).
Definition positive (v : Q) : bool := match v with Qmake (Zpos _) _ => true | _ => false end.
Definition qrelu (a : list Q) : list Q := map (fun v => if positive v then v else 0) a.
Definition qmask (x g : list Q) : list Q := zip (fun v w => if positive v then w else 0) x g.

(** ** Normalisation of one group, with its standard deviation given; [q_sound] checks it *)
Record qnorm := QNorm { q_eps : Q; q_sigma : Q; q_gamma : Q; q_beta : Q }.

Definition q_sound (n : qnorm) (y : list Q) : bool := Qeq_bool (q_sigma n * q_sigma n) (qvar y + q_eps n).
Definition q_xhat (n : qnorm) (y : list Q) : list Q := map (fun v => Qred ((v - qmean y) / q_sigma n)) y.
Definition q_forward (n : qnorm) (y : list Q) : list Q :=
  map (fun h => Qred (q_gamma n * h + q_beta n)) (q_xhat n y).
Definition q_backward (n : qnorm) (y g : list Q) : list Q :=   (* eq. (8) *)
  let u := scale (q_gamma n) g in
  zip (fun v h => (v - qmean u - h * qmean (zip Qmult u (q_xhat n y))) / q_sigma n) u (q_xhat n y).
Definition q_residual (n : qnorm) (y g : list Q) : Q :=
  Qred (q_eps n / (q_sigma n * q_sigma n) * qdot (scale (q_gamma n) g) (q_xhat n y)).

(** ** The four numbers of Theorem1Literal.v *)
Definition qa : list Q := [0; 2; 0; 2].
Definition qb : list Q := [1; -1; 3; 1].
Definition plain_norm : qnorm := QNorm 0 1 1 0.
Definition four_gradient : list Q :=
  let node := zip Qplus qa qb in qmask node (q_backward plain_norm (qrelu node) [1; 0; 0; 0]).

(** They are the numbers of the theorem there. *)
Theorem four_numbers_match i :
  In i ix -> backward f node g i = Q2R (nth i four_gradient 0).
Proof.
  intros Hi; rewrite node_grad by auto.
  replace four_gradient with [1 # 2; -1 # 2; 0; 0] by (vm_compute; reflexivity).
  cases_ix Hi; unfold Q2R; simpl; lra.
Qed.

(** ** The minimal cell: nodes 0 and 1 are its inputs; edges 0: 0-2 skip, 1: 1-2 skip, 2: 0-3
    ReLU, convolution, norm; 3: 1-3 none; 4: 2-3 a mixture of skip and ReLU, convolution, norm. All
    convolutions of the cell are 1x1 of weight 1. Behind it a preprocessing unit: ReLU, 1x1
    convolution of the two channels with weights w2 and w3, norm. The loss is half the squared
    distance of the unit's output to a target. *)
Record cell := Cell {
  name : string; z_skip : Q; z_conv : Q;
  norm2 : qnorm; norm4 : qnorm; unit_norm : qnorm; w2 : Q; w3 : Q; target : list Q }.

Section Run.
Variable c : cell.
Definition x0 := qa.                                         (* what each edge delivers *)
Definition x1 := qb.
Definition node2 := zip Qplus x0 x1.
Definition x2 := q_forward (norm2 c) (qrelu qa).
Definition x4_skip := scale (z_skip c) node2.
Definition x4_conv := scale (z_conv c) (q_forward (norm4 c) (qrelu node2)).
Definition x4 := zip Qplus x4_skip x4_conv.
Definition node3 := zip Qplus x2 x4.
Definition unit_input := zip Qplus (scale (w2 c) (qrelu node2)) (scale (w3 c) (qrelu node3)).
Definition output := q_forward (unit_norm c) unit_input.
Definition loss := Qred (qdot (zip Qminus output (target c)) (zip Qminus output (target c)) / 2).

Definition g_output := zip Qminus output (target c).         (* the backward pass *)
Definition g_unit := q_backward (unit_norm c) unit_input g_output.
Definition g2_out := qmask node2 (scale (w2 c) g_unit).      (* through the concatenation *)
Definition g3 := qmask node3 (scale (w3 c) g_unit).
Definition g2_edge4 :=                                       (* through edge 4 *)
  zip Qplus (scale (z_skip c) g3)
            (scale (z_conv c) (qmask node2 (q_backward (norm4 c) (qrelu node2) g3))).
Definition g2 := zip Qplus g2_out g2_edge4.

Definition edge_costs := [qdot g2 x0; qdot g2 x1; qdot g3 x2; 0; qdot g3 x4].
Definition output_paths := [qdot g2_out x0; qdot g2_out x1; qdot g3 x2; 0; qdot g3 x4].
Definition edge4_paths := [qdot g2_edge4 x0; qdot g2_edge4 x1].
Definition edge4_skip_cost := qdot g3 x4_skip.
Definition edge4_conv_cost := qdot g3 x4_conv.
Definition edge4_residual := Qred (z_conv c * q_residual (norm4 c) (qrelu node2) g3).
Definition unit_residual := q_residual (unit_norm c) unit_input g_output.

(** Every standard deviation is right, and the three laws hold on these numbers. *)
Definition lawful : bool :=
  q_sound (norm2 c) (qrelu qa) && q_sound (norm4 c) (qrelu node2) && q_sound (unit_norm c) unit_input &&
  Qeq_bool (qsum output_paths) unit_residual &&                          (* Corollary 1.2 *)
  Qeq_bool (qsum edge4_paths) (edge4_skip_cost + edge4_residual) &&      (* Theorem 1, eq. (11) *)
  Qeq_bool (qsum edge_costs) (unit_residual + edge4_skip_cost + edge4_residual).
End Run.

Definition aim : list Q := [1; 0; -1; 2].
Definition cell_plain := Cell "cell-plain" 0 1
  (QNorm 0 1 2 (1#2)) (QNorm 0 1 3 (-1)) (QNorm 0 (9#2) 1 0) 1 2 aim.
Definition cell_skip := Cell "cell-skip" 1 0
  (QNorm 0 1 4 (-1#2)) (QNorm 0 1 1 0) (QNorm 0 (15#4) 1 0) 2 1 aim.
Definition cell_mixture := Cell "cell-mixture" (1#2) (1#2)
  (QNorm 0 1 2 (-3#2)) (QNorm 0 1 1 0) (QNorm 0 (7#4) 2 1) 1 1 aim.
Definition cell_eps := Cell "cell-eps" 0 1
  (QNorm (5#4) (3#2) 3 2) (QNorm (5#4) (3#2) 6 (-1)) (QNorm (5#4) (19#2) 1 0) 4 2 aim.
Definition cells := [cell_plain; cell_skip; cell_mixture; cell_eps].

Theorem all_cells_are_lawful : forallb lawful cells = true.
Proof. vm_compute; reflexivity. Qed.

(** Without a skip the edges sum to zero, with one on the intermediate edge they do not. *)
Theorem plain_cell_sums_to_0 : qsum (edge_costs cell_plain) = 0.
Proof. vm_compute; reflexivity. Qed.

Theorem skip_cell_does_not_sum_to_0 : Qeq_bool (qsum (edge_costs cell_skip)) 0 = false.
Proof. vm_compute; reflexivity. Qed.

(** With two live inputs of node 2, the paths through edge 4 are opposite and not zero. *)
Theorem plain_cell_path_is_not_0 :
  Qeq_bool (nth 0 (edge4_paths cell_plain) 0) 0 = false /\
  Qeq_bool (qsum (edge4_paths cell_plain)) 0 = true.
Proof. vm_compute; auto. Qed.

(** The output edges of an inner cell sum to zero; those of one node do not. *)
Theorem plain_cell_node_is_not_0 :
  qsum (output_paths cell_plain) = 0 /\ Qeq_bool (qsum (firstn 2 (output_paths cell_plain))) 0 = false.
Proof. vm_compute; auto. Qed.

(** ** Printing *)
Open Scope string_scope.

Definition show (v : Q) : string :=
  let '(Qmake n d) := Qred v in
  NilZero.string_of_int (Z.to_int n) ++
  (if Pos.eqb d 1 then "" else "/" ++ NilZero.string_of_uint (Pos.to_uint d)).

Definition line (who what : string) (vs : list Q) : string :=
  who ++ " " ++ what ++ " " ++ String.concat " " (map show vs).

Definition four_lines : list string :=
  let show := line "four-numbers" in
  [ show "a" qa; show "b" qb; show "weight" [1]; show "eps" [0];
    show "input-gradient" four_gradient;
    show "cost-a" [qdot four_gradient qa]; show "cost-b" [qdot four_gradient qb];
    show "cost-node" [qdot four_gradient (zip Qplus qa qb)] ].

Definition norm_lines (who : string) (n : qnorm) (x g : list Q) : list string :=
  let show := line who in
  [ show "x" x; show "gamma" [q_gamma n]; show "beta" [q_beta n]; show "eps" [q_eps n];
    show "output-gradient" g; show "mean" [qmean x]; show "variance" [qvar x];
    show "output" (q_forward n x); show "input-gradient" (q_backward n x g);
    show "input-cost" [qdot (q_backward n x g) x]; show "residual" [q_residual n x g] ].

Definition cell_lines (c : cell) : list string :=
  let show := line (name c) in
  [ show "node-0" qa; show "node-1" qb; show "edge-4-weights" [z_skip c; z_conv c];
    show "edge-2-norm" [q_gamma (norm2 c); q_beta (norm2 c); q_eps (norm2 c)];
    show "edge-4-norm" [q_gamma (norm4 c); q_beta (norm4 c); q_eps (norm4 c)];
    show "unit-norm" [q_gamma (unit_norm c); q_beta (unit_norm c); q_eps (unit_norm c)];
    show "unit-weights" [w2 c; w3 c]; show "target" (target c);
    show "node-2" node2; show "node-3" (node3 c); show "output" (output c); show "loss" [loss c];
    show "node-2-gradient" (g2 c); show "node-3-gradient" (g3 c);
    show "edge-costs" (edge_costs c); show "output-paths" (output_paths c);
    show "edge-4-paths" (edge4_paths c);
    show "edge-4-operation-costs" [edge4_skip_cost c; edge4_conv_cost c];
    show "edge-4-residual" [edge4_residual c]; show "unit-residual" [unit_residual c];
    show "edge-cost-sum" [qsum (edge_costs c)] ].

(** How many roundings the bounds of a normalisation count over n entries. *)
Definition rounding_line (n : nat) : string :=
  line "roundings" "norm" (map (fun k => inject_Z (Z.of_nat k)) [n; NormRounding.norm_roundings n]).

Definition newline : string := String (Ascii.ascii_of_nat 10) "".

Definition instances : string :=
  String.concat newline
    (four_lines
     ++ norm_lines "norm" (QNorm 0 (9#2) 2 (1#3)) [1; 1; 4; 12] [1; 0; -2; (1#2)]
     ++ norm_lines "norm-eps" (QNorm (5#4) (3#2) 2 (1#3)) [1; 1; 3; 3] [1; 0; -2; (1#2)]
     ++ concat (map cell_lines cells)
     ++ map rounding_line [1; 2; 9; 64]%nat)%list.
