//! A node's sum of what the operations before it give: `combine.cu`, and the operations' own kernels.

use super::{
    super::*, Done, Real, argument::Inputs, fresh, gradient, kernel, len, normalise::Arriving, pool, separable,
    sum::BLOCK, twice, zeroed,
};
use crate::tensor::{
    Error,
    error::Result,
    op::{NormalisedPool, Separable, Summand, Term, Twice, WeightedSum},
};
use dfdx::tensor::Cuda;

/// The inputs, and what each term gave.
pub struct Saved<E: Real> {
    inputs: Vec<Arc<Buf<E, Cuda>>>,
    terms: Vec<Given<E>>,
}

/// What a term gave, and the way back to x unless it is x itself.
struct Given<E: Real> {
    y: Arc<Buf<E, Cuda>>,
    back: Option<Back<E>>,
}

/// An operation with what it left.
type With<Op, E> = (Op, <Cuda as Kernel<Op, E>>::Saved);

enum Back<E: Real> {
    Pool(With<NormalisedPool, E>),
    Separable(With<Separable, E>),
    Twice(With<Twice, E>),
}

impl<E: Real> Kernel<WeightedSum, E> for Cuda {
    type Saved = Saved<E>;

    const FILLS_EMPTY: bool = true;

    fn forward(&self, op: &WeightedSum, xs: &[&Arc<Buf<E, Cuda>>]) -> Forward<E, Cuda, Saved<E>> {
        let terms = op.terms.iter().map(|term| compute::<E>(self, term, xs)).collect::<Result<Vec<_>>>()?;
        let (weights, n) = (xs[0], len::<E>(&terms[0].y));
        let mut y = fresh::<E>(self, n).map_err(Error::device)?;
        for (part, (terms, of)) in terms.chunks(Inputs::MOST).zip(op.terms.chunks(Inputs::MOST)).enumerate() {
            let launch = kernel::<E>(&weights.device(), "weighted_sum_forward").write(&mut y).read(&**weights);
            let launch = launch.inputs::<E>(terms.iter().map(|given| &*given.y).zip(of.iter().map(|term| term.weight)));
            launch.ints([terms.len(), n, part.min(1)]).over(n).map_err(Error::device)?;
        }
        Ok((Arc::new(y), Saved { inputs: xs.iter().map(|x| (*x).clone()).collect(), terms }))
    }

    fn backward(
        &self,
        op: &WeightedSum,
        Saved { inputs, terms }: Saved<E>,
        gy: &Buf<E, Cuda>,
        gxs: &mut [Option<Buf<E, Cuda>>],
    ) -> Done {
        let (weights, cuda, n) = (&inputs[0], gy.device(), len::<E>(gy));
        if let Some(gweights) = &mut gxs[0] {
            zeroed::<E>(self, gweights, len::<E>(weights))?;
            let blocks = n.div_ceil(BLOCK);
            for (terms, of) in terms.chunks(Inputs::MOST).zip(op.terms.chunks(Inputs::MOST)) {
                let inputs: Vec<_> = terms.iter().zip(of).map(|(given, term)| (&*given.y, term.weight)).collect();
                let mut parts = fresh::<E>(self, blocks * terms.len())?;
                let launch = kernel::<E>(&cuda, "weighted_sum_weight").write(&mut parts).read(gy);
                launch.inputs::<E>(inputs.iter().copied()).ints([n]).blocks(blocks, terms.len())?;
                let launch = kernel::<E>(&cuda, "weighted_sum_fold").write(gweights).read(&parts);
                launch.inputs::<E>(inputs.iter().copied()).ints([terms.len(), blocks]).blocks(terms.len(), 1)?;
            }
        }
        // Values first, then the operations from the last to the first: the order in which a tape would take them.
        for term in op.terms.iter().filter(|term| matches!(term.operation, Summand::Identity)) {
            let Some(gx) = &mut gxs[term.x] else { continue };
            let launch = gradient::<E>(self, "weighted_sum_input", gx, n)?.read(&**weights).read(gy);
            launch.ints([n, term.weight]).over(n)?;
        }
        for (term, Given { back, .. }) in op.terms.iter().zip(terms).rev() {
            let Some(back) = back else { continue };
            back.go(self, term, Arriving { g: gy, weight: Some((weights, term.weight)) }, gxs)?;
        }
        Ok(())
    }
}

/// Computes a term.
fn compute<E: Real>(device: &Cuda, term: &Term, xs: &[&Arc<Buf<E, Cuda>>]) -> Result<Given<E>> {
    let (x, w) = (xs[term.x], &xs[term.parameters..]);
    let (y, back) = match term.operation {
        Summand::Identity => return Ok(Given { y: x.clone(), back: None }),
        Summand::Pool(op) => {
            let (y, kept) = device.forward(&op, &[x])?;
            (y, Back::Pool((op, kept)))
        }
        Summand::Separable(op) => {
            let (y, kept) = device.forward(&op, &[x, w[0], w[1]])?;
            (y, Back::Separable((op, kept)))
        }
        Summand::Twice(op) => {
            let (y, kept) = device.forward(&op, &[x, w[0], w[1], w[2], w[3]])?;
            (y, Back::Twice((op, kept)))
        }
    };
    Ok(Given { y, back: Some(back) })
}

impl<E: Real> Back<E> {
    /// From the gradient of what the term gave.
    fn go(self, device: &Cuda, term: &Term, gy: Arriving<'_, E>, gxs: &mut [Option<Buf<E, Cuda>>]) -> Done {
        let weights = match self {
            Back::Pool(_) => 0,
            Back::Separable(_) => 2,
            Back::Twice(_) => 4,
        };
        let places: Vec<_> = [term.x].into_iter().chain(term.parameters..term.parameters + weights).collect();
        let mut gradients: Vec<_> = places.iter().map(|place| gxs[*place].take()).collect();
        match self {
            Back::Pool((op, kept)) => pool::backward(&op, device, kept, gy, &mut gradients[0])?,
            Back::Separable((op, kept)) => separable::backward(&op, device, kept, gy, &mut gradients)?,
            Back::Twice((op, kept)) => twice::backward(&op, device, kept, gy, &mut gradients)?,
        }
        places.into_iter().zip(gradients).for_each(|(place, gradient)| gxs[place] = gradient);
        Ok(())
    }
}
