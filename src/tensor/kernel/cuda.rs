//! dfdx's CUDA device: its memory is reachable, its kernels are still to be written.

use super::{Buf, Forward, Kernel, Memory, zeros};
use crate::tensor::{Element, Error, error::Result};
use cudarc::driver::{DeviceRepr, result::DriverError, sys::CUresult};
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

    fn backward(&self, _: &Op, _: (), _: &Buf<E, Self>, _: &mut [Option<Buf<E, Self>>]) -> Result2<Self::Err> {
        Err(DriverError(CUresult::CUDA_ERROR_NOT_SUPPORTED).into())
    }
}

type Result2<Err> = std::result::Result<(), Err>;

impl<E: Element + DeviceRepr> Memory<E> for Cuda
where
    Cuda: Device<E> + Storage<E, Vec = CudaVec<E>, Err = CudaError>,
{
    fn upload(&self, host: &[E]) -> Result<Buf<E, Self>> {
        let mut buf = zeros::<E, Cuda>(self, host.len()).map_err(Error::device)?;
        buf.device().htod_sync_copy_into(host, &mut buf).map_err(Error::device)?;
        Ok(buf)
    }

    fn download(&self, buf: &Buf<E, Self>) -> Result<Vec<E>> {
        buf.device().dtoh_sync_copy(buf).map_err(Error::device)
    }

    fn accumulate(&self, a: &mut Buf<E, Self>, b: &Buf<E, Self>) -> Result2<CudaError> {
        let mut velocity = zeros::<E, Cuda>(self, <Cuda as Storage<E>>::len(self, b))?;
        // p -= lr g with lr = -1.
        self.sgd_kernel(&SgdConfig { lr: -1.0, momentum: None, weight_decay: None }, a, &mut velocity, b)
    }
}
