//! Ids: text newtypes, so that a product's id cannot be passed as a client's. New ones are UUIDv7 (made by
//! `outside::Random`).

macro_rules! id {
    ($($(#[$meta:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize, sqlx::Type)]
        #[serde(transparent)]
        #[sqlx(transparent)]
        pub struct $name(pub String);

        impl $name {
            /// The id as text.
            pub fn as_str(&self) -> &str { &self.0 }
        }
        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str { &self.0 }
        }
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { f.pad(&self.0) }
        }
        impl From<String> for $name {
            fn from(text: String) -> Self { Self(text) }
        }
        impl From<&str> for $name {
            fn from(text: &str) -> Self { Self(text.to_owned()) }
        }
    )+};
}

id! {
    /// A tenant. Legacy ids may be slugs, so any text is valid.
    ClientId,
    /// A connected shop.
    ConnectionId,
    /// A product of the catalogue.
    ProductId,
    /// A variant of a product.
    VariantId,
    /// A picture of a product.
    ImageId,
    /// A generated output.
    AssetId,
    /// One asset in one shop.
    PushId,
    /// One logged run.
    RunId,
    /// A job.
    JobId,
    /// A collection of products to make pictures for.
    SessionId,
    /// One attempt with fixed settings.
    FlowId,
    /// A conversation about one product.
    ChatId,
    /// A message in a session or a conversation.
    MessageId,
    /// A picture that shows the intended style of a session.
    InspirationId,
    /// A client's tag for products and flows.
    TagId,
    /// An event.
    EventId,
    /// A person.
    UserId,
    /// A user's membership in a client.
    MemberId,
}
