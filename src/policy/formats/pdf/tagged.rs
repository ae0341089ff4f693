//! Files that say themselves what is a heading, a list or a table (ISO 32000-1, 14.7 and 14.8): what Word, LibreOffice and Chromium
//! write. Their word is better than any guess by looks.

use std::collections::{HashMap, HashSet};

use lopdf::{Dictionary, Document, Object, ObjectId};

use super::block::{Block, Kind, Spelling, Words, is_label, item};
use super::font::name_of;
use super::page::{Page, Run};

/// Elements inside elements.
const MAX_DEPTH: usize = 100;

/// Of the letters on the pages, the structure must know this share, or it is not to be trusted.
const MIN_SHARE: f64 = 0.9;

/// The blocks of a file by its structure, and whether headings are among them; `None` when it has none that can be used.
pub(super) fn blocks(doc: &Document, pages: &[Page], spelling: &Spelling) -> Option<(Vec<Block>, bool)> {
    let root = doc.catalog().ok()?.get_deref(b"StructTreeRoot", doc).ok()?.as_dict().ok()?;
    let mut runs: HashMap<(ObjectId, i64), Vec<(u32, &Run)>> = HashMap::new();
    let (mut all, mut known) = (0usize, 0usize);
    for page in pages {
        for run in page.runs.iter().filter(|run| !run.is_artifact) {
            all += run.text.len();
            if let Some(mark) = run.mark {
                runs.entry((page.id, mark)).or_default().push((page.number, run));
            }
        }
    }
    let roles = root.get_deref(b"RoleMap", doc).and_then(Object::as_dict).ok();
    let mut tree = Tree {
        doc,
        roles,
        runs,
        spelling,
        seen: HashSet::new(),
        blocks: Vec::new(),
        kind: Kind::Paragraph,
        open: Vec::new(),
        row: None,
        is_new_table: false,
        in_item: 0,
        skipped: 0,
        read: &mut known,
    };
    tree.children(root, None, 0);
    tree.flush();
    let blocks = std::mem::take(&mut tree.blocks);
    let has_headings = blocks.iter().any(|block| matches!(block.kind, Kind::Heading(_)));
    (all > 0 && known as f64 >= MIN_SHARE * all as f64).then_some((blocks, has_headings))
}

struct Tree<'a> {
    doc: &'a Document,
    roles: Option<&'a Dictionary>,
    /// What each number of a page's marked content holds; taken out as it is read.
    runs: HashMap<(ObjectId, i64), Vec<(u32, &'a Run)>>,
    spelling: &'a Spelling,
    seen: HashSet<ObjectId>,
    blocks: Vec<Block>,
    /// What the runs read now are.
    kind: Kind,
    open: Vec<(u32, &'a Run)>,
    /// The cells of the row that is open.
    row: Option<Vec<Words>>,
    is_new_table: bool,
    /// List items that are open.
    in_item: usize,
    /// Elements that are open and whose text is no part of the document.
    skipped: usize,
    /// Letters that the structure knew.
    read: &'a mut usize,
}

impl<'a> Tree<'a> {
    fn children(&mut self, element: &'a Dictionary, page: Option<ObjectId>, depth: usize) {
        let Ok(kids) = element.get(b"K") else { return };
        match (kids, self.doc.dereference(kids)) {
            (_, Ok((_, Object::Array(children)))) => children.iter().for_each(|child| self.child(child, page, depth)),
            (child, _) => self.child(child, page, depth),
        }
    }

    fn child(&mut self, child: &'a Object, page: Option<ObjectId>, depth: usize) {
        if depth > MAX_DEPTH {
            return;
        }
        let dict = match child {
            Object::Integer(mark) => return self.content(page, *mark),
            Object::Reference(id) => {
                if !self.seen.insert(*id) {
                    return; // an element is read once: the tree may be none
                }
                self.doc.get_dictionary(*id).ok()
            }
            child => child.as_dict().ok(),
        };
        let Some(dict) = dict else { return };
        let page = dict.get(b"Pg").and_then(Object::as_reference).ok().or(page);
        match name_of(dict, b"Type") {
            b"MCR" => {
                if let Ok(mark) = dict.get(b"MCID").and_then(Object::as_i64) {
                    self.content(page, mark);
                }
            }
            b"OBJR" => {}
            _ => self.element(dict, page, depth + 1),
        }
    }

    fn content(&mut self, page: Option<ObjectId>, mark: i64) {
        let Some(runs) = page.and_then(|page| self.runs.remove(&(page, mark))) else { return };
        *self.read += runs.iter().map(|(_, run)| run.text.len()).sum::<usize>();
        if self.skipped == 0 {
            self.open.extend(runs);
        }
    }

    fn element(&mut self, dict: &'a Dictionary, page: Option<ObjectId>, depth: usize) {
        let own = name_of(dict, b"S");
        let role = self.role(own);
        let in_cell = self.row.is_some();
        match role {
            b"Artifact" | b"TOC" | b"Index" => {
                self.flush();
                self.skipped += 1;
                self.children(dict, page, depth);
                self.skipped -= 1;
            }
            b"H" | b"H1" | b"H2" | b"H3" | b"H4" | b"H5" | b"H6" | b"Title" if !in_cell => {
                let level = role.get(1).filter(|_| role.len() == 2).map_or(1, |digit| usize::from(digit.saturating_sub(b'0')));
                self.block(Kind::Heading(level), dict, page, depth);
            }
            b"P" | b"Caption" | b"Note" | b"BibEntry" | b"Code" if self.in_item == 0 && !in_cell => {
                let kind = if own.eq_ignore_ascii_case(b"title") { Kind::Heading(1) } else { Kind::Paragraph };
                self.block(kind, dict, page, depth);
            }
            b"LI" if !in_cell => {
                self.flush();
                self.in_item += 1;
                self.kind = Kind::Item;
                self.children(dict, page, depth);
                self.flush();
                self.in_item -= 1;
                self.kind = if self.in_item > 0 { Kind::Item } else { Kind::Paragraph };
            }
            b"Lbl" if self.in_item > 0 => {
                let before = self.open.len();
                self.children(dict, page, depth);
                let label: String = self.open.get(before..).unwrap_or_default().iter().map(|(_, run)| run.text.as_str()).collect();
                // Numbers of clauses are kept, those of plain lists are not: as in web pages and Word.
                if is_label(label.trim()) || item(label.trim()).is_some() || !label.contains(char::is_alphanumeric) {
                    self.open.truncate(before);
                }
            }
            b"Table" if !in_cell => {
                self.flush();
                self.is_new_table = true;
                let item = std::mem::take(&mut self.in_item); // a table in a list ends it
                self.children(dict, page, depth);
                self.flush();
                self.in_item = item;
            }
            b"TR" if !in_cell => {
                self.flush();
                self.row = Some(Vec::new());
                self.children(dict, page, depth);
                self.end_row();
            }
            b"TH" | b"TD" if in_cell => {
                self.end_cell(false);
                self.children(dict, page, depth);
                self.end_cell(true);
            }
            b"Document" | b"DocumentFragment" | b"Part" | b"Art" | b"Sect" | b"Div" | b"BlockQuote" | b"L" | b"Aside" | b"Form"
                if !in_cell =>
            {
                self.flush();
                self.children(dict, page, depth);
                self.flush();
            }
            _ => self.children(dict, page, depth),
        }
    }

    /// The standard role behind a file's own name for it.
    fn role(&self, name: &'a [u8]) -> &'a [u8] {
        let mut name = name;
        for _ in 0..8 {
            match self.roles.and_then(|roles| roles.get(name).and_then(Object::as_name).ok()) {
                Some(next) if next != name => name = next,
                _ => break,
            }
        }
        name
    }

    fn block(&mut self, kind: Kind, dict: &'a Dictionary, page: Option<ObjectId>, depth: usize) {
        self.flush();
        let outer = std::mem::replace(&mut self.kind, kind);
        self.children(dict, page, depth);
        self.flush();
        self.kind = outer;
    }

    fn take_words(&mut self) -> Words {
        let mut words = Words::default();
        words.add_runs(&std::mem::take(&mut self.open), self.spelling);
        words
    }

    fn flush(&mut self) {
        if self.row.is_some() {
            return;
        }
        let words = self.take_words();
        if !words.text.is_empty() {
            self.blocks.push(Block { kind: self.kind.clone(), words });
        }
    }

    fn end_cell(&mut self, is_cell: bool) {
        let words = self.take_words();
        if let Some(row) = &mut self.row
            && (is_cell || !words.text.is_empty())
        {
            row.push(words);
        }
    }

    fn end_row(&mut self) {
        self.end_cell(false);
        if let Some(cells) = self.row.take()
            && cells.iter().any(|cell| !cell.text.is_empty())
        {
            self.blocks.push(Block { kind: Kind::Row(cells, self.is_new_table), words: Words::default() });
            self.is_new_table = false;
        }
    }
}
