#!/usr/bin/env bash
# Checks the proofs: builds them from clean, looks for anything assumed, and compares what they rest on
# and the instances they print with the recorded files. With --update it records them instead.
set -euo pipefail
export LC_ALL=C
cd "$(dirname "$0")"

instances=../tests/testdata/proofs/instances.txt
least_theorems=70
# The classical reals of Coq's standard library and functional extensionality.
allowed='ClassicalDedekindReals.sig_forall_dec
ClassicalDedekindReals.sig_not_dec
Classical_Prop.classic
FunctionalExtensionality.functional_extensionality_dep'

fail() { echo "proofs/check.sh: FAILED: $*" >&2; exit 1; }
passed() { echo "proofs/check.sh: $*"; }

update=false
case "${1-}" in
  '') ;;
  --update) update=true ;;
  *) fail "unknown argument '$1' (expected nothing or --update)" ;;
esac

for tool in coqc coq_makefile make; do
  command -v "$tool" >/dev/null || fail "$tool is not installed (Debian: apt-get install --no-install-recommends coq make)"
done

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp ./*.v _CoqProject "$work"

# Records the file, or compares with it.
agree() { # what, fresh file, recorded file
  if $update; then
    mkdir -p "$(dirname "$3")"
    cp "$2" "$3"
  elif ! diff "$3" "$2" >"$work/diff" 2>&1; then
    cat "$work/diff" >&2
    fail "$1: $3 differs from what the proofs give now (proofs/check.sh --update records it)"
  fi
}

# The sources without comments, which nest.
for file in *.v; do
  awk '
    { text = text $0 "\n" }
    END {
      for (i = 1; i <= length(text); i++) {
        two = substr(text, i, 2)
        if (two == "(*") { depth++; i++ }
        else if (two == "*)" && depth) { depth--; i++ }
        else if (!depth || substr(text, i, 1) == "\n") printf "%s", substr(text, i, 1)
      }
    }' "$file" >"$work/$file.code"
done
assumed='\b(Admitted|admit|give_up|Axioms?|Parameters?|Conjectures?|bypass_check|Guard Checking|Positivity Checking|Universe Checking)\b'
if (cd "$work" && grep -nE "$assumed" ./*.v.code) >"$work/assumed"; then
  sed 's/\.code:/:/' "$work/assumed" >&2
  fail "a source assumes what it should prove"
fi
passed "nothing is admitted, and no axiom or parameter is declared, in $(ls ./*.v | wc -l) files"

for file in *.v; do
  case "$file" in Assumptions.v | PrintInstances.v) continue ;; esac
  grep -qxF "$file" _CoqProject || fail "$file is not in _CoqProject"
done
start=$SECONDS
(cd "$work" && coq_makefile -f _CoqProject -o Makefile && make) >"$work/build" 2>&1 ||
  { grep -A 12 '^File\|Error' "$work/build" >&2 || cat "$work/build" >&2; fail "the build"; }
passed "$(grep -c '\.v$' _CoqProject) files built from clean in $((SECONDS - start)) s, $(coqc --version | sed -n 's/.*version \([0-9.]*\).*/Coq \1/p')"

# Every theorem and corollary, by the file that states it.
for file in $(grep '\.v$' _CoqProject); do
  sed -nE "s/^(Theorem|Corollary) ([A-Za-z0-9_']+).*/${file%.v}.\2/p" "$work/$file.code"
done >"$work/theorems"
count=$(wc -l <"$work/theorems")
[ "$count" -ge "$least_theorems" ] || fail "$count theorems and corollaries, fewer than $least_theorems"
# One Print Assumptions a file, of all its theorems together: one for each takes minutes.
{
  echo '(** What the theorems and corollaries of each file rest on. Written by check.sh --update. *)'
  modules=$(sed 's/\..*//' "$work/theorems" | uniq)
  echo "From Wirecost Require" $modules.
  for module in $modules; do
    echo
    echo "Definition all_of_$module := ("
    sed -n "s/^$module\./  @$module./p" "$work/theorems" | sed '$!s/$/,/'
    echo ")."
    echo "Goal True. idtac \"= $module\". Abort."
    echo "Print Assumptions all_of_$module."
  done
} >"$work/Fresh.v"
agree "the list of theorems" "$work/Fresh.v" Assumptions.v

cp Assumptions.v "$work"
(cd "$work" && coqc -R . Wirecost Assumptions.v) >"$work/printed" 2>&1 ||
  { tail -5 "$work/printed" >&2; fail "printing the assumptions"; }
# One line a file: its name, then the axioms. An axiom's type follows it, indented or after " :".
awk '
  /^= / { if (name) print name ":" axioms; name = $2; axioms = ""; next }
  /^(Axioms:|Closed under the global context)/ || /^[ \t]/ || /^$/ { next }
  { axioms = axioms " " $1 }
  END { print name ":" axioms }' "$work/printed" >"$work/rests"
sed 's/^[^:]*://' "$work/rests" | tr ' ' '\n' | grep . | sort -u >"$work/axioms" || true
echo "$allowed" >"$work/allowed"
if beyond=$(grep -vxFf "$work/allowed" "$work/axioms"); then
  fail "an axiom beyond the classical reals and functional extensionality: $(echo "$beyond" | paste -sd' ')"
fi
agree "assumptions" "$work/rests" assumptions.expected
passed "$count theorems and corollaries rest on $(wc -l <"$work/axioms") axioms, all recorded: $(paste -sd' ' "$work/axioms")"

(cd "$work" && coqc -R . Wirecost PrintInstances.v) >"$work/printed" 2>&1 ||
  { tail -5 "$work/printed" >&2; fail "printing the instances"; }
sed -e '/^ *: string/d' -e 's/^ *= "//' -e 's/"$//' "$work/printed" >"$work/instances"
agree "instances" "$work/instances" "$instances"
passed "$(cut -d' ' -f1 "$work/instances" | uniq | wc -l) instances, $(wc -l <"$work/instances") lines, as in ${instances#../}"
$update && passed "recorded" || passed "all passed in $SECONDS s"
