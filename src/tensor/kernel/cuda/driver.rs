//! NVIDIA's driver library, opened when it is first needed.
//!
//! cudarc links against it when it is built; these functions stand in its place and hand every call on.
//! So a program with CUDA builds and starts on any machine, and says in words what is missing.

use super::super::Meter;
use cudarc::driver::sys::*;
use libloading::Library;
use std::{
    cell::Cell,
    collections::BTreeMap,
    ffi::{c_char, c_int, c_uchar, c_uint, c_void},
    sync::{Mutex, OnceLock, PoisonError},
};

#[cfg(unix)]
/// What the system calls it.
pub const NAME: &str = "libcuda.so.1";
#[cfg(windows)]
pub const NAME: &str = "nvcuda.dll";

/// The driver, if there is one.
pub fn library() -> Option<&'static Library> {
    static LIBRARY: OnceLock<Option<Library>> = OnceLock::new();
    // SAFETY: opening NVIDIA's driver runs its own initialisation, which asks nothing of the caller.
    LIBRARY.get_or_init(|| unsafe { Library::new(NAME) }.ok()).as_ref()
}

/// The driver's function of this name, if there is a driver.
macro_rules! function {
    ($name:ident($($type:ty),*)) => {{
        type Function = unsafe extern "C" fn($($type),*) -> CUresult;
        static FUNCTION: OnceLock<Option<Function>> = OnceLock::new();
        FUNCTION.get_or_init(|| {
            let library = library()?;
            // SAFETY: the signature is that of cudarc's bindings; the library is never closed.
            unsafe { library.get::<Function>(stringify!($name)) }.ok().map(|function| *function)
        })
    }};
}

macro_rules! driver {
    ($($name:ident($($argument:ident: $type:ty),*) $(before $before:expr)? $(, then $after:expr)?;)*) => {$(
        /// The driver's function of this name; without a driver, `CUDA_ERROR_NOT_INITIALIZED`.
        #[unsafe(no_mangle)]
        unsafe extern "C" fn $name($($argument: $type),*) -> CUresult {
            $($before;)?
            let result = match function!($name($($type),*)) {
                // SAFETY: what the caller promises to the driver is handed on unchanged.
                Some(function) => unsafe { function($($argument),*) },
                None => CUresult::CUDA_ERROR_NOT_INITIALIZED,
            };
            $(if result == CUresult::CUDA_SUCCESS {
                $after;
            })?
            result
        }
    )*};
}

/// Memory of all devices together.
pub static METER: Meter = Meter::new();

/// How long the allocations are.
static LENGTHS: Mutex<BTreeMap<CUdeviceptr, usize>> = Mutex::new(BTreeMap::new());

/// Counts what the driver has allocated.
///
/// # Safety
/// `at` can be read.
unsafe fn allocated(at: *const CUdeviceptr, bytes: usize) {
    METER.add(bytes);
    // SAFETY: the caller says so.
    LENGTHS.lock().unwrap_or_else(PoisonError::into_inner).insert(unsafe { *at }, bytes);
}

/// Counts what the driver is about to free: afterwards, another thread may be given the same address.
fn freed(at: CUdeviceptr) {
    let bytes = LENGTHS.lock().unwrap_or_else(PoisonError::into_inner).remove(&at);
    METER.subtract(bytes.unwrap_or(0));
}

thread_local! {
    static UNSET: Cell<bool> = const { Cell::new(false) };
}

/// What `allocate` gives, without setting it to zeros: dfdx has no such allocation, and where a kernel writes all of
/// a buffer the zeros are only one more piece of work for the device.
pub fn without_memset<T>(allocate: impl FnOnce() -> T) -> T {
    UNSET.set(true);
    let result = allocate();
    UNSET.set(false);
    result
}

/// The driver's function of this name, except [`without_memset`].
#[unsafe(no_mangle)]
unsafe extern "C" fn cuMemsetD8Async(to: CUdeviceptr, value: c_uchar, bytes: usize, stream: CUstream) -> CUresult {
    if UNSET.get() || bytes == 0 {
        return CUresult::CUDA_SUCCESS;
    }
    match function!(cuMemsetD8Async(CUdeviceptr, c_uchar, usize, CUstream)) {
        // SAFETY: what the caller promises to the driver is handed on unchanged.
        Some(function) => unsafe { function(to, value, bytes, stream) },
        None => CUresult::CUDA_ERROR_NOT_INITIALIZED,
    }
}

driver! {
    cuInit(flags: c_uint);
    cuDriverGetVersion(version: *mut c_int);
    cuGetErrorName(error: CUresult, name: *mut *const c_char);
    cuGetErrorString(error: CUresult, text: *mut *const c_char);
    cuDeviceGet(device: *mut CUdevice, ordinal: c_int);
    cuDeviceGetAttribute(value: *mut c_int, attribute: CUdevice_attribute, device: CUdevice);
    cuDeviceGetCount(count: *mut c_int);
    cuDeviceGetName(name: *mut c_char, size: c_int, device: CUdevice);
    cuDeviceTotalMem_v2(bytes: *mut usize, device: CUdevice);
    cuDevicePrimaryCtxRetain(context: *mut CUcontext, device: CUdevice);
    cuDevicePrimaryCtxRelease_v2(device: CUdevice);
    cuCtxGetCurrent(context: *mut CUcontext);
    cuCtxSetCurrent(context: CUcontext);
    cuEventCreate(event: *mut CUevent, flags: c_uint);
    cuEventDestroy_v2(event: CUevent);
    cuEventRecord(event: CUevent, stream: CUstream);
    cuStreamCreate(stream: *mut CUstream, flags: c_uint);
    cuStreamDestroy_v2(stream: CUstream);
    cuStreamSynchronize(stream: CUstream);
    cuStreamWaitEvent(stream: CUstream, event: CUevent, flags: c_uint);
    cuMemGetInfo_v2(free: *mut usize, total: *mut usize);
    // SAFETY: the driver has just written the address where the caller had it written.
    cuMemAlloc_v2(at: *mut CUdeviceptr, bytes: usize), then unsafe { allocated(at, bytes) };
    // SAFETY: as before.
    cuMemAllocAsync(at: *mut CUdeviceptr, bytes: usize, stream: CUstream), then unsafe { allocated(at, bytes) };
    cuMemFree_v2(at: CUdeviceptr) before freed(at);
    cuMemFreeAsync(at: CUdeviceptr, stream: CUstream) before freed(at);
    cuMemsetD8_v2(at: CUdeviceptr, value: c_uchar, bytes: usize);
    cuMemcpyHtoD_v2(to: CUdeviceptr, from: *const c_void, bytes: usize);
    cuMemcpyHtoDAsync_v2(to: CUdeviceptr, from: *const c_void, bytes: usize, stream: CUstream);
    cuMemcpyDtoH_v2(to: *mut c_void, from: CUdeviceptr, bytes: usize);
    cuMemcpyDtoHAsync_v2(to: *mut c_void, from: CUdeviceptr, bytes: usize, stream: CUstream);
    cuMemcpyDtoD_v2(to: CUdeviceptr, from: CUdeviceptr, bytes: usize);
    cuMemcpyDtoDAsync_v2(to: CUdeviceptr, from: CUdeviceptr, bytes: usize, stream: CUstream);
    cuModuleLoad(module: *mut CUmodule, path: *const c_char);
    cuModuleLoadData(module: *mut CUmodule, image: *const c_void);
    cuModuleUnload(module: CUmodule);
    cuModuleGetFunction(function: *mut CUfunction, module: CUmodule, name: *const c_char);
    cuLaunchKernel(
        function: CUfunction, grid_x: c_uint, grid_y: c_uint, grid_z: c_uint, block_x: c_uint, block_y: c_uint,
        block_z: c_uint, shared: c_uint, stream: CUstream, arguments: *mut *mut c_void, extra: *mut *mut c_void
    );
}

/// dfdx makes a cuBLAS handle for each device. Nothing here multiplies with it, so these three take
/// cuBLAS's place and the library need not be installed.
const CUBLAS_STATUS_SUCCESS: c_int = 0;

/// Gives a null handle, which is only ever handed to the other two.
///
/// # Safety
/// `handle` can be written to.
#[unsafe(no_mangle)]
unsafe extern "C" fn cublasCreate_v2(handle: *mut *mut c_void) -> c_int {
    // SAFETY: as the caller promises.
    unsafe { handle.write(std::ptr::null_mut()) };
    CUBLAS_STATUS_SUCCESS
}

#[unsafe(no_mangle)]
extern "C" fn cublasSetStream_v2(_: *mut c_void, _: CUstream) -> c_int {
    CUBLAS_STATUS_SUCCESS
}

#[unsafe(no_mangle)]
extern "C" fn cublasDestroy_v2(_: *mut c_void) -> c_int {
    CUBLAS_STATUS_SUCCESS
}
