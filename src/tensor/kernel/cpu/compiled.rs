//! The kernels for `f32` and `f64`. Not generic, so that they are compiled once, with this crate, instead of
//! anew in every program that uses them.

use super::{super::*, Generic, normalised};
use crate::tensor::op::{
    Affine, Bias, Concatenate, Convolution, CrossEntropy, Depthwise, GlobalAveragePool, Normalise,
    NormalisedConvolution, NormalisedPool, Pool, Relu, Separable, Softmax, Twice, WeightedSum,
};
use dfdx::tensor::{Cpu, CpuError};

macro_rules! compiled {
    ($element:ty: $($op:ty),* $(,)?) => {$(
        impl Kernel<$op, $element> for Cpu {
            type Saved = <Cpu as Generic<$op, $element>>::Saved;

            const FILLS_EMPTY: bool = <Cpu as Generic<$op, $element>>::FILLS_EMPTY;

            fn passes_on(&self, op: &$op, saved: &Self::Saved, i: usize) -> bool {
                Generic::<$op, $element>::passes_on(self, op, saved, i)
            }

            fn forward(
                &self,
                op: &$op,
                xs: &[&Arc<Buf<$element, Cpu>>],
            ) -> Forward<$element, Cpu, Self::Saved> {
                Generic::forward(self, op, xs)
            }

            fn backward(
                &self,
                op: &$op,
                saved: Self::Saved,
                gy: &Buf<$element, Cpu>,
                gxs: &mut [Option<Buf<$element, Cpu>>],
            ) -> std::result::Result<(), CpuError> {
                Generic::backward(self, op, saved, gy, gxs)
            }
        }
    )*};
    ($($element:ty),*) => {$(
        impl Several<NormalisedConvolution, $element> for Cpu {
            fn forward_all(
                &self,
                ops: &[NormalisedConvolution],
                x: &Arc<Buf<$element, Cpu>>,
                ws: &[&Arc<Buf<$element, Cpu>>],
            ) -> Result<Vec<Computed<$element, Cpu, Self::Saved>>> {
                normalised::forward_all(self, ops, x, ws)
            }

            fn backward_all(
                &self,
                all: Vec<Returning<'_, NormalisedConvolution, Self::Saved, Buf<$element, Cpu>>>,
                gx: &mut Option<Buf<$element, Cpu>>,
            ) -> std::result::Result<(), CpuError> {
                normalised::backward_all(self, all, gx)
            }
        }

        compiled! {
            $element: Affine, Bias, Concatenate, Convolution, CrossEntropy, Depthwise, GlobalAveragePool, Normalise,
            NormalisedConvolution, NormalisedPool, Pool, Relu, Separable, Softmax, Twice, WeightedSum,
        }
    )*};
}

compiled!(f32, f64);
