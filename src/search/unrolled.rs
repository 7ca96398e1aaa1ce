//! DARTS, second order: α follows the loss that θ will have after its next step (Liu et al., 2018,
//! eq. 7 and 8).
//!
//! With θ' = θ − ξ ∇_θ L_train(θ, α) and d = ∇_θ' L_val(θ', α),
//!
//! ```text
//! d/dα L_val(θ', α) = ∇_α L_val(θ', α) − ξ ∇²_αθ L_train(θ, α) d
//! ∇²_αθ L_train d   ≈ (∇_α L_train(θ + εd, α) − ∇_α L_train(θ − εd, α)) / 2ε,   ε = 0.01/‖d‖
//! ```
//!
//! and ξ is θ's learning rate. The step to θ' has neither momentum nor decay nor clipping, as in the
//! equation.

use super::{
    darts::Darts,
    model::{Batch, Model},
    step::{From, Method, Task},
};
use crate::{
    architecture::Choice,
    seed::{Stream, stream},
    tensor::{Backend, Element, Pass, error::Result},
};

/// θ and gradients with respect to it, by parameter.
type Theta = Vec<Vec<f64>>;

/// The mixture of DARTS with another gradient for α.
pub struct Unrolled {
    /// ε · ‖d‖: how far from θ the product's difference reaches.
    pub reach: f64,
}

impl Default for Unrolled {
    /// The authors' choice.
    fn default() -> Self {
        Unrolled { reach: 0.01 }
    }
}

impl<E: Element, D: Backend<E>> Method<E, D> for Unrolled {
    fn draw(&mut self, model: &Model<E, D>, pass: &Pass<E, D>, trains: bool, s: &mut Stream) -> Result<Choice<E, D>> {
        Darts.draw(model, pass, trains, s)
    }

    fn alpha_gradient(&mut self, _: &Model<E, D>, _: &Batch) -> Result<()> {
        Ok(())
    }

    /// The batch that it returns was run at θ'.
    fn search_pass(&mut self, model: &mut Model<E, D>, task: &Task<E, D>, search: From<E, D>) -> Result<Batch> {
        let xi = task.learning_rate;
        let theta = model.theta()?;
        mixture_pass(model, task.training, Pass::recording(), false)?;
        let ahead = moved(&theta, -xi, &model.take_theta_gradient()?);

        model.set_theta(&ahead)?;
        let batch = mixture_pass(model, search, Pass::recording(), true)?;
        let d = model.take_theta_gradient()?;
        let mut gradient = take_alpha_gradient(model)?;

        let norm = d.iter().flatten().map(|v| v * v).sum::<f64>().sqrt();
        if norm > 0.0 {
            let epsilon = self.reach / norm;
            for (side, sign) in [(epsilon, -1.0), (-epsilon, 1.0)] {
                model.set_theta(&moved(&theta, side, &d))?;
                mixture_pass(model, task.training, Pass::frozen(), true)?;
                let at_side = take_alpha_gradient(model)?;
                gradient.iter_mut().zip(at_side).for_each(|(g, s)| *g += sign * xi * s / (2.0 * epsilon));
            }
        }
        model.set_theta(&theta)?;
        model.alpha.value.set_gradient(&gradient.into_iter().map(E::of).collect::<Vec<_>>())?;
        Ok(batch)
    }
}

fn mixture_pass<E: Element, D: Backend<E>>(
    model: &Model<E, D>,
    from: From<E, D>,
    pass: Pass<E, D>,
    trains: bool,
) -> Result<Batch> {
    // A mixture draws nothing.
    let choice = Darts.draw(model, &pass, trains, &mut stream(0, ""))?;
    model.run(from, &choice, pass)
}

fn take_alpha_gradient<E: Element, D: Backend<E>>(model: &Model<E, D>) -> Result<Vec<f64>> {
    let alpha = &model.alpha.value;
    let gradient = alpha.take_gradient()?.unwrap_or_else(|| vec![E::zero(); alpha.shape().iter().product()]);
    Ok(gradient.into_iter().map(E::double).collect())
}

/// θ + t·d.
fn moved(theta: &Theta, t: f64, d: &Theta) -> Theta {
    let along = |(theta, d): (&Vec<f64>, &Vec<f64>)| theta.iter().zip(d).map(|(x, d)| x + t * d).collect();
    theta.iter().zip(d).map(along).collect()
}
