//! A device by number, and in words what is wrong with it.

use super::{driver, launch};
use cudarc::driver::{
    result::{self, DriverError},
    sys::{self, CUdevice_attribute as Attribute, CUresult},
};
use dfdx::tensor::{Cuda, CudaError};
use std::ffi::{CStr, c_char, c_int};

/// The oldest architecture that the kernels are compiled for, as compute capability.
const OLDEST: (i32, i32) = (8, 0);

/// Opens device `number` and loads the kernels; or says in a line what is missing and what to do.
pub fn open(number: usize) -> Result<Cuda, String> {
    let found = devices()?;
    let Some(device) = found.get(number) else {
        let numbers: Vec<_> = found.iter().map(|device| format!("cuda:{}", device.number)).collect();
        return Err(format!("there is no such device; this machine has {}", numbers.join(", ")));
    };
    if device.capability < OLDEST {
        let ((major, minor), (oldest, _)) = (device.capability, OLDEST);
        let name = &device.name;
        return Err(format!("{name} has compute capability {major}.{minor}; the kernels need {oldest}.0 or later"));
    }
    let text = |error: CudaError| match error {
        CudaError::Driver(error) => said(error),
        other => other.to_string(),
    };
    let cuda = Cuda::try_build(number, 0).map_err(text)?;
    // dfdx keeps its handle to itself; a buffer has it too.
    let handle = super::zeros::<f32, Cuda>(&cuda, 1).map_err(text)?.device();
    launch::load(&handle).map_err(|error| match error.0 {
        CUresult::CUDA_ERROR_UNSUPPORTED_PTX_VERSION => format!(
            "the driver is too old: it supports CUDA {}, the kernels were compiled by a later one; update the \
             driver, or rebuild with WIRECOST_NVCC naming the nvcc of a CUDA that it supports",
            version().unwrap_or_else(|_| "of an unknown version".into())
        ),
        _ => format!("the kernels cannot be loaded: {}", said(error)),
    })?;
    Ok(cuda)
}

/// Driver and devices, for people.
pub fn describe() -> String {
    let parts = || -> Result<String, String> {
        let devices = devices()?;
        let each: Vec<_> = devices.iter().map(Found::to_string).collect();
        let module = match open(0) {
            Ok(_) => "kernels load".into(),
            Err(problem) => format!("kernels do not load: {problem}"),
        };
        Ok(format!("driver for CUDA {}; {}; {module}", version()?, each.join("; ")))
    };
    parts().unwrap_or_else(|problem| problem)
}

/// A device that the driver knows.
struct Found {
    number: usize,
    name: String,
    capability: (i32, i32),
    memory: usize,
}

impl std::fmt::Display for Found {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (Found { number, name, .. }, (major, minor)) = (self, self.capability);
        let gib = self.memory as f64 / f64::from(1 << 30);
        write!(f, "cuda:{number}: {name}, compute capability {major}.{minor}, {gib:.1} GiB")
    }
}

/// All devices; at least one.
fn devices() -> Result<Vec<Found>, String> {
    if driver::library().is_none() {
        return Err(format!("there is no {}; install an NVIDIA driver for CUDA 13 or later", driver::NAME));
    }
    let none = |_| "the NVIDIA driver finds no device; see nvidia-smi".to_string();
    result::init().map_err(|error| match error.0 {
        CUresult::CUDA_ERROR_NO_DEVICE => none(error),
        _ => format!("the NVIDIA driver does not start: {}", said(error)),
    })?;
    match result::device::get_count().map_err(said)? {
        0 => Err(none(DriverError(CUresult::CUDA_ERROR_NO_DEVICE))),
        count => (0..count as usize).map(|number| find(number).map_err(said)).collect(),
    }
}

fn find(number: usize) -> Result<Found, DriverError> {
    let device = result::device::get(number as c_int)?;
    let mut name: [c_char; 128] = [0; 128];
    // SAFETY: the driver writes at most as many bytes as it is told, the last of them 0; the device is one
    // that it has just given.
    let (major, minor, memory) = unsafe {
        sys::cuDeviceGetName(name.as_mut_ptr(), name.len() as c_int, device).result()?;
        let attribute = |which| result::device::get_attribute(device, which);
        (
            attribute(Attribute::CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR)?,
            attribute(Attribute::CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR)?,
            result::device::total_mem(device)?,
        )
    };
    let bytes: Vec<u8> = name.iter().map(|c| c.cast_unsigned()).collect();
    let name = CStr::from_bytes_until_nul(&bytes).unwrap_or_default().to_string_lossy().into_owned();
    Ok(Found { number, name, capability: (major, minor), memory })
}

/// The CUDA version that the driver supports.
fn version() -> Result<String, String> {
    let mut version = 0;
    // SAFETY: the driver writes one int.
    unsafe { sys::cuDriverGetVersion(&mut version) }.result().map_err(said)?;
    Ok(format!("{}.{}", version / 1000, version % 1000 / 10))
}

/// The driver's own words.
fn said(error: DriverError) -> String {
    let text = error.error_string().map(|text| text.to_string_lossy().into_owned());
    text.unwrap_or_else(|_| "an error that it has no words for".into())
}
