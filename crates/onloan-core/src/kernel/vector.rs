//! Which vector instructions there are.
//!
//! Loops are written as plain code, which the compiler turns into the vector instructions of the
//! target: SSE2 on x86-64, NEON on ARM64. Where a machine may have more than its target promises,
//! [`widest!`](widest) compiles the same code once more and asks at run time. That takes the
//! standard library (feature `std`), because asking the operating system does.

/// What a loop may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Isa {
    /// What every machine of the target has.
    Target,
    /// 256-bit integers on x86-64.
    #[cfg(all(feature = "std", target_arch = "x86_64"))]
    Avx2,
}

/// The best that this machine has.
#[inline]
pub(super) fn isa() -> Isa {
    #[cfg(all(feature = "std", target_arch = "x86_64"))]
    if std::arch::is_x86_feature_detected!("avx2") {
        return Isa::Avx2;
    }
    Isa::Target
}

/// A function whose body is compiled for every [`Isa`].
///
/// What it calls has to be `#[inline(always)]` to be compiled again with it.
macro_rules! widest {
    ($(
        $(#[$meta:meta])*
        $access:vis fn $name:ident($($argument:ident: $type:ty),* $(,)?) $(-> $result:ty)? $body:block
    )*) => {$(
        $(#[$meta])*
        $access fn $name($($argument: $type),*) $(-> $result)? {
            #[inline(always)]
            fn plain($($argument: $type),*) $(-> $result)? $body

            #[cfg(all(feature = "std", target_arch = "x86_64"))]
            #[target_feature(enable = "avx2")]
            fn avx2($($argument: $type),*) $(-> $result)? {
                plain($($argument),*)
            }

            match $crate::kernel::vector::isa() {
                $crate::kernel::vector::Isa::Target => plain($($argument),*),
                #[cfg(all(feature = "std", target_arch = "x86_64"))]
                $crate::kernel::vector::Isa::Avx2 => {
                    // SAFETY: the processor has AVX2: `isa` has asked it.
                    unsafe { avx2($($argument),*) }
                }
            }
        }
    )*};
}
pub(super) use widest;
