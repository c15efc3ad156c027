//! The names that templates look up, and where each has a value: one table for the checks and for the reference page.

/// Where a placeholder has a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// Every call and every text about a shop.
    Shop,
    /// The addresses and texts of a connect.
    Connect,
    /// The page to which the merchant's browser is sent.
    Consent,
    /// The operation of a page: of the catalogue, of a list within an item, or of the subscriptions.
    Page,
    /// The operation of the catalogue's pages, and `import.since.filter`.
    Changes,
    /// The operations of `import.nested` and `import.one.nested`.
    Nested,
    /// A field of `import.map`, `webhook.on.….id` and `webhook.shop.store_url`.
    Field,
    /// The operation that polls a bulk export.
    Bulk,
    /// The variables of a GraphQL document with `inner`.
    Inner,
    /// Every operation of a push and of a removal, and the one that reads a product.
    Product,
    /// The steps of a push, and the operation of `look`.
    Upload,
    /// The steps of a push.
    Step,
    /// Only the operation of a step, and its `only_if`.
    Gallery,
    /// `item` and `others` of a list that is written as a whole.
    Picture,
    /// The removal of a picture: its operation, and those of its steps.
    Undo,
    /// The operation that subscribes to webhooks.
    Hook,
    /// The operation that deletes a subscription.
    Unsubscribe,
    /// The operation that ends the shop's permission.
    Leave,
    /// `webhook.verify.text`.
    Delivery,
}

pub(super) struct Placeholder {
    pub(super) name: &'static str,
    pub(super) place: Place,
    pub(super) says: &'static str,
}

const fn of(place: Place, name: &'static str, says: &'static str) -> Placeholder {
    Placeholder { name, place, says }
}

/// Names in capitals stand for names that the file chooses.
pub(super) const PLACEHOLDERS: &[Placeholder] = &[
    of(
        Place::Shop,
        "FACT",
        "a field of the connect form that is no secret, or a fact of the probe, the callback or a token response",
    ),
    of(Place::Shop, "store_url", "the shop's URL"),
    of(Place::Shop, "shop_host", "its host, with the port unless it is the default"),
    of(Place::Shop, "grant.NAME", "a secret: a field of the connect form, or a key that was posted or brought"),
    of(Place::Shop, "grant.access", "the access token (OAuth, and kind `pasted_login`)"),
    of(Place::Shop, "app.client_id", "the id of the operator's app"),
    of(Place::Shop, "app.client_secret", "its secret"),
    of(Place::Connect, "FACT", "as above"),
    of(Place::Connect, "store_url", "the shop's URL, if it is known before the connect"),
    of(Place::Connect, "shop_host", "its host, in same_shop"),
    of(Place::Connect, "app.client_id", "the id of the operator's app"),
    of(Place::Consent, "state", "our state, which the callback has to bring back"),
    of(Place::Consent, "redirect_uri", "the URL of the callback"),
    of(Place::Page, "page.size", "items per page"),
    of(Place::Page, "page.number", "the number of the page, from 1 (kind number)"),
    of(Place::Page, "page.offset", "the number of items before the page (kind offset)"),
    of(Place::Page, "page.token", "the shop's token of the page (kind cursor); no value for the first one"),
    of(Place::Changes, "since", "the time from which changes are read; no value in a full import"),
    of(
        Place::Changes,
        "since.NAME",
        "the same, while the pages are read by the filter of this name in import.since.by; otherwise no value",
    ),
    of(Place::Changes, "until", "the present time; no value in a full import"),
    of(
        Place::Changes,
        "filter",
        "import.since.filter or that of import.since.by, or import.since.otherwise in a full import",
    ),
    of(Place::Changes, "part", "the part of the catalogue that is read (import.parts)"),
    of(Place::Nested, "item.NAME", "a member of the item; `{item.node.id}` is a member of a member"),
    of(Place::Nested, "batch.ids", "the ids of several items (import.nested.batch)"),
    of(Place::Field, "value", "what was read"),
    of(Place::Bulk, "bulk.id", "the id of the export"),
    of(Place::Inner, "inner", "the text of the document `inner`"),
    of(Place::Product, "product.erp_id", "the shop's id of the product"),
    of(Place::Upload, "asset.name", "the name of the file without its extension: our mark"),
    of(Place::Upload, "asset.file_name", "the name of the file, such as ss-0123456789abcdef0123.png"),
    of(Place::Upload, "asset.extension", "its extension"),
    of(Place::Upload, "asset.mime_type", "its media type"),
    of(Place::Upload, "asset.alt", "the alternative text, no longer than alt_chars"),
    of(Place::Upload, "asset.sha256", "the SHA-256 of its bytes, in hexadecimal"),
    of(Place::Upload, "asset.bytes", "the number of its bytes"),
    of(Place::Upload, "asset.base64", "its bytes in base64"),
    of(Place::Upload, "asset.url", "where the shop can fetch it, if it can reach this daemon"),
    of(Place::Upload, "push.mark", "our mark: the same for every try of this push"),
    of(
        Place::Upload,
        "push.uuid",
        "32 hexadecimal digits, the same for every try of this push: an id or an idempotency key",
    ),
    of(Place::Step, "kept.NAME", "an output of this step or of one before"),
    of(Place::Gallery, "gallery.ids", "the ids of the gallery as it is to be"),
    of(Place::Gallery, "gallery.items", "its objects: `item` for the new picture, `others` for each other"),
    of(Place::Gallery, "gallery.first", "the id of the first one"),
    of(Place::Gallery, "gallery.next", "the position of the new picture, from 1"),
    of(Place::Gallery, "gallery.make_first", "whether it is to be the first: true or false"),
    of(
        Place::Gallery,
        "gallery.cover",
        "the new picture's id (`list`), if it has to be made the cover: it is to be the first, it is the only one, or the cover is a picture of ours that it replaces; otherwise no value",
    ),
    of(Place::Gallery, "gallery.NAME", "a fact of push.list"),
    of(Place::Picture, "value", "the id of the picture"),
    of(Place::Picture, "value.url", "its URL, as push.list reads it; no value if it has none"),
    of(Place::Picture, "value.name", "its name"),
    of(Place::Picture, "value.alt", "its alternative text"),
    of(Place::Undo, "image.id", "the id of the picture"),
    of(Place::Undo, "gallery.ids", "the ids of the others"),
    of(Place::Undo, "gallery.items", "`others` for each of them"),
    of(Place::Undo, "gallery.first", "the id of the first of them"),
    of(
        Place::Undo,
        "gallery.cover",
        "the same, or null if there is none, if the picture is the product's cover; otherwise no value",
    ),
    of(Place::Undo, "gallery.NAME", "a fact of push.list"),
    of(Place::Hook, "hook.topic", "the topic"),
    of(Place::Hook, "hook.url", "where deliveries are to be sent"),
    of(Place::Hook, "hook.secret", "a secret that we generate, one per subscription"),
    of(Place::Unsubscribe, "hook.id", "the id of the subscription"),
    of(Place::Leave, "kept.NAME", "what `connect.leave.find` keeps"),
    of(Place::Delivery, "body.NAME", "a member of the delivery's body"),
];

impl Place {
    /// What the reference page calls it.
    pub(super) fn title(self) -> &'static str {
        match self {
            Self::Shop => "Every operation, and `call`",
            Self::Connect => "The addresses of `connect`",
            Self::Consent => "The page where the merchant grants access, besides",
            Self::Page => {
                "The operations of `import`, `import.nested`, `import.one.nested` and `webhook.subscribe.list`, besides"
            }
            Self::Changes => "The operation of `import`, besides",
            Self::Nested => "The operations of `import.nested` and `import.one.nested`, besides",
            Self::Field => "`template` of a field, besides facts and the shop's URL",
            Self::Bulk => "The operation that polls a bulk export, besides",
            Self::Inner => "The variables of a GraphQL document, besides",
            Self::Product => "The operations of `push` and of `import.one`, besides",
            Self::Upload => "The operations of its steps and of `look`, and `list`, `item` and `others`, besides",
            Self::Step => {
                "The operations of its steps, `list`, `item`, `others`, `only_if`, `look.id` and `result`, besides"
            }
            Self::Gallery => "The operations of its steps, and `only_if`, besides",
            Self::Picture => "`item` and `others`, besides",
            Self::Undo => "The operations of `push.undo`, and `only_if` of its steps, besides",
            Self::Hook => "The operation of `webhook.subscribe`, besides",
            Self::Unsubscribe => "`webhook.subscribe.delete_op`, besides",
            Self::Leave => "`connect.leave.op`, besides",
            Self::Delivery => "`webhook.verify.text`",
        }
    }
}
