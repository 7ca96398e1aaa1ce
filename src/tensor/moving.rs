//! Moving averages of a batch's statistics, which normalise images that are tested.

use super::{Backend, Element, Var, error::Result, kernel::Follow};
use std::{any::Any, cell::RefCell, collections::BTreeMap, fmt, rc::Rc};

/// Weight of the newest batch, as PyTorch has it.
const NEWEST: f64 = 0.1;

/// Mean and variance of each channel.
#[derive(Debug, Clone, PartialEq)]
pub struct Average {
    /// μ, from 0.
    pub mean: Vec<f64>,
    /// σ², without bias, from 1.
    pub variance: Vec<f64>,
}

impl Average {
    /// Before any batch.
    pub fn start(channels: usize) -> Self {
        Average { mean: vec![0.0; channels], variance: vec![1.0; channels] }
    }
}

/// The averages of all layers, by the layer's name; clones are the same ones. While batches are gathered they are where
/// the batches are, and no one waits for them.
#[derive(Debug, Clone, Default)]
pub struct Moving(Rc<RefCell<BTreeMap<String, Kept>>>);

/// Where the averages of a layer are.
enum Kept {
    Here(Average),
    On(Box<dyn Elsewhere>),
}

/// Averages on a device.
trait Elsewhere: Any {
    fn read(&self) -> Result<Average>;
}

struct On<E: Element, D: Backend<E>> {
    device: D,
    averages: <D as Follow<E>>::Averages,
}

impl<E: Element, D: Backend<E>> Elsewhere for On<E, D> {
    fn read(&self) -> Result<Average> {
        Follow::<E>::read(&self.device, &self.averages)
    }
}

impl Kept {
    /// Fetches them, which waits for the device, unless they are here.
    fn here(&mut self) -> Result<&mut Average> {
        if let Kept::On(elsewhere) = self {
            *self = Kept::Here(elsewhere.read()?);
        }
        match self {
            Kept::Here(average) => Ok(average),
            Kept::On(_) => unreachable!("just fetched"),
        }
    }

    /// Takes them to the device, unless they are there.
    fn on<E: Element, D: Backend<E>>(&mut self, device: &D) -> Result<&mut On<E, D>> {
        if self.there::<E, D>().is_none() {
            let averages = Follow::<E>::averages(device, self.here()?.clone())?;
            *self = Kept::On(Box::new(On::<E, D> { device: device.clone(), averages }));
        }
        Ok(self.there().expect("just taken there"))
    }

    fn there<E: Element, D: Backend<E>>(&mut self) -> Option<&mut On<E, D>> {
        let Kept::On(elsewhere) = self else { return None };
        let elsewhere: &mut dyn Any = elsewhere.as_mut();
        elsewhere.downcast_mut()
    }
}

impl fmt::Debug for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Kept::Here(average) => average.fmt(f),
            Kept::On(_) => f.write_str("on a device"),
        }
    }
}

impl Moving {
    /// All of them.
    pub fn all(&self) -> Result<BTreeMap<String, Average>> {
        self.0.borrow_mut().iter_mut().map(|(layer, kept)| Ok((layer.clone(), kept.here()?.clone()))).collect()
    }

    /// Replaces all of them.
    pub fn set(&self, all: BTreeMap<String, Average>) {
        self.0.replace(all.into_iter().map(|(layer, average)| (layer, Kept::Here(average))).collect());
    }

    /// Moves the averages of `layer` towards the statistics of `x`, `[…, C]`.
    pub fn gather<E: Element, D: Backend<E>>(&self, layer: &str, x: &Var<E, D>) -> Result<()> {
        let mut all = self.0.borrow_mut();
        let start = || Kept::Here(Average::start(x.shape().last().copied().unwrap_or(1)));
        let On { device, averages } = all.entry(layer.into()).or_insert_with(start).on::<E, D>(&x.device)?;
        Follow::<E>::follow(device, averages, &x.data, NEWEST)
    }

    /// (x − μ)/√(σ² + ε) with the averages of `layer`.
    pub fn normalise<E: Element, D: Backend<E>>(&self, layer: &str, x: &Var<E, D>, eps: f64) -> Result<Var<E, D>> {
        let channels = x.shape().last().copied().unwrap_or(1);
        let mut all = self.0.borrow_mut();
        let Average { mean, variance } = match all.get_mut(layer) {
            Some(kept) => kept.here()?.clone(),
            None => Average::start(channels),
        };
        let scale = variance.iter().map(|variance| (variance + eps).sqrt().recip());
        let scale: Vec<f64> = scale.map(|scale| if scale.is_finite() { scale } else { 0.0 }).collect();
        let shift: Vec<E> = mean.iter().zip(&scale).map(|(mean, scale)| E::of(-mean * scale)).collect();
        let scale: Vec<E> = scale.into_iter().map(E::of).collect();
        let channel = |values: &[E]| Var::new(x.device(), &[channels], values);
        x.affine(super::op::AffineLayout::Channel, &channel(&scale)?, &channel(&shift)?)
    }
}

/// Whose statistics a pass normalises by, where a norm's groups span the batch.
#[derive(Debug, Clone, Default)]
pub enum Statistics {
    /// The batch's own.
    #[default]
    Batch,
    /// The batch's own, which the averages follow.
    Gathered(Moving),
    /// The averages.
    Moving(Moving),
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tensor::Cpu;

    #[test]
    fn averages_move_by_a_tenth_and_normalise() {
        let (device, averages) = (Cpu::default(), Moving::default());
        // Channel 0: 1, 3 (mean 2, unbiased variance 2); channel 1: 5, 5.
        let x = Var::<f64, Cpu>::new(&device, &[2, 1, 1, 2], &[1.0, 5.0, 3.0, 5.0]).unwrap();
        averages.gather("norm", &x).unwrap();
        let Average { mean, variance } = &averages.all().unwrap()["norm"];
        let near = |a: f64, b: f64| assert!((a - b).abs() <= 8.0 * f64::EPSILON * b.abs(), "{a} {b}");
        near(mean[0], 0.2);
        near(mean[1], 0.5);
        near(variance[0], 1.1);
        near(variance[1], 0.9);
        let xhat = averages.normalise("norm", &x, 0.1).unwrap().to_host().unwrap();
        near(xhat[0], 0.8 / 1.2f64.sqrt());
        near(xhat[3], 4.5);
        // A layer that never ran: mean 0, variance 1.
        let unseen = averages.normalise("other", &x, 0.0).unwrap().to_host().unwrap();
        assert_eq!(unseen, [1.0, 5.0, 3.0, 5.0]);
    }
}
