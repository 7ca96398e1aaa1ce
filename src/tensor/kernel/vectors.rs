//! Which vector instructions the kernels use: chosen once, at run time.
//!
//! A kernel is a [`Task`], generic over its [`Vector`]; [`run`] compiles it once for each level inside
//! a function that has the level's instructions enabled, and calls the one in use. The environment
//! variable `WIRECOST_VECTORS` (`avx512`, `avx2`, `portable`) asks for a level.
//!
//! The only unsafe code of the processor's kernels is the calls in [`run`] and [`prefetch`](super::lanes::prefetch).

use super::lanes::{Vector, Widths};
use std::{cell::Cell, sync::OnceLock};

/// A set of vector instructions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Vectors {
    /// 512 bits, with fused multiply-add.
    Avx512,
    /// 256 bits, with fused multiply-add.
    Avx2,
    /// 128 bits, what every processor of this architecture has.
    Portable,
}

/// The environment variable that asks for a level by name.
const VARIABLE: &str = "WIRECOST_VECTORS";

thread_local! {
    static FORCED: Cell<Option<Vectors>> = const { Cell::new(None) };
}

impl Vectors {
    /// From the widest to the narrowest.
    pub const ALL: [Vectors; 3] = [Vectors::Avx512, Vectors::Avx2, Vectors::Portable];

    /// The name by which `WIRECOST_VECTORS` asks for it.
    pub fn name(self) -> &'static str {
        match self {
            Vectors::Avx512 => "avx512",
            Vectors::Avx2 => "avx2",
            Vectors::Portable => "portable",
        }
    }

    /// Whether this processor has it.
    pub fn supported(self) -> bool {
        match self {
            Vectors::Avx512 => x86::avx512(),
            Vectors::Avx2 => x86::avx2(),
            Vectors::Portable => true,
        }
    }

    /// The level that kernels called from this thread use.
    pub fn current() -> Vectors {
        FORCED.get().unwrap_or_else(|| chosen().0)
    }

    /// Calls `f` with this level in use; for comparing levels.
    pub fn within<R>(self, f: impl FnOnce() -> R) -> R {
        let before = FORCED.replace(Some(self));
        let result = f();
        FORCED.set(before);
        result
    }
}

/// The level in use, for people: its name and width, and what the environment had to say.
pub fn vector_width() -> &'static str {
    &chosen().1
}

fn chosen() -> &'static (Vectors, String) {
    static CHOSEN: OnceLock<(Vectors, String)> = OnceLock::new();
    CHOSEN.get_or_init(|| choose(std::env::var(VARIABLE).ok().as_deref()))
}

/// The level for what the environment asks, and how to say it.
fn choose(asked: Option<&str>) -> (Vectors, String) {
    let widest = || Vectors::ALL.into_iter().find(|v| v.supported()).unwrap_or(Vectors::Portable);
    let wanted = asked.map(|name| Vectors::ALL.into_iter().find(|v| v.name() == name));
    let (level, why) = match (asked, wanted) {
        (Some(_), Some(Some(level))) if level.supported() => (level, format!(", as {VARIABLE} asks")),
        (Some(name), Some(Some(_))) => (widest(), format!("; {VARIABLE}={name}, but this processor has it not")),
        (Some(name), _) => {
            (widest(), format!("; {VARIABLE}='{name}' is unknown: {}", Vectors::ALL.map(Vectors::name).join(", ")))
        }
        (None, _) => (widest(), String::new()),
    };
    let width = match level {
        Vectors::Avx512 => "AVX-512, 512 bits",
        Vectors::Avx2 => "AVX2, 256 bits",
        Vectors::Portable => "portable, 128 bits",
    };
    (level, format!("{width}{why}"))
}

/// A kernel: straight loops over slices, written once for all vectors.
pub trait Task<E: Widths> {
    /// What it returns.
    type Output;

    /// Runs it. Implementations are `#[inline(always)]`: code that is left out of line loses the
    /// instructions that its caller has enabled.
    fn run<V: Vector<E>>(self) -> Self::Output;
}

/// Runs `task` with the instructions of `level`, or of the portable level where the processor lacks
/// them.
#[cfg(target_arch = "x86_64")]
pub fn run<E: Widths, T: Task<E>>(level: Vectors, task: T) -> T::Output {
    match level {
        // SAFETY: safe code with instructions enabled that the guard has just found present; nothing
        // else about it is unsafe.
        Vectors::Avx512 if x86::avx512() => unsafe { x86::with_avx512(task) },
        // SAFETY: as above.
        Vectors::Avx2 if x86::avx2() => unsafe { x86::with_avx2(task) },
        _ => task.run::<E::Portable>(),
    }
}

/// Runs `task`; there is one level only.
#[cfg(not(target_arch = "x86_64"))]
pub fn run<E: Widths, T: Task<E>>(_: Vectors, task: T) -> T::Output {
    task.run::<E::Portable>()
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use super::{Task, Widths};
    use std::arch::is_x86_feature_detected as has;

    /// Everything that [`with_avx512`] enables.
    pub fn avx512() -> bool {
        has!("avx512f") && has!("avx512vl") && has!("avx512dq") && has!("avx512bw") && avx2()
    }

    /// Everything that [`with_avx2`] enables.
    pub fn avx2() -> bool {
        has!("avx2") && has!("fma")
    }

    #[target_feature(enable = "avx512f,avx512vl,avx512dq,avx512bw,avx2,fma")]
    pub fn with_avx512<E: Widths, T: Task<E>>(task: T) -> T::Output {
        task.run::<E::Avx512>()
    }

    #[target_feature(enable = "avx2,fma")]
    pub fn with_avx2<E: Widths, T: Task<E>>(task: T) -> T::Output {
        task.run::<E::Avx2>()
    }
}

#[cfg(not(target_arch = "x86_64"))]
mod x86 {
    pub fn avx512() -> bool {
        false
    }

    pub fn avx2() -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_is_obeyed_or_answered() {
        assert_eq!(
            choose(Some("portable")),
            (Vectors::Portable, "portable, 128 bits, as WIRECOST_VECTORS asks".into())
        );
        let (level, said) = choose(Some("sse9"));
        assert!(level.supported() && said.contains("'sse9' is unknown: avx512, avx2, portable"), "{said}");
        for level in Vectors::ALL {
            let (used, said) = choose(Some(level.name()));
            assert_eq!(used == level, level.supported());
            assert_eq!(said.contains("has it not"), !level.supported());
        }
        assert!(!choose(None).1.contains("WIRECOST_VECTORS"));
    }
}
