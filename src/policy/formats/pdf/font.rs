//! What a font's codes mean and how wide they are (ISO 32000-1, 9.5 to 9.10).

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use lopdf::{Dictionary, Document, Encoding, Object, ObjectId};
use unicode_normalization::UnicodeNormalization;

use super::cmap::ToUnicode;

/// Tables of a font that unpack to more are no tables.
const MAX_TABLE_BYTES: usize = 16 << 20;

/// Stands for a code whose meaning the file does not tell.
pub(super) const UNKNOWN: &str = "\u{FFFD}";

/// The fonts of one file, read when first used.
pub(super) struct Fonts<'a> {
    doc: &'a Document,
    read: HashMap<ObjectId, Option<Rc<Font<'a>>>>,
}

impl<'a> Fonts<'a> {
    pub(super) fn new(doc: &'a Document) -> Self {
        Self { doc, read: HashMap::new() }
    }

    /// The font that `object` is or refers to.
    pub(super) fn get(&mut self, object: &'a Object) -> Option<Rc<Font<'a>>> {
        let doc = self.doc;
        let Object::Reference(id) = object else {
            return object.as_dict().ok().map(|dict| Rc::new(Font::read(doc, dict)));
        };
        let read = || doc.get_dictionary(*id).ok().map(|dict| Rc::new(Font::read(doc, dict)));
        self.read.entry(*id).or_insert_with(read).clone()
    }
}

/// How text is cut into codes.
#[derive(Clone, Copy, PartialEq)]
enum Codes {
    OneByte,
    TwoBytes,
    /// One byte below this one, two from it on; the second field is whether half-width katakana (0xA0 to 0xDF) are one byte, too.
    Mixed(u8, bool),
}

/// What codes mean by the font's own account, where there is no `ToUnicode`.
enum Own<'a> {
    Encoding(Encoding<'a>),
    Charset(&'static encoding_rs::Encoding),
    /// It has signs instead of letters.
    Bullets,
    Unknown,
}

/// A font, as far as reading needs it.
pub(super) struct Font<'a> {
    codes: Codes,
    table: ToUnicode,
    names: HashMap<u8, String>,
    own: Own<'a>,
    widths: Widths,
    /// Whether its letters are thick.
    pub(super) is_bold: bool,
    known: RefCell<HashMap<u32, Rc<str>>>,
}

/// One code of a text.
pub(super) struct Glyph {
    pub(super) text: Rc<str>,
    /// Its advance in units of the font size.
    pub(super) width: f32,
    /// Whether it is the one-byte code 32, to which word spacing applies.
    pub(super) is_space_code: bool,
}

impl<'a> Font<'a> {
    fn read(doc: &'a Document, dict: &'a Dictionary) -> Self {
        let is_composite = name_of(dict, b"Subtype") == b"Type0";
        // The table comes first: the encoding says what the glyphs are called, but only the table was written to be read.
        let table = dict.get_deref(b"ToUnicode", doc).and_then(Object::as_stream);
        let table = table.and_then(|table| table.get_plain_content_with_limit(MAX_TABLE_BYTES));
        let table = table.map(|table| ToUnicode::parse(&table)).unwrap_or_default();
        let encoding = dict.get_deref(b"Encoding", doc).ok();
        let (mut codes, mut own, mut names) = (Codes::OneByte, Own::Unknown, HashMap::new());
        if is_composite {
            let cmap = encoding.and_then(|name| name.as_name().ok()).unwrap_or_default();
            (codes, own) = codes_of_cmap(&String::from_utf8_lossy(cmap));
        } else {
            let is_type3 = name_of(dict, b"Subtype") == b"Type3";
            if let Some(Object::Dictionary(encoding)) = encoding {
                names = differences(doc, encoding);
            }
            // A Type 3 font has no letters but those it names.
            if is_dingbats(dict) {
                own = Own::Bullets;
            } else if !is_type3 && let Ok(base) = dict.get_font_encoding_with_limit(doc, MAX_TABLE_BYTES) {
                own = Own::Encoding(base);
            }
        }
        Self {
            codes,
            table,
            names,
            own,
            widths: Widths::read(doc, dict, is_composite),
            is_bold: is_bold(doc, dict),
            known: RefCell::default(),
        }
    }

    /// The codes of `bytes`, in order.
    pub(super) fn glyphs(&self, bytes: &[u8]) -> Vec<Glyph> {
        let mut glyphs = Vec::with_capacity(bytes.len());
        let mut rest = bytes;
        while let Some(&first) = rest.first() {
            let length = match self.codes {
                Codes::OneByte => 1,
                Codes::TwoBytes => 2,
                Codes::Mixed(from, kana) => 1 + usize::from(first >= from && !(kana && (0xA0..=0xDF).contains(&first))),
            };
            let (code, after) = rest.split_at(length.min(rest.len()));
            rest = after;
            let number = code.iter().fold(0u32, |number, byte| number << 8 | u32::from(*byte));
            let text = Rc::clone(self.known.borrow_mut().entry(number).or_insert_with(|| self.text(code, number).into()));
            let width = self.widths.of(number, code.len(), self.codes, &text);
            glyphs.push(Glyph { text, width, is_space_code: code == [32] });
        }
        glyphs
    }

    fn text(&self, code: &[u8], number: u32) -> String {
        let decoded = |encoding: &Encoding<'_>| encoding.bytes_to_string(code).ok().filter(|text| !text.contains(UNKNOWN));
        let by_name = || code.first().filter(|_| code.len() == 1).and_then(|code| self.names.get(code).cloned());
        let by_own = || match &self.own {
            Own::Encoding(encoding) => decoded(encoding),
            Own::Charset(charset) => charset.decode_without_bom_handling_and_without_replacement(code).map(|text| text.into_owned()),
            Own::Bullets => Some("•".to_owned()),
            Own::Unknown => None,
        };
        readable(&self.table.get(number).or_else(by_name).or_else(by_own).unwrap_or_else(|| UNKNOWN.to_owned()))
    }
}

/// Letters as people type them: ligatures taken apart, and the look-alikes of Chinese characters that printing programs take from the
/// blocks of radicals and compatibility forms put back.
fn readable(text: &str) -> String {
    let is_form = |c: char| matches!(c, '\u{FB00}'..='\u{FB06}' | '\u{2E80}'..='\u{2FDF}' | '\u{F900}'..='\u{FAFF}');
    let mut readable = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            _ if is_form(c) => readable.extend(c.to_string().nfkc()),
            // Private numbers that Word's symbol fonts use for bullets.
            '\u{F0B7}' | '\u{F0A7}' | '\u{F0D8}' | '\u{F076}' | '\u{F0FC}' | '\u{F06E}' | '\u{F0A8}' => readable.push('•'),
            '\t' | '\n' | '\r' => readable.push(' '),
            _ if c.is_control() => {}
            _ => readable.push(c),
        }
    }
    readable
}

/// Cutting and meaning by the name of a predefined CMap (ISO 32000-1, table 118).
fn codes_of_cmap<'a>(name: &str) -> (Codes, Own<'a>) {
    const NAMES: [(&str, Codes, &encoding_rs::Encoding); 12] = [
        ("UniGB", Codes::TwoBytes, encoding_rs::UTF_16BE),
        ("UniCNS", Codes::TwoBytes, encoding_rs::UTF_16BE),
        ("UniJIS", Codes::TwoBytes, encoding_rs::UTF_16BE),
        ("UniKS", Codes::TwoBytes, encoding_rs::UTF_16BE),
        ("GB", Codes::Mixed(0x81, false), encoding_rs::GBK),
        ("ETen", Codes::Mixed(0x81, false), encoding_rs::BIG5),
        ("B5", Codes::Mixed(0x81, false), encoding_rs::BIG5),
        ("HKscs", Codes::Mixed(0x81, false), encoding_rs::BIG5),
        ("90ms-RKSJ", Codes::Mixed(0x81, true), encoding_rs::SHIFT_JIS),
        ("90msp-RKSJ", Codes::Mixed(0x81, true), encoding_rs::SHIFT_JIS),
        ("EUC", Codes::Mixed(0x81, false), encoding_rs::EUC_JP),
        ("KSC", Codes::Mixed(0x81, false), encoding_rs::EUC_KR),
    ];
    let known = NAMES.into_iter().find(|(start, ..)| name.starts_with(start) && !name.contains("UTF8") && !name.contains("UTF32"));
    known.map_or((Codes::TwoBytes, Own::Unknown), |(_, codes, charset)| (codes, Own::Charset(charset)))
}

/// The letters that an encoding names one by one.
fn differences(doc: &Document, encoding: &Dictionary) -> HashMap<u8, String> {
    let mut names = HashMap::new();
    let mut code = 0u8;
    let list = encoding.get_deref(b"Differences", doc).and_then(Object::as_array);
    for object in list.map(Vec::as_slice).unwrap_or_default() {
        match object {
            Object::Integer(at) => code = u8::try_from(*at).unwrap_or(code),
            Object::Name(name) => {
                let text = String::from_utf8(name.clone()).ok().and_then(|name| text_of_name(doc, &name));
                names.insert(code, text.unwrap_or_else(|| UNKNOWN.to_owned()));
                code = code.wrapping_add(1);
            }
            _ => {}
        }
    }
    names
}

/// The text of a glyph's name, by the rules of the Adobe Glyph List.
fn text_of_name(doc: &Document, name: &str) -> Option<String> {
    let name = name.split('.').next().filter(|name| !name.is_empty())?;
    let parts: Option<Vec<String>> = name.split('_').map(|part| text_of_part(doc, part)).collect();
    parts.map(|parts| parts.concat())
}

fn text_of_part(doc: &Document, name: &str) -> Option<String> {
    let hex = |digits: &str| u32::from_str_radix(digits, 16).ok().and_then(char::from_u32).map(String::from);
    let number = name.strip_prefix("uni").or_else(|| name.strip_prefix('u')).filter(|digits| (4..=6).contains(&digits.len()));
    if let Some(text) = number.and_then(hex) {
        return Some(text);
    }
    // lopdf keeps its list of names to itself, but reads a font that names one letter.
    let mut encoding = Dictionary::new();
    encoding.set("Differences", vec![Object::Integer(0), Object::Name(name.as_bytes().to_vec())]);
    let mut font = Dictionary::new();
    font.set("Type", Object::Name(b"Font".to_vec()));
    font.set("Encoding", encoding);
    match font.get_font_encoding_with_limit(doc, MAX_TABLE_BYTES) {
        Ok(encoding @ Encoding::Differences(_)) => encoding.bytes_to_string(&[0]).ok().filter(|text| !text.is_empty()),
        _ => None,
    }
}

/// Advances in units of the font size.
struct Widths {
    /// First code to last code and width.
    ranges: BTreeMap<u32, (u32, f32)>,
    /// For codes without one; `None` where it must be guessed.
    default: Option<f32>,
}

impl Widths {
    fn read(doc: &Document, dict: &Dictionary, is_composite: bool) -> Self {
        if is_composite { Self::of_composite(doc, dict) } else { Self::of_simple(doc, dict) }
    }

    fn of_simple(doc: &Document, dict: &Dictionary) -> Self {
        let first =
            dict.get_deref(b"FirstChar", doc).and_then(Object::as_i64).ok().and_then(|first| u32::try_from(first).ok()).unwrap_or(0);
        // The widths of a Type 3 font are in its own units.
        let matrix = dict.get_deref(b"FontMatrix", doc).and_then(Object::as_array).ok();
        let unit = matrix.and_then(|matrix| matrix.first()?.as_float().ok()).map_or(0.001, f32::abs);
        let widths = dict.get_deref(b"Widths", doc).and_then(Object::as_array).map(Vec::as_slice).unwrap_or_default();
        let width = |(at, width): (u32, &Object)| Some((at, (at, doc.dereference(width).ok()?.1.as_float().ok()? * unit)));
        let ranges = (first..first.saturating_add(256)).zip(widths).filter_map(width).collect();
        let is_mono = String::from_utf8_lossy(name_of(dict, b"BaseFont")).contains("Courier");
        Self { ranges, default: is_mono.then_some(0.6) }
    }

    fn of_composite(doc: &Document, dict: &Dictionary) -> Self {
        let descendants = dict.get_deref(b"DescendantFonts", doc).and_then(Object::as_array).ok();
        let font = descendants.and_then(|fonts| doc.dereference(fonts.first()?).ok()?.1.as_dict().ok());
        let number = |object: &Object| doc.dereference(object).ok().and_then(|(_, object)| object.as_float().ok());
        let default = font.and_then(|font| font.get(b"DW").ok()).and_then(number).unwrap_or(1000.0) / 1000.0;
        let list = font.and_then(|font| font.get_deref(b"W", doc).and_then(Object::as_array).ok()).map(Vec::as_slice).unwrap_or_default();
        let mut ranges = BTreeMap::new();
        let mut list = list.iter();
        while let (Some(first), Some(next)) = (list.next().and_then(number), list.next()) {
            let first = first.max(0.0) as u32;
            if let Ok((_, Object::Array(widths))) = doc.dereference(next) {
                for (at, width) in (first..).zip(widths) {
                    ranges.insert(at, (at, number(width).unwrap_or(1000.0) / 1000.0));
                }
            } else if let (Some(last), Some(width)) = (number(next), list.next().and_then(number)) {
                ranges.insert(first, (last.max(0.0) as u32, width / 1000.0));
            }
        }
        Self { ranges, default: Some(default) }
    }

    fn of(&self, code: u32, bytes: usize, codes: Codes, text: &str) -> f32 {
        if matches!(codes, Codes::Mixed(..)) {
            return if bytes == 1 { 0.5 } else { 1.0 }; // their widths are listed under numbers that these codes are not
        }
        let listed = self.ranges.range(..=code).next_back().filter(|(_, (last, _))| code <= *last).map(|(_, (_, width))| *width);
        listed.or(self.default).unwrap_or_else(|| usual_width(text))
    }
}

/// About the width of Helvetica's letters: files may leave out those of the standard fonts.
fn usual_width(text: &str) -> f32 {
    match text.chars().next() {
        Some('i' | 'j' | 'l' | '\'' | '|') => 0.22,
        Some('f' | 't' | 'I' | ' ' | '.' | ',' | ':' | ';' | '!' | '/') => 0.28,
        Some('r' | '(' | ')' | '-' | '•') => 0.34,
        Some('m' | 'M' | 'w') => 0.8,
        Some('W' | '@' | '%') => 0.94,
        Some(c) if c.is_uppercase() => 0.69,
        _ => 0.55,
    }
}

/// Fonts of pictures, which texts use for the marks of lists.
fn is_dingbats(dict: &Dictionary) -> bool {
    let name = String::from_utf8_lossy(name_of(dict, b"BaseFont")).to_lowercase();
    ["wingdings", "webdings", "dingbats"].iter().any(|word| name.contains(word))
}

fn is_bold(doc: &Document, dict: &Dictionary) -> bool {
    let name = String::from_utf8_lossy(name_of(dict, b"BaseFont")).to_lowercase();
    // SimHei and its like are how Chinese texts print what is important.
    let by_name = ["bold", "black", "heavy", "demi", "simhei", "heiti"].iter().any(|word| name.contains(word));
    let descriptor = dict.get_deref(b"FontDescriptor", doc).and_then(Object::as_dict).ok();
    let weight = descriptor.and_then(|descriptor| descriptor.get_deref(b"FontWeight", doc).ok()?.as_float().ok()).unwrap_or(400.0);
    by_name || weight >= 600.0
}

pub(super) fn name_of<'d>(dict: &'d Dictionary, key: &[u8]) -> &'d [u8] {
    dict.get(key).and_then(Object::as_name).unwrap_or_default()
}
