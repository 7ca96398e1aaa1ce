//! The same claims on the network as searches run it: operations fused, nothing watched. Its values are
//! those of the run that the other claims look into; its gradients are added up in another order, so the
//! identities are judged on its own costs.

use super::{gradients, stack};
use crate::{
    cell::Role,
    claim::{Claim, judgement::Judgement, observe::network::NetworkObservation},
    operation::Operation,
    tensor::Element,
};

const EXACT: &str = "none: the same numbers bit for bit";
const SUM: &str =
    "γ_{n+4K} Σ|g x| for each operation's cost, plus the bound of the law for the last cell (cor12-any-eps)";

pub fn claims() -> Vec<Claim> {
    vec![
        Claim::new(
            "search-path-logits",
            "sect. 2",
            "the run of a search, sampled or mixed, has the logits of the run that the claims look into: so L, H, C too",
            EXACT,
            in_both!(Network, logits),
        ),
        Claim::new(
            "search-path-alpha-gradient",
            "sect. 2.1",
            "the costs that a search records give the gradient that trains α: ∂L/∂α_m = C_m − Ẑ_m Σ_k C_k",
            gradients::BOUND,
            in_both!(Network, gradients::of_search),
        )
        .proved("ArchitectureGradients.darts_alpha_gradient"),
        Claim::new(
            "search-path-last-cell",
            "Theorem 2, Corollary 1.2",
            "the costs that a search records in the last cell sum to L − H, less the bias term, and the skips' costs on \
intermediate edges, at ε = 0",
            SUM,
            in_both!(Network, last_cell),
        )
        .proved("Corollary12.corollary_1_2")
        .proved("Corollary12.last_output_cost"),
    ]
}

fn logits<E: Element>(o: &NetworkObservation<E>) -> Vec<Judgement> {
    let Some(searched) = &o.searched else { return Vec::new() };
    let pairs = searched.logits.iter().zip(&o.evaluation.logits);
    pairs.map(|(ours, theirs)| Judgement::equal(*ours, *theirs, 0.0)).collect()
}

fn last_cell<E: Element>(o: &NetworkObservation<E>) -> Vec<Judgement> {
    let Some(searched) = o.searched.as_ref().filter(|_| stack::is_normalised(o) && o.case.settings.norm.eps == 0.0)
    else {
        return Vec::new();
    };
    let t = o.cells() - 1;
    let (mut sum, mut bound) = (0.0, o.all_edges(t).bound + stack::reaching(o, t).bound + o.handed_on(t).bound);
    for e in 0..o.topology().edges().len() {
        for operation in Operation::ALL {
            let blocked = o.topology().role(e) == Role::Intermediate && operation == Operation::SkipConnect;
            if !blocked {
                sum += searched.operation_costs[[t, e, operation.index()]];
            }
            bound += o.operation_cost(t, e, operation).map_or(0.0, |cost| cost.bound);
        }
    }
    vec![Judgement::equal(sum, o.from_head(t).value, bound)]
}
