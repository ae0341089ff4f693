//! A page's drawing instructions, run for the places of its text (ISO 32000-1, 8 and 9).

use std::rc::Rc;

use lopdf::content::Content;
use lopdf::{Dictionary, Document, Object, ObjectId};

use super::font::{Font, Fonts, Glyph, name_of};
use crate::text::is_wide;

/// Unpacked instructions of one page; more is no page of text.
const MAX_PAGE_BYTES: usize = 32 << 20;
/// Instructions of a whole file.
const MAX_OPERATIONS: usize = 20_000_000;
/// Text of a whole file.
const MAX_TEXT_BYTES: usize = 10_000_000;
/// Drawings inside drawings.
const MAX_DEPTH: usize = 8;
/// States that a page may save and never take back.
const MAX_SAVED: usize = 1000;

/// Gaps between letters from this share of the font size on are spaces between words.
const WORD_GAP: f32 = 0.15;
/// From this one on, what follows may be another column.
const RUN_GAP: f32 = 0.6;

/// Text on one line, without large gaps.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Run {
    pub(super) text: String,
    /// Left end, in points from the page's left edge.
    pub(super) x: f32,
    /// Right end.
    pub(super) end: f32,
    /// The line it stands on, in points from the page's lower edge.
    pub(super) y: f32,
    /// Height of the letters.
    pub(super) size: f32,
    pub(super) is_bold: bool,
    /// The number by which the file's structure refers to it.
    pub(super) mark: Option<i64>,
    /// Whether the file says that it is no part of the text, such as a page number.
    pub(super) is_artifact: bool,
}

/// A page's text.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) id: ObjectId,
    /// Counts from 1.
    pub(super) number: u32,
    pub(super) height: f32,
    /// In the order in which they were drawn.
    pub(super) runs: Vec<Run>,
}

/// Reads every page, in order.
pub(super) fn pages<'a>(doc: &'a Document, fonts: &mut Fonts<'a>) -> Result<Vec<Page>, String> {
    let mut budget = Budget { operations: MAX_OPERATIONS, text: MAX_TEXT_BYTES };
    let mut pages = Vec::new();
    for (number, id) in (1..).zip(doc.page_iter()) {
        let (start, height) = frame(doc, id);
        let mut reader = Reader {
            doc,
            fonts: &mut *fonts,
            budget: &mut budget,
            ctm: start,
            text: Text::default(),
            saved: Vec::new(),
            marks: Vec::new(),
            runs: Vec::new(),
        };
        let content = doc
            .get_page_content_with_limit(id, MAX_PAGE_BYTES)
            .map_err(|_| format!("has more than {} MB of drawing on page {number}: print that page to PDF again", MAX_PAGE_BYTES >> 20))?;
        reader.run(&content, inherited(doc, id, b"Resources").and_then(|resources| resources.as_dict().ok()), 0)?;
        pages.push(Page { id, number, height, runs: reader.runs });
    }
    Ok(pages)
}

/// What is left of what one file may cost.
struct Budget {
    operations: usize,
    text: usize,
}

impl Budget {
    fn spend(left: &mut usize, cost: usize) -> Result<(), String> {
        *left = left.checked_sub(cost).ok_or("is too large to be a policy: split it")?;
        Ok(())
    }
}

/// An entry of a page or of the folders of pages above it.
fn inherited<'a>(doc: &'a Document, page: ObjectId, key: &[u8]) -> Option<&'a Object> {
    let mut node = doc.get_dictionary(page).ok()?;
    for _ in 0..64 {
        if let Ok(object) = node.get_deref(key, doc) {
            return Some(object);
        }
        node = node.get_deref(b"Parent", doc).ok()?.as_dict().ok()?;
    }
    None
}

/// The matrix that turns a page upright and puts its lower left corner at zero, and the height of the page.
fn frame(doc: &Document, page: ObjectId) -> (Matrix, f32) {
    let numbers = inherited(doc, page, b"MediaBox").and_then(|media_box| media_box.as_array().ok());
    let number = |at: usize| numbers.and_then(|list| doc.dereference(list.get(at)?).ok()?.1.as_float().ok());
    let corners = [number(0), number(1), number(2), number(3)];
    let [left, bottom, right, top] = if let [Some(a), Some(b), Some(c), Some(d)] = corners {
        [a.min(c), b.min(d), a.max(c), b.max(d)]
    } else {
        [0.0, 0.0, 612.0, 792.0]
    };
    let turned = inherited(doc, page, b"Rotate").and_then(|turn| turn.as_i64().ok()).unwrap_or(0).rem_euclid(360);
    match turned {
        90 => (Matrix([0.0, -1.0, 1.0, 0.0, -bottom, right]), right - left),
        180 => (Matrix([-1.0, 0.0, 0.0, -1.0, right, top]), top - bottom),
        270 => (Matrix([0.0, 1.0, -1.0, 0.0, top, -left]), right - left),
        _ => (Matrix([1.0, 0.0, 0.0, 1.0, -left, -bottom]), top - bottom),
    }
}

/// A transformation: `x' = a x + c y + e`, `y' = b x + d y + f`.
#[derive(Debug, Clone, Copy)]
struct Matrix([f32; 6]);

impl Matrix {
    const ONE: Self = Self([1.0, 0.0, 0.0, 1.0, 0.0, 0.0]);

    /// First `self`, then `next`.
    fn then(self, next: Self) -> Self {
        let ([a, b, c, d, e, f], [g, h, i, j, k, l]) = (self.0, next.0);
        Self([a * g + b * i, a * h + b * j, c * g + d * i, c * h + d * j, e * g + f * i + k, e * h + f * j + l])
    }

    fn moved(self, x: f32, y: f32) -> Self {
        Self([1.0, 0.0, 0.0, 1.0, x, y]).then(self)
    }

    fn of(operands: &[Object]) -> Option<Self> {
        let mut numbers = [0.0; 6];
        for (number, operand) in numbers.iter_mut().zip(operands.get(..6)?) {
            *number = operand.as_float().ok()?;
        }
        Some(Self(numbers))
    }
}

/// The text state (9.3) and the two matrices of a text object.
#[derive(Clone)]
struct Text<'a> {
    font: Option<Rc<Font<'a>>>,
    size: f32,
    letter_gap: f32,
    word_gap: f32,
    stretch: f32,
    leading: f32,
    rise: f32,
    at: Matrix,
    line: Matrix,
}

impl Default for Text<'_> {
    fn default() -> Self {
        Self {
            font: None,
            size: 0.0,
            letter_gap: 0.0,
            word_gap: 0.0,
            stretch: 1.0,
            leading: 0.0,
            rise: 0.0,
            at: Matrix::ONE,
            line: Matrix::ONE,
        }
    }
}

/// Marked content that is open (14.6).
struct Mark {
    number: Option<i64>,
    is_artifact: bool,
    /// What its letters stand for; empty once it was given out.
    actual: Option<String>,
}

struct Reader<'a, 'b> {
    doc: &'a Document,
    fonts: &'b mut Fonts<'a>,
    budget: &'b mut Budget,
    ctm: Matrix,
    text: Text<'a>,
    saved: Vec<(Matrix, Text<'a>)>,
    marks: Vec<Mark>,
    runs: Vec<Run>,
}

impl<'a> Reader<'a, '_> {
    fn run(&mut self, content: &[u8], resources: Option<&'a Dictionary>, depth: usize) -> Result<(), String> {
        for operation in Content::decode_iter(content).map_while(Result::ok) {
            Budget::spend(&mut self.budget.operations, 1)?;
            let operands = operation.operands.as_slice();
            let number = |at: usize| operands.get(at).and_then(|operand| operand.as_float().ok()).unwrap_or(0.0);
            match operation.operator.as_str() {
                "q" if self.saved.len() < MAX_SAVED => self.saved.push((self.ctm, self.text.clone())),
                "Q" => {
                    if let Some((ctm, text)) = self.saved.pop() {
                        (self.ctm, self.text) = (ctm, text);
                    }
                }
                "cm" => self.ctm = Matrix::of(operands).unwrap_or(Matrix::ONE).then(self.ctm),
                "BT" => (self.text.at, self.text.line) = (Matrix::ONE, Matrix::ONE),
                "Tf" => {
                    let name = operands.first().and_then(|name| name.as_name().ok()).unwrap_or_default();
                    let font = resource(self.doc, resources, b"Font", name);
                    self.text.font = font.and_then(|font| self.fonts.get(font));
                    self.text.size = number(1);
                }
                "Tc" => self.text.letter_gap = number(0),
                "Tw" => self.text.word_gap = number(0),
                "Tz" => self.text.stretch = number(0) / 100.0,
                "TL" => self.text.leading = number(0),
                "Ts" => self.text.rise = number(0),
                "Td" => self.next_line(number(0), number(1)),
                "TD" => {
                    self.text.leading = -number(1);
                    self.next_line(number(0), number(1));
                }
                "Tm" => {
                    self.text.line = Matrix::of(operands).unwrap_or(Matrix::ONE);
                    self.text.at = self.text.line;
                }
                "T*" => self.next_line(0.0, -self.text.leading),
                "Tj" => self.show(operands.first())?,
                "'" => {
                    self.next_line(0.0, -self.text.leading);
                    self.show(operands.first())?;
                }
                "\"" => {
                    (self.text.word_gap, self.text.letter_gap) = (number(0), number(1));
                    self.next_line(0.0, -self.text.leading);
                    self.show(operands.get(2))?;
                }
                "TJ" => {
                    for object in operands.first().and_then(|list| list.as_array().ok()).map(Vec::as_slice).unwrap_or_default() {
                        match object.as_float() {
                            Ok(back) => self.advance(-back / 1000.0 * self.text.size * self.text.stretch),
                            Err(_) => self.show(Some(object))?,
                        }
                    }
                }
                "BMC" | "BDC" => self.begin_mark(operands, resources),
                "EMC" => drop(self.marks.pop()),
                "Do" if depth < MAX_DEPTH => {
                    let name = operands.first().and_then(|name| name.as_name().ok()).unwrap_or_default();
                    if let Some(object) = resource(self.doc, resources, b"XObject", name) {
                        self.draw(object, resources, depth)?;
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// A drawing kept apart from the page, which has a state of its own.
    fn draw(&mut self, object: &'a Object, resources: Option<&'a Dictionary>, depth: usize) -> Result<(), String> {
        let Ok((_, Object::Stream(form))) = self.doc.dereference(object) else { return Ok(()) };
        if name_of(&form.dict, b"Subtype") != b"Form" {
            return Ok(());
        }
        let Ok(content) = form.get_plain_content_with_limit(MAX_PAGE_BYTES) else { return Ok(()) };
        let own = form.dict.get_deref(b"Resources", self.doc).and_then(Object::as_dict).ok();
        let matrix = form.dict.get_deref(b"Matrix", self.doc).and_then(Object::as_array).ok().and_then(|matrix| Matrix::of(matrix));
        let before = (self.ctm, self.text.clone(), std::mem::take(&mut self.saved), self.marks.len());
        self.ctm = matrix.unwrap_or(Matrix::ONE).then(self.ctm);
        self.run(&content, own.or(resources), depth + 1)?;
        (self.ctm, self.text, self.saved) = (before.0, before.1, before.2);
        self.marks.truncate(before.3);
        Ok(())
    }

    fn begin_mark(&mut self, operands: &[Object], resources: Option<&'a Dictionary>) {
        let tag = operands.first().and_then(|tag| tag.as_name().ok()).unwrap_or_default();
        let list = match operands.get(1) {
            Some(Object::Dictionary(list)) => Some(list),
            Some(Object::Name(name)) => {
                resource(self.doc, resources, b"Properties", name).and_then(|list| self.doc.dereference(list).ok()?.1.as_dict().ok())
            }
            _ => None,
        };
        let outer = self.marks.last();
        let mark = Mark {
            number: list.and_then(|list| list.get(b"MCID").and_then(Object::as_i64).ok()).or(outer.and_then(|outer| outer.number)),
            is_artifact: tag == b"Artifact" || outer.is_some_and(|outer| outer.is_artifact),
            actual: list.and_then(|list| lopdf::decode_text_string(list.get(b"ActualText").ok()?).ok()),
        };
        if self.marks.len() < MAX_SAVED {
            self.marks.push(mark);
        }
    }

    fn next_line(&mut self, x: f32, y: f32) {
        self.text.line = self.text.line.moved(x, y);
        self.text.at = self.text.line;
    }

    fn advance(&mut self, x: f32) {
        self.text.at = self.text.at.moved(x, 0.0);
    }

    fn show(&mut self, string: Option<&Object>) -> Result<(), String> {
        let (Some(Object::String(bytes, _)), Some(font)) = (string, self.text.font.clone()) else { return Ok(()) };
        for glyph in font.glyphs(bytes) {
            let start = self.text.at.moved(0.0, self.text.rise).then(self.ctm);
            let width = glyph.width * self.text.size * self.text.stretch;
            let [a, b, c, d, x, y] = start.0;
            let spacing = self.text.letter_gap + if glyph.is_space_code { self.text.word_gap } else { 0.0 };
            self.advance(width + spacing * self.text.stretch);
            // Text that is turned is a stamp or stands at the edge; text without size or place is not there.
            let is_upright = a > 0.0 && b.abs() < 0.1 * a;
            let size = self.text.size.abs() * c.hypot(d);
            if is_upright && size > 0.0 && [x, y, size, width].iter().all(|number| number.is_finite()) {
                self.place(&glyph, Place { x, end: x + width * a, y, size, is_bold: font.is_bold })?;
            }
        }
        Ok(())
    }

    fn place(&mut self, glyph: &Glyph, at: Place) -> Result<(), String> {
        let actual = self.marks.iter_mut().rev().find_map(|mark| mark.actual.as_mut()).map(std::mem::take);
        let text = actual.as_deref().unwrap_or(&glyph.text);
        Budget::spend(&mut self.budget.text, text.len().max(1))?;
        let mark = self.marks.last();
        let (number, is_artifact) = (mark.and_then(|mark| mark.number), mark.is_some_and(|mark| mark.is_artifact));
        if let Some(run) = self.runs.last_mut()
            && (run.mark, run.is_artifact) == (number, is_artifact)
            && (run.is_bold == at.is_bold || text.trim().is_empty())
            && (run.size - at.size).abs() < 0.05 * at.size
            && (run.y - at.y).abs() < 0.1 * at.size
        {
            let gap = (at.x - run.end) / at.size;
            if (-0.5..RUN_GAP).contains(&gap) {
                let are_wide = run.text.ends_with(is_wide) && text.starts_with(is_wide);
                let parts = !run.text.ends_with(char::is_whitespace) && !text.starts_with(char::is_whitespace);
                if parts && gap > WORD_GAP && !are_wide {
                    run.text.push(' ');
                }
                run.text.push_str(text);
                run.end = run.end.max(at.end);
                return Ok(());
            }
        }
        if !text.trim().is_empty() {
            let Place { x, end, y, size, is_bold } = at;
            self.runs.push(Run { text: text.to_owned(), x, end, y, size, is_bold, mark: number, is_artifact });
        }
        Ok(())
    }
}

/// Where a glyph stands on the page.
struct Place {
    x: f32,
    end: f32,
    y: f32,
    size: f32,
    is_bold: bool,
}

/// A resource by its kind and name.
fn resource<'a>(doc: &'a Document, resources: Option<&'a Dictionary>, kind: &[u8], name: &[u8]) -> Option<&'a Object> {
    resources?.get_deref(kind, doc).ok()?.as_dict().ok()?.get(name).ok()
}
