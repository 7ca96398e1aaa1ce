//! A block of neighbouring elements, as one register holds it, in safe arrays.
//!
//! The compiler turns these arrays into registers under three conditions, and silently into scalars
//! otherwise, at a tenth of the speed or less:
//!
//! 1. every loop whose body works on lanes calls [`seq`];
//! 2. tiles are unrolled by [`unroll!`](unroll), not by a loop and not by a closure;
//! 3. everything down from [`Task::run`](super::vectors::Task::run) is `#[inline(always)]`.

/// What a kernel needs of a register.
pub trait Vector<E>: Copy {
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
    /// self + a.
    fn add(self, a: Self) -> Self;
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

/// `N` elements; `FUSED` where the level multiplies and adds in one instruction.
#[derive(Debug, Clone, Copy)]
#[repr(C, align(64))]
pub struct Lanes<E, const N: usize, const FUSED: bool>([E; N]);

macro_rules! vector {
    ($element:ty, $n:literal, $fused:literal, half $half:literal) => {
        impl Vector<$element> for Lanes<$element, $n, $fused> {
            const N: usize = $n;
            type Half = Lanes<$element, $half, $fused>;

            #[inline(always)]
            fn splat(x: $element) -> Self {
                Lanes([x; $n])
            }

            #[inline(always)]
            fn load(x: &[$element]) -> Self {
                Lanes(*x.first_chunk().expect("enough elements"))
            }

            #[inline(always)]
            fn load_part(x: &[$element]) -> Self {
                if let Some(x) = x.first_chunk() {
                    return Lanes(*x);
                }
                let mut lanes = [0.0; $n];
                lanes.iter_mut().zip(x).for_each(|(lane, x)| *lane = *x);
                Lanes(lanes)
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
            fn add(mut self, a: Self) -> Self {
                for i in 0..$n {
                    self.0[i] += a.0[i];
                }
                self
            }
        }
    };
}

vector!(f32, 16, true, half 8);
vector!(f32, 8, true, half 4);
vector!(f32, 4, true, half 4);
vector!(f32, 4, false, half 4);
vector!(f64, 8, true, half 4);
vector!(f64, 4, true, half 2);
vector!(f64, 2, true, half 2);
vector!(f64, 2, false, half 2);

impl Widths for f32 {
    type Avx512 = Lanes<f32, 16, true>;
    type Avx2 = Lanes<f32, 8, true>;
    type Portable = Lanes<f32, 4, false>;
}

impl Widths for f64 {
    type Avx512 = Lanes<f64, 8, true>;
    type Avx2 = Lanes<f64, 4, true>;
    type Portable = Lanes<f64, 2, false>;
}

/// An empty barrier: no instruction, but the compiler leaves the loop that it stands in alone instead
/// of vectorising across its turns, with gathers.
#[inline(always)]
pub fn seq() {
    std::hint::black_box(());
}

/// The expression for `$i` = 0, 1, … below the constant `$n`, at most 8, one after another.
macro_rules! unroll {
    ($n:expr, $i:ident, $e:expr) => { $crate::tensor::kernel::lanes::unroll!(@ $n, $i, $e, 0 1 2 3 4 5 6 7) };
    (@ $n:expr, $i:ident, $e:expr, $($k:literal)*) => {
        $(if $k < $n {
            let $i: usize = $k;
            $e;
        })*
    };
}
pub(crate) use unroll;
