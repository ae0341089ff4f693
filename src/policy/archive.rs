//! A zip archive read as the folder that was packed into it.
//!
//! Nothing is unpacked to disk: each file is read into memory, within limits that do not rest on what the archive says of itself.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use zip::ZipArchive;
use zip::result::ZipError;

/// Larger archives are no policies.
const MAX_ARCHIVE_BYTES: u64 = 200_000_000;
/// What the files of one archive may hold together.
const MAX_TOTAL_BYTES: u64 = 200_000_000;
const MAX_ENTRIES: usize = 10_000;
/// A file that unpacks to more than this many times its packed size holds no text that people wrote. Small files are let off: a few
/// lines that repeat pack very well.
const MAX_RATIO: u64 = 200;
const RATIO_FROM_BYTES: u64 = 1_000_000;

/// An archive that is open.
pub(super) struct Archive {
    zip: ZipArchive<File>,
    left: u64,
}

/// A file in an archive.
pub(super) struct Packed {
    /// With `/` between parts, below the archive.
    pub(super) path: String,
    /// Where it stands in the archive, or why it is refused.
    pub(super) place: Result<usize, String>,
}

impl Archive {
    /// Opens an archive. The error says why none of it is read.
    pub(super) fn open(file: &Path) -> Result<Self, String> {
        let opened = File::open(file).and_then(|file| Ok((file.metadata()?.len(), file)));
        let (bytes, file) = opened.map_err(|cause| format!("cannot be read: {cause}"))?;
        if bytes > MAX_ARCHIVE_BYTES {
            return Err(format!("is larger than {} MB: split it", MAX_ARCHIVE_BYTES / 1_000_000));
        }
        let damaged = |cause: ZipError| format!("cannot be read as a zip archive: {cause}: pack it again");
        let mut zip = ZipArchive::new(file).map_err(damaged)?;
        if zip.len() > MAX_ENTRIES {
            return Err(format!("holds more than {MAX_ENTRIES} files: split it"));
        }
        // Files that share their bytes are how a small archive becomes an endless one; no program packs like that.
        if zip.has_overlapping_entries().map_err(damaged)? {
            return Err("holds files that lie over each other: pack it again".to_owned());
        }
        Ok(Self { zip, left: MAX_TOTAL_BYTES })
    }

    /// Its files in the order of their paths. Folders, links and what begins with a dot are left out, as are the notes that macOS packs
    /// beside each file.
    pub(super) fn files(&mut self) -> Vec<Packed> {
        let mut files = BTreeMap::new();
        for at in 0..self.zip.len() {
            let (path, place) = match self.zip.by_index_raw(at) {
                Err(cause) => (format!("file {}", at + 1), Err(format!("cannot be unpacked: {cause}: pack it again"))),
                Ok(file) if file.is_dir() || file.is_symlink() => continue,
                Ok(file) => {
                    let named = name_of(file.name_raw(), file.name().ok().as_deref());
                    match enclosed(&named) {
                        Some(path) if path.split('/').any(|part| part.starts_with('.') || part == "__MACOSX") => continue,
                        Some(path) => (path, Ok(at)),
                        None => (named, Err("has a path that leads out of the archive: pack it again".to_owned())),
                    }
                }
            };
            match files.entry(path) {
                Entry::Vacant(free) => drop(free.insert(place)),
                Entry::Occupied(mut taken) => drop(taken.insert(Err("is in the archive twice: pack it again".to_owned()))),
            }
        }
        files.into_iter().map(|(path, place)| Packed { path, place }).collect()
    }

    /// The file at `place`, up to `most` bytes of it and one more.
    pub(super) fn read(&mut self, place: usize, most: u64) -> Result<Vec<u8>, String> {
        let file = self.zip.by_index(place).map_err(|cause| match cause {
            ZipError::UnsupportedArchive(ZipError::PASSWORD_REQUIRED) => "is protected by a password: pack it without one".to_owned(),
            ZipError::CompressionMethodNotSupported(_) => "is packed in a way that is not common: pack it again as plain zip".to_owned(),
            cause => format!("cannot be unpacked: {cause}: pack it again"),
        })?;
        let packed = file.compressed_size().max(1);
        let most = most.saturating_add(1).min(self.left);
        let mut bytes = Vec::new();
        file.take(most).read_to_end(&mut bytes).map_err(|cause| format!("cannot be unpacked: {cause}: pack it again"))?;
        let size = bytes.len() as u64;
        self.left -= size;
        if self.left == 0 {
            return Err(format!("lies beyond the first {} MB that the archive holds: split it", MAX_TOTAL_BYTES / 1_000_000));
        }
        if size >= RATIO_FROM_BYTES && size / packed > MAX_RATIO {
            return Err(format!("unpacks to more than {MAX_RATIO} times its size, which no policy does"));
        }
        Ok(bytes)
    }
}

/// The name of a file as it was typed. Programs that do not say that names are UTF-8 write them in the encoding of their system: on
/// Chinese ones that is GBK, else `known`, the library's reading as that of the first PCs.
fn name_of(raw: &[u8], known: Option<&str>) -> String {
    if let Ok(name) = std::str::from_utf8(raw) {
        return name.to_owned();
    }
    let is_han = |c: &char| matches!(c, '\u{4E00}'..='\u{9FFF}');
    let is_typed = |c: char| c.is_ascii() || is_han(&c) || matches!(c, '\u{3000}'..='\u{303F}' | '\u{FF00}'..='\u{FFEF}' | '“' | '”' | '·');
    let chinese = encoding_rs::GBK.decode_without_bom_handling_and_without_replacement(raw);
    // One letter with an accent can look like half a Chinese character; whole words do not.
    let chinese = chinese.filter(|name| name.chars().all(is_typed) && name.chars().filter(is_han).count() > 1);
    chinese.map_or_else(|| known.map_or_else(|| String::from_utf8_lossy(raw).into_owned(), str::to_owned), |name| name.into_owned())
}

/// A path with `/` between its parts; `None` when it leads out of the folder it lies in.
fn enclosed(path: &str) -> Option<String> {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split(['/', '\\']) {
        match part {
            "" if parts.is_empty() => return None, // begins at the root
            "" | "." => {}
            ".." => drop(parts.pop()?),
            _ if part.contains(['\0', ':']) => return None,
            _ => parts.push(part),
        }
    }
    (!parts.is_empty()).then(|| parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_from_chinese_systems_are_read_and_others_left() {
        let (gbk, ..) = encoding_rs::GBK.encode("政策/退款说明（新）.md");
        assert_eq!(name_of(&gbk, Some("garbled")), "政策/退款说明（新）.md");
        assert_eq!(name_of("政策.md".as_bytes(), None), "政策.md");
        // "Größe.md" and "café.md" as the first PCs wrote them.
        assert_eq!(name_of(b"Gr\x94\xE1e.md", Some("Größe.md")), "Größe.md");
        assert_eq!(name_of(b"caf\x82.md", Some("café.md")), "café.md");
    }

    #[test]
    fn only_paths_that_stay_inside_are_taken() {
        assert_eq!(enclosed("a\\b/./c//d.md").as_deref(), Some("a/b/c/d.md"));
        assert_eq!(enclosed("a/../b.md").as_deref(), Some("b.md"));
        for out in ["/etc/passwd", "../a", "a/../../b", "\\\\host\\a", "C:\\a", "a\0b", "", ".."] {
            assert_eq!(enclosed(out), None, "{out:?}");
        }
    }
}
