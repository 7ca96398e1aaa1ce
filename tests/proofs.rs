//! Proof and code cannot drift apart: what the registry and the sources cite stands in `proofs/`, the
//! trust table speaks of every claim. That Coq accepts the proofs is `coq.rs`.
//!
//! Each rule returns its violations and is tried on bad examples.

#[path = "proofs/files.rs"]
mod files;

use files::{Proofs, Row, code, folder, is_qualified, names, read, rows, texts};
use std::{collections::BTreeMap, path::Path};
use wirecost::claim::{Claim, Evidence, registry};

/// The classical reals of Coq's standard library and functional extensionality.
const ALLOWED: [&str; 4] = [
    "ClassicalDedekindReals.sig_forall_dec",
    "ClassicalDedekindReals.sig_not_dec",
    "Classical_Prop.classic",
    "FunctionalExtensionality.functional_extensionality_dep",
];
const ASSUMING: [&str; 9] =
    ["Admitted", "admit", "give_up", "Axiom", "Axioms", "Parameter", "Parameters", "Conjecture", "bypass_check"];

/// Evidence as the tables write it: a letter beside lemmas, a word without them.
const KINDS: [(Evidence, &str, &str); 3] = [
    (Evidence::PropertyTested, "P", "property-tested"),
    (Evidence::CrossChecked, "C", "cross-checked"),
    (Evidence::Measured, "M", "measured"),
];

fn lemmas(claim: &Claim) -> Vec<&'static str> {
    let proved = |evidence: &Evidence| if let Evidence::Proved(lemma) = evidence { Some(*lemma) } else { None };
    claim.evidence.iter().filter_map(proved).collect()
}

/// What is wrong with citing `lemma`: nothing if it stands in `proofs/`, listed and resting on allowed
/// axioms.
fn unproved(lemma: &str, proofs: &Proofs) -> Option<String> {
    let axioms = proofs.axioms.get(lemma.split('.').next().unwrap_or_default());
    let beyond = axioms.iter().flat_map(|axioms| axioms.iter()).find(|axiom| !ALLOWED.contains(&axiom.as_str()));
    let wrong = if !is_qualified(lemma) {
        "is not Module.name"
    } else if !proofs.has(lemma) {
        "is not in proofs/"
    } else if proofs.theorems.contains(lemma) && !proofs.listed.contains(lemma) {
        "is not in Assumptions.v"
    } else if axioms.is_none() {
        "is in a module that assumptions.expected lacks"
    } else if let Some(axiom) = beyond {
        return Some(format!("{lemma} rests on {axiom}"));
    } else {
        return None;
    };
    Some(format!("{lemma} {wrong}"))
}

/// Words that assume what should be proved.
fn assumed(text: &str) -> Vec<&'static str> {
    let code = code(text);
    let words: Vec<&str> = code.split(|c: char| !(c.is_alphanumeric() || c == '_' || c == '\'')).collect();
    ASSUMING.into_iter().filter(|word| words.contains(word)).collect()
}

/// Where the trust table and the registry disagree.
fn disagreements(rows: &[Row], claims: &[Claim], proofs: &Proofs) -> Vec<String> {
    let mut found = Vec::new();
    let mut by_id: BTreeMap<&str, Vec<&Row>> = BTreeMap::new();
    for row in rows {
        row.ids.iter().for_each(|id| by_id.entry(id).or_default().push(row));
        found.extend(row.lemmas.iter().filter_map(|lemma| unproved(lemma, proofs)));
    }
    for claim in claims {
        let id = claim.id;
        let [row] = by_id.remove(id).unwrap_or_default()[..] else {
            found.push(format!("{id} does not have one row"));
            continue;
        };
        let proved = lemmas(claim);
        if proved.is_empty() != row.lemmas.is_empty() {
            found.push(format!("{id} is proved in one of table and registry only"));
        }
        let missing = proved.iter().filter(|lemma| !row.lemmas.iter().any(|l| l == *lemma));
        found.extend(missing.map(|lemma| format!("{id}: the table does not name {lemma}")));
        let said: Vec<&str> = row.carried_by.split([' ', ',', ';']).collect();
        for (kind, letter, word) in KINDS {
            if claim.evidence.contains(&kind) != (said.contains(&letter) || said.contains(&word)) {
                found.push(format!("{id} is {word} in one of table and registry only"));
            }
        }
    }
    found.extend(by_id.keys().map(|id| format!("{id} is no claim")));
    found
}

fn none(found: Vec<String>) {
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn every_lemma_that_the_registry_names_is_proved() {
    let (proofs, claims) = (Proofs::read(), registry());
    let named: Vec<_> = claims.iter().flat_map(|claim| lemmas(claim).into_iter().map(|l| (claim.id, l))).collect();
    assert!(named.len() >= 50, "only {} lemmas named", named.len());
    none(named.iter().filter_map(|(id, l)| Some(format!("{id}: {}", unproved(l, &proofs)?))).collect());
}

#[test]
fn nothing_is_assumed() {
    let found = |(path, text): &(_, String)| {
        let path: &std::path::PathBuf = path;
        assumed(text).into_iter().map(move |word| format!("{}: {word}", path.display())).collect::<Vec<_>>()
    };
    none(texts(&folder(), "v").iter().flat_map(found).collect());
}

#[test]
fn the_trust_table_has_every_claim_and_no_other() {
    none(disagreements(&rows(&read(folder().join("README.md")), "claim id"), &registry(), &Proofs::read()));
}

/// Where the code has a bound, it names the theorem that the bound is.
#[test]
fn every_theorem_that_the_sources_cite_exists() {
    let proofs = Proofs::read();
    let sources = texts(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), "rs");
    let cited = sources.iter().flat_map(|(path, text)| names(text, '`').into_iter().map(move |name| (path, name)));
    none(cited.filter_map(|(path, name)| Some(format!("{}: {}", path.display(), unproved(&name, &proofs)?))).collect());
    let bounds = sources.iter().find(|(path, _)| path.ends_with("theorem/rounding.rs")).unwrap();
    assert!(names(&bounds.1, '`').contains("Tolerance.check_bound"), "the checks' bound is cited");
}

/// The table of bounds: its lemmas are proved, and the code that it names cites one of them.
#[test]
fn every_bound_cites_the_lemma_of_its_constant() {
    let (proofs, table) = (Proofs::read(), rows(&read(folder().join("README.md")), "code"));
    assert!(table.len() >= 10, "{} bounds", table.len());
    none(table.iter().flat_map(|row| &row.lemmas).filter_map(|lemma| unproved(lemma, &proofs)).collect());
    let sources = texts(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), "rs");
    let cites = |path: &str, lemmas: &[String]| {
        let function = format!("fn {}(", path.rsplit("::").next().unwrap_or_default());
        let cited = |text: &String| lemmas.iter().any(|lemma| names(text, '`').contains(lemma));
        sources.iter().any(|(_, text)| text.contains(&function) && cited(text))
    };
    let silent = |row: &Row| row.ids.iter().filter(|id| !cites(id, &row.lemmas)).cloned().collect::<Vec<_>>();
    none(table.iter().flat_map(silent).collect());
}

#[test]
fn the_rules_find_bad_examples() {
    let mut proofs = Proofs::default();
    proofs.add("Good", "Theorem shown : True.\nLemma small x : x = x.\n(* Theorem (* nested *) hidden *)");
    proofs.add("Bad", "Corollary shaky : True.");
    proofs.listed = names("  @Good.shown,\n  @Bad.shaky\n", '@');
    proofs.axioms.insert("Good".into(), vec![ALLOWED[0].into()]);
    proofs.axioms.insert("Bad".into(), vec!["my_axiom".into()]);
    assert_eq!(unproved("Good.shown", &proofs), None);
    assert_eq!(unproved("Good.small", &proofs), None);
    for bad in ["shown", "Good.hidden", "Good.absent", "Bad.shaky"] {
        assert!(unproved(bad, &proofs).is_some(), "{bad}");
    }
    proofs.add("Good", "Theorem unlisted : True.");
    assert!(unproved("Good.unlisted", &proofs).is_some());

    assert_eq!(assumed("Lemma a : b. Admitted."), ["Admitted"]);
    assert_eq!(assumed("(* Axiom *) Axiom a : False. Lemma parameters : Axiomatic."), ["Axiom"]);

    let all = registry();
    let [claim] = &all[..1] else { unreachable!("a claim") };
    let claim = Claim { evidence: vec![Evidence::PropertyTested, Evidence::Proved("Good.shown")], ..claim.clone() };
    let found = |row: &str| {
        let table = format!("| claim id | lemma | tests |\n| --- | --- | --- |\n{row}\n");
        disagreements(&rows(&table.replace("ID", claim.id), "claim id"), std::slice::from_ref(&claim), &proofs).len()
    };
    assert_eq!(found("| `ID` | `Good.shown`, `small` | P G |"), 0);
    assert_eq!(found("| `ID` | `Good.shown` | G |"), 1);
    assert_eq!(found("| `ID` | `Good.shown` | P C |"), 1);
    assert_eq!(found("| `ID` | `Good.small` | P |"), 1);
    assert_eq!(found("| `ID` | `Good.shown`, `absent` | P |"), 1);
    assert_eq!(found("| `ID`, `no-claim` | `Good.shown` | P |"), 1);
    assert_eq!(found("| `no-claim` | `Good.shown` | P |"), 2);
    assert_eq!(found("| `ID` | `Good.shown` | P |\n| `ID` | `Good.shown` | P |"), 1);
    assert_eq!(found("| `ID` | – | P |"), 2);
}
