//! One launcher for all kernels.
//!
//! The kernels of `kernels.cu` are one PTX module, loaded once for each device. The PTX also says which
//! arguments a kernel takes, and a launch whose arguments are others is refused.

use super::{
    super::Buf,
    Real,
    argument::{self, Argument, Gradients, Inputs, Scalar},
    normalise::{self, Arriving, Through},
};
use cudarc::driver::{
    CudaDevice, DevicePtr, DeviceSlice,
    result::{self, DriverError},
    sys::{CUfunction, CUresult},
};
use dfdx::tensor::Cuda;
use std::{
    collections::BTreeMap,
    ffi::CString,
    io::Read,
    marker::PhantomData,
    sync::{Arc, Mutex, PoisonError},
};

/// Threads of a block, as THREADS in `kernels.cu`.
pub const THREADS: usize = 256;

/// Compiled by `build.rs`, or as the repository has it; with or without gzip.
const PTX: &[u8] = include_bytes!(env!("WIRECOST_PTX"));

/// The kernels' PTX.
pub fn ptx() -> String {
    if PTX.starts_with(&[0x1f, 0x8b]) {
        let mut text = String::new();
        flate2::read::GzDecoder::new(PTX).read_to_string(&mut text).expect("what build.rs has put there");
        text
    } else {
        String::from_utf8_lossy(PTX).into_owned()
    }
}

/// A kernel's launch, argument by argument. Buffers stay borrowed until it is under way; after that,
/// the stream keeps the order: whatever reads, writes or frees them comes later on it. Kernels index with 32 bits:
/// a longer buffer is refused.
pub struct Launch<'a> {
    device: Arc<CudaDevice>,
    name: String,
    arguments: Vec<Argument>,
    fits: bool,
    buffers: PhantomData<&'a mut ()>,
}

impl<'a> Launch<'a> {
    /// Kernel `name` for elements `E`.
    pub fn new<E: Scalar>(device: &Arc<CudaDevice>, name: &str) -> Self {
        let name = format!("{name}_{}", E::SUFFIX);
        Launch { device: device.clone(), name, arguments: Vec::new(), fits: true, buffers: PhantomData }
    }

    /// A buffer that the kernel writes.
    pub fn write<T>(mut self, buffer: &'a mut impl DevicePtr<T>) -> Self {
        let at = self.address(buffer);
        self.arguments.push(Argument::Pointer(at));
        self
    }

    /// A gradient that the kernel adds to, or fills if nothing is `there`.
    pub fn adds_to<T>(mut self, gradient: &'a mut impl DevicePtr<T>, there: bool) -> Self {
        let at = self.address(gradient);
        self.arguments.extend([at, if there { at } else { 0 }].map(Argument::Pointer));
        self
    }

    /// A buffer that the kernel reads.
    pub fn read<T>(mut self, buffer: &'a impl DevicePtr<T>) -> Self {
        let at = self.address(buffer);
        self.arguments.push(Argument::Pointer(at));
        self
    }

    /// A buffer that the kernel reads if it is there.
    pub fn read_if<T>(mut self, buffer: Option<&'a impl DevicePtr<T>>) -> Self {
        match buffer {
            Some(buffer) => self.read(buffer),
            None => {
                self.arguments.push(Argument::Pointer(0));
                self
            }
        }
    }

    /// Values with their weights' places, at most [`Inputs::MOST`].
    pub fn inputs<E: Real>(mut self, values: impl Iterator<Item = (&'a Buf<E, Cuda>, usize)>) -> Self {
        let mut inputs = Inputs::default();
        for ((x, weight), (value, at)) in inputs.x.iter_mut().zip(&mut inputs.weight).zip(values) {
            (*x, *weight) = (self.address(value), self.fit(at));
        }
        self.arguments.push(Argument::Inputs(inputs));
        self
    }

    /// Gradients that the kernel changes, at most [`Gradients::MOST`].
    pub fn gradients<E: Real>(mut self, all: &'a mut [&mut Buf<E, Cuda>]) -> Self {
        let mut gradients = Gradients::default();
        for ((g, n), buffer) in gradients.g.iter_mut().zip(&mut gradients.n).zip(all) {
            (*g, *n) = (self.address(&**buffer), self.fit(buffer.len()));
        }
        self.arguments.push(Argument::Gradients(gradients));
        self
    }

    /// What arrives at a result.
    pub fn arriving<E: Real>(mut self, gy: Arriving<'a, E>) -> Self {
        let gy = self.laid_out(gy);
        self.arguments.push(Argument::Arriving(gy));
        self
    }

    /// The gradient before a norm.
    pub fn through<E: Real>(mut self, of: &'a Through<'_, E>) -> Self {
        let gy = self.laid_out(of.gy);
        let [means, products] = &of.means;
        let buffers = [of.xhat, means, products, of.rstd].map(|buffer| self.address(buffer));
        let extents = normalise::extents(of.op).map(|n| self.fit(n));
        self.arguments.push(Argument::Through(argument::Through { gy, buffers, extents }));
        self
    }

    fn laid_out<E: Real>(&mut self, Arriving { g, weight }: Arriving<'_, E>) -> argument::Arriving {
        let (z, at) = weight.map_or((0, 0), |(z, at)| (self.address(z), self.fit(at)));
        argument::Arriving { g: self.address(g), z, at }
    }

    fn address<T>(&mut self, buffer: &impl DevicePtr<T>) -> u64 {
        self.fit(buffer.len());
        *buffer.device_ptr()
    }

    /// Integers, all of which must be below 2³¹.
    pub fn ints<const N: usize>(mut self, ints: [usize; N]) -> Self {
        let ints = ints.map(|n| Argument::Int(self.fit(n)));
        self.arguments.extend(ints);
        self
    }

    /// Numbers of the kernel's element type.
    pub fn scalars<E: Scalar, const N: usize>(mut self, scalars: [E; N]) -> Self {
        scalars.into_iter().for_each(|scalar| self.arguments.push(scalar.argument()));
        self
    }

    fn fit(&mut self, n: usize) -> i32 {
        i32::try_from(n).unwrap_or_else(|_| {
            self.fits = false;
            0
        })
    }

    /// Launches one thread for each of `n` elements.
    pub fn over(self, n: usize) -> Result<(), DriverError> {
        self.blocks(n.div_ceil(THREADS), 1)
    }

    /// Launches `x` times `y` blocks.
    pub fn blocks(mut self, x: usize, y: usize) -> Result<(), DriverError> {
        if x * y == 0 {
            return Ok(());
        }
        let grid = [x, y].map(|n| self.fit(n) as u32);
        let kernel = kernels(&self.device)?.get(&self.name).ok_or(DriverError(CUresult::CUDA_ERROR_NOT_FOUND))?;
        if !self.fits || !self.arguments.iter().map(Argument::kind).eq(kernel.kinds.iter().map(String::as_str)) {
            return Err(DriverError(CUresult::CUDA_ERROR_INVALID_VALUE));
        }
        let mut addresses: Vec<_> = self.arguments.iter_mut().map(Argument::address).collect();
        self.device.bind_to_thread()?;
        // SAFETY: the function is one of the loaded module, which is never unloaded; number and kinds of
        // the arguments were just compared with the module's own declaration; they live until the call
        // returns, by when the driver has copied them. The pointers are to whole buffers of the length that
        // the operation's extents say, which is how far the kernels index. Buffers are freed in stream
        // order, so not before the kernel is done.
        unsafe {
            let block = (THREADS as u32, 1, 1);
            let function = kernel.function as CUfunction;
            let stream = *self.device.cu_stream();
            result::launch_kernel(function, (grid[0], grid[1], 1), block, 0, stream, &mut addresses)
        }
    }
}

/// A loaded kernel. The function is an address that only the driver reads.
struct Kernel {
    function: usize,
    kinds: Vec<String>,
}

type Kernels = BTreeMap<String, Kernel>;

/// The module's kernels on this device. Loading keeps the device's context for good.
fn kernels(device: &Arc<CudaDevice>) -> Result<&'static Kernels, DriverError> {
    static LOADED: Mutex<BTreeMap<usize, (&'static Kernels, Arc<CudaDevice>)>> = Mutex::new(BTreeMap::new());
    let mut loaded = LOADED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((kernels, _)) = loaded.get(&device.ordinal()) {
        return Ok(kernels);
    }
    device.bind_to_thread()?;
    let text = ptx();
    let image = CString::new(text.as_str()).map_err(|_| DriverError(CUresult::CUDA_ERROR_INVALID_PTX))?;
    // SAFETY: the image is text that ends in 0, and the driver copies it.
    let module = unsafe { result::module::load_data(image.as_ptr().cast()) }?;
    let mut kernels = Kernels::new();
    for (name, kinds) in entries(&text) {
        let symbol = CString::new(name.as_str()).map_err(|_| DriverError(CUresult::CUDA_ERROR_INVALID_PTX))?;
        // SAFETY: the module was just loaded and is never unloaded.
        let function = unsafe { result::module::get_function(module, symbol) }? as usize;
        kernels.insert(name, Kernel { function, kinds });
    }
    let kernels: &'static Kernels = Box::leak(Box::new(kernels));
    loaded.insert(device.ordinal(), (kernels, device.clone()));
    Ok(kernels)
}

/// Loads the module now rather than at the first launch.
pub fn load(device: &Arc<CudaDevice>) -> Result<(), DriverError> {
    kernels(device).map(|_| ())
}

/// The kernels that PTX declares, each with the kinds of its arguments.
fn entries(ptx: &str) -> Vec<(String, Vec<String>)> {
    let mut found = Vec::new();
    for declaration in ptx.split(".visible .entry ").skip(1) {
        let Some((name, rest)) = declaration.split_once('(') else { continue };
        let parameters = rest.split_once(')').map_or("", |(inside, _)| inside);
        let kind = |parameter: &str| match parameter.split_once('[') {
            Some((_, size)) => format!(".b8[{size}"),
            None => parameter.split_whitespace().nth(1).unwrap_or_default().into(),
        };
        let kinds = parameters.split(',').map(str::trim).filter(|p| !p.is_empty()).map(kind).collect();
        found.push((name.trim().into(), kinds));
    }
    found
}
