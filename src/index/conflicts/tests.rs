use proptest::prelude::*;

use super::*;
use crate::index::{refresh, trial};
use crate::policy::{LoadReport, parse_file};

fn report(documents: &[(&str, &str)]) -> LoadReport {
    let versions = documents.iter().map(|(path, text)| parse_file(path, text.as_bytes()).unwrap()).collect();
    LoadReport { versions, skipped: Vec::new() }
}

fn quoted(snapshot: &Snapshot) -> Vec<(ConflictKind, String, String)> {
    let text = |id| snapshot.sentence(id).unwrap().1.plain.clone();
    snapshot.manifest.conflicts.iter().map(|one| (one.kind, text(one.first), text(one.second))).collect()
}

/// What is found in these documents.
fn found(documents: &[(&str, &str)]) -> Vec<(ConflictKind, String, String)> {
    let folder = tempfile::tempdir().unwrap();
    quoted(&refresh(folder.path(), report(documents), None, None, &mut |_, _| ()).unwrap().unwrap())
}

/// What two pages with these titles and sentences disagree about.
fn between(first: (&str, &str), second: (&str, &str)) -> Vec<ConflictKind> {
    let page = |(title, text): (&str, &str)| format!("# {title}\n\n{text}\n");
    found(&[("first.md", &page(first)), ("second.md", &page(second))]).into_iter().map(|(kind, ..)| kind).collect()
}

#[test]
fn another_amount_or_time_for_the_same_matter_is_a_conflict() {
    use ConflictKind::Amount;
    for (first, second) in [
        (
            ("Refunds", "Refunds to a card take 5 business days after the return is checked in. Returns are free in the UK."),
            ("Returns", "Refunds to a card take 10 business days after the return is checked in. A gift card is valid for 5 years."),
        ),
        (
            ("Delivery fees", "Express delivery costs $12.50 for orders within the country."),
            ("Ordering", "For orders within the country express delivery costs $9."),
        ),
        (
            ("Library cards", "A lost library card is replaced for a fee of €4."),
            ("Fees", "There is a fee of €6 when a lost library card is replaced."),
        ),
        (
            ("Trial period", "The trial of the premium plan lasts fourteen days or 2 weeks."),
            ("Premium plan", "The trial of the premium plan lasts 3 weeks."),
        ),
        (("退款", "退款审核通过后 3 个工作日原路退回银行卡。"), ("退货与退款", "退款审核通过后 7 个工作日原路退回银行卡。")),
        (("会员续费", "会员到期前 3 天会自动续费并发送提醒。"), ("会员须知", "会员到期前 7 天会自动续费并发送提醒。")),
    ] {
        assert_eq!(between(first, second), [Amount], "{first:?} {second:?}");
    }
}

#[test]
fn another_date_or_time_of_day_is_a_conflict() {
    use ConflictKind::Date;
    for (first, second) in [
        (
            ("Winter tyres", "The price list for winter tyres changes on 1 October 2027."),
            ("Prices", "The price list for winter tyres changes on November 1."),
        ),
        (
            ("Service desk", "The service desk opens at 9 am on Saturdays in the old town branch."),
            ("Branches", "On Saturdays the service desk in the old town branch opens at 10:30."),
        ),
        (("新门店营业时间", "新门店周末早上 9:00 开始营业。"), ("门店", "新门店周末早上 10:00 开始营业。")),
        (("积分清零", "会员积分每年 12 月 31 日统一清零。"), ("会员积分", "会员积分每年 6 月 30 日统一清零。")),
    ] {
        assert_eq!(between(first, second), [Date], "{first:?} {second:?}");
    }
    let same = ("Winter tyres", "The price list for winter tyres changes on 1 October 2027.");
    assert!(between(same, ("Prices", "The price list for winter tyres changes on October 1st.")).is_empty());
    assert!(
        between(("Desk", "The service desk opens at 2 pm on Saturdays."), ("Branches", "The service desk opens at 14:00 on Saturdays."))
            .is_empty()
    );
}

#[test]
fn what_one_allows_and_the_other_denies_is_a_conflict() {
    use ConflictKind::Denial;
    for (first, second) in [
        (
            ("Software", "Opened software can be returned to the shop within the return window."),
            ("Returns of software", "Opened software cannot be returned to the shop within the return window."),
        ),
        (
            ("Season tickets", "A cancelled season ticket is not reimbursed."),
            ("Cancelling a season ticket", "When a season ticket is cancelled, the remaining weeks are reimbursed in proportion."),
        ),
        (("行李寄存", "贵重物品可以寄存在行李寄存处。"), ("寄存", "贵重物品不可以寄存在行李寄存处。")),
    ] {
        assert_eq!(between(first, second), [Denial], "{first:?} {second:?}");
    }
}

#[test]
fn other_matters_are_no_conflicts() {
    for (first, second) in [
        (("Refunds", "Refunds to a card take 5 business days."), ("Delivery", "Parcels within Germany take 2 business days to arrive.")),
        (("Refunds", "Refunds to a card take 5 business days."), ("Cards", "Refunds to a card take five business days.")),
        // A time that is only referred to.
        (
            ("Instalments", "If an order comes in several boxes, the 60 days begin with the last box."),
            ("Exchanges", "If an order comes in several boxes, the 20 days begin with the last box."),
        ),
        // Days that are counted off.
        (
            ("Reminders", "A reminder is sent by email on day 2, day 4 and day 8 after the invoice."),
            ("Invoices", "A reminder is sent by email 6 days after the invoice."),
        ),
        // Before is not after.
        (
            ("Courses", "A reminder of the course is sent 3 days before the first lesson."),
            ("Lessons of a course", "A survey and a reminder of the course is sent 5 days after the first lesson."),
        ),
        // Each page is about something else, and says so in its title.
        (
            ("Deleting a profile", "The profile is deleted within 2 days, and an email confirms it."),
            ("Paying off a loan", "An email confirms it within 1 day when the loan is deleted."),
        ),
        // An exception, and words that only say how.
        (
            ("Deposits", "The deposit is not paid back unless the room is cancelled in time."),
            ("Rooms and deposits", "The deposit is paid back when the room is cancelled in time."),
        ),
        (("Vouchers", "Travel vouchers cannot be returned."), ("Returns", "Goods bought with travel vouchers can be returned.")),
        (("Software", "Opened software cannot be returned."), ("Returns of software", "Unopened software can be returned.")),
        (("退款", "退款审核通过后 3 个工作日退回。"), ("开票", "电子发票在确认收货后 7 个工作日开具。")),
    ] {
        assert!(between(first, second).is_empty(), "{first:?} {second:?}");
    }
}

#[test]
fn versions_of_one_document_and_other_times_are_no_conflicts() {
    let dated = |days: u32, dates: &str| format!("---\nid: r{days}\n{dates}\n---\nRefunds to a card take {days} business days.");
    assert!(found(&[("a.md", &dated(5, "valid_to: 2025-12-31")), ("b.md", &dated(7, "valid_from: 2026-01-01"))]).is_empty());
    assert_eq!(found(&[("a.md", &dated(5, "valid_to: 2025-12-31")), ("b.md", &dated(7, "valid_from: 2025-12-01"))]).len(), 1);
}

#[test]
fn after_a_change_the_others_keep_their_conflicts_and_new_ones_are_found() {
    let card = |days: u32| format!("# Refunds {days}\n\nRefunds to a card take {days} business days after the check.\n");
    let (five, six, seven) = (card(5), card(6), card(7));
    let unlike = "# Parcels\n\nParcels are handed to a neighbour when nobody is at home.\n";
    let before = [("a.md", five.as_str()), ("b.md", unlike), ("c.md", six.as_str())];
    let folder = tempfile::tempdir().unwrap();
    let first = refresh(folder.path(), report(&before), None, None, &mut |_, _| ()).unwrap().unwrap();
    assert_eq!(quoted(&first).len(), 1);
    // The place of every sentence changes, one more contradicts, and one is gone.
    let longer = format!("{unlike}\nA second paragraph.\n");
    for after in [
        vec![("0.md", seven.as_str()), ("a.md", five.as_str()), ("b.md", longer.as_str()), ("c.md", six.as_str())],
        vec![("a.md", five.as_str()), ("b.md", longer.as_str())],
        vec![("0.md", longer.as_str()), ("a.md", five.as_str()), ("c.md", six.as_str())],
    ] {
        let next = tempfile::tempdir().unwrap();
        let changed = trial(next.path(), report(&after), &first, None, &mut |_, _| ()).unwrap().unwrap();
        assert_eq!(quoted(&changed), found(&after));
    }
}

/// Shops that give a number of days, some of them for another matter.
fn shops(days: &[Option<u32>]) -> Vec<(String, String)> {
    let text = |days: u32| match days {
        ..4 => format!("# Parcels\n\nParcels are held at the counter for {days} days.\n\n## Refunds\n\nA refund takes {days} weeks.\n"),
        _ => format!("# Counter\n\nA refund takes {days} weeks. Parcels are not held at the counter.\n"),
    };
    let shop = |(shop, days): (usize, &Option<u32>)| Some((format!("shop-{shop:02}.md"), text((*days)?)));
    days.iter().enumerate().filter_map(shop).collect()
}

fn borrowed(shops: &[(String, String)]) -> Vec<(&str, &str)> {
    shops.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect()
}

#[test]
fn where_everybody_says_something_else_each_is_held_against_the_first_few() {
    let shops: Vec<(String, String)> = (0..60)
        .map(|shop| (format!("shop-{shop:02}.md"), format!("# Parcels\n\nParcels are held at the counter for {shop} days.\n")))
        .collect();
    let found = found(&borrowed(&shops));
    assert!((57..=60 * OTHERS).contains(&found.len()), "{}", found.len());
    for (_, text) in &shops {
        let sentence = text.rsplit("\n\n").next().unwrap().trim();
        assert!(found.iter().any(|(_, first, second)| first == sentence || second == sentence), "{sentence}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn changes_in_any_order_find_what_a_fresh_search_finds(
        changes in proptest::collection::vec(proptest::collection::vec((0..12usize, proptest::option::of(0u32..6)), 1..4), 1..6)
    ) {
        let mut days = vec![Some(0); 12];
        let mut current: Option<Snapshot> = None;
        let folders = tempfile::tempdir().unwrap();
        for (round, change) in (0..).zip(changes) {
            change.into_iter().for_each(|(shop, new)| days[shop] = new);
            let shops = shops(&days);
            let folder = folders.path().join(format!("{round}"));
            std::fs::create_dir(&folder).unwrap();
            let next = match &current {
                Some(before) => trial(&folder, report(&borrowed(&shops)), before, None, &mut |_, _| ()).unwrap(),
                None => refresh(&folder, report(&borrowed(&shops)), None, None, &mut |_, _| ()).unwrap(),
            };
            if let Some(next) = next {
                prop_assert_eq!(quoted(&next), found(&borrowed(&shops)));
                current = Some(next);
            }
        }
    }
}
