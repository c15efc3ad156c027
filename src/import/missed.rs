//! What no page of a pass held: each is asked for by its id where the shop can be asked; elsewhere it has to be missed twice.

use super::{
    apply::{Applied, apply_page, hash_page},
    end::Halt,
    progress::PassProgress,
    run::ImportRun,
    tombstone::{MissedProducts, item_of, missed_twice, to_bytes, tombstone},
};
use crate::{
    db::{
        Tx,
        catalogue::{ImportTarget, Living},
        cursor::Cursor,
    },
    model::{Connection, Failure, FailureKind, ItemOutcome, NormalProduct, ShopAnswer},
    provider::{self, ShopClient, Unreadable},
};

/// The most products that one pass asks for by their ids; more have to be missed twice.
const ASKED_AT_MOST: usize = 500;
/// Consecutive products that the shop did not answer about, after which it is asked no more.
const UNANSWERED_AT_MOST: usize = 3;

const NOT_THERE: &str = "no page of a full import held it, and asked for it the shop says that there is none";
const TWICE: &str = "two complete passes over the shop in a row did not meet it";
const ACCEPTED: &str = "a complete pass over the shop did not meet it";
const ONCE: &str = "a complete pass over the shop did not meet it; it is gone if the next one does not either";
const UNANSWERED: &str = "no page of a full import held it, and asked for it the shop gave no clear answer; it stays";

/// A product as it was read, or why it could not be.
type ReadProduct = Result<NormalProduct, Unreadable>;

/// What becomes of the products that a pass missed.
#[derive(Default)]
pub(super) struct MissedFates {
    /// The shop has them.
    there: Vec<ReadProduct>,
    /// The shop says that there is no such product.
    not_there: Vec<Living>,
    /// Gone because the operator accepts it.
    accepted: Vec<Living>,
    /// Gone if they were missed before.
    unasked: Vec<Living>,
    /// Unknown: they stay.
    unanswered: Vec<Living>,
    /// Why nothing was done about too many.
    pub(super) guard: Option<String>,
}

impl MissedFates {
    /// What they say against a pass that seemed complete.
    pub(super) fn unproven(&self) -> Option<String> {
        let (found, silent) = (self.there.len(), self.unanswered.len());
        let found =
            (found > 0).then(|| format!("{found} products that no page held are there, asked for by their ids"));
        let silent = (silent > 0).then(|| {
            format!("about {silent} products that no page held the shop gave no clear answer: they stay until the next complete pass")
        });
        let all: Vec<String> = found.into_iter().chain(silent).collect();
        (!all.is_empty()).then(|| all.join("; "))
    }

    /// Whether none of them is gone.
    pub(super) fn marks_none(&self) -> bool {
        self.not_there.is_empty() && self.accepted.is_empty()
    }

    /// Whether the shop answered for each of them.
    pub(super) fn are_settled(&self) -> bool {
        self.guard.is_none() && self.unasked.is_empty() && self.unanswered.is_empty()
    }

    /// Keeps an answer; `false` for one that says nothing.
    fn take(&mut self, product: Living, answer: Result<Option<ReadProduct>, Failure>) -> Result<bool, Halt> {
        match answer {
            Ok(Some(there)) => self.there.push(there),
            Ok(None) => self.not_there.push(product),
            Err(failure) => match failure.kind {
                FailureKind::Shop(
                    ShopAnswer::Refused | ShopAnswer::Rights | ShopAnswer::Forbidden | ShopAnswer::Missing,
                    _,
                )
                | FailureKind::UnexpectedAnswer
                | FailureKind::AnswerTooLarge => self.unasked.push(product),
                FailureKind::Shop(ShopAnswer::Down | ShopAnswer::Throttled, _)
                | FailureKind::Network
                | FailureKind::NotJson
                | FailureKind::NotXml
                | FailureKind::BrowserChallenge
                | FailureKind::UnexpectedPage => {
                    self.unanswered.push(product);
                    return Ok(false);
                }
                _ => return Err(Halt::Failed(failure)),
            },
        }
        Ok(true)
    }
}

impl ImportRun<'_> {
    /// Finds out what became of the products that a full pass missed. Nothing is written yet.
    pub(super) async fn look_for_missed(
        &self,
        shop: &ShopClient,
        connection: &Connection,
        progress: &PassProgress,
    ) -> Result<MissedFates, Halt> {
        let missed = {
            let mut tx = self.tools.db.read().await?;
            MissedProducts::of(&mut tx, &connection.id, &progress.pass).await?
        };
        let (is_complete, asks) = (progress.incomplete().is_none(), shop.provider().reads_one_product());
        let guard = missed.guard(&self.tools.policy, &connection.id);
        let mut fates = MissedFates::default();
        if is_complete && self.order.accept_deletes && (guard.is_some() || !asks) {
            fates.accepted = missed.all;
        } else if guard.is_some() {
            fates.guard = guard;
            fates.unanswered = missed.all;
        } else if asks && (is_complete || progress.is_only_miscounted()) {
            self.ask_for(shop, progress, missed, &mut fates).await?;
        } else {
            fates.unasked = missed.all;
        }
        Ok(fates)
    }

    /// Asks for each product. One that the pass saw is asked for first: if the shop does not know that one either, its answers
    /// prove nothing.
    async fn ask_for(
        &self,
        shop: &ShopClient,
        progress: &PassProgress,
        missed: MissedProducts,
        fates: &mut MissedFates,
    ) -> Result<(), Halt> {
        if let Some(witness) = missed.witness.as_ref().filter(|_| !missed.all.is_empty()) {
            let answer = self.unless_called_off(progress, provider::product(shop, witness)).await?;
            if matches!(answer, Ok(None)) {
                fates.unasked = missed.all;
                return Ok(());
            }
        }
        let (mut asked, mut silent) = (0, 0);
        for product in missed.all {
            if asked >= ASKED_AT_MOST {
                fates.unasked.push(product);
            } else if silent >= UNANSWERED_AT_MOST {
                fates.unanswered.push(product);
            } else {
                asked += 1;
                let answer = self.unless_called_off(progress, provider::product(shop, &product.erp_id)).await?;
                silent = if fates.take(product, answer)? { 0 } else { silent + 1 };
            }
        }
        Ok(())
    }

    /// Writes what became of the missed products; returns what the next complete pass has to know.
    pub(super) async fn settle_missed(
        &self,
        tx: &mut Tx,
        connection: &Connection,
        cursor: &Cursor,
        is_complete: bool,
        fates: MissedFates,
    ) -> Result<(Applied, Vec<u8>), Halt> {
        let (outside, now) = (&self.tools.outside, self.tools.outside.clock.now());
        let to = ImportTarget { client: &connection.client_id, connection: &connection.id, run: &self.run.id, now };
        let before = cursor.missed.as_deref().unwrap_or_default();
        let mut applied = apply_page(tx, outside, &to, &hash_page(fates.there, now), true).await?;
        tombstone(tx, outside, &fates.not_there, NOT_THERE, &mut applied).await?;
        tombstone(tx, outside, &fates.accepted, ACCEPTED, &mut applied).await?;
        let (twice, once) = missed_twice(fates.unasked, before);
        let mut missed = to_bytes(once.iter().filter(|_| is_complete));
        if is_complete {
            tombstone(tx, outside, &twice, TWICE, &mut applied).await?;
            applied.items.extend(once.iter().map(|one| item_of(outside, one, ItemOutcome::Skipped, ONCE)));
        } else {
            // What a doubtful pass missed again may have been missed by accident: only a complete one counts.
            missed.extend(to_bytes(twice.iter()));
        }
        if fates.guard.is_none() {
            let told = fates.unanswered.iter().map(|one| item_of(outside, one, ItemOutcome::Skipped, UNANSWERED));
            applied.items.extend(told);
        }
        let (still, _) = missed_twice(fates.unanswered, before);
        missed.extend(to_bytes(still.iter()));
        Ok((applied, missed))
    }
}
