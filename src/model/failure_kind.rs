//! The kinds of failures: one table says of each what helps, and how every face answers it.

use std::{fmt, time::Duration};

use super::{run::FIELDS_WITHOUT_VALUES, text};

/// Characters of a code that are kept.
const MAX_CODE: usize = 100;
/// How codes begin that a shop's GraphQL errors have: none of ours does, whatever a shop calls its own.
const GRAPHQL: &str = "graphql_";
/// Codes of runs that did not fail: what ended them is looked up by these.
const NOTES: [&str; 9] = [
    "continues",
    "endless",
    "facts_changed",
    FIELDS_WITHOUT_VALUES,
    "interrupted",
    "left_to_pass",
    "permission_ending",
    "sweep_brake",
    "unproven",
];

/// What helps. Decided by the kind, acted on in `work/finish_attempt.rs`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remedy {
    /// The same work may succeed later: after the given wait, or after the usual backoff.
    Retry(Option<Duration>),
    /// Only the merchant can mend it, by connecting the shop again.
    Reconnect,
    /// Nothing helps by itself; a person has to read the message.
    GiveUp,
}

/// Makes the table of kinds: `Variant = "code", remedy, HTTP status;`.
macro_rules! kinds {
    (@remedy retry) => { Remedy::Retry(None) };
    (@remedy reconnect) => { Remedy::Reconnect };
    (@remedy give_up) => { Remedy::GiveUp };
    ($($variant:ident = $code:literal, $remedy:ident, $status:literal;)+) => {
        /// What went wrong. Programs know it by its code, which several kinds share where only the remedy differs.
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub enum FailureKind {
            $(#[doc = concat!("`", $code, "`")] $variant,)+
            /// Something with this id is not there: `unknown_client`, `unknown_asset`, …
            NotFound(Noun),
            /// What a shop answered.
            Shop(ShopAnswer, ShopCode),
        }

        /// The codes of the table.
        const CODES: &[&str] = &[$($code),+];

        impl FailureKind {
            /// Snake-case code, kept in `error_code` columns and told to programs.
            pub fn code(&self) -> &str {
                match self {
                    $(Self::$variant => $code,)+
                    Self::NotFound(noun) => noun.code(),
                    Self::Shop(_, ShopCode(Some(code))) => code,
                    Self::Shop(answer, ShopCode(None)) => answer.code(),
                }
            }

            /// What helps against it.
            pub fn remedy(&self) -> Remedy {
                match self {
                    $(Self::$variant => kinds!(@remedy $remedy),)+
                    Self::NotFound(_) => Remedy::GiveUp,
                    Self::Shop(answer, _) => answer.remedy(),
                }
            }

            /// The HTTP status that pages and the API answer it with.
            pub fn http_status(&self) -> u16 {
                match self {
                    $(Self::$variant => $status,)+
                    Self::NotFound(_) => 404,
                    Self::Shop(ShopAnswer::Throttled, _) => 503,
                    Self::Shop(..) => 502,
                }
            }
        }
    };
}

kinds! {
    // who asks
    Unauthorized = "unauthorized", give_up, 401;
    AccessDenied = "access_denied", give_up, 400;
    BadSignature = "bad_signature", give_up, 403;
    NoClient = "no_client", give_up, 403;
    NotSigned = "not_signed", give_up, 403;
    OtherBrowser = "other_browser", give_up, 403;
    OtherConsumer = "other_consumer", give_up, 403;
    OtherIssuer = "other_issuer", give_up, 400;
    OtherShop = "other_shop", give_up, 403;
    StaleSignature = "stale_signature", give_up, 403;
    // what is asked
    BadAddress = "bad_address", give_up, 400;
    BadBody = "bad_body", give_up, 422;
    BadCallback = "bad_callback", give_up, 400;
    BadField = "bad_field", give_up, 400;
    BadMethod = "bad_method", give_up, 405;
    BadMonth = "bad_month", give_up, 422;
    BadOrder = "bad_order", give_up, 422;
    BadPicture = "bad_picture", give_up, 422;
    BadQuery = "bad_query", give_up, 400;
    BadSettings = "bad_settings", give_up, 422;
    BadStoreUrl = "bad_store_url", give_up, 400;
    AuthoriseError = "authorise_error", give_up, 400;
    CodeMissing = "code_missing", give_up, 400;
    NotAPicture = "not_a_picture", give_up, 422;
    OtherClient = "other_client", give_up, 422;
    PictureType = "picture_type", give_up, 422;
    Refused = "refused", give_up, 422;
    StateExpired = "state_expired", give_up, 400;
    StateMissing = "state_missing", give_up, 400;
    StateUnknown = "state_unknown", give_up, 400;
    StateUsed = "state_used", give_up, 400;
    TooFast = "too_fast", retry, 429;
    TooLarge = "too_large", give_up, 413;
    TooSlow = "too_slow", give_up, 408;
    UnknownRoute = "unknown_route", give_up, 404;
    // what is used up: pictures, room or money
    MoneyCap = "money_cap", give_up, 402;
    NoPrice = "no_price", give_up, 402;
    QuotaExceeded = "quota_exceeded", give_up, 402;
    StorageExceeded = "storage_exceeded", give_up, 402;
    // the state that something is in
    NotApproved = "not_approved", give_up, 409;
    NotCompleted = "not_completed", give_up, 409;
    NotFailed = "not_failed", give_up, 409;
    NotSynced = "not_synced", give_up, 409;
    NothingToMigrate = "nothing_to_migrate", give_up, 409;
    Overtaken = "stale", retry, 409;
    Stale = "stale", give_up, 409;
    // a connection
    ConnectionError = "connection_error", give_up, 409;
    Disconnected = "disconnected", give_up, 409;
    NeedsReauth = "needs_reauth", reconnect, 409;
    Paused = "paused", give_up, 409;
    Pending = "pending", give_up, 409;
    ShopTaken = "shop_taken", give_up, 409;
    PushMode = "push_mode", give_up, 422;
    PushStopped = "push_stopped", give_up, 409;
    NoPush = "no_push", give_up, 422;
    NoUndo = "no_undo", give_up, 422;
    // our own setting up
    NoApp = "no_app", give_up, 400;
    NoModel = "no_model", give_up, 422;
    NoOauth = "no_oauth", give_up, 400;
    NoPastedKey = "no_pasted_key", give_up, 400;
    NotReachable = "not_reachable", give_up, 400;
    Vault = "vault", give_up, 500;
    WrongApp = "wrong_app", give_up, 502;
    WrongKey = "wrong_key", give_up, 422;
    // a shop's keys
    BrowserChallenge = "browser_challenge", retry, 502;
    KeyMissing = "key_missing", reconnect, 409;
    KeyRefused = "key_refused", reconnect, 502;
    KeyWaits = "key_refused", retry, 409;
    KeysMissing = "keys_missing", give_up, 400;
    NoRefreshToken = "no_refresh_token", reconnect, 409;
    NotMigrated = "not_migrated", give_up, 502;
    RefreshAnswerLost = "refresh_lost", retry, 502;
    RefreshBusy = "refresh_busy", retry, 503;
    RefreshLost = "refresh_lost", reconnect, 502;
    RefreshOvertaken = "refresh_overtaken", retry, 503;
    RevokeRefused = "revoke_refused", retry, 502;
    PastedKeyRefused = "key_refused", give_up, 400;
    ScopesMissing = "scopes_missing", give_up, 400;
    TokenEndpointAnswer = "token_endpoint", give_up, 502;
    TokenEndpointDown = "token_endpoint", retry, 502;
    TokenRefused = "token_refused", reconnect, 502;
    TokenRequest = "token_request", give_up, 502;
    // a shop's calls
    AnswerTooLarge = "answer_too_large", give_up, 502;
    BadFileUrl = "bad_file_url", retry, 502;
    BadHeader = "bad_header", give_up, 502;
    BadPictureUrl = "bad_picture_url", give_up, 502;
    BulkItemTooLarge = "bulk_item_too_large", give_up, 502;
    BulkUnfinished = "bulk_unfinished", retry, 502;
    Cursor = "cursor", give_up, 500;
    FileUnreachable = "file_unreachable", retry, 502;
    ForeignPage = "foreign_page", give_up, 502;
    KeysUnread = "keys_unread", retry, 503;
    Network = "network", retry, 502;
    NotJson = "not_json", retry, 502;
    NotXml = "not_xml", retry, 502;
    RefusedAddress = "refused_address", give_up, 502;
    Template = "template", give_up, 500;
    UnexpectedAnswer = "unexpected_answer", give_up, 502;
    UnexpectedPage = "unexpected_answer", retry, 502;
    Unreachable = "unreachable", retry, 502;
    Unreadable = "unreadable", give_up, 502;
    // a push
    GalleryFull = "gallery_full", give_up, 422;
    Journal = "journal", give_up, 500;
    NotVisible = "not_visible", retry, 502;
    PictureChanged = "picture_changed", give_up, 409;
    PictureDiffers = "picture_differs", give_up, 502;
    PictureFailed = "picture_failed", give_up, 502;
    PictureProcessing = "picture_processing", retry, 502;
    PictureTooLarge = "picture_too_large", give_up, 422;
    PictureUnreachable = "picture_unreachable", retry, 502;
    StillVisible = "still_visible", retry, 502;
    WhichPicture = "which_picture", give_up, 502;
    // making pictures
    AnalysisCut = "analysis_cut", retry, 502;
    AnswerLost = "answer_lost", retry, 502;
    BadAnalysis = "bad_analysis", retry, 502;
    BadRequest = "bad_request", give_up, 422;
    Blocked = "blocked", give_up, 422;
    ModelAway = "model_away", retry, 503;
    ModelKey = "model_key", give_up, 502;
    ModelQuota = "model_quota", retry, 503;
    ModelRefused = "model_refused", give_up, 502;
    NoPicture = "no_picture", give_up, 422;
    NoPictureMade = "no_picture", retry, 502;
    NoProduct = "no_product", give_up, 422;
    PictureMissing = "picture_missing", give_up, 404;
    Studio = "studio", give_up, 422;
    StudioInterrupted = "studio", retry, 503;
    // ourselves
    Away = "away", retry, 503;
    Database = "database", retry, 503;
    Fetch = "fetch", retry, 502;
    FetchRefused = "fetch", give_up, 422;
    FilesAway = "files", retry, 503;
    FilesRefused = "files", give_up, 500;
    LeaseLost = "lease_lost", retry, 503;
    Panic = "panic", give_up, 500;
    Panicked = "panic", retry, 500;
    Stopped = "stopped", retry, 503;
    TooManyFollowers = "too_many_followers", retry, 503;
    // conversations that prove a provider's file
    Fixture = "fixture", give_up, 500;
    NoConversations = "no_conversations", give_up, 422;
    RefreshWanted = "renewal_wanted", retry, 500;
}

impl FailureKind {
    /// What a shop's answer means where the provider's file says nothing of its own.
    pub const fn shop(answer: ShopAnswer) -> Self {
        Self::Shop(answer, ShopCode(None))
    }

    /// The same under a code that somebody else chose: the provider's file, or the shop. It is told, and steers nothing.
    pub fn shop_says(answer: ShopAnswer, code: &str) -> Self {
        Self::Shop(answer, ShopCode(Some(text::shortened(code, MAX_CODE))))
    }

    /// The same under the code of a GraphQL error, which no other failure has.
    pub fn graphql(answer: ShopAnswer, code: &str) -> Self {
        Self::shop_says(answer, &format!("{GRAPHQL}{}", code.to_lowercase()))
    }

    /// Whether a code is one of ours, so that nobody else's failure may be called so.
    pub fn is_ours(code: &str) -> bool {
        let by_form = ["unknown_", "http_", GRAPHQL].iter().any(|start| code.starts_with(start));
        let by_answer = ShopAnswer::ALL.iter().any(|answer| answer.code() == code);
        by_form || by_answer || CODES.contains(&code) || NOTES.contains(&code)
    }

    /// What the command line ends with: 75 (`EX_TEMPFAIL` of sysexits.h) where trying again later may help, else 1.
    pub fn exit_code(&self) -> u8 {
        if matches!(self.remedy(), Remedy::Retry(_)) { 75 } else { 1 }
    }
}

impl fmt::Display for FailureKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.code())
    }
}

/// A code that is not ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShopCode(Option<String>);

/// What a shop's answer means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ShopAnswer {
    Throttled,
    Down,
    /// The merchant took the permission back, or it has ended.
    Revoked,
    /// A right is missing, as a rule of the provider's file knows.
    Rights,
    /// The same by the status alone (402, 403): it may be about this one call.
    Forbidden,
    Missing,
    /// Refused for whatever other reason.
    Refused,
}

impl ShopAnswer {
    const ALL: [Self; 7] =
        [Self::Throttled, Self::Down, Self::Revoked, Self::Rights, Self::Forbidden, Self::Missing, Self::Refused];

    fn code(self) -> &'static str {
        match self {
            Self::Throttled => "throttled",
            Self::Down => "shop_down",
            Self::Revoked => "revoked",
            Self::Rights | Self::Forbidden => "rights",
            Self::Missing => "not_found",
            Self::Refused => "refused",
        }
    }

    fn remedy(self) -> Remedy {
        match self {
            Self::Throttled | Self::Down => Remedy::Retry(None),
            Self::Revoked => Remedy::Reconnect,
            Self::Rights | Self::Forbidden | Self::Missing | Self::Refused => Remedy::GiveUp,
        }
    }
}

/// Makes the things that may not be there: `Variant = "word", "list command"`.
macro_rules! nouns {
    ($($variant:ident = $word:literal, $list:literal;)+) => {
        /// Something that people name by an id.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Noun { $($variant,)+ }

        impl Noun {
            /// The word for it, in messages.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }

            const fn code(self) -> &'static str {
                match self { $(Self::$variant => concat!("unknown_", $word),)+ }
            }

            /// The command that lists what there is.
            pub(super) const fn list(self) -> &'static str {
                match self { $(Self::$variant => $list,)+ }
            }
        }
    };
}

nouns! {
    Asset = "asset", "assets list";
    Client = "client", "clients list";
    Connection = "connection", "connections list";
    Event = "event", "events list";
    Flow = "flow", "flows list";
    Inspiration = "inspiration", "inspirations list";
    Product = "product", "products list";
    Provider = "provider", "providers list";
    Push = "push", "push list";
    Run = "run", "logs";
    Session = "session", "sessions list";
    Tag = "tag", "tags list";
    User = "user", "clients members list";
}
