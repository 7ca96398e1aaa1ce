//! A model's numbers by name, for a checkpoint.
//!
//! `theta.NAME` and `theta.NAME.velocity` for each parameter, `alpha`, `alpha.steps`,
//! `alpha.first_moment`, `alpha.second_moment`, and where images are tested by moving averages,
//! `moving.NAME.mean` and `moving.NAME.variance` for each norm. What has not been gathered yet is absent.

use super::model::Model;
use crate::tensor::{Average, Backend, Element, Error, Moments, Moving, error::Result};
use ndarray::{Array1, ArrayD, IxDyn, arr0};
use std::collections::BTreeMap;

type Tensors = BTreeMap<String, ArrayD<f64>>;

impl<E: Element, D: Backend<E>> Model<E, D> {
    /// θ, α and both optimisers' states.
    pub fn tensors(&mut self) -> Result<Tensors> {
        let mut all = Tensors::new();
        let velocity = self.theta_optimiser.velocity(&self.device)?;
        for (index, parameter) in self.network.parameters().into_iter().enumerate() {
            let (name, shape) = (format!("theta.{}", parameter.name), parameter.value.shape());
            if let Some(Some(velocity)) = velocity.get(index) {
                all.insert(format!("{name}.velocity"), tensor(shape, velocity));
            }
            all.insert(name, tensor(shape, &parameter.value.to_host()?));
        }
        let alpha = &self.alpha.value;
        all.insert("alpha".into(), tensor(alpha.shape(), &alpha.to_host()?));
        if let Some(Moments { steps, first, second }) = self.alpha_optimiser.moments(&self.device)? {
            all.insert("alpha.steps".into(), arr0(f64::from(steps)).into_dyn());
            all.insert("alpha.first_moment".into(), tensor(alpha.shape(), &first));
            all.insert("alpha.second_moment".into(), tensor(alpha.shape(), &second));
        }
        let averages = self.moving.as_ref().map(Moving::all).transpose()?.unwrap_or_default();
        for (layer, Average { mean, variance }) in averages {
            for (what, values) in [("mean", mean), ("variance", variance)] {
                all.insert(format!("moving.{layer}.{what}"), Array1::from_vec(values).into_dyn());
            }
        }
        Ok(all)
    }

    /// Takes up what [`tensors`](Model::tensors) gave; the error says what does not fit.
    pub fn restore(&mut self, mut tensors: Tensors) -> std::result::Result<(), String> {
        let device = |problem: Error| problem.to_string();
        let mut velocity = Vec::new();
        for parameter in self.network.parameters() {
            let (name, shape) = (format!("theta.{}", parameter.name), parameter.value.shape().to_vec());
            parameter.value.assign(&needed(&mut tensors, &name, &shape)?).map_err(device)?;
            velocity.push(take(&mut tensors, &format!("{name}.velocity"), &shape)?);
        }
        self.theta_optimiser.set_velocity(&self.device, &velocity).map_err(device)?;
        let alpha = &mut self.alpha.value;
        let shape = alpha.shape().to_vec();
        alpha.assign(&needed(&mut tensors, "alpha", &shape)?).map_err(device)?;
        let moments = match take::<E>(&mut tensors, "alpha.first_moment", &shape)? {
            None => None,
            Some(first) => Some(Moments {
                first,
                second: needed(&mut tensors, "alpha.second_moment", &shape)?,
                steps: needed::<f64>(&mut tensors, "alpha.steps", &[])?[0] as i32,
            }),
        };
        self.alpha_optimiser.set_moments(&self.device, moments).map_err(device)?;
        if let Some(moving) = &self.moving {
            moving.set(averages(&mut tensors)?);
        }
        match tensors.first_key_value() {
            Some((name, _)) => Err(format!("{name}: this search has no such tensor")),
            None => Ok(()),
        }
    }
}

/// The moving averages among the tensors.
fn averages(tensors: &mut Tensors) -> std::result::Result<BTreeMap<String, Average>, String> {
    let layer = |name: &String| Some(name.strip_prefix("moving.")?.strip_suffix(".mean")?.to_string());
    let layers: Vec<_> = tensors.keys().filter_map(layer).collect();
    let average = |layer: String| {
        let mean = tensors.remove(&format!("moving.{layer}.mean")).expect("just found");
        let variance = needed(tensors, &format!("moving.{layer}.variance"), mean.shape())?;
        Ok((layer, Average { mean: mean.into_iter().collect(), variance }))
    };
    layers.into_iter().map(average).collect()
}

fn take<E: Element>(tensors: &mut Tensors, name: &str, shape: &[usize]) -> std::result::Result<Option<Vec<E>>, String> {
    match tensors.remove(name) {
        Some(tensor) if tensor.shape() != shape => {
            Err(format!("{name}: shape {:?}; expected {shape:?}", tensor.shape()))
        }
        found => Ok(found.map(|tensor| tensor.iter().map(|v| E::of(*v)).collect())),
    }
}

fn needed<E: Element>(tensors: &mut Tensors, name: &str, shape: &[usize]) -> std::result::Result<Vec<E>, String> {
    take(tensors, name, shape)?.ok_or_else(|| format!("{name}: missing"))
}

fn tensor<E: Element>(shape: &[usize], host: &[E]) -> ArrayD<f64> {
    let values = host.iter().map(|v| v.double()).collect();
    ArrayD::from_shape_vec(IxDyn(shape), values).expect("as many as the shape says")
}
