//! The products against plain f32, on shapes that fit nothing.

use proptest::prelude::*;

use super::*;

/// Some 4-bit weights as they come from a file, and what they stand for.
fn four_bit_weights(outputs: usize, inputs: usize, random: &mut fastrand::Rng) -> (BlockMatrix, Vec<f32>) {
    let per_row = inputs.div_ceil(BLOCK);
    let blocks: Vec<Block> = (0..outputs * per_row)
        .map(|number| {
            // What lies beyond the inputs is a zero weight.
            let real = (inputs - number % per_row * BLOCK).min(BLOCK);
            let least = if real == BLOCK { random.f32() - 0.5 } else { 0.0 };
            let codes = std::array::from_fn(|at| if at < real { random.u8(0..16) } else { 0 });
            Block { codes, scale: f16::from_f32(random.f32() * 0.1), least: f16::from_f32(least) }
        })
        .collect();
    let weight = |output: usize, input: usize| {
        let block = &blocks[output * per_row + input / BLOCK];
        f32::from(block.scale) * f32::from(block.codes[input % BLOCK]) + f32::from(block.least)
    };
    let plain = (0..outputs).flat_map(|output| (0..inputs).map(move |input| (output, input))).map(|(output, input)| weight(output, input));
    let plain = plain.collect();
    (BlockMatrix::pack(Width::Four, outputs, inputs, Vec::new(), |output| blocks[output * per_row..][..per_row].to_vec()), plain)
}

fn eight_bit_weights(outputs: usize, inputs: usize, bias: Vec<f32>, random: &mut fastrand::Rng) -> (BlockMatrix, Vec<f32>) {
    let plain: Vec<f32> = (0..outputs * inputs).map(|_| random.f32() * 2.0 - 1.0).collect();
    (BlockMatrix::pack(Width::Eight, outputs, inputs, bias, |output| Block::round_row(&plain[output * inputs..][..inputs])), plain)
}

fn multiply(team: &mut Team, isa: Isa, source: Source<'_>, matrix: &BlockMatrix, out: &mut [f32], store: Store) {
    let mut rows = BlockRows::default();
    rows.fill(team, isa, source, matrix.forms(isa));
    product(team, isa, &rows, matrix, out, matrix.outputs(), 0, store);
}

fn reference(x: &[f32], w: &[f32], inputs: usize) -> Vec<f32> {
    let row = |x: &[f32]| -> Vec<f32> { w.chunks_exact(inputs).map(|w| x.iter().zip(w).map(|(x, w)| x * w).sum()).collect() };
    x.chunks_exact(inputs).flat_map(row).collect()
}

proptest! {
    #[test]
    fn every_instruction_set_agrees_with_f32_on_any_shape(rows in 1usize..20, inputs in 1usize..140, outputs in 1usize..80, seed in any::<u64>()) {
        let mut random = fastrand::Rng::with_seed(seed);
        let bias: Vec<f32> = (0..outputs).map(|_| random.f32()).collect();
        let x: Vec<f32> = (0..rows * inputs).map(|_| random.f32() * 2.0 - 1.0).collect();
        let mut team = Team::new(2);
        for (matrix, plain) in [four_bit_weights(outputs, inputs, &mut random), eight_bit_weights(outputs, inputs, bias.clone(), &mut random)] {
            let eight = matrix.width == Width::Eight;
            let exact = reference(&x, &plain, inputs);
            // Rounding both sides to 1/127 of at most 2: errors of single products add up like a random walk.
            let tolerance = 0.025 * (inputs as f32).sqrt() + 0.01;
            for isa in Isa::available() {
                let mut out = vec![1.0; rows * outputs];
                multiply(&mut team, isa, Source::Plain(&x, inputs), &matrix, &mut out, if eight { Store::Set } else { Store::Add });
                for (at, (value, exact)) in out.iter().zip(&exact).enumerate() {
                    let exact = exact + if eight { bias[at % outputs] } else { 1.0 };
                    prop_assert!((value - exact).abs() < tolerance, "{} {:?}: {value} {exact}", isa.name(), matrix.width);
                }
                // One row alone gives the very same numbers as among others.
                let mut alone = vec![0.0; outputs];
                let last = &x[(rows - 1) * inputs..];
                multiply(&mut team, isa, Source::Plain(last, inputs), &matrix, &mut alone, Store::Set);
                let mut among = vec![0.0; rows * outputs];
                multiply(&mut team, isa, Source::Plain(&x, inputs), &matrix, &mut among, Store::Set);
                prop_assert_eq!(&alone[..], &among[(rows - 1) * outputs..], "{}", isa.name());
            }
        }
    }

    #[test]
    fn a_row_read_back_is_the_row_that_was_packed(inputs in 1usize..140, seed in any::<u64>()) {
        let mut random = fastrand::Rng::with_seed(seed);
        let (four, four_plain) = four_bit_weights(37, inputs, &mut random);
        let (eight, eight_plain) = eight_bit_weights(37, inputs, Vec::new(), &mut random);
        for (matrix, plain, tolerance) in [(four, four_plain, 1e-6), (eight, eight_plain, 0.005)] {
            let mut row = vec![0.0; inputs];
            matrix.read_row(36, &mut row);
            for (value, expected) in row.iter().zip(&plain[36 * inputs..]) {
                prop_assert!((value - expected).abs() <= tolerance, "{value} {expected}");
            }
        }
    }

    #[test]
    fn norm_and_gate_are_computed_on_the_way(rows in 1usize..20, blocks in 1usize..5, seed in any::<u64>()) {
        let mut random = fastrand::Rng::with_seed(seed);
        let width = blocks * BLOCK;
        let mut values = |count: usize| -> Vec<f32> { (0..count).map(|_| random.f32() * 2.0 - 1.0).collect() };
        let (x, weight, gates) = (values(rows * width), values(width), values(rows * 2 * width));
        // The identity shows the activations themselves.
        let identity = BlockMatrix::pack(Width::Eight, width, width, Vec::new(), |output| {
            Block::round_row(&(0..width).map(|input| f32::from(u8::from(output == input))).collect::<Vec<_>>())
        });
        let normed = x.chunks_exact(width).flat_map(|row| {
            let factor = 1.0 / (row.iter().map(|x| x * x).sum::<f32>() / width as f32 + 1e-5).sqrt();
            row.iter().zip(&weight).map(move |(x, weight)| x * factor * weight).collect::<Vec<_>>()
        });
        let gated = gates.chunks_exact(2 * width).flat_map(|row| {
            let (gate, up) = row.split_at(width);
            gate.iter().zip(up).map(|(gate, up)| gate / (1.0 + (-gate).exp()) * up).collect::<Vec<_>>()
        });
        let cases: [(Source<'_>, Vec<f32>); 2] =
            [(Source::RmsNorm { x: &x, weight: &weight, eps: 1e-5 }, normed.collect()), (Source::SwiGlu(&gates, width), gated.collect())];
        let mut team = Team::new(2);
        for isa in Isa::available() {
            for (source, expected) in &cases {
                let mut out = vec![0.0; rows * width];
                multiply(&mut team, isa, *source, &identity, &mut out, Store::Set);
                for (value, expected) in out.iter().zip(expected) {
                    prop_assert!((value - expected).abs() < 0.012, "{}: {value} {expected}", isa.name());
                }
            }
        }
    }
}

#[test]
fn the_largest_values_do_not_overflow() {
    let inputs = 1_536;
    let most = Block { codes: [15; BLOCK], scale: f16::ONE, least: f16::ZERO };
    let four = BlockMatrix::pack(Width::Four, 40, inputs, Vec::new(), |_| vec![most; inputs / BLOCK]);
    let eight = BlockMatrix::pack(Width::Eight, 40, inputs, Vec::new(), |_| Block::round_row(&[1.0; 1_536]));
    let mut team = Team::new(1);
    for isa in Isa::available() {
        for sign in [1.0, -1.0] {
            for (matrix, weight) in [(&four, 15.0), (&eight, 1.0)] {
                let mut out = vec![0.0; 40];
                multiply(&mut team, isa, Source::Plain(&vec![sign; inputs], inputs), matrix, &mut out, Store::Set);
                let expected = sign * weight * inputs as f32;
                assert!(out.iter().all(|value| (value / expected - 1.0).abs() < 1e-3), "{} {out:?}", isa.name());
            }
        }
    }
}

#[test]
fn numbers_that_are_none_do_no_harm() {
    let matrix =
        BlockMatrix::pack(Width::Eight, 3, 64, Vec::new(), |output| Block::round_row(&[if output == 1 { f32::NAN } else { 1.0 }; 64]));
    let mut team = Team::new(1);
    for isa in Isa::available() {
        let mut x = vec![1.0; 64];
        x[3] = f32::INFINITY;
        x[40] = f32::NAN;
        let mut out = vec![9.0; 3];
        multiply(&mut team, isa, Source::Plain(&x, 64), &matrix, &mut out, Store::Set);
        assert_eq!(out[1], 0.0, "{}", isa.name());
    }
}
