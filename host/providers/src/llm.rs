//! Language models: a request in, a stream of deltas out.

pub(crate) mod builtin;
pub(crate) mod openai;
mod sse;

use crate::error::ProviderError;
use futures::future::BoxFuture;
use futures::stream::{BoxStream, StreamExt};
use std::time::Duration;
use trunkline_contract::agent;
use trunkline_contract::chat::{Delta, Request};

/// What a model is asked, and how.
#[derive(Clone, Debug)]
pub struct LlmRequest {
    /// Instructions, history, tools, schema.
    pub chat: Request,
    /// The provider's name of the model; none: the provider's default, where it has one.
    pub model: Option<String>,
    /// 0-2; none: the provider's default.
    pub temperature: Option<f64>,
    /// Tokens of the answer.
    pub max_tokens: u32,
    /// Longest silence of the provider: until the answer begins, and between its pieces.
    pub idle: Duration,
    /// The whole answer.
    pub total: Duration,
}

impl LlmRequest {
    /// As an agent's contract says.
    pub fn new(llm: &agent::Llm, chat: Request) -> Self {
        Self {
            chat,
            model: llm.model.clone(),
            temperature: llm.temperature,
            max_tokens: llm.max_tokens,
            idle: Duration::from_millis(llm.timeout_ms.into()),
            total: Duration::from_secs(120),
        }
    }
}

/// A provider of language models.
pub trait Llm: Send + Sync {
    /// Asks. The request is sent when the stream is first polled.
    fn generate(&self, request: &LlmRequest) -> LlmStream;

    /// Opens a connection ahead, for the next request to use.
    fn warm(&self) -> BoxFuture<'static, Result<(), ProviderError>>;
}

/// An answer on its way: texts and tool calls, then `Done` or an error, then nothing. Dropping it cancels the request.
pub struct LlmStream(BoxStream<'static, Result<Delta, ProviderError>>);

impl LlmStream {
    /// Wraps a stream; for other providers, and for tests.
    pub fn new(stream: BoxStream<'static, Result<Delta, ProviderError>>) -> Self {
        Self(stream)
    }

    /// The next piece. Dropping the future loses nothing.
    pub async fn next(&mut self) -> Option<Result<Delta, ProviderError>> {
        self.0.next().await
    }
}

impl std::fmt::Debug for LlmStream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("LlmStream")
    }
}
