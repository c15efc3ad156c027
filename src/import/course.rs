//! Whether a pass may go on: a catalogue whose pages never end is found out, whatever its shop does to hide it.

use super::progress::PassProgress;
use crate::provider::{PageToken, Trail};

/// Pages in a row that hold only what was met before, until the pass is broken off. One such page may come of products that moved
/// while they were read, or of a cache that answered once with another page.
const REPEATS_AT_MOST: i32 = 2;
/// Pages in a row without any product; some shops filter after they have cut their pages.
const EMPTY_AT_MOST: i32 = 100;
/// A pass goes on to this many times the shop's own count…
const TOTAL_TIMES: i64 = 2;
/// …and this many products: counts may be old, or leave out what the pages hold.
const TOTAL_AND: i64 = 1000;

/// What a pass has met so far.
pub(super) struct Course {
    trail: Trail,
    /// Products that are read at most.
    most: i64,
}

impl Course {
    /// The course of a pass that has read nothing yet.
    pub(super) fn begin(most: i64) -> Self {
        Self { trail: Trail::default(), most }
    }

    /// Goes over a page that an earlier run of the pass has read: the marks of its products, and of the page that it led to.
    pub(super) fn recall(&mut self, marks: &[u8], next: Option<&[u8]>) {
        meet(&mut self.trail, marks);
        if let Some(place) = next.and_then(|bytes| bytes.try_into().ok()) {
            self.trail.goes_to(u64::from_be_bytes(place));
        }
    }

    /// Goes over a page that was just read and is counted in `progress`. Gives why the pass has to end here although the page leads on.
    pub(super) fn take(&mut self, marks: &[u8], nameless: i64, progress: &mut PassProgress) -> Option<String> {
        // What has no id cannot be told from anything; it counts as new.
        let news = meet(&mut self.trail, marks);
        let held = marks.len() / 8;
        progress.doubled += i64::try_from(held - news).unwrap_or(i64::MAX);
        let (is_empty, new) = (held == 0 && nameless == 0, news > 0 || nameless > 0);
        let next = progress.next.as_ref()?;
        // Where a file is waited for, nothing is read.
        let place = next.mark()?;
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

/// Meets products; gives how many of them were not met before.
fn meet(trail: &mut Trail, marks: &[u8]) -> usize {
    let marks = marks.as_chunks::<8>().0.iter().map(|bytes| u64::from_be_bytes(*bytes));
    // Every one is remembered, also behind the first new one.
    marks.filter(|mark| trail.meets(*mark)).count()
}

/// The mark of the page that a token leads to, in the form it is kept in.
pub(super) fn place(next: Option<&PageToken>) -> Option<Vec<u8>> {
    next.and_then(PageToken::mark).map(|place| place.to_be_bytes().to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{ImportScope, Time};

    fn progress() -> PassProgress {
        PassProgress::begin("p".into(), ImportScope::Full, None, Time::from_unix_ms(0))
    }

    /// Reads pages one after the other: the ids on it, and where it leads. Gives the page that ended it, and why.
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
        course.recall(&1_u64.to_be_bytes(), place(Some(&PageToken::Cursor("a".into()))).as_deref());
        let (page, _) = read(&mut course, &mut progress, [(&[2][..], "a".to_owned())].into_iter()).expect("ends");
        assert_eq!(page, 1);
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
