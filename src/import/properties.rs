//! Properties of a pass: whatever the pages lead to, it reads each of them once and ends; interrupted anywhere, it ends
//! the same.

use std::collections::{HashMap, HashSet};

use proptest::{
    prelude::{Strategy, any},
    prop_oneof,
};

use super::{
    apply::hash_page,
    course::{Course, place},
    progress::PassProgress,
};
use crate::{
    model::{ImportScope, NormalProduct, Time},
    outside::cases::{CASES, hold},
    provider::{PageToken, Unreadable},
};

/// What a page holds and where it leads.
#[derive(Debug, Clone)]
struct DrawnPage {
    /// Products by number: read, unreadable (1), or even without an id (2).
    ids: Vec<(u8, u8)>,
    next: Option<usize>,
}

/// What a page holds; the token of the next one, and which it is.
type PageAnswer = (Vec<(u8, u8)>, Option<(String, usize)>);

/// How a pass ended.
#[derive(Debug)]
struct PassEnd {
    progress: PassProgress,
    /// Why it was broken off.
    why: Option<String>,
    /// The pages that were read, in order.
    read: Vec<usize>,
}

fn pages(count: usize, next: impl Strategy<Value = Option<usize>> + Clone) -> impl Strategy<Value = Vec<DrawnPage>> {
    let kind = prop_oneof![8 => 0..1_u8, 1 => 1..3_u8];
    let ids = proptest::collection::vec((any::<u8>(), kind), 0..4);
    proptest::collection::vec((ids, next).prop_map(|(ids, next)| DrawnPage { ids, next }), 1..=count)
}

fn product((number, kind): (u8, u8)) -> Result<NormalProduct, Unreadable> {
    let erp_id = format!("p{number}");
    match kind {
        0 => Ok(NormalProduct { erp_id, ..NormalProduct::default() }),
        1 => Err(Unreadable { erp_id: Some(erp_id), why: String::new() }),
        _ => Err(Unreadable { erp_id: None, why: String::new() }),
    }
}

/// Reads pages from the first on, as an import does; `stops` are the pages after which it begins again from what is
/// kept.
fn read(most: i64, stops: &HashSet<usize>, page: impl Fn(usize) -> PageAnswer) -> PassEnd {
    let now = Time::from_unix_ms(0);
    let mut progress = PassProgress::begin("p".to_owned(), ImportScope::Full, None, now);
    let (mut course, mut kept, mut at, mut read) = (Course::begin(most), Vec::new(), 0, Vec::new());
    loop {
        read.push(at);
        let (ids, next) = page(at);
        let hashed = hash_page(ids.into_iter().map(product).collect(), now);
        progress.advance(&hashed, next.as_ref().map(|(token, _)| PageToken::Cursor(token.clone())), None);
        let why = course.take(&hashed.marks, hashed.unidentified, &mut progress);
        kept.push((hashed.marks, place(progress.next.as_ref(), None)));
        let Some((_, to)) = next.filter(|_| why.is_none()) else { return PassEnd { progress, why, read } };
        if stops.contains(&read.len()) {
            progress = serde_json::from_value(serde_json::to_value(&progress).expect("is JSON")).expect("is read");
            course = Course::begin(most);
            for (marks, place) in &kept {
                course.recall(marks, place.as_deref());
            }
        }
        at = to;
    }
}

fn by_number(pages: &[DrawnPage], at: usize) -> PageAnswer {
    let to = pages[at].next.map(|to| to % pages.len());
    (pages[at].ids.clone(), to.map(|to| (to.to_string(), to)))
}

#[test]
fn whatever_pages_lead_to_each_is_read_once_and_a_circle_breaks_the_pass_off() {
    let next = proptest::option::weighted(0.9, 0..12_usize);
    hold(CASES * 2, &pages(12, next), |pages| {
        let end = read(1000, &HashSet::new(), |at| by_number(&pages, at));
        let (mut seen, mut here) = (Vec::new(), Some(0));
        while let Some(at) = here.filter(|at| !seen.contains(at)) {
            seen.push(at);
            here = by_number(&pages, at).1.map(|(_, to)| to);
        }
        let is_circle = here.is_some();
        if is_circle || end.why.is_some() {
            let why = end.why.expect("a circle is no end");
            assert!(is_circle || why.contains("only products that were on the pages before"), "{why}");
            // A circle through the first page, which no token named before, is met one page later.
            assert!(end.read.len() <= seen.len() + 1, "{:?}", end.read);
        } else {
            assert_eq!(end.read, seen);
            let held: usize = seen.iter().map(|at| pages[*at].ids.len()).sum();
            assert_eq!(end.progress.seen, i64::try_from(held).expect("fits"));
        }
        let twice = end.read.iter().skip(1).collect::<HashSet<_>>();
        assert_eq!(twice.len(), end.read.len() - 1, "a page was read twice: {:?}", end.read);
    });
}

#[test]
fn new_tokens_for_old_pages_end_in_doubt() {
    let next = (0..5_usize).prop_map(Some);
    hold(CASES, &(pages(5, next), 1..50_i64), |(pages, most)| {
        // Without an id, every product counts as new: only the limit ends that.
        let has_nameless = pages.iter().flat_map(|page| &page.ids).any(|(_, kind)| *kind == 2);
        let (most, at_most) = if has_nameless { (most, 300) } else { (i64::MAX, 110) };
        let pages_read = std::cell::Cell::new(0_usize);
        let end = read(most, &HashSet::new(), |at| {
            pages_read.set(pages_read.get() + 1);
            assert!(pages_read.get() < at_most, "it never ends");
            let (ids, next) = by_number(&pages, at);
            (ids, next.map(|(_, to)| (format!("new {}", pages_read.get()), to)))
        });
        let why = end.why.expect("no page is the last");
        assert!(!why.contains("leads back"), "{why}");
    });
}

#[test]
fn a_pass_that_stops_anywhere_ends_as_one_that_does_not() {
    let next = proptest::option::weighted(0.95, 0..12_usize);
    let stops = proptest::collection::hash_set(1..12_usize, 0..6);
    hold(CASES, &(pages(12, next), stops, 5..60_i64), |(pages, stops, most)| {
        let whole = read(most, &HashSet::new(), |at| by_number(&pages, at));
        let stopped = read(most, &stops, |at| by_number(&pages, at));
        assert_eq!((whole.why, whole.read), (stopped.why, stopped.read));
        let kept = |progress: &PassProgress| serde_json::to_value(progress).expect("is JSON");
        assert_eq!(kept(&whole.progress), kept(&stopped.progress));
    });
}

#[test]
fn a_pass_is_complete_only_if_it_met_as_many_products_as_the_shop_counts() {
    let lists = proptest::collection::vec(proptest::collection::vec((0..9_u8, 0..3_u8), 0..4), 1..5);
    hold(CASES, &(lists, 0..12_i64), |(lists, total)| {
        let mut progress = PassProgress::begin("p".to_owned(), ImportScope::Full, None, Time::from_unix_ms(0));
        let mut course = Course::begin(1000);
        let mut met: HashMap<u8, usize> = HashMap::new();
        for (number, list) in lists.iter().enumerate() {
            let hashed = hash_page(list.iter().copied().map(product).collect(), Time::from_unix_ms(0));
            let next = (number + 1 < lists.len()).then(|| PageToken::Cursor(number.to_string()));
            progress.advance(&hashed, next, Some(total));
            course.take(&hashed.marks, hashed.unidentified, &mut progress);
            list.iter().filter(|(_, kind)| *kind < 2).for_each(|(id, _)| *met.entry(*id).or_default() += 1);
        }
        if progress.incomplete().is_none() {
            assert_eq!(i64::try_from(met.len()).expect("fits"), total);
            assert!(lists.iter().flatten().all(|(_, kind)| *kind < 2), "one had no id");
        }
    });
}
