//! A cell in the notation of DARTS.

use crate::{
    cell::{INPUTS, Topology},
    operation::Operation,
};
use serde::Deserialize;

/// The cell as DARTS writes it: `(operation, source)` node by node, without none. DARTS has two a node;
/// where a node has another number of them, each node's stand in a list of their own. The analysis has
/// no reduction cells.
pub fn genotype(cell: &[Operation], topology: &Topology) -> String {
    let entry = |edge: usize| format!("('{}', {})", cell[edge], topology.edges()[edge][0]);
    let kept = |node| topology.into_node(node).filter(|edge| cell[*edge] != Operation::None);
    let nodes: Vec<Vec<_>> = (INPUTS..topology.nodes()).map(|node| kept(node).map(entry).collect()).collect();
    let normal = match nodes.iter().all(|node| node.len() == 2) {
        true => nodes.concat().join(", "),
        false => nodes.iter().map(|node| format!("[{}]", node.join(", "))).collect::<Vec<_>>().join(", "),
    };
    let output = topology.output();
    let concat = match output.windows(2).all(|pair| pair[1] == pair[0] + 1) {
        true => format!("range({}, {})", output[0], output[output.len() - 1] + 1),
        false => format!("{output:?}"),
    };
    format!("Genotype(normal=[{normal}], normal_concat={concat}, reduce=[], reduce_concat=[])")
}

/// `(operation, source)` lists as JSON has them: two a node in one list, or a list for each node.
#[derive(Deserialize)]
#[serde(untagged)]
enum Normal {
    Flat(Vec<(String, usize)>),
    ByNode(Vec<Vec<(String, usize)>>),
}

/// Reads what [`genotype`] writes, or DARTS: the normal cell of the first `Genotype(…)` in `text`, on the
/// graph with every edge, where those that are not listed are none.
///
/// # Errors
/// In one line, what was expected.
pub fn parse(text: &str) -> Result<(Topology, Vec<Operation>), String> {
    let field = |name: &str| {
        let start = text.find(name).ok_or_else(|| format!("expected {name}… of a Genotype"))? + name.len();
        let rest = text[start..].trim_start();
        let opened = rest.find(['[', '(']).filter(|at| *at <= "range".len());
        let opened = opened.ok_or_else(|| format!("{name} expected a list"))?;
        let mut depth = 0;
        let closed = rest[opened..].find(|c| {
            depth += i32::from("[(".contains(c)) - i32::from("])".contains(c));
            depth == 0
        });
        let closed = opened + closed.ok_or_else(|| format!("{name} its list has no end"))?;
        let json = rest[opened..=closed].replace('(', "[").replace(')', "]").replace('\'', "\"");
        Ok::<_, String>((rest.starts_with("range"), json))
    };
    let (_, normal) = field("normal=")?;
    let expected = |_| "normal= expected [('sep_conv_3x3', 0), …]".to_string();
    let nodes: Vec<Vec<(String, usize)>> = match serde_json::from_str(&normal).map_err(expected)? {
        Normal::Flat(pairs) => pairs.chunks(2).map(<[_]>::to_vec).collect(),
        Normal::ByNode(nodes) => nodes,
    };
    let (range, concat) = field("normal_concat=")?;
    let expected = |_| "normal_concat= expected range(2, 6) or a list of nodes".to_string();
    let output: Vec<usize> = serde_json::from_str(&concat).map_err(expected)?;
    let output = match output[..] {
        [from, to] if range => (from..to).collect(),
        _ => output,
    };
    let complete = Topology::complete(nodes.len());
    let topology = Topology::new(complete.nodes(), complete.edges().to_vec(), output)?;
    let mut cell = vec![Operation::None; topology.edges().len()];
    for (node, (name, source)) in nodes.iter().enumerate().flat_map(|(n, node)| node.iter().map(move |e| (n, e))) {
        let ends = [*source, node + INPUTS];
        let edge = topology.edges().iter().position(|edge| *edge == ends);
        let edge = edge.ok_or_else(|| format!("normal= ('{name}', {source}): no node before node {}", ends[1]))?;
        if cell[edge] != Operation::None {
            return Err(format!("normal= node {} has two operations on node {source}", ends[1]));
        }
        cell[edge] = name.parse()?;
    }
    Ok((topology, cell))
}

#[cfg(test)]
mod tests {
    use super::*;
    use Operation::{AvgPool3x3, None, SepConv3x3, SkipConnect};

    #[test]
    fn a_genotype_is_written_as_in_darts_and_read_back() {
        let minimal = Topology::minimal();
        let two_each = [SkipConnect, SepConv3x3, SkipConnect, None, AvgPool3x3];
        let text = genotype(&two_each, &minimal);
        assert_eq!(
            text,
            "Genotype(normal=[('skip_connect', 0), ('sep_conv_3x3', 1), ('skip_connect', 0), ('avg_pool_3x3', 2)], \
             normal_concat=range(2, 4), reduce=[], reduce_concat=[])"
        );
        assert_eq!(parse(&format!("{text}\nand a table")).unwrap(), (minimal.clone(), two_each.to_vec()));
        let uneven = [None, SepConv3x3, SkipConnect, SepConv3x3, None];
        let text = genotype(&uneven, &minimal);
        assert_eq!(
            text,
            "Genotype(normal=[[('sep_conv_3x3', 1)], [('skip_connect', 0), ('sep_conv_3x3', 1)]], \
             normal_concat=range(2, 4), reduce=[], reduce_concat=[])"
        );
        assert_eq!(parse(&text).unwrap(), (minimal, uneven.to_vec()));
    }

    #[test]
    fn what_is_no_genotype_is_refused_in_one_line() {
        for (text, expected) in [
            ("", "normal="),
            ("Genotype(normal=[('skip_connect', 0)", "no end"),
            ("Genotype(normal=[('skip', 0)], normal_concat=range(2, 3))", "skip"),
            ("Genotype(normal=[('skip_connect', 7)], normal_concat=range(2, 3))", "no node before node 2"),
            ("Genotype(normal=[('skip_connect', 0), ('none', 0)], normal_concat=[5])", "output: [5]"),
            ("Genotype(normal=[('skip_connect', 0), ('max_pool_3x3', 0)], normal_concat=[2])", "two operations"),
        ] {
            let message = parse(text).unwrap_err();
            assert!(message.contains(expected) && !message.contains('\n'), "{text}: {message}");
        }
    }
}
