//! The document of the interface as the host serves it, and whether answers are what it says.

use super::setting::{Asked, Setting};
use reqwest::Method;
use serde_json::{Value, json};

/// The document.
pub(super) struct Document(Value);

/// One operation of it.
pub(super) struct Operation {
    pub(super) id: String,
    pub(super) method: Method,
    pub(super) path: String,
    /// The least role; none: it is for everybody.
    pub(super) least: Option<String>,
    about: Value,
}

impl Document {
    pub(super) async fn of(setting: &Setting) -> Self {
        let served = Asked::of(setting.request(&Method::GET, "/api/v1/openapi.json", None)).await;
        assert_eq!(served.status, 200, "{served:?}");
        Self(serde_json::from_str(&served.body).unwrap())
    }

    pub(super) fn operations(&self) -> Vec<Operation> {
        let mut found = Vec::new();
        for (path, methods) in self.0["paths"].as_object().unwrap() {
            for (method, about) in methods.as_object().unwrap() {
                found.push(Operation {
                    id: about["operationId"].as_str().unwrap().to_owned(),
                    method: method.to_uppercase().parse().unwrap(),
                    path: path.clone(),
                    least: about["x-least-role"].as_str().map(str::to_owned),
                    about: about.clone(),
                });
            }
        }
        found
    }

    /// Whether an answer has a status, a media type and a shape that the document knows of this operation.
    pub(super) fn check(&self, operation: &Operation, answer: &Asked) -> Result<(), String> {
        let mut response = &operation.about["responses"][answer.status.to_string()];
        if response.is_null() {
            return Err(format!("the document does not know status {}: {answer:?}", answer.status));
        }
        if let Some(place) = response["$ref"].as_str() {
            response = self.0.pointer(place.trim_start_matches('#')).ok_or(format!("{place} leads nowhere"))?;
        }
        let Some(content) = response["content"].as_object() else {
            return if answer.body.is_empty() { Ok(()) } else { Err(format!("there should be no body: {answer:?}")) };
        };
        let about = content.get(&answer.kind).ok_or(format!("the document does not know `{}`", answer.kind))?;
        if !answer.kind.ends_with("json") {
            return Ok(());
        }
        let value: Value = serde_json::from_str(&answer.body).map_err(|error| format!("{error}: {answer:?}"))?;
        let schema = json!({"allOf": [about["schema"]], "components": self.0["components"]});
        let schema = jsonschema::draft202012::new(&schema).map_err(|error| error.to_string())?;
        let faults: Vec<String> =
            schema.iter_errors(&value).map(|fault| format!("{}: {fault}", fault.instance_path())).collect();
        if faults.is_empty() { Ok(()) } else { Err(format!("not as the document says: {} {value}", faults.join("; "))) }
    }
}
