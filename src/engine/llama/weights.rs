//! GGUF tensors as matrices for the kernels.
//!
//! 4-bit formats (Q4_0, Q4_1, Q4_K) and Q8_0 keep their very codes. All others become 8-bit codes in blocks of 32, which is finer than what
//! they were stored in, or, for F16, BF16 and F32, errs by 1/254 of a block's largest weight at most. candle parses the file.

use std::borrow::Cow;
use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::sync::atomic::{AtomicBool, Ordering};

use candle_core::Device;
use candle_core::quantized::gguf_file::{Content, Value};
use candle_core::quantized::{GgmlDType, QStorage, QTensor};
use half::{bf16, f16};

use crate::engine::kernels::{BLOCK, Block, BlockMatrix, Width};

type Result<T> = std::result::Result<T, String>;

/// Values that a Q4_K tensor stores together.
const SUPER_BLOCK: usize = 256;

/// A GGUF file, open for its tensors. Errors are sentences that name the tensor or key.
pub(in crate::engine) struct Tensors<'a> {
    content: &'a Content,
    file: &'a mut BufReader<File>,
    file_bytes: u64,
}

/// One tensor as it is stored.
pub(super) struct Stored {
    name: String,
    kind: GgmlDType,
    rows: usize,
    columns: usize,
    bytes: Vec<u8>,
}

impl<'a> Tensors<'a> {
    pub(in crate::engine) fn new(content: &'a Content, file: &'a mut BufReader<File>) -> Result<Self> {
        let file_bytes = file.seek(SeekFrom::End(0)).map_err(|cause| cause.to_string())?;
        Ok(Self { content, file, file_bytes })
    }

    fn value(&self, key: &str) -> Option<&Value> {
        self.content.metadata.get(key)
    }

    /// A whole number, at least 1 and at most `most`.
    pub(super) fn number(&self, key: &str, most: u64) -> Result<Option<usize>> {
        let Some(value) = self.value(key) else { return Ok(None) };
        let value = value.to_u64().or_else(|_| value.to_i32().map(|value| u64::try_from(value).unwrap_or(0)));
        match value {
            Ok(value) if (1..=most).contains(&value) => Ok(Some(value as usize)),
            _ => Err(format!("`{key}` is not a number from 1 to {most}")),
        }
    }

    /// As [`Self::number`], where there must be one.
    pub(super) fn needed(&self, key: &str, most: u64) -> Result<usize> {
        self.number(key, most)?.ok_or_else(|| format!("`{key}` is missing"))
    }

    pub(super) fn float(&self, key: &str) -> Option<f32> {
        self.value(key).and_then(|value| value.to_f32().ok())
    }

    pub(super) fn text(&self, key: &str) -> Option<&str> {
        self.value(key).and_then(|value| value.to_string().ok()).map(String::as_str)
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.content.tensor_infos.contains_key(name)
    }

    /// Rows of a matrix, for tables whose length only the file knows.
    pub(super) fn rows(&self, name: &str) -> usize {
        self.content.tensor_infos.get(name).and_then(|info| info.shape.dims().first()).copied().unwrap_or(0)
    }

    /// The tensor `name`, which must be a matrix of this shape, or a vector of `columns` if `rows` is 1.
    pub(super) fn read(&mut self, name: &str, rows: usize, columns: usize) -> Result<Stored> {
        let info = self.content.tensor_infos.get(name).ok_or_else(|| format!("the tensor `{name}` is missing"))?;
        let fits = match info.shape.dims() {
            [only] => rows == 1 && *only == columns,
            [first, second] => (*first, *second) == (rows, columns),
            _ => false,
        };
        if !fits {
            return Err(format!("the tensor `{name}` has shape {:?} instead of [{rows}, {columns}]", info.shape.dims()));
        }
        let kind = info.ggml_dtype;
        if !columns.is_multiple_of(kind.block_size()) {
            return Err(format!("the tensor `{name}` has rows of {columns}, which {kind:?} cannot divide into blocks"));
        }
        let size = rows.checked_mul(columns / kind.block_size()).and_then(|blocks| blocks.checked_mul(kind.type_size()));
        let start = self.content.tensor_data_offset.checked_add(info.offset);
        let (Some(size), Some(start)) = (size, start) else { return Err(format!("the tensor `{name}` is too large")) };
        if start.checked_add(size as u64).is_none_or(|end| end > self.file_bytes) {
            return Err(format!("the tensor `{name}` lies beyond the end of the file"));
        }
        let mut bytes = vec![0; size];
        self.file
            .seek(SeekFrom::Start(start))
            .and_then(|_| self.file.read_exact(&mut bytes))
            .map_err(|cause| format!("{name}: {cause}"))?;
        Ok(Stored { name: name.to_owned(), kind, rows, columns, bytes })
    }

    /// A vector in f32.
    pub(super) fn floats(&mut self, name: &str, length: usize) -> Result<Vec<f32>> {
        let values = self.read(name, 1, length)?.floats(0)?;
        if values.iter().any(|value| !value.is_finite()) {
            return Err(format!("the tensor `{name}` holds numbers that are none"));
        }
        Ok(values)
    }
}

impl Stored {
    fn width(&self) -> Width {
        match self.kind {
            GgmlDType::Q4_0 | GgmlDType::Q4_1 | GgmlDType::Q4K => Width::Four,
            _ => Width::Eight,
        }
    }

    /// The tensor as a matrix. `bias`: empty, or one per row; `from`: the stored row that becomes each row.
    pub(super) fn pack(&self, bias: Vec<f32>, from: impl Fn(usize) -> usize + Sync) -> Result<BlockMatrix> {
        let failed = AtomicBool::new(false);
        let row = |output: usize| {
            let blocks = self.blocks(from(output)).unwrap_or_default();
            let sound = |block: &Block| block.scale.is_finite() && block.least.is_finite();
            if blocks.len() != self.columns.div_ceil(BLOCK) || !blocks.iter().all(sound) {
                failed.store(true, Ordering::Relaxed);
            }
            blocks
        };
        let matrix = BlockMatrix::pack(self.width(), self.rows, self.columns, bias, row);
        if failed.into_inner() {
            return Err(format!("the tensor `{}` holds numbers that are none", self.name));
        }
        Ok(matrix)
    }

    fn row_bytes(&self, row: usize) -> &[u8] {
        let size = self.bytes.len() / self.rows;
        &self.bytes[row * size..(row + 1) * size]
    }

    fn blocks(&self, row: usize) -> Result<Vec<Block>> {
        let bytes = self.row_bytes(row);
        Ok(match self.kind {
            GgmlDType::Q4_0 => bytes.chunks_exact(18).map(q4_0).collect(),
            GgmlDType::Q4_1 => bytes.chunks_exact(20).map(q4_1).collect(),
            GgmlDType::Q4K => bytes.chunks_exact(144).flat_map(q4_k).collect(),
            GgmlDType::Q8_0 => bytes.chunks_exact(34).map(q8_0).collect(),
            _ => {
                let floats = self.floats(row)?;
                if floats.iter().any(|value| !value.is_finite()) {
                    return Err(format!("the tensor `{}` holds numbers that are none", self.name));
                }
                Block::round_row(&floats)
            }
        })
    }

    /// One row in f32.
    fn floats(&self, row: usize) -> Result<Vec<f32>> {
        let bytes = self.row_bytes(row);
        Ok(match self.kind {
            GgmlDType::F32 => bytes.as_chunks().0.iter().map(|value| f32::from_le_bytes(*value)).collect(),
            GgmlDType::F16 => bytes.as_chunks().0.iter().map(|value| f32::from(f16::from_le_bytes(*value))).collect(),
            GgmlDType::BF16 => bytes.as_chunks().0.iter().map(|value| f32::from(bf16::from_le_bytes(*value))).collect(),
            _ => {
                let read = || -> candle_core::Result<Vec<f32>> {
                    // A copy, because blocks must lie at even addresses.
                    let storage = QStorage::from_data(Cow::Owned(bytes.to_vec()), &Device::Cpu, self.kind)?;
                    QTensor::new(storage, self.columns)?.dequantize(&Device::Cpu)?.to_vec1()
                };
                read().map_err(|cause| format!("{}: {cause}", self.name))?
            }
        })
    }
}

fn half_at(bytes: &[u8], at: usize) -> f16 {
    f16::from_le_bytes([bytes[at], bytes[at + 1]])
}

/// Low halves first, then high ones.
fn halves(bytes: &[u8]) -> [u8; BLOCK] {
    std::array::from_fn(|at| if at < BLOCK / 2 { bytes[at] & 15 } else { bytes[at - BLOCK / 2] >> 4 })
}

/// `d · (q - 8)`.
fn q4_0(bytes: &[u8]) -> Block {
    let scale = half_at(bytes, 0);
    Block { codes: halves(&bytes[2..]), scale, least: f16::from_f32(-8.0 * f32::from(scale)) }
}

/// `d · q + m`.
fn q4_1(bytes: &[u8]) -> Block {
    Block { codes: halves(&bytes[4..]), scale: half_at(bytes, 0), least: half_at(bytes, 2) }
}

/// `d · q`.
fn q8_0(bytes: &[u8]) -> Block {
    Block { codes: std::array::from_fn(|at| bytes[2 + at] ^ 128), scale: half_at(bytes, 0), least: f16::ZERO }
}

/// Eight blocks that share two scales: `d · s · q - dmin · m` with six bits for each block's `s` and `m`.
fn q4_k(bytes: &[u8]) -> [Block; SUPER_BLOCK / BLOCK] {
    let (d, d_min) = (f32::from(half_at(bytes, 0)), f32::from(half_at(bytes, 2)));
    let (packed, codes) = bytes[4..].split_at(12);
    std::array::from_fn(|number| {
        let (scale, least) = if number < 4 {
            (packed[number] & 63, packed[number + 4] & 63)
        } else {
            (packed[number + 4] & 15 | packed[number - 4] >> 6 << 4, packed[number + 4] >> 4 | packed[number] >> 6 << 4)
        };
        let codes = &codes[number / 2 * BLOCK..][..BLOCK];
        Block {
            codes: std::array::from_fn(|at| if number % 2 == 0 { codes[at] & 15 } else { codes[at] >> 4 }),
            scale: f16::from_f32(d * f32::from(scale)),
            least: f16::from_f32(-d_min * f32::from(least)),
        }
    })
}

#[cfg(test)]
mod tests {
    use candle_core::Tensor;

    use super::*;

    #[test]
    fn every_format_is_read_as_candle_reads_it() {
        let mut random = fastrand::Rng::with_seed(7);
        let (rows, columns) = (5, 512);
        let values: Vec<f32> = (0..rows * columns).map(|_| random.f32() - 0.4).collect();
        let tensor = Tensor::from_slice(&values, (rows, columns), &Device::Cpu).unwrap();
        use GgmlDType::*;
        for kind in [F32, F16, BF16, Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, Q2K, Q3K, Q4K, Q5K, Q6K, Q8K] {
            let quantized = QTensor::quantize(&tensor, kind).unwrap();
            let expected: Vec<f32> = quantized.dequantize(&Device::Cpu).unwrap().flatten_all().unwrap().to_vec1().unwrap();
            let stored = Stored { name: "w".into(), kind, rows, columns, bytes: quantized.data().unwrap().into_owned() };
            let matrix = stored.pack(Vec::new(), |row| row).unwrap();
            for (row, expected) in expected.chunks_exact(columns).enumerate() {
                let mut read = vec![0.0; columns];
                matrix.read_row(row, &mut read);
                for (value, expected) in read.iter().zip(expected) {
                    // Half a step of 8-bit codes, of weights up to 0.8.
                    assert!((value - expected).abs() < 0.8 / 254.0 + 2e-4, "{kind:?}: {value} {expected}");
                }
            }
        }
    }

    #[test]
    fn a_scale_that_is_no_number_is_said() {
        let mut bytes = vec![0; 18];
        bytes[..2].copy_from_slice(&f16::NAN.to_le_bytes());
        let stored = Stored { name: "blk.0.attn_q.weight".into(), kind: GgmlDType::Q4_0, rows: 1, columns: 32, bytes };
        let complaint = stored.pack(Vec::new(), |row| row).err().unwrap();
        assert!(complaint.contains("blk.0.attn_q.weight"), "{complaint}");
    }
}
