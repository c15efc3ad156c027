//! Applies one page in one transaction: changed products are written, unchanged ones cost no write.

use std::{
    borrow::Cow,
    collections::{HashMap, HashSet},
};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{
    db::{
        self, Tx,
        catalogue::{self, ChildRow, ImportTarget, KnownChild, KnownProduct, ProductRow, Siblings},
        run::NewItem,
    },
    model::{Counts, Failure, ItemOutcome, NormalProduct, ProductId, ProductStatus, Time},
    outside::Outside,
    provider::{self, Unreadable},
    vault::hex,
};

/// The version of the hash: changing it rewrites every row once.
const HASH_FORM: &str = "1:";

/// A page, ready to be written: hashed outside of any transaction.
pub(super) struct HashedPage {
    products: Vec<(NormalProduct, String)>,
    unreadable: Vec<Unreadable>,
    /// Eight bytes for each product with an id, readable or not…
    pub(super) marks: Vec<u8>,
    /// …and for each that the pass has read by another time filter.
    known: Vec<u8>,
    pub(super) unidentified: i64,
}

/// The result of a page.
#[derive(Default)]
pub(super) struct Applied {
    pub(super) counts: Counts,
    pub(super) items: Vec<NewItem>,
    /// New products.
    pub(super) created: Vec<ProductId>,
    /// Products that had variants or pictures, and now have none: what they had stays until the end of the pass.
    pub(super) emptied: Vec<EmptiedProduct>,
}

/// A product that lost every variant or picture at once.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct EmptiedProduct {
    pub(super) id: ProductId,
    /// Its hash once what it lost is gone.
    pub(super) hash: String,
    pub(super) variants: bool,
    pub(super) images: bool,
}

impl HashedPage {
    /// Whether any product of the page has a value for a field.
    pub(super) fn has(&self, field: &str) -> bool {
        self.products.iter().any(|(product, _)| product.has(field))
    }

    /// The same page, with these products on it that are not read again.
    pub(super) fn beside(self, known: &[u64]) -> Self {
        Self { known: known.iter().flat_map(|id| id.to_be_bytes()).collect(), ..self }
    }

    /// The number of products on the page, readable or not.
    pub(super) fn held(&self) -> i64 {
        i64::try_from(self.marks.len() / 8).unwrap_or(0) + self.unidentified
    }

    /// Eight bytes for each product that stands on the page.
    pub(super) fn all_marks(&self) -> Vec<u8> {
        [&self.marks[..], &self.known[..]].concat()
    }

    /// The number of unreadable ones.
    pub(super) fn unreadable(&self) -> i64 {
        i64::try_from(self.unreadable.len()).unwrap_or(0)
    }

    /// The latest change of the readable ones, by the shop's clock.
    pub(super) fn newest(&self) -> Option<Time> {
        self.products.iter().filter_map(|(product, _)| product.updated_at).max()
    }
}

/// Hashes a page. A product that is on it twice counts in its last form; an impossible date of change is dropped.
pub(super) fn hash_page(page: Vec<Result<NormalProduct, Unreadable>>, now: Time) -> HashedPage {
    let mut prepared = HashedPage {
        products: Vec::with_capacity(page.len()),
        unreadable: Vec::new(),
        marks: Vec::new(),
        known: Vec::new(),
        unidentified: 0,
    };
    let mut places: HashMap<String, usize> = HashMap::with_capacity(page.len());
    let mut text = Vec::new();
    for product in page {
        match product {
            Ok(mut product) => {
                product.updated_at = product.updated_at.filter(|at| at.may_have_been(now));
                prepared.marks.extend(id_hash(&product.erp_id).to_be_bytes());
                let hash = hash(&product, &mut text);
                if let Some(place) = places.get(&product.erp_id) {
                    prepared.products[*place] = (product, hash);
                } else {
                    places.insert(product.erp_id.clone(), prepared.products.len());
                    prepared.products.push((product, hash));
                }
            }
            Err(unreadable) => {
                match &unreadable.erp_id {
                    Some(id) => prepared.marks.extend(id_hash(id).to_be_bytes()),
                    None => prepared.unidentified += 1,
                }
                prepared.unreadable.push(unreadable);
            }
        }
    }
    prepared
}

/// An eight-byte hash of a product's id: a collision only prevents a tombstone.
pub(super) fn id_hash(erp_id: &str) -> u64 {
    provider::mark(erp_id.as_bytes())
}

/// The hash of a product, of its JSON in `text`. Empty for an incomplete one, so that it is rewritten until it is complete.
fn hash(product: &NormalProduct, text: &mut Vec<u8>) -> String {
    if product.doubt.is_some() {
        return String::new();
    }
    text.clear();
    // Cannot fail: a buffer takes every byte; a product is plain data.
    let _ = serde_json::to_writer(&mut *text, product);
    format!("{HASH_FORM}{}", hex(&Sha256::digest(text)))
}

/// Writes a hashed page. With `tell_created`, every new product is an item of the run, too.
pub(super) async fn apply_page(
    tx: &mut Tx,
    outside: &Outside,
    to: &ImportTarget<'_>,
    page: &HashedPage,
    tell_created: bool,
) -> Result<Applied, Failure> {
    let mut applied = Applied::default();
    applied.note_unreadable(outside, &page.unreadable);
    let ids: Vec<&str> = page.products.iter().map(|(product, _)| product.erp_id.as_str()).collect();
    catalogue::plan_by_keys(tx).await?;
    let known = catalogue::list_known(tx, to.connection, &ids).await?;
    let known: HashMap<&str, &KnownProduct> = known.iter().map(|known| (known.erp_id.as_str(), known)).collect();

    let mut writes: Vec<Write<'_>> = Vec::new();
    let mut gone: Vec<&ProductId> = Vec::new();
    for (product, hash) in &page.products {
        let row = known.get(product.erp_id.as_str());
        if product.status == Some(ProductStatus::Deleted) {
            // The shop itself lists it as deleted: it is neither restored nor created.
            match row {
                Some(row) if !row.gone => {
                    applied.counts.deleted += 1;
                    let told = item(outside, Some(&row.id), Some(&product.erp_id), ItemOutcome::Deleted);
                    applied.items.push(NewItem { message: Some("the shop lists it as deleted".into()), ..told });
                    gone.push(&row.id);
                }
                _ => applied.counts.unchanged += 1,
            }
            continue;
        }
        match row {
            Some(row) if row.erp_hash.as_deref() == Some(hash) && !row.gone && product.doubt.is_none() => {
                if !applied.note_fault(outside, &row.id, product) {
                    applied.counts.unchanged += 1;
                }
            }
            Some(row) => writes.push((row.id.clone(), product, hash, false)),
            None => writes.push((outside.new_id(), product, hash, true)),
        }
    }
    applied.created = writes.iter().filter(|(.., new)| *new).map(|(id, ..)| id.clone()).collect();
    applied.note_writes(outside, &writes, tell_created);
    if !gone.is_empty() {
        catalogue::mark_products_gone(tx, &gone, to.now).await?;
    }
    if !writes.is_empty() {
        applied.emptied = write(tx, outside, to, &writes).await?;
    }
    Ok(applied)
}

impl Applied {
    fn note_unreadable(&mut self, outside: &Outside, unreadable: &[Unreadable]) {
        for unreadable in unreadable {
            self.counts.failed += 1;
            let item = item(outside, None, unreadable.erp_id.as_deref(), ItemOutcome::Failed);
            let (error_code, message) = (Some("unreadable".into()), Some(unreadable.why.clone()));
            self.items.push(NewItem { error_code, message, ..item });
        }
    }

    /// Notes what could not be read of a product; `false` if nothing.
    fn note_fault(&mut self, outside: &Outside, id: &ProductId, product: &NormalProduct) -> bool {
        let faults: Vec<&str> = product.doubt.iter().chain(&product.faults).map(String::as_str).collect();
        if faults.is_empty() {
            return false;
        }
        self.counts.failed += 1;
        let told = item(outside, Some(id), Some(&product.erp_id), ItemOutcome::Failed);
        self.items.push(NewItem { error_code: Some("incomplete".into()), message: Some(faults.join("; ")), ..told });
        true
    }

    fn note_writes(&mut self, outside: &Outside, writes: &[Write<'_>], tell_created: bool) {
        for (id, product, _, new) in writes {
            if self.note_fault(outside, id, product) {
                continue;
            }
            let outcome = if *new { ItemOutcome::Created } else { ItemOutcome::Updated };
            match outcome {
                ItemOutcome::Created => self.counts.created += 1,
                _ => self.counts.updated += 1,
            }
            if !new || tell_created || !product.notes.is_empty() {
                let message = (!product.notes.is_empty()).then(|| product.notes.join("; "));
                self.items.push(NewItem { message, ..item(outside, Some(id), Some(&product.erp_id), outcome) });
            }
        }
    }
}

type Write<'a> = (ProductId, &'a NormalProduct, &'a str, bool);

/// Writes products; returns those that lost every variant or picture.
async fn write(
    tx: &mut Tx,
    outside: &Outside,
    to: &ImportTarget<'_>,
    writes: &[Write<'_>],
) -> Result<Vec<EmptiedProduct>, Failure> {
    // What an incomplete list lacks is not gone.
    let sure = writes.iter().filter(|(_, product, _, new)| !new && product.doubt.is_none());
    let sure: Vec<&ProductId> = sure.map(|(id, ..)| id).collect();
    let (mut variants, mut images) = (Vec::new(), Vec::new());
    if !sure.is_empty() {
        variants = catalogue::list_known_variants(tx, &sure).await?;
        images = catalogue::list_known_images(tx, &sure).await?;
    }
    let emptied = emptied(&variants, &images, writes);
    // Rewritten until what they lost is settled.
    let is_emptied: HashSet<&ProductId> = emptied.iter().map(|product| &product.id).collect();

    // An existing row keeps its id; the values carry a fresh one, so that only the shop's id can conflict.
    let spare = writes.iter().map(|(id, .., new)| if *new { Cow::Borrowed(id) } else { Cow::Owned(outside.new_id()) });
    let spare: Vec<Cow<'_, ProductId>> = spare.collect();
    let rows = writes.iter().zip(&spare).map(|((own, product, hash, _), id)| {
        let hash: &str = if is_emptied.contains(own) { "" } else { hash };
        ProductRow { id, hash, product }
    });
    catalogue::upsert_products(tx, to, &rows.collect::<Vec<_>>()).await?;

    let changed: Vec<&ProductId> = writes.iter().filter(|(.., new)| !new).map(|(id, ..)| id).collect();
    let mut own = Vec::new();
    if !changed.is_empty() {
        let bare = |which: fn(&EmptiedProduct) -> bool| -> HashSet<&ProductId> {
            emptied.iter().filter(|product| which(product)).map(|product| &product.id).collect()
        };
        let (bare_of_variants, bare_of_images) = (bare(|product| product.variants), bare(|product| product.images));
        let lost = gone(&variants, &bare_of_variants, writes, |p| p.variants.iter().map(|v| v.id.as_str()).collect());
        if !lost.is_empty() {
            catalogue::mark_variants_gone(tx, &lost, to.now).await?;
        }
        let lost = gone(&images, &bare_of_images, writes, |p| p.images.iter().map(|i| i.id.as_str()).collect());
        if !lost.is_empty() {
            catalogue::mark_images_gone(tx, &lost, to.now).await?;
        }
        let same = with_the_same_first(&images, writes);
        let ranked = changed.iter().copied().filter(|id| !bare_of_images.contains(id) && !same.contains(id));
        let ranked: Vec<&ProductId> = ranked.collect();
        if !ranked.is_empty() {
            catalogue::clear_primary(tx, &ranked).await?;
        }
        own = catalogue::list_own_pictures(tx, &changed).await?;
    }
    let own: HashMap<(&str, &str), &str> =
        own.iter().map(|o| ((o.product_id.as_str(), o.external_id.as_str()), o.id.as_str())).collect();
    write_children(tx, outside, to, writes, &own).await?;
    if !own.is_empty() {
        db::push::mark_taken_out(tx, &changed, to.now).await?;
    }
    Ok(emptied)
}

/// The products that had variants or pictures, as far as those are known to be complete, and now have none.
fn emptied(variants: &[KnownChild], images: &[KnownChild], writes: &[Write<'_>]) -> Vec<EmptiedProduct> {
    let owners = |known: &[KnownChild]| known.iter().map(|child| child.product_id.clone()).collect::<HashSet<_>>();
    let (had_variants, had_images) = (owners(variants), owners(images));
    let all = writes.iter().map(|(id, product, hash, _)| EmptiedProduct {
        id: id.clone(),
        hash: (*hash).to_owned(),
        variants: product.variants.is_empty() && had_variants.contains(id),
        images: product.images.is_empty() && had_images.contains(id),
    });
    all.filter(|product| product.variants || product.images).collect()
}

/// The products whose first picture stays the first: it keeps its flag, and is not written if nothing else changed.
fn with_the_same_first<'w>(known: &[KnownChild], writes: &'w [Write<'_>]) -> HashSet<&'w ProductId> {
    let first: HashMap<&ProductId, &str> =
        known.iter().filter(|child| child.is_primary).map(|c| (&c.product_id, c.external_id.as_str())).collect();
    let stays = writes.iter().filter(|(id, product, ..)| {
        product.images.first().is_some_and(|image| first.get(id).is_some_and(|first| *first == image.id))
    });
    stays.map(|(id, ..)| id).collect()
}

async fn write_children(
    tx: &mut Tx,
    outside: &Outside,
    to: &ImportTarget<'_>,
    writes: &[Write<'_>],
    own: &HashMap<(&str, &str), &str>,
) -> Result<(), Failure> {
    for siblings in [Siblings::New, Siblings::Known] {
        let (mut variants, mut images) = (Vec::new(), Vec::new());
        for (id, product, ..) in writes.iter().filter(|(.., new)| *new == (siblings == Siblings::New)) {
            let currency = product.currency.as_deref();
            for (position, value) in (0..).zip(&product.variants) {
                variants.push(ChildRow { id: outside.new_id(), product: id, position, value, currency, asset: None });
            }
            for (position, value) in (0..).zip(&product.images) {
                let asset = own.get(&(id.as_str(), value.id.as_str())).copied();
                images.push(ChildRow { id: outside.new_id(), product: id, position, value, currency, asset });
            }
        }
        catalogue::upsert_variants(tx, to, &variants, siblings).await?;
        catalogue::upsert_images(tx, to, &images, siblings).await?;
    }
    Ok(())
}

/// Children in the database that the shop no longer has, but for those of products that lost all of theirs.
fn gone<'k>(
    known: &'k [KnownChild],
    bare: &HashSet<&ProductId>,
    writes: &[Write<'_>],
    ids: impl for<'p> Fn(&'p NormalProduct) -> Vec<&'p str>,
) -> Vec<&'k str> {
    let there: HashSet<(&str, &str)> = writes
        .iter()
        .flat_map(|(id, product, ..)| ids(product).into_iter().map(|child| (id.as_str(), child)))
        .collect();
    let missing = known.iter().filter(|child| {
        !bare.contains(&child.product_id) && !there.contains(&(child.product_id.as_str(), child.external_id.as_str()))
    });
    missing.map(|child| child.id.as_str()).collect()
}

fn item(outside: &Outside, id: Option<&ProductId>, external_id: Option<&str>, outcome: ItemOutcome) -> NewItem {
    NewItem {
        id: outside.new_id(),
        entity_type: "product",
        entity_id: id.map(ToString::to_string),
        external_id: external_id.map(str::to_owned),
        outcome,
        error_code: None,
        message: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn product(id: &str, title: &str) -> NormalProduct {
        NormalProduct { erp_id: id.into(), title: title.into(), ..NormalProduct::default() }
    }

    #[test]
    fn the_same_product_hashes_alike_and_any_change_shows() {
        let mut text = Vec::new();
        let mut hashed = |name: &str| hash(&product("1", name), &mut text);
        assert_eq!(hashed("a"), hashed("a"));
        assert_ne!(hashed("a"), hashed("b"));
    }

    #[test]
    fn a_product_twice_on_a_page_counts_as_its_last_form() {
        let bad = Unreadable { erp_id: None, why: "x".into() };
        let all = vec![Ok(product("1", "a")), Ok(product("2", "b")), Ok(product("1", "c")), Err(bad)];
        let page = hash_page(all, Time::from_unix_ms(0));
        let titles: Vec<&str> = page.products.iter().map(|(p, _)| p.title.as_str()).collect();
        assert_eq!(titles, ["c", "b"]);
        assert_eq!((page.marks.len(), page.unidentified), (24, 1));
    }
}
