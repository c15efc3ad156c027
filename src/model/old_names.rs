//! Names of the older model, for code that still uses them.

#[deprecated(note = "called CollectionSession now")]
pub type StudioSession = super::CollectionSession;
#[deprecated(note = "called GenerationFlow now")]
pub type Flow = super::GenerationFlow;
#[deprecated(note = "called GeneratedAsset now")]
pub type GeneratedImage = super::GeneratedAsset;

#[cfg(test)]
mod tests {
    #[test]
    #[expect(deprecated, reason = "this is what is tested")]
    fn old_names_still_compile() {
        fn is<T>(_: fn() -> Option<T>) {}
        is::<crate::model::CollectionSession>(|| None::<super::StudioSession>);
        is::<crate::model::GenerationFlow>(|| None::<super::Flow>);
        is::<crate::model::GeneratedAsset>(|| None::<super::GeneratedImage>);
    }
}
