use lopdf::content::{Content, Operation};
use lopdf::{EncryptionState, EncryptionVersion, Permissions, Stream, StringFormat, dictionary};
use proptest::prelude::*;

use super::*;
use crate::policy::{SentenceKind, Version, parse_file};

/// A line of text: place, size, font (`F1` Helvetica, `F2` its bold, or one of the test's own) and bytes in the font's code.
type Text<'a> = (f32, f32, f32, &'a str, &'a [u8]);

/// A file with these pages. `change` may add to it before it is written.
fn pdf_with(pages: &[Vec<Text<'_>>], change: impl FnOnce(&mut Document, &mut lopdf::Dictionary)) -> Vec<u8> {
    let mut doc = Document::with_version("1.5");
    let mut fonts = lopdf::Dictionary::new();
    for (name, base) in [("F1", "Helvetica"), ("F2", "Helvetica-Bold")] {
        fonts.set(name, dictionary! { "Type" => "Font", "Subtype" => "Type1", "BaseFont" => base, "Encoding" => "WinAnsiEncoding" });
    }
    change(&mut doc, &mut fonts);
    let parent = doc.new_object_id();
    let mut kids: Vec<Object> = Vec::new();
    for page in pages {
        let mut operations = Vec::new();
        for (mark, (x, y, size, font, text)) in page.iter().enumerate() {
            let string = Object::String(text.to_vec(), StringFormat::Hexadecimal);
            operations.extend([
                Operation::new("BDC", vec!["P".into(), Object::Dictionary(dictionary! { "MCID" => mark as i64 })]),
                Operation::new("BT", vec![]),
                Operation::new("Tf", vec![Object::Name(font.as_bytes().to_vec()), (*size).into()]),
                Operation::new("Td", vec![(*x).into(), (*y).into()]),
                Operation::new("Tj", vec![string]),
                Operation::new("ET", vec![]),
                Operation::new("EMC", vec![]),
            ]);
        }
        let mut content = Stream::new(lopdf::Dictionary::new(), Content { operations }.encode().unwrap());
        content.compress().unwrap();
        let content = doc.add_object(content);
        kids.push(doc.add_object(dictionary! { "Type" => "Page", "Parent" => parent, "Contents" => content }).into());
    }
    let count = kids.len() as i64;
    let media_box: Vec<Object> = [0, 0, 595, 842].map(Object::Integer).to_vec();
    let tree = dictionary! { "Type" => "Pages", "Kids" => kids, "Count" => count, "MediaBox" => media_box, "Resources" => dictionary! { "Font" => fonts } };
    doc.objects.insert(parent, tree.into());
    let root = doc.trailer.get(b"Root").and_then(Object::as_reference).unwrap_or_else(|_| doc.add_object(lopdf::Dictionary::new()));
    let catalog = doc.get_dictionary_mut(root).unwrap();
    catalog.set("Type", "Catalog");
    catalog.set("Pages", parent);
    doc.trailer.set("Root", root);
    let mut bytes = Vec::new();
    doc.save_to(&mut bytes).unwrap();
    bytes
}

fn pdf(pages: &[Vec<Text<'_>>]) -> Vec<u8> {
    pdf_with(pages, |_, _| {})
}

/// Lines of body text from the top down, 14 points apart.
fn lines<'a>(top: f32, texts: &[&'a str]) -> Vec<Text<'a>> {
    texts.iter().zip(0..).map(|(text, at)| (72.0, top - 14.0 * at as f32, 10.0, "F1", text.as_bytes())).collect()
}

fn version(bytes: &[u8]) -> Version {
    parse_file("leave.pdf", bytes).unwrap_or_else(|error| panic!("{error}"))
}

fn refusal(bytes: &[u8]) -> String {
    parse_file("a.pdf", bytes).unwrap_err().item
}

fn two_pages() -> Vec<u8> {
    let header: Text<'_> = (72.0, 800.0, 8.0, "F1", b"Example Ltd - Handbook");
    let mut first = vec![header, (72.0, 740.0, 18.0, "F2", b"Parental leave")];
    first.extend(lines(
        700.0,
        &[
            "Every employee can take parental leave after the birth or adop-",
            "tion of a child. It is paid for sixteen weeks and is non-",
            "transferable. You take it in one",
        ],
    ));
    first.push((300.0, 30.0, 8.0, "F1", b"Page 1 of 2"));
    let mut second = vec![header];
    second.extend(lines(770.0, &["piece or in two parts."]));
    second.push((72.0, 730.0, 13.0, "F2", b"Notice"));
    second.extend(lines(710.0, &["Tell us eight weeks before it begins."]));
    second.push((300.0, 30.0, 8.0, "F1", b"Page 2 of 2"));
    pdf(&[first, second])
}

#[test]
fn a_policy_of_two_pages_reads_as_one_text() {
    let version = version(&two_pages());
    assert_eq!(version.title, "Parental leave");
    assert_eq!(
        version.source,
        "# Parental leave\n\nEvery employee can take parental leave after the birth or adoption of a child. It is paid for sixteen weeks and is \
         non-transferable. You take it in one piece or in two parts.\n\n## Notice\n\nTell us eight weeks before it begins.\n"
    );
    let page_of = |words: &str| version.page_at(version.source.find(words).unwrap());
    assert_eq!([page_of("Parental"), page_of("in one"), page_of("piece"), page_of("Tell us")], [Some(1), Some(1), Some(2), Some(2)]);
    assert_eq!(version.passages()[1].headings, ["Notice"]);
}

#[test]
fn bullets_and_columns_become_lists_and_tables() {
    let mut page: Vec<Text<'_>> = vec![(72.0, 760.0, 10.0, "F1", b"We pay for:")];
    for (y, mark, text) in
        [(744.0, &b"\x95"[..], "faulty items, whatever the reason may be, that you send back to us in"), (714.0, b"\x95", "wrong items")]
    {
        page.push((90.0, y, 10.0, "F1", mark));
        page.push((108.0, y, 10.0, "F1", text.as_bytes()));
    }
    page.push((108.0, 730.0, 10.0, "F1", b"the box they came in"));
    for (row, cells) in (0..).zip([["Region", "Fee"], ["United States", "$5"], ["United Kingdom", "free"]]) {
        for (x, cell) in [72.0, 200.0].into_iter().zip(cells) {
            page.push((x, 670.0 - 16.0 * row as f32, 10.0, if row == 0 { "F2" } else { "F1" }, cell.as_bytes()));
        }
    }
    page.extend(lines(600.0, &["Fees are charged once for each parcel that you send back to our warehouse."]));
    let passages = version(&pdf(&[page])).passages();
    let sentences: Vec<_> =
        passages.iter().flat_map(|passage| &passage.sentences).map(|sentence| (sentence.kind, sentence.plain.as_str())).collect();
    assert_eq!(
        sentences,
        [
            (SentenceKind::Prose, "We pay for:"),
            (SentenceKind::ListItem, "faulty items, whatever the reason may be, that you send back to us in the box they came in"),
            (SentenceKind::ListItem, "wrong items"),
            (SentenceKind::TableRow, "Region: United States; Fee: $5"),
            (SentenceKind::TableRow, "Region: United Kingdom; Fee: free"),
            (SentenceKind::Prose, "Fees are charged once for each parcel that you send back to our warehouse."),
        ]
    );
}

#[test]
fn two_columns_are_read_one_after_the_other() {
    let long = |side: &str, at: usize| format!("{side} line number {at} which is as long as its column");
    let texts: Vec<(f32, f32, String)> =
        (0..10).flat_map(|at| [(50.0, "Left"), (320.0, "right")].map(|(x, side)| (x, 700.0 - 13.0 * at as f32, long(side, at)))).collect();
    let page = texts.iter().map(|(x, y, text)| (*x, *y, 9.0, "F1", text.as_bytes())).collect();
    let text = version(&pdf(&[page])).source;
    assert!(text.find("Left line number 9") < text.find("right line number 0"), "{text}");
}

/// What the file says about its structure, to the marks that `pdf_with` puts around each line.
fn structure(doc: &mut Document, page: (u32, u16), elements: &[(&str, Vec<i64>)]) {
    let kid = |(role, marks): &(&str, Vec<i64>)| -> Object {
        let kids: Vec<Object> = marks.iter().map(|mark| Object::Integer(*mark)).collect();
        dictionary! { "S" => *role, "Pg" => page, "K" => kids }.into()
    };
    let kids: Vec<Object> = elements.iter().map(kid).collect();
    let roles = dictionary! { "Absatz" => "P" };
    let tree = doc.add_object(dictionary! { "Type" => "StructTreeRoot", "RoleMap" => roles, "K" => kids });
    let root = doc.add_object(dictionary! { "StructTreeRoot" => tree });
    doc.trailer.set("Root", root);
}

#[test]
fn a_file_that_says_what_its_parts_are_is_taken_at_its_word() {
    // Drawn in another order than they are read, and nothing to see that one of them is a heading.
    let page: Vec<Text<'_>> = vec![
        (72.0, 600.0, 10.0, "F1", b"and end here."),
        (72.0, 700.0, 10.0, "F1", b"Fees."),
        (72.0, 400.0, 10.0, "F1", b"They begin there"),
    ];
    let parts = [("H2", vec![1]), ("Absatz", vec![2, 0])];
    // Objects are numbered as they are added: tree, root, folder of pages, drawing, page.
    let tagged = pdf_with(std::slice::from_ref(&page), |doc, _| structure(doc, (5, 0), &parts));
    assert_eq!(version(&tagged).source, "## Fees.\n\nThey begin there and end here.\n");
    // One that leaves out half of the text is not.
    let partly = pdf_with(&[page], |doc, _| structure(doc, (5, 0), &parts[..1]));
    assert!(version(&partly).source.contains("and end here."));
}

/// A font for Chinese whose codes mean what `table` says, or what the CMap of that name does.
fn chinese_font(doc: &mut Document, cmap: &str, table: Option<&str>) -> Object {
    let descendant = dictionary! { "Type" => "Font", "Subtype" => "CIDFontType2", "BaseFont" => "SimSun", "DW" => 1000 };
    let mut font = dictionary! { "Type" => "Font", "Subtype" => "Type0", "BaseFont" => "SimSun", "Encoding" => cmap, "DescendantFonts" => vec![descendant.into()] };
    if let Some(table) = table {
        let table = format!(
            "/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n/CMapName /Test def\n/CMapType 2 def\n1 begincodespacerange\n\
             <0000> <FFFF>\nendcodespacerange\n1 beginbfrange\n{table}\nendbfrange\nendcmap\nend\nend"
        );
        let table = doc.add_object(Stream::new(lopdf::Dictionary::new(), table.into_bytes()));
        font.set("ToUnicode", table);
    }
    doc.add_object(font).into()
}

#[test]
fn chinese_is_read_from_tables_and_from_old_encodings() {
    // Glyphs 3 to 6 are 退款三天 in one font; the other has no table but is written in GBK.
    let gbk = encoding_rs::GBK.encode("退款在3天内到账。").0.into_owned();
    let page: Vec<Text<'_>> = vec![(72.0, 700.0, 12.0, "F8", b"\0\x03\0\x04\0\x05\0\x06"), (72.0, 660.0, 12.0, "F9", &gbk)];
    let bytes = pdf_with(&[page], |doc, fonts| {
        fonts.set("F8", chinese_font(doc, "Identity-H", Some("<0003> <0006> [<9000> <6B3E> <4E09> <5929>]")));
        fonts.set("F9", chinese_font(doc, "GBK-EUC-H", None));
    });
    let version = version(&bytes);
    assert!(version.source.contains("退款三天") && version.source.contains("退款在3天内到账。"), "{}", version.source);
    assert_eq!(version.language, crate::text::Language::Zh);
}

#[test]
fn text_that_cannot_be_told_is_refused() {
    let page: Vec<Text<'_>> = vec![(72.0, 700.0, 12.0, "F9", b"\0\x03\0\x04\0\x05\0\x06")];
    let bytes = pdf_with(&[page], |doc, fonts| fonts.set("F9", chinese_font(doc, "Identity-H", None)));
    assert!(refusal(&bytes).contains("does not tell which letters"), "{}", refusal(&bytes));
}

#[test]
fn files_that_cannot_be_used_say_why() {
    assert_eq!(refusal(&pdf(&[vec![], vec![]])), "a.pdf has no text (a scan?): run OCR on it first");
    assert!(refusal(b"PK\x03\x04 no").contains("is no PDF file"));
    assert!(refusal(&pdf(&[])).contains("without pages"));
    let mut doc = Document::load_mem(&two_pages()).unwrap();
    let id = Object::string_literal("0123456789abcdef");
    doc.trailer.set("ID", vec![id.clone(), id]);
    let lock = |user_password| EncryptionVersion::V2 {
        document: &doc,
        owner_password: "owner",
        user_password,
        key_length: 128,
        permissions: Permissions::all(),
    };
    let locked = |state: &EncryptionState| {
        let (mut doc, mut bytes) = (doc.clone(), Vec::new());
        doc.encrypt(state).unwrap();
        doc.save_to(&mut bytes).unwrap();
        bytes
    };
    let closed = locked(&EncryptionState::try_from(lock("secret")).unwrap());
    assert_eq!(refusal(&closed), "a.pdf is protected by a password: save it without one");
    // Protected against changes only: anyone may read it.
    let open = locked(&EncryptionState::try_from(lock("")).unwrap());
    assert!(version(&open).source.contains("Tell us eight weeks before it begins."));
}

#[test]
fn a_file_that_is_cut_off_is_refused_wherever_it_ends() {
    let whole = two_pages();
    let end = whole.windows(9).rposition(|part| part == b"startxref").unwrap();
    for cut in (0..end).step_by(7) {
        let refused = read(&whole[..cut]).unwrap_err();
        assert!(refused.contains("is no PDF file") || refused.contains("without its end"), "{cut}: {refused}");
    }
}

#[test]
fn a_bomb_is_refused_without_being_unpacked() {
    let mut doc = Document::load_mem(&two_pages()).unwrap();
    let page = doc.page_iter().next().unwrap();
    let mut bomb = Stream::new(lopdf::Dictionary::new(), vec![b' '; 200 << 20]);
    bomb.compress().unwrap();
    let bomb = doc.add_object(bomb);
    doc.get_dictionary_mut(page).unwrap().set("Contents", bomb);
    let mut bytes = Vec::new();
    doc.save_to(&mut bytes).unwrap();
    assert!(bytes.len() < 2_000_000 && refusal(&bytes).contains("more than 32 MB of drawing on page 1"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn no_bytes_are_too_strange(noise in prop::collection::vec(any::<u8>(), 0..400)) {
        let bytes = [b"%PDF-1.5\n".as_slice(), &noise, b"\nstartxref\n9\n%%EOF"].concat();
        let _ = read(&bytes); // must not panic
    }

    #[test]
    fn no_damage_is_too_strange(changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..12)) {
        let mut bytes = two_pages();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        let _ = read(&bytes);
    }

    #[test]
    fn every_sentence_and_page_of_any_layout_is_where_it_says(
        texts in prop::collection::vec((0..3usize, 0..500i32, 40..830i32, 6..20i32, "[a-zA-Z .:•0-9-]{0,30}|退款。"), 1..40)
    ) {
        let mut pages: Vec<Vec<Text<'_>>> = vec![Vec::new(); 3];
        for (page, x, y, size, text) in &texts {
            pages[*page].push((*x as f32, *y as f32, *size as f32, "F1", text.as_bytes()));
        }
        let Ok(extracted) = read(&pdf(&pages)) else { return Ok(()) };
        prop_assert!(extracted.pages.is_sorted_by(|a, b| a.byte < b.byte && a.page < b.page));
        prop_assert!(extracted.pages.iter().all(|start| extracted.text.is_char_boundary(start.byte) && start.byte < extracted.text.len()));
        for passage in crate::policy::formats::passages(&extracted.text, "t") {
            for sentence in &passage.sentences {
                prop_assert!(extracted.text.get(sentence.bytes.clone()).is_some_and(|quoted| !quoted.trim().is_empty()));
            }
        }
    }
}
