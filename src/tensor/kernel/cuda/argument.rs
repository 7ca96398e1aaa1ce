//! What a launch hands to a kernel, laid out as that reads it.

use std::ffi::c_void;

/// An argument.
pub enum Argument {
    /// The address of a buffer, or 0.
    Pointer(u64),
    /// An int.
    Int(i32),
    /// A Real.
    F32(f32),
    /// A Real.
    F64(f64),
    /// A struct of this name.
    Inputs(Inputs),
    /// A struct of this name.
    Gradients(Gradients),
    /// A struct of this name.
    Arriving(Arriving),
    /// A struct of this name.
    Through(Through),
}

/// Values that one launch reads, and where the weight of each stands: `Inputs` of `combine.cu`.
#[derive(Debug, Clone, Copy, Default)]
#[repr(C)]
pub struct Inputs {
    /// Their addresses.
    pub x: [u64; Inputs::MOST],
    /// Their weights' places.
    pub weight: [i32; Inputs::MOST],
}

impl Inputs {
    /// As MOST in `combine.cu`.
    pub const MOST: usize = 8;
}

/// Gradients that one launch goes over: `Gradients` of `optimise.cu`.
#[derive(Debug, Clone, Copy, Default)]
#[repr(C)]
pub struct Gradients {
    /// Their addresses.
    pub g: [u64; Gradients::MOST],
    /// How long they are.
    pub n: [i32; Gradients::MOST],
}

impl Gradients {
    /// As GRADIENTS in `optimise.cu`.
    pub const MOST: usize = 16;
}

/// `Arriving` of `normalise.cu`.
#[derive(Debug, Clone, Copy)]
#[repr(C)]
pub struct Arriving {
    /// The gradient.
    pub g: u64,
    /// The weights of a sum, or 0.
    pub z: u64,
    /// Which of them.
    pub at: i32,
}

/// `Through` of `normalise.cu`.
#[derive(Debug, Clone, Copy)]
#[repr(C)]
pub struct Through {
    /// What arrives.
    pub gy: Arriving,
    /// x̂, mean(gy), mean(gy x̂) and 1/√(σ² + ε).
    pub buffers: [u64; 4],
    /// Pixels of an image, C, and which entries share a group.
    pub extents: [i32; 4],
}

impl Argument {
    /// What PTX calls it.
    pub fn kind(&self) -> &'static str {
        match self {
            Argument::Pointer(_) => ".u64",
            Argument::Int(_) => ".u32",
            Argument::F32(_) => ".f32",
            Argument::F64(_) => ".f64",
            Argument::Inputs(_) => ".b8[96]",
            Argument::Gradients(_) => ".b8[192]",
            Argument::Arriving(_) => ".b8[24]",
            Argument::Through(_) => ".b8[72]",
        }
    }

    /// Where it is.
    pub fn address(&mut self) -> *mut c_void {
        match self {
            Argument::Pointer(x) => (x as *mut u64).cast(),
            Argument::Int(x) => (x as *mut i32).cast(),
            Argument::F32(x) => (x as *mut f32).cast(),
            Argument::F64(x) => (x as *mut f64).cast(),
            Argument::Inputs(x) => (x as *mut Inputs).cast(),
            Argument::Gradients(x) => (x as *mut Gradients).cast(),
            Argument::Arriving(x) => (x as *mut Arriving).cast(),
            Argument::Through(x) => (x as *mut Through).cast(),
        }
    }
}

// What PTX calls the structs has their sizes in it.
const _: () = assert!(size_of::<Inputs>() == 96 && size_of::<Gradients>() == 192);
const _: () = assert!(size_of::<Arriving>() == 24 && size_of::<Through>() == 72);

/// A scalar that a kernel takes as Real.
pub trait Scalar: Copy {
    /// The suffix of the kernels for this type.
    const SUFFIX: &'static str;
    #[doc(hidden)]
    fn argument(self) -> Argument;
}

macro_rules! scalar {
    ($type:ty, $suffix:literal, $variant:ident) => {
        impl Scalar for $type {
            const SUFFIX: &'static str = $suffix;

            fn argument(self) -> Argument {
                Argument::$variant(self)
            }
        }
    };
}

scalar!(f32, "f32", F32);
scalar!(f64, "f64", F64);
