//! Builds request bodies as the provider's file describes them.

use serde_json::{Value, json};

use super::{
    context::TemplateContext,
    path::as_text,
    recipe::{AnswerKind, BodyKind, Op},
    template::{Template, Tree},
    upload::Upload,
};
use crate::{
    model::{Failure, FailureKind},
    outside::{Body, Part},
};

impl Op {
    /// Every name that its templates look up.
    pub(super) fn slots(&self) -> Vec<&str> {
        let plain = self
            .path
            .iter()
            .chain(&self.url)
            .chain(self.query.values())
            .chain(self.headers.values())
            .flat_map(Template::slots);
        let mut slots: Vec<&str> = plain.collect();
        match &self.body {
            Some(
                BodyKind::Json { value: tree }
                | BodyKind::Graphql { variables: tree, .. }
                | BodyKind::GraphqlMultipart { variables: tree, .. },
            ) => slots.extend(tree.slots()),
            Some(BodyKind::Form { fields }) => slots.extend(fields.values().flat_map(Template::slots)),
            Some(BodyKind::Multipart { part, .. }) => {
                slots.extend(part.iter().filter_map(|part| part.value.as_ref()).flat_map(Template::slots));
                slots.extend(part.iter().filter_map(|part| part.json.as_ref()).flat_map(Tree::slots));
            }
            Some(BodyKind::Raw { .. }) | None => {}
        }
        slots
    }

    pub(super) fn looks_up(&self, name: &str) -> bool {
        self.slots().contains(&name)
    }

    /// Whether it looks up a name with this prefix.
    pub(super) fn looks_up_any(&self, prefix: &str) -> bool {
        self.slots().iter().any(|slot| slot.starts_with(prefix))
    }

    /// Whether it writes a gallery that was read before: a repeated call would lose what was added meanwhile.
    pub(super) fn writes_gallery(&self) -> bool {
        self.looks_up_any("gallery.ids") || self.looks_up_any("gallery.items")
    }

    /// What its response has to be, if the status is a success.
    pub(super) fn answer_kind(&self) -> AnswerKind {
        self.answer.unwrap_or_default()
    }

    pub(super) fn is_xml(&self) -> bool {
        self.answer_kind() == AnswerKind::Xml
    }

    pub(super) fn may_repeat(&self) -> bool {
        self.idempotent.unwrap_or(self.method.as_deref().map_or(self.body.is_none(), |m| m == "GET"))
    }
}

/// Returns the content type, if the body needs one, and the body.
pub(super) fn fill(
    op: &Op,
    body: &BodyKind,
    context: &TemplateContext<'_>,
    upload: Option<&Upload>,
) -> Result<(Option<String>, Body), Failure> {
    let file = || {
        upload.ok_or_else(|| {
            Failure::new(FailureKind::NoPicture, "the provider's file sends a picture in a call that has none")
        })
    };
    let json = |value: &Value| (Some("application/json".to_owned()), Body::Bytes(value.to_string().into()));
    Ok(match body {
        BodyKind::Json { value } => json(&value.fill(context)?.unwrap_or(Value::Null)),
        BodyKind::Graphql { variables, .. } => {
            let context = context.with("inner", op.inner.as_str().into());
            json(&json!({ "query": op.document, "variables": variables.fill(&context)? }))
        }
        BodyKind::Form { fields } => {
            let mut form = url::form_urlencoded::Serializer::new(String::new());
            for (name, template) in fields {
                if let Some(value) = template.text(context)? {
                    form.append_pair(name, &value);
                }
            }
            (Some("application/x-www-form-urlencoded".to_owned()), Body::Bytes(form.finish().into()))
        }
        BodyKind::Raw { content_type } => (content_type.text(context)?, Body::Bytes(file()?.bytes.clone())),
        BodyKind::Multipart { fields, part } => {
            let mut parts = Vec::new();
            let listed = fields.as_ref().map(|template| template.value(context)).transpose()?.flatten();
            for field in listed.as_ref().and_then(Value::as_array).into_iter().flatten() {
                let text = |name: &str| field.get(name).and_then(as_text).unwrap_or_default();
                parts.push(text_part(&text("name"), text("value")));
            }
            for part in part {
                match (&part.value, &part.json) {
                    (Some(template), _) => {
                        parts.extend(template.text(context)?.map(|text| text_part(&part.name, text)));
                    }
                    (None, Some(tree)) => {
                        let text = tree.fill(context)?.unwrap_or_default().to_string();
                        let media_type = Some("application/json".to_owned());
                        parts.push(Part { media_type, ..text_part(&part.name, text) });
                    }
                    (None, None) => parts.push(file_part(&part.name, file()?)),
                }
            }
            (None, Body::Multipart(parts))
        }
        BodyKind::GraphqlMultipart { variables, file_at, .. } => {
            let operations = json!({ "query": op.document, "variables": variables.fill(context)? });
            let map = json!({ "0": [format!("variables.{file_at}")] });
            let parts = vec![
                text_part("operations", operations.to_string()),
                text_part("map", map.to_string()),
                file_part("0", file()?),
            ];
            (None, Body::Multipart(parts))
        }
    })
}

fn text_part(name: &str, text: String) -> Part {
    Part { name: name.to_owned(), bytes: text.into(), file: None, media_type: None }
}

fn file_part(name: &str, upload: &Upload) -> Part {
    let file = Some((upload.file_name.clone(), upload.mime_type.clone()));
    Part { name: name.to_owned(), bytes: upload.bytes.clone(), file, media_type: None }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::model::Facts;

    fn op(text: &str) -> Op {
        toml::from_str(text).expect("an op")
    }

    fn upload() -> Upload {
        Upload {
            bytes: Bytes::from_static(b"picture"),
            mime_type: "image/png".into(),
            file_name: "ss-1.png".into(),
            alt: "A & B".into(),
            sha256: String::new(),
            erp_product_id: "7".into(),
            mark: "ss-1".into(),
            url: String::new(),
        }
    }

    fn filled(text: &str) -> (Option<String>, Body) {
        let (op, upload, facts) = (op(text), upload(), Facts::new());
        let mut context = TemplateContext::of_facts(&facts);
        upload.describe(context.values.to_mut());
        fill(&op, op.body.as_ref().expect("a body"), &context, Some(&upload)).expect("is filled")
    }

    #[test]
    fn a_form_is_encoded_and_leaves_out_what_has_no_value() {
        let (kind, body) = filled("body = { kind = 'form', fields = { alt = '{asset.alt}', gone = '{since}' } }");
        assert_eq!(kind.as_deref(), Some("application/x-www-form-urlencoded"));
        assert!(matches!(body, Body::Bytes(bytes) if bytes == "alt=A+%26+B"));
    }

    #[test]
    fn a_multipart_form_carries_texts_and_the_picture() {
        let text =
            "body = { kind = 'multipart', part = [{ name = 'id', value = '{product.erp_id}' }, { name = 'image' }] }";
        let (kind, Body::Multipart(parts)) = filled(text) else { panic!("a multipart form") };
        assert_eq!((kind, parts.len()), (None, 2));
        assert_eq!((parts[0].name.as_str(), &parts[0].bytes[..]), ("id", b"7".as_slice()));
        assert_eq!(parts[1].file, Some(("ss-1.png".to_owned(), "image/png".to_owned())));
        assert_eq!(&parts[1].bytes[..], b"picture");
    }

    #[test]
    fn only_what_may_be_repeated_is() {
        assert!(op("path = '/x'").may_repeat());
        assert!(!op("method = 'DELETE'").may_repeat());
        assert!(!op("body = { kind = 'json', value = {} }").may_repeat());
        assert!(op("idempotent = true\nbody = { kind = 'json', value = {} }").may_repeat());
        assert!(op("body = { kind = 'json', value = { images = '{gallery.items}' } }").writes_gallery());
        assert!(!op("body = { kind = 'json', value = { position = '{gallery.next}' } }").writes_gallery());
    }
}
