//! A whole network in few numbers, from which its case is built.

use super::{Style, fit};
use crate::{
    architecture::softmax_rows,
    cell::{INPUTS, Topology},
    cost::case::Case,
    network::Settings,
    normalisation::{NormSettings, Normalisation},
    operation::{Operation, Order},
    tensor::op::Image,
};
use ndarray::Array2;

/// Elementary steps beyond which a network is made smaller: keeps the slowest case near 50 ms.
const LARGEST: usize = 6_000_000;

/// What a network is drawn as.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Intermediate nodes.
    pub intermediate: usize,
    /// Which edges of the complete graph are kept, as bits.
    pub kept: u16,
    /// Which intermediate nodes are concatenated, as bits; none stands for all.
    pub output: u8,
    /// Stacked cells.
    pub cells: usize,
    /// An operation for each edge in turn, cell after cell; none of them for a mixture.
    pub operations: Option<Vec<usize>>,
    /// Extents and channels of the input.
    pub input: Image,
    /// Channels of a cell.
    pub channels: usize,
    /// The norm of the cells and the stem.
    pub norm: NormSettings,
    /// Stacking order.
    pub order: Order,
    /// K.
    pub classes: usize,
    /// Whether the classifier has a bias.
    pub bias: bool,
    /// Whether there is a stem.
    pub stem: bool,
    /// Whether the input's first channel is constant.
    pub constant: bool,
    /// What the numbers are.
    pub style: Style,
    /// Where they come from.
    pub seed: u64,
}

impl Plan {
    /// The minimal cell of batch norm at ε = 0, one cell of one channel, with the given operations, on
    /// three samples of one pixel: the start of examples made by hand. With fewer samples batch norm
    /// leaves nothing; the two input channels make the two input nodes differ.
    pub fn minimal(operations: [Operation; 5]) -> Self {
        Plan {
            intermediate: 2,
            kept: u16::MAX,
            output: 0,
            cells: 1,
            operations: Some(operations.map(Operation::index).to_vec()),
            input: Image { n: 3, h: 1, w: 1, c: 2 },
            channels: 1,
            norm: NormSettings { kind: Normalisation::Batch, eps: 0.0, affine: None },
            order: Order::ReluConvNorm,
            classes: 2,
            bias: false,
            stem: false,
            constant: false,
            style: Style::Integers,
            seed: 0,
        }
    }

    fn topology(&self) -> Topology {
        let complete = Topology::complete(self.intermediate);
        let kept = |(e, edge): (usize, &[usize; 2])| (self.kept >> e & 1 == 1).then_some(*edge);
        let edges: Vec<_> = complete.edges().iter().enumerate().filter_map(kept).collect();
        let output = (0..self.intermediate).filter(|j| self.output >> j & 1 == 1).map(|j| INPUTS + j).collect();
        Topology::new(complete.nodes(), edges, output).expect("part of a complete graph")
    }

    fn settings(&self) -> Settings {
        let topology = self.topology();
        let norm = NormSettings { kind: fit(self.norm.kind, self.channels), ..self.norm };
        // Without norms a β would make the network inhomogeneous, and claims about none say so.
        let norm = if norm.kind == Normalisation::None { NormSettings { affine: None, ..norm } } else { norm };
        Settings {
            input: self.input,
            stem: self.stem.then_some((self.channels, norm)),
            topology,
            cells: self.cells,
            channels: self.channels,
            norm,
            order: self.order,
            classes: self.classes,
            bias: self.bias,
        }
    }

    /// Elementary steps of a forward pass, roughly.
    fn work(&self) -> usize {
        let Image { n, h, w, .. } = self.input;
        let edges = self.topology().edges().len();
        let operations = if self.operations.is_some() { edges } else { edges * Operation::ALL.len() };
        self.cells * operations * n * h * w * self.channels * (25 + self.channels)
    }

    /// The case. Every tensor's values depend on its name, the style and the seed alone.
    pub fn build(mut self) -> Case {
        while self.work() > LARGEST {
            match self.input {
                Image { n, .. } if n > 2 => self.input.n = n.div_ceil(2),
                Image { h, w, .. } if h.max(w) > 2 => (self.input.h, self.input.w) = (h.div_ceil(2), w.div_ceil(2)),
                _ if self.cells > 1 => self.cells -= 1,
                _ => break,
            }
        }
        let settings = self.settings();
        let shape = (settings.topology.edges().len(), Operation::ALL.len());
        let alpha = (self.operations.is_none() && shape.0 > 0).then(|| {
            let fill = |t: usize| Style::Reals.fill(self.seed, &format!("alpha {t}"), shape.0 * shape.1);
            (0..self.cells).map(|t| Array2::from_shape_vec(shape, fill(t)).expect("a logit each")).collect::<Vec<_>>()
        });
        let sampled = |t: usize| {
            let operations = self.operations.as_deref().unwrap_or_default();
            let operation = |e: usize| operations.get((t * shape.0 + e) % operations.len().max(1)).copied();
            Array2::from_shape_fn(shape, |(e, k)| f64::from(u8::from(operation(e) == Some(k))))
        };
        let arch = match &alpha {
            Some(alpha) => alpha.iter().map(|alpha| softmax_rows(alpha.view())).collect(),
            None => (0..self.cells).map(sampled).collect(),
        };
        let input = settings.input;
        let mut x = self.style.fill(self.seed, "x", input.n * input.per_sample());
        if self.constant {
            x.iter_mut().step_by(input.c).for_each(|x| *x = 3.0);
        }
        let labels = Style::Reals.fill(self.seed, "labels", input.n);
        let label = |v: &f64| ((v * 1e3).abs() as usize) % settings.classes;
        let mut case = Case {
            name: "drawn".into(),
            note: String::new(),
            labels: labels.iter().map(label).collect(),
            settings,
            arch,
            alpha,
            parameters: Default::default(),
            x,
            expected: Default::default(),
        };
        for (name, shape) in case.parameter_shapes().expect("a network that can be built") {
            let n = shape.iter().product();
            let values = match name.contains("norm") {
                true => self.style.fill_affine(self.seed, &name, n),
                false => self.style.fill(self.seed, &name, n),
            };
            case.parameters.insert(name, values);
        }
        case
    }
}
