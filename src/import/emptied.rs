//! Products that lost every variant or picture at once: of a few it is believed; of many, the operator is asked (deletion
//! guard). Often a list is missing from the shop's answers, and not what it held from the shop.

use serde::Deserialize;

use super::{
    apply::EmptiedProduct,
    end::{Halt, Note, NoteKind},
    progress::PassProgress,
    run::ImportRun,
    tombstone::is_too_many,
};
use crate::{
    db::{self, Tx, catalogue},
    model::{Connection, ImportScope, ProductId},
};

impl ImportRun<'_> {
    /// Removes what the products of a pass lost, in the transaction that ends it; `more` are those that no page held. Returns
    /// what was kept because it is too much.
    pub(super) async fn settle_emptied(
        &self,
        tx: &mut Tx,
        connection: &Connection,
        progress: &PassProgress,
        more: Vec<EmptiedProduct>,
    ) -> Result<Option<Note>, Halt> {
        let pages = db::cursor::list_emptied(tx, &connection.id, &progress.pass).await?;
        let mut emptied: Vec<EmptiedProduct> =
            pages.iter().filter_map(|page| Vec::deserialize(page).ok()).flatten().chain(more).collect();
        emptied.sort_by(|one, other| one.id.cmp(&other.id));
        emptied.dedup_by(|one, other| one.id == other.id);
        let without_variants = emptied.iter().filter(|product| product.variants).count();
        let without_images = emptied.iter().filter(|product| product.images).count();
        let least = self.tools.policy.brake_min as usize;
        let (mut keeps_variants, mut keeps_images, mut kept) = (false, false, Vec::new());
        if !self.order.accept_deletes && without_variants.max(without_images) > least {
            let (with_variants, with_images) = self.with_children(tx, connection, progress).await?;
            let rules = &self.tools.policy;
            keeps_variants = is_too_many(rules, without_variants, with_variants);
            keeps_images = is_too_many(rules, without_images, with_images);
            kept.extend(
                keeps_variants.then(|| format!("every variant of {without_variants} of {with_variants} products")),
            );
            kept.extend(keeps_images.then(|| format!("every picture of {without_images} of {with_images} products")));
        }
        let now = self.tools.outside.clock.now();
        let bare = |which: &dyn Fn(&EmptiedProduct) -> bool| -> Vec<&ProductId> {
            emptied.iter().filter(|product| which(product)).map(|product| &product.id).collect()
        };
        catalogue::mark_all_variants_gone(tx, &bare(&|product| product.variants && !keeps_variants), now).await?;
        let bare_of_images = bare(&|product| product.images && !keeps_images);
        catalogue::mark_all_images_gone(tx, &bare_of_images, now).await?;
        db::push::mark_taken_out(tx, &bare_of_images, now).await?;
        let is_kept = |product: &&EmptiedProduct| product.variants && keeps_variants || product.images && keeps_images;
        for product in emptied.iter().filter(|product| !is_kept(product)) {
            catalogue::update_hash(tx, &product.id, &product.hash).await?;
        }
        Ok((!kept.is_empty()).then(|| self.note_of_kept(&kept.join(" and "))))
    }

    fn note_of_kept(&self, kept: &str) -> Note {
        let text = format!(
            "{kept} would be removed, more than {} %: they were kept, as the shop's answers may lack a list that they had. If the \
             shop really dropped them, run: store-sync sync {} --full --accept-deletes",
            self.tools.policy.brake_percent, self.order.connection
        );
        Note { kind: NoteKind::GuardTripped, text }
    }

    /// Of how many products variants and pictures could vanish: in a pass over changes, of those that it read.
    async fn with_children(
        &self,
        tx: &mut Tx,
        connection: &Connection,
        progress: &PassProgress,
    ) -> Result<(usize, usize), Halt> {
        if progress.scope == ImportScope::Changes {
            let read = usize::try_from(progress.seen).unwrap_or(0);
            return Ok((read, read));
        }
        let (variants, images) = catalogue::count_with_children(tx, &connection.id).await?;
        Ok((usize::try_from(variants).unwrap_or(0), usize::try_from(images).unwrap_or(0)))
    }
}
