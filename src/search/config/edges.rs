//! Which operations an edge may have (Figures 17 and 18): fixed to one, restricted to some, deleted.

use super::Config;
use crate::{operation::Operation, search::Error};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, str::FromStr};

/// By edge, the operations that it may have; none of them deletes the edge. Edges that are not listed
/// may have all.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "BTreeMap<String, Vec<Operation>>", into = "BTreeMap<String, Vec<Operation>>")]
pub struct Edges(pub BTreeMap<usize, Vec<Operation>>);

impl TryFrom<BTreeMap<String, Vec<Operation>>> for Edges {
    type Error = String;

    fn try_from(map: BTreeMap<String, Vec<Operation>>) -> Result<Self, String> {
        let number = |key: &String| key.parse().map_err(|_| format!("edges: '{key}' is not an edge's number"));
        map.iter().map(|(key, operations)| Ok((number(key)?, operations.clone()))).collect::<Result<_, _>>().map(Edges)
    }
}

impl From<Edges> for BTreeMap<String, Vec<Operation>> {
    fn from(edges: Edges) -> Self {
        edges.0.into_iter().map(|(edge, operations)| (edge.to_string(), operations)).collect()
    }
}

/// One edge's operations, as a flag has them.
#[derive(Debug, Clone)]
pub struct Edge(pub usize, pub Vec<Operation>);

impl FromStr for Edge {
    type Err = String;

    /// `2=none,skip_connect`, or `2=` for an edge that is deleted.
    fn from_str(text: &str) -> Result<Self, String> {
        let expected = || format!("'{text}'; expected an edge's number, =, and operations with commas between them");
        let (edge, operations) = text.split_once('=').ok_or_else(expected)?;
        let edge = edge.trim().parse().map_err(|_| expected())?;
        let names = operations.split(',').map(str::trim).filter(|name| !name.is_empty());
        Ok(Edge(edge, names.map(str::parse).collect::<Result<_, _>>()?))
    }
}

impl Config {
    /// The operations that each edge of the cell may have, in the order of all tables. A deleted edge
    /// has none.
    pub fn allowed(&self) -> Result<Vec<Vec<Operation>>, Error> {
        let count = self.topology()?.edges().len();
        if let Some(edge) = self.edges.0.keys().find(|edge| **edge >= count) {
            let problem = format!("{edge}; the cell has the edges 0 to {}", count as isize - 1);
            return Err(Error::Config { field: "edges", problem });
        }
        let of = |edge: usize| match self.edges.0.get(&edge) {
            None => Operation::ALL.to_vec(),
            Some(listed) if listed.is_empty() => vec![Operation::None],
            Some(listed) => Operation::ALL.into_iter().filter(|operation| listed.contains(operation)).collect(),
        };
        Ok((0..count).map(of).collect())
    }
}
