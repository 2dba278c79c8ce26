//! `builtin`: a language engine without a model, which answers from the agent's context data and documents.
//!
//! It finds and reads out; it writes nothing of its own but a few polite sentences, so it cannot invent. It keeps nothing
//! between two answers: what it needs to know about the conversation it reads from the history. English only.

mod answer;
mod dialogue;
mod english;
mod facts;
mod identity;
pub mod language;
mod passage;
mod question;
mod rank;
mod say;
mod sound;

use super::{Llm, LlmRequest, LlmStream};
use crate::documents::Documents;
use crate::error::{ErrorKind, ProviderError};
use answer::Reply;
use futures::future::BoxFuture;
use futures::stream::{self, StreamExt};
use std::sync::Arc;
use trunkline_contract::chat::{Delta, Finish, Request, ToolCall};
use trunkline_contract::event::Usage;

pub(crate) const NAME: &str = "builtin";

/// The tool that ends a call.
const END_CALL: &str = "end_call";

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
    fn generate(&self, request: &LlmRequest) -> LlmStream {
        let (chat, documents) = (request.chat.clone(), self.documents.clone());
        let asked = async move { stream::iter(deltas(&chat, documents.as_deref()).await) };
        LlmStream::new(stream::once(asked).flatten().boxed())
    }

    fn warm(&self) -> BoxFuture<'static, Result<(), ProviderError>> {
        Box::pin(async { Ok(()) })
    }
}

async fn deltas(request: &Request, documents: Option<&dyn Documents>) -> Vec<Result<Delta, ProviderError>> {
    if request.output_schema.is_some() {
        let message = "it gives no structured output (`output_schema`): that needs a language model";
        return vec![Err(ProviderError::new(NAME, ErrorKind::InvalidRequest, message))];
    }
    let Reply { text, ends } = match answer::answer(request, documents).await {
        Ok(reply) => reply,
        Err(error) => return vec![Err(ProviderError::new(NAME, ErrorKind::Unavailable, error.to_string()))],
    };
    let mut deltas: Vec<Delta> =
        language::sentences(&text).into_iter().map(|sentence| Delta::Text(sentence.to_owned())).collect();
    let mut finish = Finish::Stop;
    if ends && request.tools.iter().any(|tool| tool.name == END_CALL) {
        let arguments = r#"{"reason":"the caller said good-bye"}"#.to_owned();
        let id = format!("end-{}", request.messages.len());
        deltas.push(Delta::ToolCall(ToolCall { id, name: END_CALL.to_owned(), arguments }));
        finish = Finish::ToolCalls;
    }
    deltas.push(Delta::Done { finish, usage: Usage::default() });
    deltas.into_iter().map(Ok).collect()
}

#[cfg(test)]
mod tests;
