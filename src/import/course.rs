//! Decides whether a pass continues: detects a catalogue whose pages never end, however its shop hides that.

use std::collections::HashSet;

use super::progress::PassProgress;
use crate::provider::{PageToken, Trail, mark};

/// Consecutive pages without a new product after which a pass is aborted. A single one may be due to products that
/// moved while they were read, or to a cache that returned another page once.
const REPEATS_AT_MOST: i32 = 2;
/// The same for pages without any product; some shops filter after they paginate.
const EMPTY_AT_MOST: i32 = 100;
/// A pass reads up to this many times the shop's own count…
const TOTAL_TIMES: i64 = 2;
/// …plus this many products: counts may be outdated, or omit what the pages contain.
const TOTAL_AND: i64 = 1000;

/// What a pass has read so far.
pub(super) struct Course {
    trail: Trail,
    /// The products that other time filters found before.
    known: HashSet<u64>,
    /// The most products to read.
    most: i64,
}

impl Course {
    /// The course of a new pass.
    pub(super) fn begin(most: i64) -> Self {
        Self { trail: Trail::default(), known: HashSet::new(), most }
    }

    /// The products that other time filters found before: they are not read again.
    pub(super) fn known(&self) -> &HashSet<u64> {
        &self.known
    }

    /// Begins the pages of another time filter, on which every product may stand again.
    pub(super) fn begin_filter(&mut self) {
        self.known.extend(self.trail.take_things());
    }

    /// Records a page that an earlier run of the pass read: the hashes of its products, and of the page it led to.
    pub(super) fn recall(&mut self, marks: &[u8], next: Option<&[u8]>) {
        meet(&mut self.trail, marks);
        if let Some(place) = next.and_then(|bytes| bytes.try_into().ok()) {
            self.trail.goes_to(u64::from_be_bytes(place));
        }
    }

    /// Records a page just read and counted in `progress`. Returns why the pass must end although the page leads on.
    pub(super) fn take(&mut self, marks: &[u8], nameless: i64, progress: &mut PassProgress) -> Option<String> {
        // Without an id a product cannot be recognised; it counts as new.
        let news = meet(&mut self.trail, marks);
        let held = marks.len() / 8;
        let (is_empty, new) = (held == 0 && nameless == 0, news > 0 || nameless > 0);
        if !new && progress.next.is_none() && progress.total.is_some() {
            // Some shops give their last page again behind it. Whether all was seen, the shop's count says.
            progress.seen -= i64::try_from(held).unwrap_or(0);
            return None;
        }
        progress.doubled += i64::try_from(held - news).unwrap_or(i64::MAX);
        let next = progress.next.as_ref()?;
        // While a bulk export is polled, nothing is read.
        let place = located(next, progress.size)?;
        progress.empty = if is_empty { progress.empty + 1 } else { 0 };
        if new {
            progress.repeats = 0;
        } else if !is_empty {
            progress.repeats += 1;
            progress.repeated += 1;
        }
        if !self.trail.goes_to(place) {
            return Some("it leads back to a page that this pass has read already".to_owned());
        }
        if progress.repeats >= REPEATS_AT_MOST {
            return Some(format!(
                "the last {} pages held only products that were on the pages before",
                progress.repeats
            ));
        }
        if progress.empty >= EMPTY_AT_MOST {
            return Some(format!("the last {} pages held no product, and each leads to another", progress.empty));
        }
        if let Some(total) =
            progress.total.filter(|total| progress.seen > total.saturating_mul(TOTAL_TIMES).saturating_add(TOTAL_AND))
        {
            return Some(format!("the shop counts {total} products, and its pages held {} and lead on", progress.seen));
        }
        (progress.seen >= self.most).then(|| {
            format!(
                "{} products were read, as many as [import] max_products lets through, and there are more",
                self.most
            )
        })
    }
}

/// Records products; returns how many of them are new.
fn meet(trail: &mut Trail, marks: &[u8]) -> usize {
    let marks = marks.as_chunks::<8>().0.iter().map(|bytes| u64::from_be_bytes(*bytes));
    // Every one is recorded, also after the first new one.
    marks.filter(|mark| trail.meets(*mark)).count()
}

/// The hash of the page that a token leads to, as stored; `size` is the size of the pages that the token counts.
pub(super) fn place(next: Option<&PageToken>, size: Option<u32>) -> Option<Vec<u8>> {
    next.and_then(|next| located(next, size)).map(|place| place.to_be_bytes().to_vec())
}

/// The same number is another page where pages have another size.
fn located(next: &PageToken, size: Option<u32>) -> Option<u64> {
    let place = next.mark()?;
    let in_size = |size: u32| mark(&[&place.to_be_bytes()[..], &size.to_be_bytes()].concat());
    Some(size.map_or(place, in_size))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{ImportScope, Time};

    fn progress() -> PassProgress {
        PassProgress::begin("p".into(), ImportScope::Full, None, Time::from_unix_ms(0))
    }

    /// Reads pages in sequence: the ids on each, and where it leads. Returns the page that ended the pass, and why.
    fn read<'p>(
        course: &mut Course,
        progress: &mut PassProgress,
        pages: impl Iterator<Item = (&'p [u64], String)>,
    ) -> Option<(usize, String)> {
        for (number, (ids, next)) in pages.enumerate() {
            let marks: Vec<u8> = ids.iter().flat_map(|id| id.to_be_bytes()).collect();
            progress.next = Some(PageToken::Cursor(next));
            progress.seen += i64::try_from(ids.len()).expect("is few");
            if let Some(why) = course.take(&marks, 0, progress) {
                return Some((number + 1, why));
            }
        }
        None
    }

    #[test]
    fn cursors_that_come_again_end_a_pass() {
        let (mut course, mut progress) = (Course::begin(1000), progress());
        let ids: Vec<[u64; 1]> = (0..100).map(|id| [id]).collect();
        let pages =
            ids.iter().zip(["a", "b", "c", "b"].iter().cycle()).map(|(ids, next)| (&ids[..], (*next).to_owned()));
        let (page, why) = read(&mut course, &mut progress, pages).expect("ends");
        assert!(page == 4 && why.contains("leads back"), "{page}: {why}");
    }

    #[test]
    fn one_page_of_repeats_is_doubt_and_two_in_a_row_end_a_pass() {
        let pages: [&[u64]; 6] = [&[1, 2], &[1, 2], &[3, 1], &[3, 4], &[4, 3], &[2, 1]];
        let (mut course, mut progress) = (Course::begin(1000), progress());
        let all = pages.iter().enumerate().map(|(number, ids)| (*ids, number.to_string()));
        let (page, why) = read(&mut course, &mut progress, all).expect("ends");
        assert!(page == 6 && why.contains("only products that were on the pages before"), "{page}: {why}");
        assert!(progress.incomplete().is_some_and(|why| why.contains("3 pages")), "{:?}", progress.incomplete());
    }

    #[test]
    fn what_an_earlier_run_read_is_remembered() {
        let (mut course, mut progress) = (Course::begin(1000), progress());
        course.recall(&1_u64.to_be_bytes(), place(Some(&PageToken::Cursor("a".into())), None).as_deref());
        let (page, _) = read(&mut course, &mut progress, [(&[2][..], "a".to_owned())].into_iter()).expect("ends");
        assert_eq!(page, 1);
    }

    #[test]
    fn what_one_time_filter_found_may_come_again_by_the_next_one() {
        let (mut course, mut progress) = (Course::begin(1000), progress());
        let pages: [&[u64]; 3] = [&[1, 2], &[3, 4], &[5]];
        let by = |filter: &str| pages.iter().map(|ids| (*ids, format!("{filter} {ids:?}"))).collect::<Vec<_>>();
        assert_eq!(read(&mut course, &mut progress, by("one").into_iter()), None);
        course.begin_filter();
        assert_eq!(read(&mut course, &mut progress, by("two").into_iter()), None);
        assert_eq!((progress.doubled, course.known().len()), (0, 5));
        // On two pages of the same filter, one has moved between them.
        assert_eq!(read(&mut course, &mut progress, [(&[5, 6][..], "end".to_owned())].into_iter()), None);
        assert_eq!(progress.doubled, 1);
    }

    #[test]
    fn a_number_in_another_size_is_another_page() {
        let (mut course, mut progress) = (Course::begin(1000), progress());
        for (id, number, size) in [(1_u64, 2, 2), (2, 3, 2), (3, 2, 4), (4, 3, 4)] {
            (progress.next, progress.size) = (Some(PageToken::Number(number)), Some(size));
            assert_eq!(course.take(&id.to_be_bytes(), 0, &mut progress), None, "{number} of {size}");
        }
        assert!(course.take(&5_u64.to_be_bytes(), 0, &mut progress).is_some_and(|why| why.contains("leads back")));
    }

    #[test]
    fn invented_products_and_empty_pages_end_a_pass() {
        let ids: Vec<[u64; 10]> = (0..2000).collect::<Vec<u64>>().as_chunks().0.to_vec();
        let pages = || ids.iter().enumerate().map(|(number, ids)| (&ids[..], number.to_string()));
        let (page, why) = read(&mut Course::begin(500), &mut progress(), pages()).expect("ends");
        assert!(page == 50 && why.contains("max_products"), "{page}: {why}");
        let mut counted = progress();
        counted.total = Some(100);
        let (page, why) = read(&mut Course::begin(1_000_000), &mut counted, pages()).expect("ends");
        assert!(page == 121 && why.contains("counts 100"), "{page}: {why}");
        let empty = (0..).map(|number: usize| (&[][..], number.to_string()));
        assert_eq!(read(&mut Course::begin(500), &mut progress(), empty).expect("ends").0, 100);
    }
}
