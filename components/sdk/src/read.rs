//! The JSON inside events, as the author's own types.

use crate::bindings::trunkline::agent::types::{
    CallInfo, Control, Custom, EffectResult, Generation, ToolRequest, ToolResult,
};
use serde::de::DeserializeOwned;
use serde_json::Result;

impl CallInfo {
    /// The call's context data.
    ///
    /// # Errors
    /// When the context does not fit the type.
    pub fn context_as<T: DeserializeOwned>(&self) -> Result<T> {
        serde_json::from_str(&self.context)
    }

    /// What the agent that handed the call over left; `None` when nobody did.
    ///
    /// # Errors
    /// When it does not fit the type.
    pub fn handoff_as<T: DeserializeOwned>(&self) -> Result<Option<T>> {
        self.handoff.as_deref().map(serde_json::from_str).transpose()
    }
}

impl Generation {
    /// The structured output; `None` when no schema was asked for.
    ///
    /// # Errors
    /// When it does not fit the type.
    pub fn output_as<T: DeserializeOwned>(&self) -> Result<Option<T>> {
        self.output.as_deref().map(serde_json::from_str).transpose()
    }
}

impl ToolRequest {
    /// The arguments that the model wrote.
    ///
    /// # Errors
    /// When they do not fit the type: answer the request with that.
    pub fn args_as<T: DeserializeOwned>(&self) -> Result<T> {
        serde_json::from_str(&self.args)
    }
}

impl ToolResult {
    /// The result or error.
    ///
    /// # Errors
    /// When it does not fit the type.
    pub fn value_as<T: DeserializeOwned>(&self) -> Result<T> {
        serde_json::from_str(&self.value)
    }

    /// Whether the tool did what it should.
    pub fn is_ok(&self) -> bool {
        self.status == "ok"
    }
}

impl EffectResult {
    /// The result or error.
    ///
    /// # Errors
    /// When it does not fit the type.
    pub fn value_as<T: DeserializeOwned>(&self) -> Result<T> {
        serde_json::from_str(&self.value)
    }
}

impl Control {
    /// What came with it.
    ///
    /// # Errors
    /// When it does not fit the type.
    pub fn payload_as<T: DeserializeOwned>(&self) -> Result<T> {
        serde_json::from_str(&self.payload)
    }
}

impl Custom {
    /// What came with it.
    ///
    /// # Errors
    /// When it does not fit the type.
    pub fn payload_as<T: DeserializeOwned>(&self) -> Result<T> {
        serde_json::from_str(&self.payload)
    }
}
