(** Prints the instances of Instances.v. *)
From Coq Require Import String.
From Wirecost Require Import Instances.
Open Scope string_scope.
Eval vm_compute in instances.
