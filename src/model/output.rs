//! What an output is requested as: its engine and its work, fixed when it is requested.

use serde::{Deserialize, Serialize};

use super::{AssetId, FlowId, UsageKind, words};

words! {
    /// The engine that generates pictures.
    #[derive(Default, schemars::JsonSchema)]
    Engine {
        /// The local studio: no API key, no model.
        #[default]
        Studio = "studio",
        /// The model under `[gemini]`.
        Model = "gemini",
    }
}

/// What an output was requested as. Stays as it is when the output is retried, and when its flow is deleted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutputRequest {
    #[serde(default)]
    pub engine: Engine,
    /// The flow at the time of the request: the object keys of the output name it.
    #[serde(default)]
    pub flow: Option<FlowId>,
    #[serde(flatten)]
    pub work: OutputWork,
}

/// How an output comes about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum OutputWork {
    /// A new picture of products.
    Image {
        /// The output that this is another attempt at.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        again_from: Option<AssetId>,
    },
    /// A finished output, changed.
    Edit {
        edited_from: AssetId,
        /// What a model is told; without it the output is adjusted by arithmetic.
        #[serde(default)]
        instruction: Option<String>,
    },
}

impl OutputWork {
    /// What it is in the account.
    pub fn usage(&self) -> UsageKind {
        match self {
            Self::Image { .. } => UsageKind::Image,
            Self::Edit { .. } => UsageKind::Edit,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_provenance_of_an_earlier_release_is_read_as_a_request() {
        let read = |text: &str| serde_json::from_str::<OutputRequest>(text).expect("is read");
        let (flow, parent) = (FlowId::from("f"), AssetId::from("p"));
        let image = read(r#"{"kind": "image", "engine": "gemini", "flow": "f", "seed": 3}"#);
        let expected = OutputWork::Image { again_from: None };
        assert_eq!(image, OutputRequest { engine: Engine::Model, flow: Some(flow), work: expected });
        let edit =
            read(r#"{"kind": "edit", "edited_from": "p", "instruction": null, "engine": "studio", "flow": null}"#);
        let expected = OutputWork::Edit { edited_from: parent, instruction: None };
        assert_eq!(edit, OutputRequest { engine: Engine::Studio, flow: None, work: expected });
        let again = serde_json::to_string(&edit).expect("is written");
        assert_eq!(read(&again), edit);
    }
}
