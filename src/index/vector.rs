//! Nearest vectors by cosine: a scan of int8 copies in memory chooses, the vectors on disk decide.
//!
//! Vectors are kept in half precision, in one file a block: each passage's own, then its sentences'. Memory holds the passages' int8
//! copies only; what the scan puts forward is read from the file, which the system keeps in its cache. There is no graph to build, so a
//! changed policy is in force at once. Where a file has very many vectors, they are grouped when it is opened, and the scan keeps to the
//! groups nearest to the question (an inverted file; Jégou, Douze and Schmid, "Product Quantization for Nearest Neighbor Search", TPAMI
//! 2011), as many as it takes: no filter costs recall.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

use half::f16;
use half::slice::HalfFloatSliceExt;

use crate::engine::{RoundedVectors, unit};

/// Vectors that the int8 scan puts forward for each one wanted, and how many more: rounding may swap neighbours.
const ROUNDED_PER_HIT: usize = 2;
const ROUNDED_SPARE: usize = 32;

/// Sum of products. Sixteen running sums let the compiler use SIMD registers.
pub fn dot(left: &[f32], right: &[f32]) -> f32 {
    let mut sums = [0f32; 16];
    let (left_blocks, right_blocks) = (left.chunks_exact(16), right.chunks_exact(16));
    let tail: f32 = left_blocks.remainder().iter().zip(right_blocks.remainder()).map(|(a, b)| a * b).sum();
    for (a, b) in left_blocks.zip(right_blocks) {
        for lane in 0..16 {
            sums[lane] += a[lane] * b[lane];
        }
    }
    sums.iter().sum::<f32>() + tail
}

/// Cosines of one passage with a question.
#[derive(Debug, Clone, PartialEq)]
pub struct Cosines {
    /// Of the passage as a whole.
    pub whole: f32,
    /// Of its sentences, in order.
    pub sentences: Vec<f32>,
}

/// Unit vectors of passages and of their sentences, in a file.
pub struct VectorFile {
    dimensions: usize,
    /// The row of each passage's own vector, its sentences' follow; at the end the number of rows.
    first_rows: Vec<u32>,
    file: File,
    /// The passages' own vectors.
    copies: Copies,
}

/// From this many vectors on they are grouped; fewer are scanned faster than anybody notices.
const GROUPED_FROM: usize = 16_384;

/// Share of the vectors in the groups that are always looked at.
const LOOKED_AT: f64 = 0.12;

/// Rounds of moving group centres, and vectors a group that they are moved by.
const ROUNDS: usize = 6;
const SAMPLED_PER_GROUP: usize = 32;

/// Int8 copies of vectors, in groups of neighbours if there are many.
struct Copies {
    /// One a group; `None` when all are one group.
    centres: Option<RoundedVectors>,
    /// Positions of the vectors of each group, and their copies.
    groups: Vec<(Vec<usize>, RoundedVectors)>,
    count: usize,
}

impl Copies {
    /// Of `rows`, `count × dimensions` values, grouped from `grouped_from` vectors on.
    fn new(rows: &[f32], dimensions: usize, grouped_from: usize) -> Self {
        let count = rows.len() / dimensions;
        if count < grouped_from {
            return Self { centres: None, groups: vec![((0..count).collect(), RoundedVectors::new(rows, dimensions))], count };
        }
        let centres = centres(rows, dimensions, count.isqrt());
        let mut members = vec![Vec::new(); count.isqrt()];
        centres.closest(rows).into_iter().enumerate().for_each(|(at, group)| members[group].push(at));
        let row = |at: &usize| &rows[at * dimensions..(at + 1) * dimensions];
        let copied = |members: Vec<usize>| {
            let own: Vec<f32> = members.iter().flat_map(row).copied().collect();
            (members, RoundedVectors::new(&own, dimensions))
        };
        Self { centres: Some(centres), groups: members.into_iter().map(copied).collect(), count }
    }

    /// The allowed positions with the largest sums of products, `top_k` of them, best first.
    fn choose(&self, query: &[f32], top_k: usize, allowed: &dyn Fn(usize) -> bool) -> Vec<(usize, f32)> {
        let nearness = self.centres.as_ref().map_or_else(|| vec![0.0], |centres| centres.dots(query));
        let order = best(nearness.into_iter().enumerate().collect(), self.groups.len());
        let (mut chosen, mut seen) = (Vec::new(), 0);
        for (group, _) in order {
            if seen as f64 >= LOOKED_AT * self.count as f64 && chosen.len() >= top_k {
                break;
            }
            let (positions, copies) = &self.groups[group];
            seen += positions.len();
            chosen.extend(positions.iter().copied().zip(copies.dots(query)).filter(|(position, _)| allowed(*position)));
        }
        best(chosen, top_k)
    }
}

/// Centres of `groups` groups of neighbours, by spherical k-means from evenly spaced vectors.
fn centres(rows: &[f32], dimensions: usize, groups: usize) -> RoundedVectors {
    let count = rows.len() / dimensions;
    let spaced = |wanted: usize| -> Vec<f32> {
        let row = |at: usize| &rows[at * dimensions..(at + 1) * dimensions];
        (0..wanted).flat_map(|number| row(number * count / wanted)).copied().collect()
    };
    let sample = spaced((SAMPLED_PER_GROUP * groups).min(count));
    let mut means = spaced(groups);
    for _ in 0..ROUNDS {
        let closest = RoundedVectors::new(&means, dimensions).closest(&sample);
        let mut sums = vec![0f32; means.len()];
        for (row, group) in sample.chunks_exact(dimensions).zip(closest) {
            sums[group * dimensions..(group + 1) * dimensions].iter_mut().zip(row).for_each(|(sum, value)| *sum += value);
        }
        for (mean, sum) in means.chunks_exact_mut(dimensions).zip(sums.chunks_exact(dimensions)) {
            let sum = unit(sum.to_vec());
            if sum.iter().any(|value| *value != 0.0) {
                mean.copy_from_slice(&sum); // a group that lost all its vectors keeps its place
            }
        }
    }
    RoundedVectors::new(&means, dimensions)
}

/// Writes one row of a [`VectorFile`], in half precision.
///
/// # Errors
/// When `writer` fails.
pub fn write_row(writer: &mut dyn Write, row: &[f32]) -> io::Result<()> {
    let mut halves = vec![f16::ZERO; row.len()];
    halves.convert_from_f32_slice(row);
    let bytes: Vec<u8> = halves.iter().flat_map(|half| half.to_le_bytes()).collect();
    writer.write_all(&bytes)
}

impl VectorFile {
    /// Opens the vectors of passages with so many sentences each. `seen` is given the bytes of the file as they are read.
    ///
    /// # Errors
    /// When the file cannot be read or has another length.
    pub fn open(path: &Path, dimensions: usize, sentences: impl Iterator<Item = usize>, mut seen: impl FnMut(&[u8])) -> io::Result<Self> {
        let dimensions = dimensions.max(1);
        let mut first_rows = vec![0u32];
        let mut rows = 0u32;
        for count in sentences {
            rows = u32::try_from(count).ok().and_then(|count| rows.checked_add(count + 1)).ok_or(io::ErrorKind::InvalidData)?;
            first_rows.push(rows);
        }
        let vectors = Self { dimensions, first_rows, file: File::open(path)?, copies: Copies::new(&[], dimensions, 1) };
        if vectors.file.metadata()?.len() != vectors.offset(rows) {
            return Err(io::ErrorKind::InvalidData.into());
        }
        let mut own = Vec::with_capacity(vectors.len() * dimensions);
        for passage in 0..vectors.len() {
            let bytes = vectors.bytes(passage)?;
            seen(&bytes);
            own.extend_from_slice(&floats(&bytes[..2 * dimensions]));
        }
        Ok(Self { copies: Copies::new(&own, dimensions, GROUPED_FROM), ..vectors })
    }

    /// Number of passages.
    pub fn len(&self) -> usize {
        self.first_rows.len() - 1
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn offset(&self, row: u32) -> u64 {
        u64::from(row) * self.dimensions as u64 * 2
    }

    /// The rows of a passage as they are in the file.
    pub(super) fn bytes(&self, passage: usize) -> io::Result<Vec<u8>> {
        let range = self.first_rows.get(passage..passage + 2).ok_or(io::ErrorKind::InvalidInput)?;
        self.read(range[0], range[1] - range[0])
    }

    fn read(&self, first_row: u32, rows: u32) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; rows as usize * self.dimensions * 2];
        read_at(&self.file, &mut bytes, self.offset(first_row))?;
        Ok(bytes)
    }

    /// Cosines of a passage and its sentences with a unit vector; `None` for one of another length.
    pub(super) fn cosines(&self, passage: usize, query: &[f32]) -> io::Result<Option<Cosines>> {
        if query.len() != self.dimensions {
            return Ok(None);
        }
        let rows = floats(&self.bytes(passage)?);
        let mut cosines = rows.chunks_exact(self.dimensions).map(|row| dot(row, query));
        Ok(cosines.next().map(|whole| Cosines { whole, sentences: cosines.collect() }))
    }

    fn cosine(&self, passage: usize, query: &[f32]) -> io::Result<f32> {
        let row = self.first_rows.get(passage).ok_or(io::ErrorKind::InvalidInput)?;
        Ok(dot(&floats(&self.read(*row, 1)?), query))
    }
}

/// The `top_k` nearest allowed passages over several files with their cosines, best first; equal cosines in order of their ids.
/// `ids`: the id of each passage of each file.
///
/// # Errors
/// When a file cannot be read.
pub fn nearest(files: &[(&VectorFile, &[u32])], query: &[f32], top_k: usize, allowed: &dyn Fn(u32) -> bool) -> io::Result<Vec<(u32, f32)>> {
    let wanted = if top_k == 0 { 0 } else { ROUNDED_PER_HIT * top_k + ROUNDED_SPARE };
    let mut chosen = Vec::new();
    for (number, (file, ids)) in files.iter().enumerate() {
        if query.len() == file.dimensions {
            let found = file.copies.choose(query, wanted, &|passage| ids.get(passage).is_some_and(|id| allowed(*id)));
            chosen.extend(found.into_iter().map(|(passage, dot)| ((number, passage), dot)));
        }
    }
    let mut scored = Vec::new();
    for ((number, passage), _) in best(chosen, wanted) {
        let (file, ids) = files[number];
        scored.push((ids[passage], file.cosine(passage, query)?));
    }
    Ok(best(scored, top_k))
}

/// As [`nearest`], by the cosine of every vector: what is right, for comparison.
///
/// # Errors
/// When a file cannot be read.
pub fn scan(files: &[(&VectorFile, &[u32])], query: &[f32], top_k: usize, allowed: &dyn Fn(u32) -> bool) -> io::Result<Vec<(u32, f32)>> {
    let mut scored = Vec::new();
    for (file, ids) in files {
        for (passage, id) in ids.iter().enumerate().filter(|(_, id)| allowed(**id)) {
            scored.push((*id, file.cosine(passage, query)?));
        }
    }
    Ok(best(scored, top_k))
}

/// The `top_k` highest, best first; equal ones in order of what they are.
fn best<T: Ord>(mut scored: Vec<(T, f32)>, top_k: usize) -> Vec<(T, f32)> {
    let by_score = |a: &(T, f32), b: &(T, f32)| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(&b.0));
    if scored.len() > top_k {
        scored.select_nth_unstable_by(top_k, by_score);
        scored.truncate(top_k);
    }
    scored.sort_unstable_by(by_score);
    scored
}

fn floats(bytes: &[u8]) -> Vec<f32> {
    let halves: Vec<f16> = bytes.as_chunks::<2>().0.iter().map(|half| f16::from_le_bytes(*half)).collect();
    let mut floats = vec![0.0; halves.len()];
    halves.convert_to_f32_slice(&mut floats);
    floats
}

#[cfg(unix)]
fn read_at(file: &File, bytes: &mut [u8], offset: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, bytes, offset)
}

#[cfg(windows)]
fn read_at(file: &File, mut bytes: &mut [u8], mut offset: u64) -> io::Result<()> {
    while !bytes.is_empty() {
        let read = std::os::windows::fs::FileExt::seek_read(file, bytes, offset)?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        bytes = &mut bytes[read..];
        offset += read as u64;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn random_units(count: usize, dimensions: usize) -> Vec<Vec<f32>> {
        let mut random = fastrand::Rng::with_seed(7);
        (0..count).map(|_| crate::engine::unit((0..dimensions).map(|_| random.f32() - 0.5).collect())).collect()
    }

    /// A file of passages with one sentence each, whose vector is the passage's, backwards.
    fn file(rows: &[Vec<f32>], dimensions: usize) -> VectorFile {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        for row in rows {
            let backwards: Vec<f32> = row.iter().rev().copied().collect();
            write_row(&mut file, row).and_then(|()| write_row(&mut file, &backwards)).unwrap();
        }
        VectorFile::open(file.path(), dimensions, rows.iter().map(|_| 1), |_| ()).unwrap()
    }

    #[test]
    fn several_files_are_searched_as_one_and_a_filter_loses_nothing() {
        let rows = random_units(900, 32);
        let (first, second) = (file(&rows[..500], 32), file(&rows[500..], 32));
        let ids: Vec<u32> = (0..900).rev().collect();
        let files = [(&first, &ids[..500]), (&second, &ids[500..])];
        for query in rows.iter().step_by(90) {
            for allowed in [|_: u32| true, |id: u32| id % 100 == 3] {
                let found = nearest(&files, query, 5, &allowed).unwrap();
                assert_eq!(found, scan(&files, query, 5, &allowed).unwrap());
                assert_eq!(found.len(), 5);
            }
            let itself = nearest(&files, query, 1, &|_| true).unwrap()[0];
            assert!(dot(&rows[899 - itself.0 as usize], query) > 0.999 && itself.1 > 0.999);
        }
    }

    #[test]
    fn groups_find_nearly_all_of_the_nearest_and_all_that_a_rare_filter_leaves() {
        let centres = random_units(50, 24);
        let near =
            |at: usize, noise: &[f32]| unit(centres[at % 50].iter().zip(noise).map(|(centre, noise)| centre + 0.5 * noise).collect());
        let rows = random_units(3_000, 24).iter().enumerate().map(|(at, noise)| near(at, noise)).collect::<Vec<_>>().concat();
        let (grouped, whole) = (Copies::new(&rows, 24, 1_000), Copies::new(&rows, 24, usize::MAX));
        assert!(grouped.centres.is_some() && whole.centres.is_none());
        let (mut found, mut wanted) = (0, 0);
        for query in rows.chunks_exact(24).step_by(60) {
            let (some, all) = (grouped.choose(query, 10, &|_| true), whole.choose(query, 10, &|_| true));
            wanted += all.len();
            found += all.iter().filter(|right| some.iter().any(|near| near.0 == right.0)).count();
            let rare = |at: usize| at % 500 == 3;
            let positions = |hits: Vec<(usize, f32)>| hits.into_iter().map(|hit| hit.0).collect::<Vec<_>>();
            assert_eq!(positions(grouped.choose(query, 6, &rare)), positions(whole.choose(query, 6, &rare)));
        }
        assert!(found * 100 >= wanted * 97, "{found} of {wanted}");
    }

    #[test]
    fn passages_and_sentences_keep_their_cosines() {
        let rows = random_units(20, 48);
        let file = file(&rows, 48);
        for (at, row) in rows.iter().enumerate() {
            let cosines = file.cosines(at, &rows[0]).unwrap().unwrap();
            let backwards: Vec<f32> = row.iter().rev().copied().collect();
            assert!((cosines.whole - dot(row, &rows[0])).abs() < 1e-3);
            assert_eq!(cosines.sentences.len(), 1);
            assert!((cosines.sentences[0] - dot(&backwards, &rows[0])).abs() < 1e-3);
        }
        assert!(file.cosines(20, &rows[0]).is_err());
    }

    #[test]
    fn equal_vectors_and_foreign_lengths_are_harmless() {
        let file = file(&vec![vec![0.5; 4]; 1_200], 4);
        let ids: Vec<u32> = (0..1_200).collect();
        let files = [(&file, ids.as_slice())];
        let found: Vec<u32> = nearest(&files, &[0.5; 4], 3, &|_| true).unwrap().iter().map(|hit| hit.0).collect();
        assert_eq!(found, [0, 1, 2]);
        assert!(nearest(&files, &[1.0; 3], 3, &|_| true).unwrap().is_empty());
        assert_eq!(file.cosines(0, &[1.0; 3]).unwrap(), None);
    }

    #[test]
    fn a_file_of_another_length_is_refused() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), [0; 30]).unwrap();
        assert!(VectorFile::open(file.path(), 4, [1, 1].into_iter(), |_| ()).is_err());
    }

    #[test]
    fn dot_sums_every_product_at_any_length() {
        for length in [0, 1, 15, 16, 17, 384, 385] {
            let values: Vec<f32> = (0..length).map(|value| value as f32 * 0.01).collect();
            let plain: f32 = values.iter().map(|value| value * value).sum();
            assert!((dot(&values, &values) - plain).abs() <= plain * 1e-5);
        }
    }
}
