//! One push: plans against the current gallery, runs the steps that the journal lacks, verifies, closes.

use std::{collections::BTreeMap, sync::Arc};

use serde::{Deserialize, Serialize};

use super::{
    copies::{Copies, check_job},
    upload::prepare,
};
use crate::{
    connect,
    db::{self, Tx, event::NewEvent, push::Pushed},
    model::{
        Asset, Connection, ConnectionId, EventType, Failure, FailureKind, Product, Push, PushId, PushMode, RunAction,
        ShopAnswer, Task, Trigger,
    },
    provider::{self, GalleryPicture, Placement, Provider, PushedImage, ShopClient, StepOutputs, Upload},
    tools::{JobRun, Lease, OpenRun, RunAbout, RunEnd, Shared, Tools},
};

/// The journal of a push: committed before and after every step.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Journal {
    /// How often the picture was taken out and pushed again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    round: Option<u64>,
    /// The gallery before the push.
    snapshot: Option<Vec<GalleryPicture>>,
    /// The pictures of ours that this one replaces.
    #[serde(default)]
    replaces: Vec<String>,
    #[serde(default)]
    steps: BTreeMap<String, StepState>,
    /// Whether the picture was only recognised as the single new one. It may be somebody else's: nothing removes it.
    #[serde(default)]
    guessed: bool,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
enum StepState {
    /// The call was about to be made: it may have taken effect.
    Begun,
    Done {
        kept: StepOutputs,
    },
}

/// Pushes one approved picture to its product in the shop.
pub async fn run(tools: &Shared, lease: &Arc<Lease>, id: &PushId, trigger: Trigger) -> Result<(), Failure> {
    let Some(opened) = open(tools, lease, id, trigger).await? else { return Ok(()) };
    let mut calls = 0;
    let result = upload(tools, lease, &opened, &mut calls).await;
    let now = tools.outside.clock.now();
    let mut tx = tools.db.begin().await?;
    lease.hold(&mut tx).await?;
    if let Ok(landed) = &result {
        let (image, url) = (&landed.picture.id, landed.picture.url.as_deref());
        let row = Pushed { image_id: image, image_url: url, sha256: &landed.sha256, position: landed.position };
        db::push::mark_synced(&mut tx, &opened.push.id, &row, now).await?;
        let event = NewEvent {
            id: &tools.outside.new_id(),
            client: &opened.push.client_id,
            kind: EventType::Exported,
            flow: opened.asset.generation_flow_id.as_ref(),
            product: Some(&opened.push.product_id),
            asset: Some(&opened.push.generated_asset_id),
            user: None,
            metadata: None,
        };
        db::event::insert(&mut tx, &event, now).await?;
        for replaced in &landed.replaced {
            db::push::mark_replaced(&mut tx, &opened.push.store_connection_id, &opened.push.product_id, replaced, now)
                .await?;
        }
        let asset = opened.push.generated_asset_id.as_str();
        db::catalogue::mark_own_picture(&mut tx, &opened.push.product_id, image, asset).await?;
        db::run::mark_picture(&mut tx, &opened.run.id, image, url).await?;
        connect::accepted(tools, &mut tx, &opened.push.store_connection_id).await?;
        connect::push_accepted(tools, &mut tx, &opened.push.store_connection_id).await?;
        landed.copies.write(tools, &mut tx, &opened.run, &opened.push).await?;
        if landed.resumed {
            // Its first worker may be suspended, not dead: its last request is looked for once it has arrived.
            db::job::insert(&mut tx, &check_job(tools, &lease.job, &opened.push)).await?;
        }
    }
    if result.as_ref().is_err_and(may_be_gone) {
        look_for_product(tools, &mut tx, &opened.push).await?;
    }
    opened.run.close(&mut tx, tools, RunEnd::of(&result), calls).await?;
    tx.commit().await?;
    result.map(drop)
}

/// Whether a push may have failed because the shop no longer has the product.
fn may_be_gone(failure: &Failure) -> bool {
    matches!(failure.kind, FailureKind::Shop(ShopAnswer::Missing, _) | FailureKind::UnexpectedAnswer)
}

/// Has a product looked up that the shop may no longer have, where its provider has a call for that.
async fn look_for_product(tools: &Tools, tx: &mut Tx, push: &Push) -> Result<(), Failure> {
    let connection = db::connection::find(tx, &push.store_connection_id).await?;
    let provider = connection.and_then(|connection| tools.provider(&connection.store_type).ok());
    if provider.is_some_and(|provider| provider.reads_one_product())
        && db::job::may_look(tx, &push.store_connection_id).await?
    {
        let (connection, erp_id) = (push.store_connection_id.clone(), push.external_product_id.clone());
        let look = Task::ReadProduct { connection, erp_id };
        db::job::enqueue_behind(tx, &tools.outside, &push.client_id, look).await?;
    }
    Ok(())
}

/// Fails where a shop cannot refuse a gallery that a person changed meanwhile, unless the operator allows it.
pub(super) fn check_guard(tools: &Tools, provider: &Provider, connection: &ConnectionId) -> Result<(), Failure> {
    let is_allowed = tools.policy.unguarded.allows(provider.key(), connection);
    let Some(what) = provider.unguarded_push().filter(|_| !is_allowed) else { return Ok(()) };
    let (name, key) = (provider.name(), provider.key());
    let text = format!(
        "{what}. Until you accept that, nothing is written to galleries of {name}: set allow_unguarded = [\"{key}\"] under [push] in \
         the configuration (true for every platform, \"{connection}\" for this shop alone), restart, then run: store-sync push retry"
    );
    Err(Failure::new(FailureKind::PushMode, text))
}

/// Whether the picture of a push was only recognised as the single new one.
pub(super) fn is_guessed(push: &Push) -> bool {
    Journal::deserialize(&push.journal.0).is_ok_and(|journal| journal.guessed)
}

struct Opened {
    push: Push,
    trigger: Trigger,
    asset: Asset,
    product: Product,
    run: OpenRun,
}

/// Claims the push and opens its run; `None` if there is nothing left to do.
async fn open(tools: &Tools, lease: &Lease, id: &PushId, trigger: Trigger) -> Result<Option<Opened>, Failure> {
    let mut tx = tools.db.begin().await?;
    let of_job = JobRun::take_over(&mut tx, tools, lease).await?;
    let Some(push) = db::push::claim(&mut tx, id, tools.outside.clock.now()).await? else {
        // Withdrawn, replaced, or already in the shop.
        tx.commit().await?;
        return Ok(None);
    };
    let asset = db::asset::find(&mut tx, push.generated_asset_id.as_str()).await?;
    let product = db::product::find(&mut tx, push.product_id.as_str()).await?;
    let (Some(asset), Some(product)) = (asset, product) else { return Ok(None) };
    let about = RunAbout { attempt: push.attempts, ..RunAbout::push(&push, RunAction::Upload, trigger) };
    let run = of_job.open(&mut tx, tools, &about).await?;
    tx.commit().await?;
    Ok(Some(Opened { push, trigger, asset, product, run }))
}

/// Opens the shop of a push. Pushes that lack a right wait, unless a person asks for this one.
pub(super) async fn open_shop(
    tools: &Shared,
    lease: &Arc<Lease>,
    push: &Push,
    trigger: Trigger,
) -> Result<(ShopClient, Connection), Failure> {
    let (shop, connection) = connect::open_for(lease, tools, &push.store_connection_id).await?;
    if let Some(why) = connection.push_stop_reason.as_deref().filter(|_| trigger != Trigger::Manual) {
        let text = format!("pushes to {} are stopped: {why}", connection.label());
        return Err(Failure::new(FailureKind::PushStopped, text));
    }
    Ok((shop, connection))
}

/// A picture that was read back from the shop.
struct Proof {
    picture: GalleryPicture,
    position: Option<i32>,
    sha256: String,
    replaced: Vec<String>,
    /// Duplicates beside it.
    copies: Copies,
    /// An earlier attempt had left a step unfinished.
    resumed: bool,
}

async fn upload(tools: &Shared, lease: &Arc<Lease>, opened: &Opened, calls: &mut i32) -> Result<Proof, Failure> {
    let (shop, connection) = open_shop(tools, lease, &opened.push, opened.trigger).await?;
    let upload = prepare(tools, shop.provider(), &opened.push, &opened.asset, &opened.product).await?;
    let uploader = Uploader { tools, lease, shop: &shop, connection: &connection, push: &opened.push, upload: &upload };
    let result = uploader.upload().await;
    *calls = shop.api_calls();
    result
}

struct Uploader<'a> {
    tools: &'a Tools,
    lease: &'a Lease,
    shop: &'a ShopClient,
    connection: &'a Connection,
    push: &'a Push,
    upload: &'a Upload,
}

impl Uploader<'_> {
    async fn upload(&self) -> Result<Proof, Failure> {
        let mut journal = Journal::deserialize(&self.push.journal.0).unwrap_or_default();
        let resumed = journal.steps.values().any(|step| matches!(step, StepState::Begun));
        if journal.snapshot.is_none() {
            let gallery = provider::gallery(self.shop, &self.upload.erp_product_id).await?;
            // The journal may be lost with an older backup: the picture may be there already.
            if let Some(picture) = provider::recognise(self.shop, self.upload, &gallery).await? {
                return self.verify(&picture.id, &journal, resumed).await;
            }
            journal.replaces = self.plan(&gallery).await?;
            journal.snapshot = Some(gallery);
            self.commit(&journal).await?;
        }
        let kept = self.steps(&mut journal).await?;
        let id = provider::result_id(self.shop.provider(), &kept)?;
        self.verify(&id, &journal, resumed).await
    }

    /// Our pictures to replace; fails for an unsupported mode or a full gallery.
    async fn plan(&self, gallery: &[GalleryPicture]) -> Result<Vec<String>, Failure> {
        let (mode, provider) = (self.connection.push_mode, self.shop.provider());
        if !provider.supports(mode) {
            let text = format!(
                "{} only adds pictures behind the others, so push mode {mode} is not possible there; run: store-sync \
                 connections schedule {} --push-mode append",
                provider.name(),
                self.connection.id
            );
            return Err(Failure::new(FailureKind::PushMode, text));
        }
        check_guard(self.tools, provider, &self.connection.id)?;
        let mut tx = self.tools.db.read().await?;
        let ours = db::push::list_synced(&mut tx, &self.connection.id, &self.push.product_id).await?;
        drop(tx);
        let in_gallery = |id: &String| gallery.iter().any(|picture| picture.id == *id);
        let ours = ours.into_iter().filter(|push| !is_guessed(push)).filter_map(|push| push.external_image_id);
        let mut ours: Vec<String> = ours.filter(in_gallery).collect();
        if mode != PushMode::ReplacePushed {
            ours.clear();
        }
        let most = provider.limits().images_per_product;
        if gallery.len() - ours.len().min(gallery.len()) >= most {
            let text = format!(
                "the product has {} pictures and {} takes at most {most}: none that is not ours is removed; remove one in the \
                 shop, then run: store-sync push retry {}",
                gallery.len(),
                provider.name(),
                self.push.id
            );
            return Err(Failure::new(FailureKind::GalleryFull, text));
        }
        Ok(ours)
    }

    async fn steps(&self, journal: &mut Journal) -> Result<StepOutputs, Failure> {
        let placing = Placement {
            first: self.connection.push_mode == PushMode::SetPrimary,
            replace: journal.replaces.clone(),
            before: journal.snapshot.clone().unwrap_or_default(),
        };
        let names: Vec<String> = self.shop.provider().push_steps().into_iter().map(str::to_owned).collect();
        let mut kept = StepOutputs::new();
        for (index, name) in names.into_iter().enumerate() {
            let yielded = match journal.steps.get(&name) {
                Some(StepState::Done { kept }) => kept.clone(),
                Some(StepState::Begun) => {
                    let known = journal.snapshot.as_deref().unwrap_or_default();
                    match provider::check_step(self.shop, index, self.upload, known, &kept).await? {
                        Some(found) => {
                            journal.guessed |= found.is_guess;
                            found.outputs
                        }
                        None => provider::step(self.shop, index, self.upload, &kept, &placing).await?,
                    }
                }
                None => {
                    journal.steps.insert(name.clone(), StepState::Begun);
                    self.commit(journal).await?;
                    provider::step(self.shop, index, self.upload, &kept, &placing).await?
                }
            };
            kept.extend(yielded.clone());
            if !matches!(journal.steps.get(&name), Some(StepState::Done { .. })) {
                journal.steps.insert(name, StepState::Done { kept: yielded });
                self.commit(journal).await?;
            }
        }
        Ok(kept)
    }

    /// Reads the gallery back: only a picture that is in it counts as pushed.
    async fn verify(&self, id: &str, journal: &Journal, resumed: bool) -> Result<Proof, Failure> {
        let mut gallery = provider::gallery(self.shop, &self.upload.erp_product_id).await?;
        let Some(place) = gallery.iter().position(|picture| picture.id == id) else {
            let text = format!("{} accepted the picture but does not list it yet", self.shop.provider().name());
            return Err(Failure::new(FailureKind::NotVisible, text));
        };
        if self.shop.provider().verifies_bytes() {
            let url = gallery[place].url.as_deref().unwrap_or_default();
            if !provider::same_bytes(self.shop, url, &self.upload.sha256).await? {
                let text = format!("{} shows another picture than the one that was sent", self.shop.provider().name());
                return Err(Failure::new(FailureKind::PictureDiffers, text));
            }
        }
        let pushed = PushedImage { id, mark: &self.upload.mark, sha256: &self.upload.sha256 };
        let known = journal.snapshot.as_deref().unwrap_or_default();
        let copies = if resumed {
            Copies::take_out(self.shop, &self.upload.erp_product_id, &pushed, known, &gallery).await?
        } else {
            Copies::default()
        };
        Ok(Proof {
            position: i32::try_from(place).ok(),
            picture: gallery.swap_remove(place),
            sha256: self.upload.sha256.clone(),
            replaced: journal.replaces.clone(),
            copies,
            resumed,
        })
    }

    async fn commit(&self, journal: &Journal) -> Result<(), Failure> {
        let json = serde_json::to_value(journal).map_err(|e| Failure::new(FailureKind::Journal, e.to_string()))?;
        let mut tx = self.tools.db.begin().await?;
        self.lease.hold(&mut tx).await?;
        db::push::update_journal(&mut tx, &self.push.id, &json, self.tools.outside.clock.now()).await?;
        tx.commit().await?;
        Ok(())
    }
}
