//! Files that say nothing of their structure: lines, columns, tables and paragraphs from where the text stands.

use std::collections::HashMap;

use super::block::{Block, Kind, Spelling, Words, is_label, item, join};
use super::page::{Page, Run};
use crate::text::is_wide;

/// Gaps from this many letter sizes on part the cells of a table, or columns of text.
const CELL_GAP: f32 = 0.7;

/// Two rows with gaps of this size make a table; with smaller ones, which justified text has too, it takes three.
const CLEAR_GAP: f32 = 1.3;

/// Letters that a line of a column has at least; cells of tables are shorter.
const COLUMN_LETTERS: usize = 25;
const COLUMN_LINES: usize = 8;

/// A line of a page, or of one of its columns.
#[derive(Debug, Clone)]
struct Line {
    page: u32,
    page_height: f32,
    y: f32,
    size: f32,
    is_bold: bool,
    /// Its pieces between large gaps, from left to right; never none.
    cells: Vec<Cell>,
    /// Where the lines of its column end.
    right: f32,
}

#[derive(Debug, Clone)]
struct Cell {
    x: f32,
    end: f32,
    text: String,
}

impl Line {
    fn x(&self) -> f32 {
        self.cells.first().map_or(0.0, |cell| cell.x)
    }

    fn end(&self) -> f32 {
        self.cells.last().map_or(0.0, |cell| cell.end)
    }

    fn text(&self) -> String {
        let texts: Vec<&str> = self.cells.iter().map(|cell| cell.text.trim()).collect();
        texts.join(" ")
    }

    /// Whether the first word of `next` would have had room at its end: then the break was meant.
    fn has_room_for(&self, next: &Line) -> bool {
        let text = next.text();
        let letters = text.chars().count().max(1);
        let first = match text.chars().next() {
            Some(c) if is_wide(c) => 1,
            _ => text.split_whitespace().next().map_or(0, |word| word.chars().count()),
        };
        let width = (next.end() - next.x()) / letters as f32 * (first + 1) as f32;
        self.end() + width + 0.5 * self.size < self.right
    }

    fn ends_sentence(&self) -> bool {
        self.text()
            .trim_end_matches(['"', '\'', ')', '”', '’', '）', '」'])
            .ends_with(['.', '!', '?', ':', ';', '。', '！', '？', '：', '；'])
    }
}

/// The blocks of all pages, in the order of reading.
pub(super) fn blocks(pages: &[Page], spelling: &Spelling) -> Vec<Block> {
    let mut lines: Vec<Vec<Line>> = pages.iter().map(lines_of_page).collect();
    remove_furniture(&mut lines);
    let leading = usual_leading(&lines);
    let mut builder = Builder { spelling, leading, blocks: Vec::new(), last: None, list_x: None, block_x: 0.0, columns: Vec::new() };
    for lines in &lines {
        builder.page(lines);
    }
    builder.blocks
}

fn lines_of_page(page: &Page) -> Vec<Line> {
    let mut runs: Vec<&Run> = page.runs.iter().filter(|run| !run.is_artifact).collect();
    if runs.is_empty() {
        runs = page.runs.iter().collect(); // some programs call everything furniture
    }
    let rows = rows(runs);
    let all = lines(page, &rows);
    match gutter(&all) {
        Some(x) => in_columns(page, rows, x),
        None => all,
    }
}

/// Runs by the line they stand on, from the top down.
fn rows(mut runs: Vec<&Run>) -> Vec<Vec<&Run>> {
    runs.sort_by(|a, b| b.y.total_cmp(&a.y));
    let mut rows: Vec<Vec<&Run>> = Vec::new();
    for run in runs {
        match rows.last_mut().and_then(|row| Some((row.iter().map(|run| run.size).fold(0.0, f32::max), row.first()?.y, row))) {
            // Half a line up or down is a raised or lowered number.
            Some((size, y, row)) if (y - run.y).abs() < 0.4 * size.max(run.size) => row.push(run),
            _ => rows.push(vec![run]),
        }
    }
    rows
}

fn lines(page: &Page, rows: &[Vec<&Run>]) -> Vec<Line> {
    let mut lines: Vec<Line> = rows.iter().map(|row| line(page, row.clone())).collect();
    let right = lines.iter().map(Line::end).fold(0.0, f32::max);
    for line in &mut lines {
        line.right = right;
    }
    lines
}

fn line(page: &Page, mut runs: Vec<&Run>) -> Line {
    runs.sort_by(|a, b| a.x.total_cmp(&b.x));
    let letters = |run: &&Run| run.text.chars().count();
    let main = runs.iter().max_by_key(|run| letters(run));
    let (y, size) = main.map_or((0.0, 1.0), |run| (run.y, run.size));
    let bold: usize = runs.iter().filter(|run| run.is_bold).map(letters).sum();
    let all: usize = runs.iter().map(letters).sum();
    let mut cells: Vec<Cell> = Vec::new();
    for run in runs {
        if let Some(cell) = cells.last_mut() {
            let gap = (run.x - cell.end) / size.max(run.size);
            if gap < CELL_GAP || is_mark(&cell.text) {
                join(&mut cell.text, &run.text, gap);
                cell.end = cell.end.max(run.end);
                continue;
            }
        }
        cells.push(Cell { x: run.x, end: run.end, text: run.text.clone() });
    }
    Line { page: page.number, page_height: page.height, y, size, is_bold: bold * 10 >= all * 9, cells, right: 0.0 }
}

/// Whether a text is only what stands before a list item or a clause: its bullet or number.
fn is_mark(text: &str) -> bool {
    let text = text.trim();
    let is_clause = text.len() <= 8 && text.contains('.') && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    is_clause || is_label(text) || item(text).is_some_and(str::is_empty)
}

/// The place of the gap between two columns of running text.
fn gutter(lines: &[Line]) -> Option<f32> {
    let cells = || lines.iter().flat_map(|line| &line.cells);
    let count = |x: f32| {
        let is_long = |cell: &&Cell| cell.text.chars().count() >= COLUMN_LETTERS;
        let left = cells().filter(|cell| cell.end <= x).filter(is_long).count();
        let right = cells().filter(|cell| cell.x >= x).filter(is_long).count();
        let crossing = cells().filter(|cell| cell.x < x && x < cell.end).count();
        (left.min(right), crossing)
    };
    let places = lines.iter().flat_map(|line| line.cells.windows(2)).filter_map(|pair| Some((pair.first()?.end + pair.last()?.x) / 2.0));
    let mut places: Vec<i32> = places.map(|x| x as i32).collect();
    places.sort_unstable();
    places.dedup();
    let best = places.into_iter().map(|x| (count(x as f32), x)).max_by_key(|((sides, crossing), _)| (*sides, std::cmp::Reverse(*crossing)));
    best.filter(|((sides, crossing), _)| *sides >= COLUMN_LINES && *crossing * 3 <= *sides).map(|(_, x)| x as f32)
}

/// Left column before right column, between lines that go across both. The lines of each column are found anew: those of one need not
/// stand beside those of the other.
fn in_columns(page: &Page, all: Vec<Vec<&Run>>, gutter: f32) -> Vec<Line> {
    let (mut ordered, mut left, mut right) = (Vec::new(), Vec::new(), Vec::new());
    for row in all {
        let whole = line(page, row.clone());
        if whole.cells.iter().any(|cell| cell.x < gutter && gutter < cell.end) {
            ordered.extend(lines(page, &rows(std::mem::take(&mut left))));
            ordered.extend(lines(page, &rows(std::mem::take(&mut right))));
            ordered.push(Line { right: whole.end(), ..whole });
        } else {
            let (before, after): (Vec<&Run>, Vec<&Run>) = row.into_iter().partition(|run| run.end <= gutter);
            left.extend(before);
            right.extend(after);
        }
    }
    ordered.extend(lines(page, &rows(left)));
    ordered.extend(lines(page, &rows(right)));
    ordered
}

/// Takes away what stands at the same place of most pages with the same words, numbers aside: headers, footers, page numbers.
fn remove_furniture(pages: &mut [Vec<Line>]) {
    const EDGE_LINES: usize = 3;
    let key = |line: &Line| {
        let is_edge = line.y > 0.85 * line.page_height || line.y < 0.15 * line.page_height;
        let text: String = line.text().to_lowercase().chars().filter(|c| !c.is_ascii_digit() && !c.is_whitespace()).collect();
        is_edge.then_some((text, (line.y / 4.0).round() as i32))
    };
    let mut counts: HashMap<(String, i32), usize> = HashMap::new();
    for page in pages.iter() {
        let mut keys: Vec<_> = edges(page, EDGE_LINES).filter_map(|at| key(page.get(at)?)).collect();
        keys.sort_unstable();
        keys.dedup();
        for key in keys {
            *counts.entry(key).or_default() += 1;
        }
    }
    // Left and right pages often have headers of their own.
    let enough = if pages.len() < 6 { pages.len().div_ceil(2) } else { (pages.len() * 2).div_ceil(5) }.max(2);
    for page in pages.iter_mut() {
        let edges: Vec<usize> = edges(page, EDGE_LINES).collect();
        let lines = page.len();
        let mut at = 0;
        page.retain(|line| {
            let rank = edges.iter().position(|edge| *edge == at);
            at += 1;
            let (Some(rank), Some(key)) = (rank, key(line)) else { return true };
            let is_outermost = lines > 1 && (rank == 0 || rank + 1 == edges.len());
            let repeats = counts.get(&key).is_some_and(|count| *count >= enough);
            !(repeats || is_outermost && is_page_number(&line.text()))
        });
    }
}

/// The first and last lines of a page by their height, as positions in `page`.
fn edges(page: &[Line], count: usize) -> impl Iterator<Item = usize> + use<> {
    let mut order: Vec<usize> = (0..page.len()).collect();
    order.sort_by(|a, b| {
        let y = |at: usize| page.get(at).map_or(0.0, |line| line.y);
        y(*b).total_cmp(&y(*a))
    });
    let lines = order.len();
    order.into_iter().enumerate().filter(move |(rank, _)| *rank < count || rank + count >= lines).map(|(_, at)| at)
}

/// `3`, `- 3 -`, `Page 3 of 7`, `3/7`, `第3页 共7页`.
fn is_page_number(text: &str) -> bool {
    let mut words = text.to_lowercase();
    for name in ["page", "seite", "of", "von", "第", "页", "頁", "共"] {
        words = words.replace(name, " ");
    }
    let numbers: Vec<&str> = words.split(|c: char| !c.is_ascii_digit()).filter(|number| !number.is_empty()).collect();
    let is_rest = |c: char| c.is_ascii_digit() || c.is_whitespace() || "-–—/|.,".contains(c);
    (1..=2).contains(&numbers.len()) && numbers.iter().all(|number| number.len() <= 4) && words.chars().all(is_rest)
}

/// The distance of lines of a paragraph in units of their size: the one that is met most.
fn usual_leading(pages: &[Vec<Line>]) -> f32 {
    let mut counts: HashMap<i32, usize> = HashMap::new();
    for page in pages {
        for pair in page.windows(2) {
            if let [above, below] = pair
                && (above.size - below.size).abs() < 0.3
            {
                let distance = (above.y - below.y) / above.size;
                if (0.8..2.6).contains(&distance) {
                    *counts.entry((distance * 20.0).round() as i32).or_default() += 1;
                }
            }
        }
    }
    counts.into_iter().max_by_key(|(distance, count)| (*count, -distance)).map_or(1.3, |(distance, _)| distance as f32 / 20.0)
}

struct Builder<'a> {
    spelling: &'a Spelling,
    leading: f32,
    blocks: Vec<Block>,
    /// The line before.
    last: Option<Line>,
    /// Where the items of a list begin whose bullets are drawn and not written: what is indented below a line that ends in a colon.
    list_x: Option<f32>,
    /// Where the block before begins.
    block_x: f32,
    /// The columns of the table read last.
    columns: Vec<(f32, f32)>,
}

impl Builder<'_> {
    fn page(&mut self, lines: &[Line]) {
        let mut at = 0;
        while let Some(line) = lines.get(at) {
            let rest = lines.get(at..).unwrap_or_default();
            // The table of the page before may go on with a single row.
            let goes_on = at == 0 && matches!(self.blocks.last().map(|block| &block.kind), Some(Kind::Row(..)));
            let known = if goes_on { self.columns.as_slice() } else { &[] };
            match table(rest, known, self.leading) {
                Some((length, columns)) => {
                    self.table(rest.get(..length).unwrap_or_default(), columns, goes_on);
                    at += length;
                }
                None => {
                    self.line(line);
                    at += 1;
                }
            }
        }
    }

    fn line(&mut self, line: &Line) {
        let text = line.text();
        let stands_apart = self.last.as_ref().is_none_or(|last| last.page != line.page || self.distance(last, line) > 1.2 * self.leading);
        let continues = self.last.take().is_some_and(|last| self.continues(&last, line, &text));
        self.last = Some(line.clone());
        if let Some(block) = self.blocks.last_mut().filter(|_| continues) {
            block.words.add_line(&text, line.size, line.is_bold, line.page, self.spelling);
            return;
        }
        let mut words = Words { stands_apart, ..Words::default() };
        words.add_line(&text, line.size, line.is_bold, line.page, self.spelling);
        if words.text.is_empty() {
            return;
        }
        let x = line.x();
        let is_announced = self.blocks.last().is_some_and(|block| block.kind == Kind::Paragraph && block.words.text.ends_with([':', '：']));
        self.list_x = match self.list_x {
            Some(list_x) if (list_x - x).abs() < 0.5 * line.size => Some(list_x),
            _ => (is_announced && x - self.block_x > 0.9 * line.size).then_some(x),
        };
        self.block_x = x;
        let kind = if self.list_x.is_some() && item(&text).is_none() { Kind::Item } else { Kind::Paragraph };
        self.blocks.push(Block { kind, words });
    }

    fn distance(&self, above: &Line, below: &Line) -> f32 {
        (above.y - below.y) / above.size.max(below.size)
    }

    /// Whether a line goes on with the block of the line before it.
    fn continues(&self, last: &Line, line: &Line, text: &str) -> bool {
        let Some(block) = self.blocks.last().filter(|block| matches!(block.kind, Kind::Paragraph | Kind::Item)) else { return false };
        let is_indented = self.list_x.is_some_and(|x| (x - line.x()).abs() < 0.5 * line.size);
        let goes_on = text.starts_with(char::is_lowercase) && item(text).is_none() && !(is_indented && last.has_room_for(line));
        let is_new_place = last.page != line.page || line.y > last.y;
        if (last.size - line.size).abs() > 0.08 * line.size || (last.is_bold != line.is_bold && !goes_on) {
            return false;
        }
        let is_item = item(text).is_some();
        if is_new_place {
            let is_full = text.starts_with(is_wide) && last.end() + 2.0 * last.size > last.right;
            return !is_item && !last.ends_sentence() && (goes_on || is_full) && !(block.words.is_bold && block.words.lines == 1);
        }
        if self.distance(last, line) > 1.2 * self.leading {
            return false;
        }
        let is_number = text.starts_with(|c: char| c.is_ascii_alphanumeric()) && !text.starts_with("o ");
        if is_item && (!is_number || last.ends_sentence() || last.has_room_for(line) || item(&block.words.text).is_some()) {
            return false;
        }
        if goes_on {
            return true;
        }
        // An indented first line, but not the hanging lines of an item.
        let in_item = item(&block.words.text).is_some();
        let indent = (line.x() - last.x()) / line.size;
        let begins_by_indent = indent > 0.9 && !(in_item && block.words.lines == 1);
        let leaves_item = in_item && indent < -0.9;
        !(begins_by_indent || leaves_item || last.has_room_for(line))
    }

    fn table(&mut self, lines: &[Line], columns: Vec<(f32, f32)>, goes_on: bool) {
        let is_same = columns.len() == self.columns.len() && columns.iter().zip(&self.columns).all(|(a, b)| (a.0 - b.0).abs() < 12.0);
        let mut is_new = !(goes_on && is_same);
        let gaps: Vec<f32> = lines.windows(2).filter_map(|pair| Some(pair.first()?.y - pair.last()?.y)).collect();
        let (least, most) = (gaps.iter().copied().fold(f32::MAX, f32::min), gaps.iter().copied().fold(0.0, f32::max));
        // Lines of one row stand closer than rows, and cells in the middle of their row's height stand between its lines.
        let size = lines.first().map_or(1.0, |line| line.size);
        let is_wrapped = least < 0.8 * most || least < 0.8 * self.leading * size;
        let mut rows: Vec<Vec<Words>> = Vec::new();
        let mut above: Option<f32> = None;
        for line in lines {
            let gap = above.replace(line.y).map_or(f32::MAX, |above| above - line.y);
            let has_first = line.cells.first().is_some_and(|cell| column_of(cell, &columns) == 0);
            let is_full = line.cells.len() == columns.len() && !line.cells.iter().all(|cell| cell.text.starts_with(char::is_lowercase));
            let same_row = if is_wrapped { gap < 1.2 * least && !is_full } else { !has_first };
            if rows.is_empty() || !same_row {
                rows.push(vec![Words::default(); columns.len()]);
            }
            for cell in &line.cells {
                if let Some(words) = rows.last_mut().and_then(|row| row.get_mut(column_of(cell, &columns))) {
                    words.add_line(&cell.text, line.size, line.is_bold, line.page, self.spelling);
                }
            }
        }
        for row in rows {
            self.blocks.push(Block { kind: Kind::Row(row, std::mem::take(&mut is_new)), words: Words::default() });
        }
        self.columns = columns;
        self.last = lines.last().cloned();
    }
}

fn column_of(cell: &Cell, columns: &[(f32, f32)]) -> usize {
    let overlap = |(x, end): (f32, f32)| cell.end.min(end) - cell.x.max(x);
    let best = columns.iter().enumerate().max_by(|(_, a), (_, b)| overlap(**a).total_cmp(&overlap(**b)));
    best.map_or(0, |(at, _)| at)
}

/// The table that begins with the first of `lines`: how many lines it has, and the ends of its columns. `known`: the columns of a table
/// that may go on here.
fn table(lines: &[Line], known: &[(f32, f32)], leading: f32) -> Option<(usize, Vec<(f32, f32)>)> {
    if lines.first()?.cells.len() < 2 && known.is_empty() {
        return None;
    }
    let mut columns = known.to_vec();
    let (mut length, mut full, mut above) = (0usize, 0usize, None::<&Line>);
    for line in lines {
        let distance = above.map_or(0.0, |above| above.y - line.y);
        let usual = leading * line.size;
        // One cell alone goes on with the row above or begins the one below.
        let touched = || columns.iter().filter(|(x, end)| line.x() < *end && *x < line.end()).count();
        let is_like = || above.is_none_or(|above| (above.size - line.size).abs() < 0.1 * line.size && above.is_bold >= line.is_bold);
        let is_rest = line.cells.len() == 1 && distance <= 2.0 * usual && touched() == 1 && is_like();
        if distance < 0.0 || distance > 3.0 * usual || !(line.cells.len() >= 2 || is_rest) {
            break;
        }
        let mut next = columns.clone();
        for cell in &line.cells {
            widen(&mut next, cell);
        }
        // Text that runs through the gap between columns is no part of the table.
        if next.len() < 2 || next.len() < columns.len() {
            break;
        }
        columns = next;
        length += 1;
        full += usize::from(line.cells.len() >= 2);
        above = Some(line);
    }
    // A short paragraph below the last row looks like a cell of the first column, but stands apart as the row's own lines do not.
    while let Some([before, line]) = length.checked_sub(2).and_then(|from| lines.get(from..length))
        && line.cells.len() == 1
        && line.x() < columns.first().map_or(0.0, |(_, end)| *end)
        && before.y - line.y > 1.05 * leading * line.size
    {
        length -= 1;
    }
    let narrowest = columns.windows(2).filter_map(|pair| Some(pair.last()?.0 - pair.first()?.1)).fold(f32::MAX, f32::min);
    let size = lines.first().map_or(1.0, |line| line.size);
    let enough = match () {
        () if columns.len() == known.len() => 1,
        () if narrowest >= CLEAR_GAP * size => 2,
        () => 3,
    };
    let has_few_columns =
        lines.get(..length)?.iter().filter(|line| line.cells.len() >= 2).all(|line| line.cells.len() * 2 >= columns.len());
    (full >= enough && has_few_columns).then_some((length, columns))
}

/// Adds a cell to the columns; columns that it touches become one.
fn widen(columns: &mut Vec<(f32, f32)>, cell: &Cell) {
    let (mut x, mut end) = (cell.x, cell.end);
    columns.retain(|(left, right)| {
        let touches = *left < end && x < *right;
        if touches {
            (x, end) = (x.min(*left), end.max(*right));
        }
        !touches
    });
    let at = columns.partition_point(|(left, _)| *left < x);
    columns.insert(at, (x, end));
}
