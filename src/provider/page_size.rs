//! Page sizes: a shop that cannot answer a page is asked for smaller ones, from the same place on.

use serde_json::{Map, Value};

use super::{
    call::{Answer, ShopClient},
    page::{PageFailure, PageRequest},
    pagination::PageToken,
    recipe::{Op, PageKind, Paging},
    refusal::{FailedCall, TooMuch},
    request::With,
};

/// What is remembered of failures that may have other reasons is no smaller than this part of the usual size.
const SMALLEST_PART: u32 = 32;

/// A page of a list as it came.
pub(super) struct ListAnswer {
    pub(super) answer: Answer,
    /// The list in pages of the size that it was asked in…
    pub(super) page: PageKind,
    /// …and where this one began, counted in those.
    pub(super) token: Option<PageToken>,
}

/// Asks for a page of the catalogue. Half as many items are the next try of what may have been too many; what surely was, is
/// halved down to one.
pub(super) async fn ask(
    shop: &ShopClient,
    op: &Op,
    values: Map<String, Value>,
    request: &PageRequest<'_>,
) -> Result<ListAnswer, PageFailure> {
    let usual = &shop.provider.recipe.import.page;
    let is_sizable = usual.kind != Paging::Single && op.looks_up("page.size");
    let (mut page, mut token) = begin(usual, request, is_sizable);
    let (first, mut tries) = (page.size, 0);
    loop {
        let lighter = (is_sizable && page.size > 1).then(|| page.cut_to(token.as_ref(), page.size / 2)).flatten();
        let with = With {
            values: values.clone(),
            reads: Some(&shop.provider.page),
            gives_way: lighter.is_some(),
            ..With::default()
        };
        let refusal = match page.ask(shop, op, with, token.as_ref()).await {
            Ok(answer) => return Ok(ListAnswer { answer, page, token }),
            Err(refusal) => refusal,
        };
        tries += 1;
        match (refusal.too_much, lighter) {
            (Some(TooMuch::Surely), Some(lighter)) => (page, token) = lighter,
            (Some(TooMuch::Perhaps), Some(lighter)) if shop.waits_after(&refusal.failure, tries).await => {
                (page, token) = lighter;
            }
            (_, lighter) => {
                let is_bound = lighter.is_none() && token.is_some() && page.size > 1;
                return Err(failed(refusal, request, is_sizable.then_some((first, usual.size)), is_bound));
            }
        }
    }
}

/// The list in pages of the wanted size, and where the requested one begins.
fn begin(usual: &PageKind, request: &PageRequest<'_>, is_sizable: bool) -> (PageKind, Option<PageToken>) {
    let page = usual.of_size(request.size.unwrap_or(usual.size));
    let wanted = request.wanted.filter(|wanted| is_sizable && *wanted != page.size);
    let cut = wanted.and_then(|wanted| Some((page.cut_to(request.token, wanted)?, wanted)));
    match cut {
        // Where a boundary fits no larger page, the size stays.
        Some(((other, token), wanted)) if (other.size > page.size) == (wanted > page.size) => (other, token),
        _ => (page, request.token.cloned()),
    }
}

/// Why no page came, and what to ask for next time. `sizes` are the first one that was tried and the usual one; `is_bound` says
/// that the token holds the size of its page.
fn failed(refusal: FailedCall, request: &PageRequest<'_>, sizes: Option<(u32, u32)>, is_bound: bool) -> PageFailure {
    let FailedCall { failure, too_much } = refusal;
    let (Some((first, usual)), Some(too_much)) = (sizes, too_much) else { return failure.into() };
    let is_sure = too_much == TooMuch::Surely;
    // Asked for smaller pages already, in an earlier run: this one has failed twice.
    let wanted = request.wanted.filter(|wanted| is_bound && *wanted < first);
    let least = if is_sure { 1 } else { (usual / SMALLEST_PART).max(1) };
    let half = Some(first / 2).filter(|half| *half >= least && (is_bound || !is_sure));
    PageFailure { failure, smaller: wanted.or(half), anew: is_bound && (is_sure || wanted.is_some()) }
}
