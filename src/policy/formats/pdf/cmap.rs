//! Tables from a font's codes to letters (ISO 32000-1, 9.10.3). Programs write them with more or less around the two lists that matter,
//! so only those are read: `beginbfchar` with pairs and `beginbfrange` with ranges.

use std::collections::BTreeMap;

/// What the codes of a font mean.
#[derive(Debug, Default)]
pub(super) struct ToUnicode {
    /// First code of a range to its last code and the letters of the first, in UTF-16.
    ranges: BTreeMap<u32, (u32, Vec<u16>)>,
}

/// What the table is written with.
enum Token<'a> {
    Code(Vec<u8>),
    ListStart,
    ListEnd,
    Word(&'a [u8]),
}

impl ToUnicode {
    pub(super) fn parse(table: &[u8]) -> Self {
        let mut read = Self::default();
        let mut tokens = tokens(table);
        while let Some(token) = tokens.next() {
            match token {
                Token::Word(b"beginbfchar") => {
                    while let (Some(Token::Code(code)), Some(Token::Code(letters))) = (tokens.next(), tokens.next()) {
                        read.add(number(&code), number(&code), units(&letters));
                    }
                }
                Token::Word(b"beginbfrange") => {
                    while let (Some(Token::Code(first)), Some(Token::Code(last))) = (tokens.next(), tokens.next()) {
                        let (first, last) = (number(&first), number(&last));
                        match tokens.next() {
                            Some(Token::Code(letters)) => read.add(first, last, units(&letters)),
                            Some(Token::ListStart) => {
                                for code in first..=last {
                                    let Some(Token::Code(letters)) = tokens.next() else { break };
                                    read.add(code, code, units(&letters));
                                }
                            }
                            _ => break,
                        }
                    }
                }
                _ => {}
            }
        }
        read
    }

    fn add(&mut self, first: u32, last: u32, letters: Vec<u16>) {
        if first <= last && !letters.is_empty() {
            self.ranges.insert(first, (last, letters));
        }
    }

    /// The letters of a code.
    pub(super) fn get(&self, code: u32) -> Option<String> {
        let (first, (last, letters)) = self.ranges.range(..=code).next_back()?;
        let mut letters = letters.clone();
        let end = letters.last_mut().filter(|_| code <= *last)?;
        *end = end.wrapping_add((code - first) as u16);
        String::from_utf16(&letters).ok().filter(|text| !text.chars().all(|c| c == '\0'))
    }
}

fn number(code: &[u8]) -> u32 {
    code.iter().fold(0, |number, byte| number << 8 | u32::from(*byte))
}

fn units(letters: &[u8]) -> Vec<u16> {
    // One byte alone is a letter, too.
    letters.chunks(2).map(|unit| number(unit) as u16).collect()
}

fn tokens(table: &[u8]) -> impl Iterator<Item = Token<'_>> {
    let mut rest = table;
    std::iter::from_fn(move || {
        loop {
            let (first, after) = rest.split_first()?;
            let to = |stop: fn(u8) -> bool| after.iter().position(|byte| stop(*byte)).unwrap_or(after.len());
            match first {
                b'%' => rest = after.get(to(|byte| byte == b'\n' || byte == b'\r')..)?,
                b'<' => {
                    let end = to(|byte| byte == b'>');
                    let digits: Vec<u8> =
                        after.get(..end)?.iter().filter_map(|digit| (*digit as char).to_digit(16)).map(|digit| digit as u8).collect();
                    rest = after.get(end + 1..).unwrap_or_default();
                    return Some(Token::Code(digits.chunks(2).map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | digit)).collect()));
                }
                b'[' | b']' => {
                    rest = after;
                    return Some(if *first == b'[' { Token::ListStart } else { Token::ListEnd });
                }
                byte if byte.is_ascii_whitespace() || *byte == b'>' || *byte == 0 => rest = after,
                _ => {
                    let end = 1 + to(|byte| byte.is_ascii_whitespace() || b"<>[]%".contains(&byte));
                    let (word, after) = rest.split_at(end);
                    rest = after;
                    return Some(Token::Word(word));
                }
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_read_however_they_are_written() {
        let table = ToUnicode::parse(
            b"/CIDInit/ProcSet findresource begin<</Registry(Adobe)>>def\n1 beginbfchar<03><0066 0069>endbfchar % comment\n\
              2 beginbfrange\n<0010> <0012> <4E00>\n<0020><0021>[<D840DC0B><0041>]\nendbfrange",
        );
        let letters: Vec<_> = [3, 0x10, 0x12, 0x20, 0x21].map(|code| table.get(code).unwrap_or_default()).to_vec();
        assert_eq!(letters, ["fi", "一", "丂", "\u{2000B}", "A"]);
        assert!([0, 4, 0x13, 0x22].iter().all(|code| table.get(*code).is_none()));
        assert!(ToUnicode::parse(b"1 beginbfrange <00000000> <FFFFFFFF> <0041").get(7).is_some(), "no range is too long");
    }
}
