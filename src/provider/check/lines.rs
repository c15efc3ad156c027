//! Finds the line of a key in a provider's file.

use std::ops::Range;

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

/// The parsed file, with the spans of its keys.
pub(super) struct KeyLines<'a> {
    text: &'a str,
    tree: Option<Spanned<DeTable<'a>>>,
}

impl<'a> KeyLines<'a> {
    pub(super) fn of(text: &'a str) -> Self {
        Self { text, tree: DeTable::parse(text).ok() }
    }

    /// The line of `key`, such as `push.step.attach.op`, or of its nearest existing parent; `None` if the file has
    /// neither. An element of a list is found by its `name`.
    pub(super) fn find(&self, key: &str) -> Option<usize> {
        let tree = self.tree.as_ref()?;
        let mut table = tree.get_ref();
        let mut list: Option<&toml::de::DeArray<'_>> = None;
        let mut at: Option<Range<usize>> = None;
        for name in key.split('.').map(str::trim) {
            if let Some(things) = list.take() {
                let named = things.iter().find_map(|thing| {
                    let inner = thing.get_ref().as_table()?;
                    let known = inner.get("name")?.get_ref().as_str()?;
                    (known == name).then_some((inner, thing.span()))
                });
                let Some((inner, span)) = named else { break };
                (table, at) = (inner, Some(span));
                continue;
            }
            let Some((key, value)) = table.iter().find(|(known, _)| known.get_ref().as_ref() == name) else { break };
            at = Some(key.span());
            match value.get_ref() {
                DeValue::Table(inner) => table = inner,
                DeValue::Array(things) => list = Some(things),
                _ => break,
            }
        }
        at.map(|at| self.text[..at.start].matches('\n').count() + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::KeyLines;

    #[test]
    fn a_key_is_found_or_what_is_above_it() {
        let text = "schema = 1\n[a]\nb = { c = 1 }\n[[a.step]]\nname = 'x'\n[[a.step]]\nname = 'y'\nop = 'z'\n";
        let lines = KeyLines::of(text);
        let find = |key| lines.find(key);
        assert_eq!((find("schema"), find("a.b.c"), find("a.b.gone")), (Some(1), Some(3), Some(3)));
        assert_eq!((find("a.step.y.op"), find("a.step.y"), find("nowhere")), (Some(8), Some(6), None));
    }
}
