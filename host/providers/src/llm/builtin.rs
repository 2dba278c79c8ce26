//! `builtin`: a language engine without a model, which answers from the agent's context data and documents.

pub mod language;

use super::{Llm, LlmRequest, LlmStream};
use crate::documents::Documents;
use crate::error::{ErrorKind, ProviderError};
use futures::future::BoxFuture;
use futures::stream::{self, StreamExt};
use std::sync::Arc;

pub(crate) const NAME: &str = "builtin";

/// The engine of one agent.
#[derive(Clone)]
pub struct Builtin {
    documents: Option<Arc<dyn Documents>>,
}

impl Builtin {
    /// An engine that also looks into these documents.
    pub fn new(documents: Option<Arc<dyn Documents>>) -> Self {
        Self { documents }
    }
}

impl Llm for Builtin {
    fn generate(&self, _request: &LlmRequest) -> LlmStream {
        let _ = &self.documents;
        let error = ProviderError::new(NAME, ErrorKind::Unavailable, "no engine");
        LlmStream::new(stream::iter([Err(error)]).boxed())
    }

    fn warm(&self) -> BoxFuture<'static, Result<(), ProviderError>> {
        Box::pin(async { Ok(()) })
    }
}
