//! A block of neighbouring elements, as one register holds it, in safe arrays.
//!
//! The compiler turns these arrays into registers under three conditions, and silently into scalars
//! otherwise, at a tenth of the speed or less:
//!
//! 1. every loop whose body works on lanes calls [`seq`];
//! 2. tiles are unrolled by [`unroll!`](unroll), not by a loop and not by a closure;
//! 3. everything down from [`Task::run`](super::vectors::Task::run) is `#[inline(always)]`.

/// What a kernel needs of a register.
pub trait Vector<E>: Copy + 'static {
    /// Lanes.
    const N: usize;
    /// A register of half the length, or of this one's where there is none.
    type Half: Vector<E>;

    /// All lanes `x`.
    fn splat(x: E) -> Self;
    /// The first lanes of `x`, which has at least as many.
    fn load(x: &[E]) -> Self;
    /// The first lanes of `x`, zero beyond its end.
    fn load_part(x: &[E]) -> Self;
    /// Writes to the first lanes of `x`, which has at least as many.
    fn store(self, x: &mut [E]);
    /// Writes as much as `x` has.
    fn store_part(self, x: &mut [E]);
    /// self + a · b, in one rounding where the level has it.
    fn fma(self, a: Self, b: Self) -> Self;
    /// `J` lanes from `first` on.
    fn lanes<const J: usize>(&self, first: usize) -> &[E; J];
    /// self + lane `i` of `a` · b, likewise.
    fn fma_lane(self, a: &Self, i: usize, b: Self) -> Self;
    /// self + a.
    fn add(self, a: Self) -> Self;
    /// self − a.
    fn sub(self, a: Self) -> Self;
    /// self · a.
    fn mul(self, a: Self) -> Self;
    /// self where it is positive, else 0; NaN stays.
    fn relu(self) -> Self;
    /// self where `a` is positive, else 0.
    fn where_positive(self, a: Self) -> Self;
}

/// The widest register of each level.
pub trait Widths: Copy {
    /// With 512 bits.
    type Avx512: Vector<Self>;
    /// With 256 bits.
    type Avx2: Vector<Self>;
    /// With 128 bits.
    type Portable: Vector<Self>;

    /// sum + a · b, in one rounding where `V` has it.
    #[inline(always)]
    fn fma<V: Vector<Self>>(sum: Self, a: Self, b: Self) -> Self {
        let mut result = [sum];
        V::splat(sum).fma(V::splat(a), V::splat(b)).store_part(&mut result);
        let [result] = result;
        result
    }
}

/// `$name` has `$n` elements, as far apart in memory as its register is long; `$fused` where the level multiplies
/// and adds in one instruction.
macro_rules! vector {
    ($name:ident, $element:ty as $bits:ty, $n:literal in $bytes:literal, $fused:literal, half $half:ident) => {
        /// A register.
        #[derive(Debug, Clone, Copy)]
        #[repr(C, align($bytes))]
        pub struct $name([$element; $n]);

        impl Vector<$element> for $name {
            const N: usize = $n;
            type Half = $half;

            #[inline(always)]
            fn splat(x: $element) -> Self {
                $name([x; $n])
            }

            #[inline(always)]
            fn load(x: &[$element]) -> Self {
                $name(*x.first_chunk().expect("enough elements"))
            }

            #[inline(always)]
            fn load_part(x: &[$element]) -> Self {
                if let Some(x) = x.first_chunk() {
                    return $name(*x);
                }
                let mut lanes = [0.0; $n];
                lanes.iter_mut().zip(x).for_each(|(lane, x)| *lane = *x);
                $name(lanes)
            }

            #[inline(always)]
            fn store(self, x: &mut [$element]) {
                *x.first_chunk_mut().expect("enough elements") = self.0;
            }

            #[inline(always)]
            fn store_part(self, x: &mut [$element]) {
                match x.first_chunk_mut() {
                    Some(x) => *x = self.0,
                    None => x.iter_mut().zip(self.0).for_each(|(x, lane)| *x = lane),
                }
            }

            #[inline(always)]
            fn fma(mut self, a: Self, b: Self) -> Self {
                for i in 0..$n {
                    self.0[i] = if $fused { a.0[i].mul_add(b.0[i], self.0[i]) } else { self.0[i] + a.0[i] * b.0[i] };
                }
                self
            }

            #[inline(always)]
            fn lanes<const J: usize>(&self, first: usize) -> &[$element; J] {
                self.0[first..].first_chunk().expect("so many lanes")
            }

            #[inline(always)]
            fn fma_lane(self, a: &Self, i: usize, b: Self) -> Self {
                self.fma(Self::splat(a.0[i]), b)
            }

            #[inline(always)]
            fn add(mut self, a: Self) -> Self {
                for i in 0..$n {
                    self.0[i] += a.0[i];
                }
                self
            }

            #[inline(always)]
            fn sub(mut self, a: Self) -> Self {
                for i in 0..$n {
                    self.0[i] -= a.0[i];
                }
                self
            }

            #[inline(always)]
            fn mul(mut self, a: Self) -> Self {
                for i in 0..$n {
                    self.0[i] *= a.0[i];
                }
                self
            }

            #[inline(always)]
            fn relu(mut self) -> Self {
                for i in 0..$n {
                    self.0[i] = if self.0[i] <= 0.0 { 0.0 } else { self.0[i] };
                }
                self
            }

            // By bits: from a choice between floats the compiler makes branches.
            #[inline(always)]
            fn where_positive(mut self, a: Self) -> Self {
                for i in 0..$n {
                    let keep = <$bits>::from(a.0[i] > 0.0).wrapping_neg();
                    self.0[i] = <$element>::from_bits(self.0[i].to_bits() & keep);
                }
                self
            }
        }
    };
}

vector!(F32x16, f32 as u32, 16 in 64, true, half F32x8);
vector!(F32x8, f32 as u32, 8 in 32, true, half F32x4);
vector!(F32x4, f32 as u32, 4 in 16, true, half F32x4);
vector!(F32Portable, f32 as u32, 4 in 16, false, half F32Portable);
vector!(F64x8, f64 as u64, 8 in 64, true, half F64x4);
vector!(F64x4, f64 as u64, 4 in 32, true, half F64x2);
vector!(F64x2, f64 as u64, 2 in 16, true, half F64x2);
vector!(F64Portable, f64 as u64, 2 in 16, false, half F64Portable);

impl Widths for f32 {
    type Avx512 = F32x16;
    type Avx2 = F32x8;
    type Portable = F32Portable;
}

impl Widths for f64 {
    type Avx512 = F64x8;
    type Avx2 = F64x4;
    type Portable = F64Portable;
}

/// An empty barrier: no instruction, but the compiler leaves the loop that it stands in alone instead
/// of vectorising across its turns, with gathers.
#[inline(always)]
pub fn seq() {
    std::hint::black_box(());
}

/// Asks for what lies `ahead` elements from the start of `x`, perhaps beyond its end, so that it is in
/// the nearest cache when its turn comes if it is to be `NEAR`, else in the second, which what is computed with leaves
/// room in.
#[inline(always)]
#[cfg(target_arch = "x86_64")]
pub fn prefetch<E, const NEAR: bool>(x: &[E], ahead: usize) {
    use std::arch::x86_64::{_MM_HINT_T0, _MM_HINT_T1, _mm_prefetch};
    let at = x.as_ptr().wrapping_add(ahead).cast();
    // SAFETY: a prefetch reads nothing and faults at no address.
    unsafe { if NEAR { _mm_prefetch::<_MM_HINT_T0>(at) } else { _mm_prefetch::<_MM_HINT_T1>(at) } }
}

/// Nothing where there is no such instruction.
#[inline(always)]
#[cfg(not(target_arch = "x86_64"))]
pub fn prefetch<E, const NEAR: bool>(_: &[E], _: usize) {}

/// The expression for `$i` = 0, 1, … below the constant `$n`, at most 16, one after another.
macro_rules! unroll {
    ($n:expr, $i:ident, $e:expr) => { $crate::tensor::kernel::lanes::unroll!(@ $n, $i, $e, 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15) };
    (@ $n:expr, $i:ident, $e:expr, $($k:literal)*) => {
        $(if $k < $n {
            let $i: usize = $k;
            $e;
        })*
    };
}
pub(crate) use unroll;
