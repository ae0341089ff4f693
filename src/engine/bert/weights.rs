//! Named weights out of safetensors files, as they are stored: f32, or int8 with one scale per row.

use std::collections::HashMap;

use candle_core::{Device, Tensor};
use safetensors::{Dtype, SafeTensors};

use crate::engine::kernels::PackedMatrix;

type Result<T> = std::result::Result<T, String>;

#[derive(Clone)]
enum Values {
    Floats(Vec<f32>),
    /// Times one scale per row.
    Bytes(Vec<i8>, Vec<f32>),
}

#[derive(Clone)]
struct Stored {
    shape: Vec<usize>,
    values: Values,
}

/// The weights of one model. Errors are sentences that name the tensor.
#[derive(Default)]
pub(in crate::engine) struct Weights(HashMap<String, Stored>);

impl Weights {
    /// Adds every tensor of a safetensors file whose name is `wanted`; those there already are replaced.
    ///
    /// An int8 tensor `NAME` is multiplied by its `NAME.scale`, one per row.
    pub(in crate::engine) fn add(&mut self, file: &[u8], wanted: impl Fn(&str) -> bool) -> Result<()> {
        let file = SafeTensors::deserialize(file).map_err(|cause| cause.to_string())?;
        let floats = |data: &[u8]| -> Vec<f32> { data.as_chunks::<4>().0.iter().map(|value| f32::from_le_bytes(*value)).collect() };
        for (name, view) in file.tensors().into_iter().filter(|(name, _)| wanted(name) && !name.ends_with(".scale")) {
            let values = match view.dtype() {
                Dtype::F32 => Values::Floats(floats(view.data())),
                Dtype::I8 => {
                    let scales = file.tensor(&format!("{name}.scale")).map_err(|cause| format!("{name}.scale: {cause}"))?;
                    Values::Bytes(view.data().iter().map(|value| value.cast_signed()).collect(), floats(scales.data()))
                }
                Dtype::I64 => continue, // position ids, which the model makes itself
                other => return Err(format!("{name} has type {other:?}")),
            };
            self.0.insert(name, Stored { shape: view.shape().to_vec(), values });
        }
        Ok(())
    }

    fn get(&self, name: &str, shape: &[usize]) -> Result<&Stored> {
        let stored = self.0.get(name).ok_or_else(|| format!("the tensor `{name}` is missing"))?;
        let rows_fit = match &stored.values {
            Values::Floats(_) => true,
            Values::Bytes(_, scales) => stored.shape.len() == 2 && scales.len() == stored.shape[0],
        };
        if stored.shape != shape || !rows_fit {
            return Err(format!("the tensor `{name}` has shape {:?} instead of {shape:?}", stored.shape));
        }
        Ok(stored)
    }

    /// A tensor of the given shape in f32.
    pub(in crate::engine) fn floats(&self, name: &str, shape: &[usize]) -> Result<Vec<f32>> {
        Ok(self.get(name, shape)?.floats())
    }

    /// A matrix of `columns`, however many rows it has, as it is stored.
    pub(in crate::engine) fn table(&self, name: &str, columns: usize) -> Result<Table> {
        let rows = self.0.get(name).and_then(|stored| stored.shape.first()).copied().unwrap_or(0);
        Ok(Table { stored: self.get(name, &[rows, columns])?.clone() })
    }

    /// Layers `NAME.weight` (`outputs × inputs`) and `NAME.bias`, one below the other, as one matrix for the kernels.
    pub(in crate::engine) fn matrix(&self, names: &[String], outputs: usize, inputs: usize) -> Result<PackedMatrix> {
        let (mut values, mut scales, mut bias) = (Vec::new(), Vec::new(), Vec::new());
        for name in names {
            bias.extend(self.floats(&format!("{name}.bias"), &[outputs])?);
            match &self.get(&format!("{name}.weight"), &[outputs, inputs])?.values {
                Values::Bytes(own, own_scales) => {
                    values.extend_from_slice(own);
                    scales.extend_from_slice(own_scales);
                }
                Values::Floats(own) => {
                    let (own, own_scales) = PackedMatrix::round(own, inputs);
                    values.extend(own);
                    scales.extend(own_scales);
                }
            }
        }
        Ok(PackedMatrix::new(&values, scales, bias))
    }

    /// All of them for candle, in f32.
    pub(in crate::engine) fn tensors(&self, device: &Device) -> candle_core::Result<HashMap<String, Tensor>> {
        let tensor = |stored: &Stored| Tensor::from_vec(stored.floats(), stored.shape.as_slice(), device);
        self.0.iter().map(|(name, stored)| Ok((name.clone(), tensor(stored)?))).collect()
    }
}

/// A matrix of which single rows are read.
pub(in crate::engine) struct Table {
    stored: Stored,
}

impl Table {
    pub(in crate::engine) fn rows(&self) -> usize {
        self.stored.shape[0]
    }

    /// Puts the values of row `at` behind those of `out`.
    pub(in crate::engine) fn add_row_to(&self, at: usize, out: &mut Vec<f32>) {
        let columns = self.stored.shape[1];
        let row = at * columns..(at + 1) * columns;
        match &self.stored.values {
            Values::Floats(values) => out.extend_from_slice(&values[row]),
            Values::Bytes(values, scales) => out.extend(values[row].iter().map(|value| f32::from(*value) * scales[at])),
        }
    }
}

impl Stored {
    fn floats(&self) -> Vec<f32> {
        match &self.values {
            Values::Floats(values) => values.clone(),
            Values::Bytes(values, scales) => {
                let columns = (values.len() / scales.len().max(1)).max(1);
                values.chunks(columns).zip(scales).flat_map(|(row, scale)| row.iter().map(move |value| f32::from(*value) * scale)).collect()
            }
        }
    }
}
