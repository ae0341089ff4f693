//! Rows of activations times a matrix of weights, in 8-bit integers.

use super::{Isa, Work, run};

/// Outputs that are computed together: their weights stand side by side in memory.
const PANEL: usize = 32;

/// Inputs that one 8-bit dot product takes.
const STEP: usize = 4;

/// Added to weights, because the dot product wants one side unsigned.
const OFFSET: i32 = 128;

/// A weight matrix `outputs × inputs`, int8 with one scale per output, laid out for [`product`]:
/// panels of 32 outputs, in each the inputs in groups of four.
pub(in crate::engine) struct PackedMatrix {
    outputs: usize,
    inputs: usize,
    /// `[panel][group of inputs][output in panel][input in group]`, plus [`OFFSET`]; what is filled up is zero.
    packed: Vec<u8>,
    scales: Vec<f32>,
    bias: Vec<f32>,
}

impl PackedMatrix {
    /// From int8 `values` (`outputs × inputs`, row by row), one scale per output, and the bias.
    ///
    /// # Panics
    /// When the lengths do not fit: callers check the file's shapes.
    pub(in crate::engine) fn new(values: &[i8], scales: Vec<f32>, bias: Vec<f32>) -> Self {
        let outputs = scales.len();
        assert!(outputs > 0 && bias.len() == outputs && values.len().is_multiple_of(outputs), "shapes of the weights");
        let inputs = values.len() / outputs;
        let groups = inputs.div_ceil(STEP);
        let mut packed = vec![OFFSET as u8; outputs.div_ceil(PANEL) * groups * PANEL * STEP];
        for (output, row) in values.chunks_exact(inputs).enumerate() {
            let (panel, column) = (output / PANEL, output % PANEL);
            for (input, value) in row.iter().enumerate() {
                let at = ((panel * groups + input / STEP) * PANEL + column) * STEP + input % STEP;
                packed[at] = (i32::from(*value) + OFFSET) as u8;
            }
        }
        Self { outputs, inputs, packed, scales, bias }
    }

    /// F32 `values`, rows of `inputs`, rounded to int8 by the largest value of each row; with one scale per row.
    pub(in crate::engine) fn round(values: &[f32], inputs: usize) -> (Vec<i8>, Vec<f32>) {
        let mut rounded = Vec::with_capacity(values.len());
        let mut scales = Vec::with_capacity(values.len() / inputs.max(1));
        for row in values.chunks_exact(inputs.max(1)) {
            let scale = row.iter().fold(0f32, |most, value| most.max(value.abs())) / 127.0;
            let factor = if scale > 0.0 { 1.0 / scale } else { 0.0 };
            rounded.extend(row.iter().map(|value| (value * factor).round() as i8));
            scales.push(scale);
        }
        (rounded, scales)
    }

    /// Values per row of the result.
    pub(in crate::engine) fn outputs(&self) -> usize {
        self.outputs
    }

    fn groups(&self) -> usize {
        self.inputs.div_ceil(STEP)
    }
}

/// Rows of activations, int8 with one scale per row. Kept between layers so that its memory is.
#[derive(Default)]
pub(in crate::engine) struct QuantizedRows {
    rows: usize,
    /// Values per row, filled up with zeros to whole groups.
    stride: usize,
    values: Vec<i8>,
    /// The same as 16 bits, where there are no 8-bit dot products: of each four, the first, the third, the second, the fourth.
    pairs: Vec<i16>,
    scales: Vec<f32>,
    /// `OFFSET` times the sum of each row: what the offset of the weights added.
    excess: Vec<i32>,
}

impl QuantizedRows {
    /// Rounds `x`, rows of `width` values, each row by its largest value.
    pub(in crate::engine) fn fill(&mut self, isa: Isa, x: &[f32], width: usize) {
        self.rows = x.len() / width;
        self.stride = width.next_multiple_of(STEP);
        self.values.clear();
        self.values.resize(self.rows * self.stride, 0);
        self.scales.resize(self.rows, 0.0);
        self.excess.resize(self.rows, 0);
        run(isa, Quantize { x, width, to: self });
        #[cfg(target_arch = "x86_64")]
        if isa == Isa::Avx2 {
            let Self { values, pairs, .. } = self;
            pairs.resize(values.len(), 0);
            for (pairs, four) in pairs.chunks_exact_mut(STEP).zip(values.chunks_exact(STEP)) {
                pairs.copy_from_slice(&[four[0], four[2], four[1], four[3]].map(i16::from));
            }
        }
    }
}

struct Quantize<'a> {
    x: &'a [f32],
    width: usize,
    to: &'a mut QuantizedRows,
}

impl Work for Quantize<'_> {
    #[inline(always)]
    fn run<const FMA: bool>(self) {
        /// Adding and taking away 1.5 · 2^23 rounds to the nearest whole number.
        const ROUND: f32 = 12_582_912.0;
        let QuantizedRows { stride, values, scales, excess, .. } = self.to;
        for (number, (row, rounded)) in self.x.chunks_exact(self.width).zip(values.chunks_exact_mut(*stride)).enumerate() {
            // Sixteen maxima side by side, because a single one would hold up the vector units.
            let mut most = [0f32; 16];
            let (blocks, rest) = row.as_chunks::<16>();
            for block in blocks {
                for (most, value) in most.iter_mut().zip(block) {
                    let size = value.abs();
                    *most = if size > *most { size } else { *most };
                }
            }
            let most = most.iter().chain(rest).fold(0f32, |most, value| most.max(value.abs()));
            let (scale, factor) = if most > 0.0 && most.is_finite() { (most / 127.0, 127.0 / most) } else { (0.0, 0.0) };
            for (value, rounded) in row.iter().zip(rounded.iter_mut()) {
                *rounded = ((value * factor + ROUND) - ROUND) as i32 as i8;
            }
            scales[number] = scale;
            excess[number] = OFFSET * rounded.iter().map(|value| i32::from(*value)).sum::<i32>();
        }
    }
}

/// `out[row][output] = Σ x[row][input] · w[output][input] + bias[output]`, for all rows of `x`.
///
/// # Panics
/// When `x` has another width than `w` takes, or `out` is not rows times outputs long.
pub(in crate::engine) fn product(isa: Isa, x: &QuantizedRows, w: &PackedMatrix, out: &mut [f32]) {
    assert_eq!(x.stride, w.groups() * STEP, "width of the activations");
    assert_eq!(out.len(), x.rows * w.outputs, "length of the result");
    let panel_bytes = w.groups() * PANEL * STEP;
    for (panel, weights) in w.packed.chunks_exact(panel_bytes).enumerate() {
        let mut row = 0;
        while row < x.rows {
            let mut tile = Tile { x, w, weights, panel, row, out };
            row += match isa {
                // SAFETY: these values are only made by `Isa::available`, after asking the CPU for the features.
                #[cfg(target_arch = "x86_64")]
                Isa::Avx512Vnni => unsafe {
                    match x.rows - row {
                        12.. => tile.avx512::<12>(),
                        8..12 => tile.avx512::<8>(),
                        4..8 => tile.avx512::<4>(),
                        2..4 => tile.avx512::<2>(),
                        _ => tile.avx512::<1>(),
                    }
                },
                #[cfg(target_arch = "x86_64")]
                Isa::AvxVnni => unsafe {
                    match x.rows - row {
                        6.. => tile.avx_vnni::<6>(),
                        4..6 => tile.avx_vnni::<4>(),
                        2..4 => tile.avx_vnni::<2>(),
                        _ => tile.avx_vnni::<1>(),
                    }
                },
                #[cfg(target_arch = "x86_64")]
                Isa::Avx2 => unsafe {
                    match x.rows - row {
                        4.. => tile.avx2::<4>(),
                        2..4 => tile.avx2::<2>(),
                        _ => tile.avx2::<1>(),
                    }
                },
                Isa::Portable => tile.portable(),
            };
        }
    }
}

/// Some rows times one panel.
struct Tile<'a> {
    x: &'a QuantizedRows,
    w: &'a PackedMatrix,
    weights: &'a [u8],
    panel: usize,
    row: usize,
    out: &'a mut [f32],
}

impl Tile<'_> {
    /// Turns the sums of one row back into f32 and puts them where they belong.
    #[inline(always)]
    fn store(&mut self, row: usize, sums: &[i32], first: usize) {
        let from = self.panel * PANEL + first;
        let to = (from + sums.len()).min(self.w.outputs);
        if from >= to {
            return;
        }
        let (scale, excess) = (self.x.scales[row], self.x.excess[row]);
        let out = &mut self.out[row * self.w.outputs + from..row * self.w.outputs + to];
        let parts = sums.iter().zip(&self.w.scales[from..to]).zip(&self.w.bias[from..to]);
        for (out, ((sum, weight_scale), bias)) in out.iter_mut().zip(parts) {
            *out = (sum - excess) as f32 * (scale * weight_scale) + bias;
        }
    }

    #[inline(always)]
    fn portable(&mut self) -> usize {
        let mut sums = [0i32; PANEL];
        let row = &self.x.values[self.row * self.x.stride..(self.row + 1) * self.x.stride];
        for (inputs, weights) in row.as_chunks::<STEP>().0.iter().zip(self.weights.as_chunks::<{ PANEL * STEP }>().0) {
            for (sum, weights) in sums.iter_mut().zip(weights.as_chunks::<STEP>().0) {
                let product = |at: usize| i32::from(weights[at]) * i32::from(inputs[at]);
                *sum += product(0) + product(1) + product(2) + product(3);
            }
        }
        self.store(self.row, &sums, 0);
        1
    }

    /// Without 8-bit dot products, even and odd bytes become 16 bits each, and are multiplied so.
    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2,fma")]
    fn avx2<const ROWS: usize>(&mut self) -> usize {
        use std::arch::x86_64::{
            _mm256_add_epi32, _mm256_and_si256, _mm256_loadu_si256, _mm256_madd_epi16, _mm256_set1_epi16, _mm256_set1_epi32,
            _mm256_setzero_si256, _mm256_srli_epi16, _mm256_storeu_si256,
        };
        let x = self.x;
        let rows: [&[i16]; ROWS] = std::array::from_fn(|at| &x.pairs[(self.row + at) * x.stride..][..x.stride]);
        let even_bytes = _mm256_set1_epi16(255);
        // Half a panel at a time: sixteen registers hold no more.
        for half in 0..2 {
            let mut sums = [[_mm256_setzero_si256(); 2]; ROWS];
            for (group, weights) in self.weights.as_chunks::<{ PANEL * STEP }>().0.iter().enumerate() {
                for vector in 0..2 {
                    // SAFETY: within the 128 bytes of `weights`; loads need no alignment.
                    let both = unsafe { _mm256_loadu_si256(weights.as_ptr().add(64 * half + 32 * vector).cast()) };
                    let (even, odd) = (_mm256_and_si256(both, even_bytes), _mm256_srli_epi16::<8>(both));
                    for (sums, row) in sums.iter_mut().zip(&rows) {
                        // SAFETY: every row has as many groups of four as the panel: checked in `product`, lengths follow from `stride`.
                        let (x_even, x_odd) = unsafe {
                            let from = row.as_ptr().add(group * STEP).cast::<i32>();
                            (_mm256_set1_epi32(from.read_unaligned()), _mm256_set1_epi32(from.add(1).read_unaligned()))
                        };
                        let products = _mm256_add_epi32(_mm256_madd_epi16(even, x_even), _mm256_madd_epi16(odd, x_odd));
                        sums[vector] = _mm256_add_epi32(sums[vector], products);
                    }
                }
            }
            for (at, sums) in sums.iter().enumerate() {
                let mut plain = [0i32; 16];
                // SAFETY: `plain` is 64 bytes long: two whole vectors; stores need no alignment.
                unsafe {
                    _mm256_storeu_si256(plain.as_mut_ptr().cast(), sums[0]);
                    _mm256_storeu_si256(plain.as_mut_ptr().add(8).cast(), sums[1]);
                }
                self.store(self.row + at, &plain, 16 * half);
            }
        }
        ROWS
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni,avx2,fma")]
    fn avx512<const ROWS: usize>(&mut self) -> usize {
        use std::arch::x86_64::{_mm512_dpbusd_epi32, _mm512_loadu_si512, _mm512_set1_epi32, _mm512_setzero_si512, _mm512_storeu_si512};
        let mut sums = [[_mm512_setzero_si512(); 2]; ROWS];
        let x = self.x;
        let rows: [&[[i8; STEP]]; ROWS] = std::array::from_fn(|at| x.groups(self.row + at));
        for (group, weights) in self.weights.as_chunks::<{ PANEL * STEP }>().0.iter().enumerate() {
            // SAFETY: `weights` is 128 bytes long: two whole vectors; loads need no alignment.
            let (left, right) =
                unsafe { (_mm512_loadu_si512(weights.as_ptr().cast()), _mm512_loadu_si512(weights.as_ptr().add(64).cast())) };
            for (sums, row) in sums.iter_mut().zip(&rows) {
                // SAFETY: every row has as many groups as the panel: checked in `product`, lengths follow from `stride`.
                let inputs = _mm512_set1_epi32(i32::from_ne_bytes(unsafe { row.get_unchecked(group) }.map(|value| value as u8)));
                sums[0] = _mm512_dpbusd_epi32(sums[0], left, inputs);
                sums[1] = _mm512_dpbusd_epi32(sums[1], right, inputs);
            }
        }
        for (at, sums) in sums.iter().enumerate() {
            let mut plain = [0i32; PANEL];
            // SAFETY: `plain` is 128 bytes long: two whole vectors; stores need no alignment.
            unsafe {
                _mm512_storeu_si512(plain.as_mut_ptr().cast(), sums[0]);
                _mm512_storeu_si512(plain.as_mut_ptr().add(16).cast(), sums[1]);
            }
            self.store(self.row + at, &plain, 0);
        }
        ROWS
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avxvnni,avx2,fma")]
    fn avx_vnni<const ROWS: usize>(&mut self) -> usize {
        use std::arch::x86_64::{
            _mm256_dpbusd_avx_epi32, _mm256_loadu_si256, _mm256_set1_epi32, _mm256_setzero_si256, _mm256_storeu_si256,
        };
        let x = self.x;
        let rows: [&[[i8; STEP]]; ROWS] = std::array::from_fn(|at| x.groups(self.row + at));
        // Half a panel at a time: sixteen registers hold no more.
        for half in 0..2 {
            let mut sums = [[_mm256_setzero_si256(); 2]; ROWS];
            for (group, weights) in self.weights.as_chunks::<{ PANEL * STEP }>().0.iter().enumerate() {
                let weights = &weights[64 * half..];
                // SAFETY: at least 64 bytes remain: two whole vectors; loads need no alignment.
                let (left, right) =
                    unsafe { (_mm256_loadu_si256(weights.as_ptr().cast()), _mm256_loadu_si256(weights.as_ptr().add(32).cast())) };
                for (sums, row) in sums.iter_mut().zip(&rows) {
                    // SAFETY: every row has as many groups as the panel: checked in `product`, lengths follow from `stride`.
                    let inputs = _mm256_set1_epi32(i32::from_ne_bytes(unsafe { row.get_unchecked(group) }.map(|value| value as u8)));
                    sums[0] = _mm256_dpbusd_avx_epi32(sums[0], left, inputs);
                    sums[1] = _mm256_dpbusd_avx_epi32(sums[1], right, inputs);
                }
            }
            for (at, sums) in sums.iter().enumerate() {
                let mut plain = [0i32; 16];
                // SAFETY: `plain` is 64 bytes long: two whole vectors; stores need no alignment.
                unsafe {
                    _mm256_storeu_si256(plain.as_mut_ptr().cast(), sums[0]);
                    _mm256_storeu_si256(plain.as_mut_ptr().add(8).cast(), sums[1]);
                }
                self.store(self.row + at, &plain, 16 * half);
            }
        }
        ROWS
    }
}

impl QuantizedRows {
    /// One row in the groups of inputs that a dot product takes.
    #[cfg(target_arch = "x86_64")]
    fn groups(&self, row: usize) -> &[[i8; STEP]] {
        self.values[row * self.stride..(row + 1) * self.stride].as_chunks().0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The same product in f32, from the unrounded values.
    fn reference(x: &[f32], w: &[f32], bias: &[f32], inputs: usize) -> Vec<f32> {
        let row = |x: &[f32]| -> Vec<f32> {
            w.chunks_exact(inputs).zip(bias).map(|(w, bias)| x.iter().zip(w).map(|(x, w)| x * w).sum::<f32>() + bias).collect()
        };
        x.chunks_exact(inputs).flat_map(row).collect()
    }

    fn rounded(w: &[f32], inputs: usize, bias: Vec<f32>) -> PackedMatrix {
        let (values, scales) = PackedMatrix::round(w, inputs);
        PackedMatrix::new(&values, scales, bias)
    }

    fn run_on(isa: Isa, x: &[f32], matrix: &PackedMatrix, inputs: usize) -> Vec<f32> {
        let mut rows = QuantizedRows::default();
        rows.fill(isa, x, inputs);
        let mut out = vec![0.0; x.len() / inputs * matrix.outputs()];
        product(isa, &rows, matrix, &mut out);
        out
    }

    proptest! {
        #[test]
        fn every_instruction_set_agrees_with_f32_on_any_shape(rows in 1usize..31, inputs in 1usize..90, outputs in 1usize..80, seed in any::<u64>()) {
            let mut random = fastrand::Rng::with_seed(seed);
            let mut values = |count: usize| -> Vec<f32> { (0..count).map(|_| random.f32() * 2.0 - 1.0).collect() };
            let (x, w, bias) = (values(rows * inputs), values(outputs * inputs), values(outputs));
            let matrix = rounded(&w, inputs, bias.clone());
            let exact = reference(&x, &w, &bias, inputs);
            let portable = run_on(Isa::Portable, &x, &matrix, inputs);
            // Rounding both sides to 1/127 of at most 1: errors of single products add up like a random walk.
            let tolerance = 0.012 * (inputs as f32).sqrt() + 0.004;
            for (value, exact) in portable.iter().zip(&exact) {
                prop_assert!((value - exact).abs() < tolerance, "{value} {exact}");
            }
            for isa in Isa::available() {
                for (value, expected) in run_on(isa, &x, &matrix, inputs).iter().zip(&portable) {
                    prop_assert!((value - expected).abs() <= 1e-5 * expected.abs().max(1.0), "{}: {value} {expected}", isa.name());
                }
            }
        }
    }

    #[test]
    fn the_largest_values_do_not_overflow() {
        let inputs = 1_536;
        let (x, w) = (vec![1.0; inputs], vec![1.0; 40 * inputs]);
        let matrix = rounded(&w, inputs, vec![0.5; 40]);
        for isa in Isa::available() {
            assert!(run_on(isa, &x, &matrix, inputs).iter().all(|value| (value - 1_536.5).abs() < 0.01), "{}", isa.name());
        }
    }

    #[test]
    fn rows_of_zeros_and_of_infinities_give_the_bias() {
        let matrix = rounded(&[1.0; 8], 4, vec![0.25, 0.5]);
        for isa in Isa::available() {
            assert_eq!(run_on(isa, &[0.0, 0.0, 0.0, 0.0, f32::INFINITY, 1.0, 1.0, 1.0], &matrix, 4), [0.25, 0.5, 0.25, 0.5]);
        }
    }
}
