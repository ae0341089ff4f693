//! The arithmetic of the CPU forward passes: int8 products and the row operations between them.
//!
//! In: plain slices. Out: plain slices. Encoders' weights are int8 with one scale per output (`gemm`); decoders' are 4 or 8 bits in blocks of
//! 32 with a scale each, as their files store them (`blocks`). Sums of products are exact integers, so every instruction set gives the same.
//! Which one runs is decided once, at start. The only `unsafe` code of the crate lives here. Must not know: models.

#![allow(unsafe_code)] // SIMD intrinsics, each behind a check that the CPU has them

mod blocks;
mod causal;
mod gemm;
mod rows;
mod team;

pub(super) use blocks::{BLOCK, Block, BlockMatrix, BlockRows, Forms, Source, Store, Width, product as multiply};
pub(super) use causal::{Continued, HeadNorms, Heads, Kv, Rotation, attend_before, rotate_and_keep};
pub(super) use gemm::{PackedMatrix, QuantizedRows, product};
pub(super) use rows::{add_and_norm, attend, gelu_rows};
pub(super) use team::Team;

use std::sync::LazyLock;

/// Instruction sets the kernels are compiled for, best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Isa {
    /// 512-bit vectors with 8-bit dot products.
    #[cfg(target_arch = "x86_64")]
    Avx512Vnni,
    /// 256-bit vectors with 8-bit dot products.
    #[cfg(target_arch = "x86_64")]
    AvxVnni,
    /// 256-bit vectors.
    #[cfg(target_arch = "x86_64")]
    Avx2,
    /// What the compiler makes of plain Rust for the target.
    Portable,
}

impl Isa {
    /// Those that this CPU can run, best first.
    pub(super) fn available() -> Vec<Self> {
        let mut found = Vec::new();
        #[cfg(target_arch = "x86_64")]
        {
            let avx2 = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") && is_x86_feature_detected!("f16c");
            let avx512 =
                is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512bw") && is_x86_feature_detected!("avx512vl");
            if avx2 && avx512 && is_x86_feature_detected!("avx512vnni") {
                found.push(Self::Avx512Vnni);
            }
            if avx2 && is_x86_feature_detected!("avxvnni") {
                found.push(Self::AvxVnni);
            }
            if avx2 {
                found.push(Self::Avx2);
            }
        }
        found.push(Self::Portable);
        found
    }

    /// The best one of this CPU.
    pub(super) fn best() -> Self {
        static BEST: LazyLock<Isa> = LazyLock::new(|| Isa::available()[0]);
        *BEST
    }

    /// For people.
    pub(super) fn name(self) -> &'static str {
        match self {
            #[cfg(target_arch = "x86_64")]
            Self::Avx512Vnni => "avx512-vnni",
            #[cfg(target_arch = "x86_64")]
            Self::AvxVnni => "avx-vnni",
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => "avx2",
            Self::Portable => "portable",
        }
    }
}

/// Work written as plain loops, compiled once per instruction set. Its `run` must be `#[inline(always)]`.
trait Work {
    /// `FMA`: multiply and add are one instruction, so [`f32::mul_add`] is fast.
    fn run<const FMA: bool>(self);
}

/// Runs `work` as compiled for `isa`.
fn run(isa: Isa, work: impl Work) {
    match isa {
        // SAFETY: these values are only made by `Isa::available`, after asking the CPU for the features.
        #[cfg(target_arch = "x86_64")]
        Isa::Avx512Vnni => unsafe { run_avx512(work) },
        #[cfg(target_arch = "x86_64")]
        Isa::AvxVnni | Isa::Avx2 => unsafe { run_avx2(work) },
        Isa::Portable => work.run::<false>(),
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx2,fma")]
fn run_avx512(work: impl Work) {
    work.run::<true>();
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn run_avx2(work: impl Work) {
    work.run::<true>();
}

#[inline(always)]
fn multiply_add<const FMA: bool>(a: f32, b: f32, c: f32) -> f32 {
    if FMA { a.mul_add(b, c) } else { a * b + c }
}
