//! The whole network: stem, stacked cells, head, loss.
//!
//! ```text
//! s   = norm(conv3×3(x))                     no ReLU in the stem
//! out = cell_t(out of t−2, out of t−1)       s stands for the cells before the first
//! Y   = mean over H, W of the last out · classifier (+ bias)
//! L   = mean over the batch of −log softmax(Y)_label
//! ```

mod cell;
mod init;
mod loss;

pub use cell::{Cell, consumer_key, node_key, operation_key};
pub use init::{Random, Ready};
pub use loss::{Losses, one_hot_rows};

use crate::{
    architecture::Choice,
    cell::Topology,
    normalisation::{Norm, NormSettings},
    operation::{Filter, Operation, Order},
    tensor::{Backend, Element, Error, Init, Parameter, Pass, Scope, Var, Watch, error::Result, op::Image},
};

/// What a network is built from.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// Extents of a batch of inputs; the batch size matters only to per-sample γ and β.
    pub input: Image,
    /// Channels after the stem, and its norm; without a stem the input goes straight to the cells.
    pub stem: Option<(usize, NormSettings)>,
    /// The graph of every cell.
    pub topology: Topology,
    /// Stacked cells, at least one.
    pub cells: usize,
    /// Channels C inside a cell.
    pub channels: usize,
    /// The norm inside cells.
    pub norm: NormSettings,
    /// The order of ReLU, convolution and norm.
    pub order: Order,
    /// Classes K.
    pub classes: usize,
    /// Whether the classifier has a bias; the paper's has none.
    pub bias: bool,
}

/// A network with its parameters.
pub struct Network<E: Element, D: Backend<E>> {
    stem: Option<(Filter<E, D>, Norm<E, D>)>,
    cells: Vec<Cell<E, D>>,
    classifier: Parameter<E, D>,
    bias: Option<Parameter<E, D>>,
    topology: Topology,
}

/// A forward pass's results.
pub struct Output<E: Element, D: Backend<E>> {
    /// Y, `[N, K]`.
    pub logits: Var<E, D>,
    /// Each cell's Z, whose gradient the backward pass leaves here.
    pub weights: Vec<Watch<E, D>>,
}

impl<E: Element, D: Backend<E>> Network<E, D> {
    /// Builds the network; `present(cell, edge)` lists the operations that get parameters there.
    pub fn new(
        settings: &Settings,
        present: impl Fn(usize, usize) -> Vec<Operation>,
        scope: &mut Scope<D>,
    ) -> Result<Self> {
        settings.check()?;
        let mut channels = settings.input.c;
        let stem = match settings.stem {
            None => None,
            Some((out, norm)) => {
                let mut scope = scope.enter("stem");
                let filter = Filter::dense(3, channels, out, &mut scope)?;
                channels = out;
                Some((filter, Norm::new(norm, settings.input.with_channels(out), &mut scope)?))
            }
        };
        let mut cells = Vec::with_capacity(settings.cells);
        let mut inputs = [channels; 2];
        for t in 0..settings.cells {
            cells.push(Cell::new(settings, t, inputs, |edge| present(t, edge), scope)?);
            inputs = [inputs[1], settings.channels * settings.topology.output().len()];
        }
        let (features, classes) = (inputs[1], settings.classes);
        let init = Init::Classifier { fan_in: features };
        let mut scope = scope.enter("classifier");
        let classifier = scope.parameter("weight", &[1, 1, features, classes], init)?;
        let bias = settings.bias.then(|| scope.parameter("bias", &[classes], Init::Bias { fan_in: features }));
        Ok(Network { stem, cells, classifier, bias: bias.transpose()?, topology: settings.topology.clone() })
    }

    /// `[N, H, W, C]` to logits `[N, K]`. `choices` has one entry a cell, or one for all cells.
    pub fn forward(&self, x: &Var<E, D>, choices: &[&Choice<E, D>], pass: &mut Pass<E, D>) -> Result<Output<E, D>> {
        if choices.len() != self.cells.len() && choices.len() != 1 {
            let expected = format!("one choice, or one for each of {} cells", self.cells.len());
            return Err(Error::Shape { op: "architecture", expected, found: vec![choices.len()] });
        }
        let stem = match &self.stem {
            None => x.clone(),
            Some((filter, norm)) => filter.apply_normalised(norm, false, x, pass)?,
        };
        let mut weights = Vec::with_capacity(self.cells.len());
        let mut outputs: [(Option<usize>, Var<E, D>); 2] = [(None, stem.clone()), (None, stem)];
        let mut nodes = Vec::new();
        for (t, cell) in self.cells.iter().enumerate() {
            if t > 0 {
                let [_, previous] = outputs;
                outputs = [previous, (Some(t - 1), concatenation(&std::mem::take(&mut nodes))?)];
            }
            let choice = choices[if choices.len() == 1 { 0 } else { t }];
            let (z, watch) = pass.on(choice.weights()).watch();
            weights.push(watch);
            let mut input = |side: usize| match &outputs[side] {
                (Some(from), x) => pass.watch(|| output_key(*from, &format!("cell{t}.pre{side}")), x),
                (None, x) => x.clone(),
            };
            let inputs = [input(0), input(1)];
            nodes = cell.forward(&self.topology, inputs, &z, choice.active(), pass)?;
        }
        // Each node by itself, where nothing has to see the last cell's output.
        let pooled = if pass.fuses() {
            concatenation(&nodes.iter().map(Var::global_average_pool).collect::<Result<Vec<_>>>()?)?
        } else {
            let last = concatenation(&nodes)?;
            pass.watch(|| output_key(self.cells.len() - 1, "head"), &last).global_average_pool()?
        };
        let logits = pooled.convolution(&pass.parameter(&self.classifier))?;
        let [n, .., k] = *logits.shape() else { unreachable!("an activation") };
        let mut logits = logits.reshape(&[n, k])?;
        if let Some(bias) = &self.bias {
            logits = logits.bias(&pass.parameter(bias))?;
        }
        Ok(Output { logits, weights })
    }

    /// The graph of every cell.
    pub fn topology(&self) -> &Topology {
        &self.topology
    }

    /// The number of cells.
    pub fn cells(&self) -> usize {
        self.cells.len()
    }

    /// The classifier's bias b `[K]`, if it has one.
    pub fn bias(&self) -> Option<&Parameter<E, D>> {
        self.bias.as_ref()
    }

    /// Every parameter, always in the same order.
    pub fn parameters(&mut self) -> Vec<&mut Parameter<E, D>> {
        let stem =
            self.stem.iter_mut().flat_map(|(filter, norm)| filter.parameters().into_iter().chain(norm.parameters()));
        let cells = self.cells.iter_mut().flat_map(Cell::parameters);
        stem.chain(cells).chain([&mut self.classifier]).chain(self.bias.as_mut()).collect()
    }
}

impl Settings {
    /// The settings of the norm called `name`.
    pub fn norm_of(&self, name: &str) -> NormSettings {
        match self.stem {
            Some((_, norm)) if name.starts_with("stem") => norm,
            _ => self.norm,
        }
    }

    /// Refuses what has no meaning; the error names the field.
    pub fn check(&self) -> Result<()> {
        let refuse = |field: &'static str, expected: &str, found: usize| {
            Err(Error::Shape { op: field, expected: expected.into(), found: vec![found] })
        };
        let counts = [("cells", self.cells), ("channels", self.channels), ("classes", self.classes)];
        if let Some((field, count)) = counts.into_iter().find(|(_, count)| *count == 0) {
            return refuse(field, "at least 1", count);
        }
        let norms = self.stem.iter().map(|(channels, norm)| (*channels, norm)).chain([(self.channels, &self.norm)]);
        for (channels, norm) in norms {
            if !(norm.eps.is_finite() && norm.eps >= 0.0) {
                return Err(Error::Eps(norm.eps));
            }
            if !norm.kind.fits(channels) {
                return refuse("channels", &format!("a multiple of the groups of {}", norm.kind), channels);
            }
        }
        Ok(())
    }
}

fn concatenation<E: Element, D: Backend<E>>(nodes: &[Var<E, D>]) -> Result<Var<E, D>> {
    Var::concatenate(&nodes.iter().collect::<Vec<_>>())
}

/// The name under which a probing pass keeps the output of cell `t` as `consumer` reads it: `head`, or
/// `cell{t}.pre{side}`.
pub fn output_key(t: usize, consumer: &str) -> String {
    format!("cell{t} output to {consumer}")
}
