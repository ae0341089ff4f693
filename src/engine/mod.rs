//! Runs the models: text to vectors ([`Embedder`]), question and passage to how well they fit ([`Reader`]), prompt to text
//! ([`Generator`]).
//!
//! In: checked weight files. Out: unit vectors, or text with the reason it ended. Both run on the caller's thread,
//! which must not be one of the async runtime's. Must not know: documents, HTTP.

mod bert;
mod embed;
mod encoder;
mod generate;
mod kernels;
mod llama;
mod measure;
mod nearest;
mod passage;
mod read;
mod template;
mod vocabulary;

#[cfg(test)]
mod tests;

pub use bert::BertFiles;
pub use embed::Embedder;
pub use encoder::{Encoder, PassageVectors};
pub use generate::{Constraint, Generated, Generator, Limits, StopReason};
pub use measure::{LlmBench, Timing};
pub use nearest::RoundedVectors;
pub use passage::PassageText;
pub use read::{BASE_SHA256, Reader, Reading};
pub use template::Message;

use candle_core::Device;
use sha2::{Digest, Sha256};

use crate::error::{Context, ErrorKind, Result};

/// Tells built-in weights apart: the first bytes of their SHA-256.
fn fingerprint(files: &[&[u8]]) -> String {
    let mut hasher = Sha256::new();
    files.iter().for_each(|file| hasher.update(file));
    hasher.finalize().iter().take(6).map(|byte| format!("{byte:02x}")).collect()
}

/// `vector` with length 1; a vector of nothing stays one.
pub(crate) fn unit(mut vector: Vec<f32>) -> Vec<f32> {
    let length = vector.iter().map(|value| value * value).sum::<f32>().sqrt();
    if length > 1e-6 {
        vector.iter_mut().for_each(|value| *value /= length);
    }
    vector
}

/// The device the models run on: the GPU this build was made for, else the CPU.
///
/// # Errors
/// `BadSetting` when the build asks for a GPU and none can be opened.
pub fn open_device() -> Result<Device> {
    if cfg!(feature = "cuda") {
        Device::new_cuda(0).on(ErrorKind::BadSetting, || {
            "built with `--features cuda`, but no CUDA device 0 can be opened: check the driver with `nvidia-smi`, or build without the feature"
                .into()
        })
    } else if cfg!(feature = "metal") {
        Device::new_metal(0).on(ErrorKind::BadSetting, || "built with `--features metal`, but no Metal device can be opened".into())
    } else {
        Ok(Device::Cpu)
    }
}

/// `cuda`, `metal`, or `cpu` with the instruction set of the kernels, such as `cpu avx512-vnni`: for people.
pub fn device_name(device: &Device) -> String {
    match device {
        Device::Cpu => format!("cpu {}", kernels::Isa::best().name()),
        Device::Cuda(_) => "cuda".to_owned(),
        Device::Metal(_) => "metal".to_owned(),
    }
}
