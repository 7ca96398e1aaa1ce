//! dfdx's CUDA device: its memory is reachable, its kernels are still to be written.

use super::{Buf, Forward, Kernel, Memory, zeros};
use crate::tensor::{Element, Error, error::Result};
use cudarc::driver::{result::DriverError, sys::CUresult};
use dfdx::prelude::*;
use std::sync::Arc;

impl<Op, E: Element> Kernel<Op, E> for Cuda
where
    Cuda: Storage<E, Err = CudaError>,
{
    type Saved = ();

    fn forward(&self, _: &Op, _: &[&Arc<Buf<E, Self>>]) -> Forward<E, Self, ()> {
        let op = std::any::type_name::<Op>().rsplit("::").next().unwrap_or("operation");
        Err(Error::NoKernel { device: "cuda", op })
    }

    fn backward(&self, _: &Op, _: (), _: &Buf<E, Self>, _: &mut [Option<Buf<E, Self>>]) -> Done<Self::Err> {
        Err(DriverError(CUresult::CUDA_ERROR_NOT_SUPPORTED).into())
    }
}

type Done<Err> = std::result::Result<(), Err>;

// For two concrete types: a bound `Cuda: Device<E>` would hide what a buffer is.
macro_rules! memory {
    ($element:ty) => {
        impl Memory<$element> for Cuda {
            fn upload(&self, host: &[$element]) -> Result<Buf<$element, Self>> {
                let mut buf = zeros::<$element, Cuda>(self, host.len()).map_err(Error::device)?;
                buf.device().htod_sync_copy_into(host, &mut buf).map_err(Error::device)?;
                Ok(buf)
            }

            fn download(&self, buf: &Buf<$element, Self>) -> Result<Vec<$element>> {
                buf.device().dtoh_sync_copy(buf).map_err(Error::device)
            }

            fn accumulate(&self, a: &mut Buf<$element, Self>, b: &Buf<$element, Self>) -> Done<CudaError> {
                add(self, a, b)
            }
        }
    };
}

memory!(f32);
memory!(f64);

/// a += b, as dfdx's p -= lr·g with lr = −1: the bound brings a method into scope that is not exported.
fn add<E: Element, D: Device<E>>(device: &D, a: &mut Buf<E, D>, b: &Buf<E, D>) -> Done<D::Err> {
    let mut velocity = zeros::<E, D>(device, super::len::<E, D>(device, b))?;
    device.sgd_kernel(&SgdConfig { lr: -1.0, momentum: None, weight_decay: None }, a, &mut velocity, b)
}
