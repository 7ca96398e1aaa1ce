//! One pass through a network: the tape that records it, and what is to be kept of it.

use super::{Element, Memory, Parameter, Statistics, Tape, Var, Watch, error::Result};

/// Carried through a forward pass. Off the tape it computes values only; a probing pass also keeps the
/// values and gradients at named places, which otherwise cost nothing.
pub struct Pass<E: Element, D: Memory<E>> {
    tape: Tape<E, D>,
    frozen: bool,
    watches: Option<Vec<(String, Watch<E, D>)>>,
    statistics: Statistics,
}

/// What a probing pass saw at one place, row-major on the host; the gradient is zero if none arrived.
#[derive(Debug, Clone)]
pub struct Seen {
    /// The shape.
    pub shape: Vec<usize>,
    /// X.
    pub value: Vec<f64>,
    /// ∂L/∂X, as it came from this consumer.
    pub gradient: Vec<f64>,
}

impl Seen {
    /// The products ∂L/∂X · X, whose sum is the cost.
    pub fn products(&self) -> impl Iterator<Item = f64> {
        self.gradient.iter().zip(&self.value).map(|(g, x)| g * x)
    }

    /// C = ⟨∂L/∂X, X⟩.
    pub fn cost(&self) -> f64 {
        self.products().sum()
    }
}

impl<E: Element, D: Memory<E>> Pass<E, D> {
    /// Values only.
    pub fn evaluating() -> Self {
        Self::with(Tape::off(), false, None)
    }

    /// Values and, after a backward pass, the gradients of all parameters.
    pub fn recording() -> Self {
        Self::with(Tape::recording(), false, None)
    }

    /// As recording, but parameters get no gradient: only what is put [`on`](Pass::on) the tape does.
    pub fn frozen() -> Self {
        Self::with(Tape::recording(), true, None)
    }

    /// As recording, and keeps what every [`watch`](Pass::watch) names.
    pub fn probing() -> Self {
        Self::with(Tape::recording(), false, Some(Vec::new()))
    }

    fn with(tape: Tape<E, D>, frozen: bool, watches: Option<Vec<(String, Watch<E, D>)>>) -> Self {
        Pass { tape, frozen, watches, statistics: Statistics::Batch }
    }

    /// The same pass, normalising by these statistics.
    pub fn normalising_by(self, statistics: Statistics) -> Self {
        Pass { statistics, ..self }
    }

    /// Whose statistics it normalises by.
    pub fn statistics(&self) -> &Statistics {
        &self.statistics
    }

    /// `x` on this pass's tape: its gradient will be computed.
    pub fn on(&self, x: &Var<E, D>) -> Var<E, D> {
        x.on(&self.tape)
    }

    /// A parameter's value, on this pass's tape unless parameters are frozen.
    pub fn parameter(&self, parameter: &Parameter<E, D>) -> Var<E, D> {
        if self.frozen { parameter.value.clone() } else { self.on(&parameter.value) }
    }

    /// Whether steps may be taken together: nothing between them is watched or averaged.
    pub fn fuses(&self) -> bool {
        self.watches.is_none() && matches!(self.statistics, Statistics::Batch)
    }

    /// Passes `x` on; a probing pass keeps the gradient that reaches it through what is done with the
    /// returned value.
    pub fn watch(&mut self, name: impl FnOnce() -> String, x: &Var<E, D>) -> Var<E, D> {
        let Some(watches) = &mut self.watches else { return x.clone() };
        let (x, watch) = x.watch();
        watches.push((name(), watch));
        x
    }

    /// After the backward pass: everything that was watched, in the order of execution.
    pub fn seen(&self) -> Result<Vec<(String, Seen)>> {
        let host = |values: Vec<E>| values.into_iter().map(E::double).collect::<Vec<_>>();
        let read = |(name, watch): &(String, Watch<E, D>)| {
            let (shape, value) = (watch.value().shape().to_vec(), host(watch.value().to_host()?));
            let gradient = watch.gradient()?.map_or_else(|| vec![0.0; value.len()], host);
            Ok((name.clone(), Seen { shape, value, gradient }))
        };
        self.watches.iter().flatten().map(read).collect()
    }
}
