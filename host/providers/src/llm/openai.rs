//! Chat completions of OpenAI, and of the many servers that speak the same.

mod answer;
mod body;

use super::{Llm, LlmRequest, LlmStream, sse::Sse};
use crate::config::Secret;
use crate::error::{ErrorKind, ProviderError};
use answer::Answer;
use bytes::Bytes;
use futures::future::BoxFuture;
use futures::stream::{self, StreamExt};
use http::{HeaderValue, Method, Request, StatusCode, header};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;
use trunkline_contract::chat::Delta;
use trunkline_egress::{EgressError, HttpClient, HttpLimits, Response, Url};

pub(crate) const NAME: &str = "openai";
pub(crate) const PUBLIC: &str = "https://api.openai.com/v1";

/// The usage and the end mark follow the reason for stopping directly, if they come at all.
const AFTER_FINISH: Duration = Duration::from_millis(250);
/// How long an answered request may take to end, so that its connection can be used again.
const DRAIN: Duration = Duration::from_secs(1);
/// Answers are text: far less than this.
const MAX_BODY: usize = 16 * 1024 * 1024;

/// OpenAI, or a compatible server.
#[derive(Clone, Debug)]
pub struct OpenAi(Arc<Server>);

#[derive(Debug)]
struct Server {
    client: HttpClient,
    url: Url,
    key: Secret,
}

impl OpenAi {
    /// `url` is the address up to and including `/v1`, or whatever stands for it. Without a key none is sent.
    pub fn new(client: HttpClient, url: Url, key: Secret) -> Self {
        Self(Arc::new(Server { client, url, key }))
    }
}

impl Llm for OpenAi {
    fn generate(&self, request: &LlmRequest) -> LlmStream {
        let server = Arc::clone(&self.0);
        let limits = HttpLimits {
            headers_within: request.idle,
            idle: request.idle,
            total: request.total,
            max_body_bytes: MAX_BODY,
            ..HttpLimits::default()
        };
        let body = Bytes::from(body::of(request));
        let asked = async move {
            match server.ask(body, &limits).await {
                Ok(response) => stream::unfold(Reading::new(server, response), Reading::next).left_stream(),
                Err(error) => stream::iter([Err(error)]).right_stream(),
            }
        };
        LlmStream::new(stream::once(asked).flatten().boxed())
    }

    fn warm(&self) -> BoxFuture<'static, Result<(), ProviderError>> {
        let server = Arc::clone(&self.0);
        Box::pin(async move {
            // Whatever the answer is, the connection is open and goes back to the pool.
            let request = server.request(Method::HEAD, "models", Bytes::new())?;
            let response = server.client.send(request, &HttpLimits::default()).await.map_err(|e| server.failed(&e))?;
            response.bytes().await.map_err(|e| server.failed(&e)).map(|_| ())
        })
    }
}

impl Server {
    async fn ask(&self, body: Bytes, limits: &HttpLimits) -> Result<Response, ProviderError> {
        let request = self.request(Method::POST, "chat/completions", body)?;
        let response = self.client.send(request, limits).await.map_err(|e| self.failed(&e))?;
        let status = response.status();
        if status == StatusCode::OK {
            return Ok(response);
        }
        let headers = response.headers().clone();
        let said = match timeout(DRAIN, response.bytes()).await {
            Ok(Ok(body)) => body,
            _ => Bytes::new(),
        };
        let (code, said) = answer::explanation(&said);
        if code.as_deref() == Some("insufficient_quota") {
            return Err(ProviderError::new(NAME, ErrorKind::QuotaExceeded, crate::error::quote(&said, &self.key)));
        }
        Err(ProviderError::from_status(NAME, status, &headers, &said, &self.key))
    }

    fn request(&self, method: Method, path: &str, body: Bytes) -> Result<Request<Bytes>, ProviderError> {
        let mut url = self.url.clone();
        url.set_path(&format!("{}/{path}", self.url.path().trim_end_matches('/')));
        let mut request = Request::builder().method(method).uri(url.as_str());
        if !body.is_empty() {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        if !self.key.is_empty() {
            let value = HeaderValue::try_from(format!("Bearer {}", self.key.expose()));
            let invalid = |_| ProviderError::new(NAME, ErrorKind::Unauthorised, "the key has impossible characters");
            let mut value = value.map_err(invalid)?;
            value.set_sensitive(true);
            request = request.header(header::AUTHORIZATION, value);
        }
        request.body(body).map_err(|_| ProviderError::new(NAME, ErrorKind::InvalidRequest, "the address is unusable"))
    }

    fn failed(&self, error: &EgressError) -> ProviderError {
        ProviderError::from_egress(NAME, error, &self.key)
    }
}

/// An answer that is being read.
struct Reading {
    server: Arc<Server>,
    response: Option<Response>,
    sse: Sse,
    answer: Answer,
    ready: VecDeque<Delta>,
    failure: Option<ProviderError>,
}

impl Reading {
    fn new(server: Arc<Server>, response: Response) -> Self {
        Self {
            server,
            response: Some(response),
            sse: Sse::default(),
            answer: Answer::default(),
            ready: VecDeque::new(),
            failure: None,
        }
    }

    async fn next(mut self) -> Option<(Result<Delta, ProviderError>, Self)> {
        loop {
            if let Some(delta) = self.ready.pop_front() {
                return Some((Ok(delta), self));
            }
            if let Some(failure) = self.failure.take() {
                self.response = None;
                return Some((Err(failure), self));
            }
            if self.answer.is_done() {
                self.release();
                return None;
            }
            let response = self.response.as_mut()?;
            let chunk = if self.answer.is_finished() {
                match timeout(AFTER_FINISH, response.chunk()).await {
                    Ok(Ok(chunk)) => chunk,
                    // The answer is complete; what may still follow is not worth a failure.
                    Ok(Err(_)) | Err(_) => None,
                }
            } else {
                match response.chunk().await {
                    Ok(chunk) => chunk,
                    Err(error) => {
                        self.failure = Some(self.server.failed(&error));
                        continue;
                    }
                }
            };
            self.take(chunk);
        }
    }

    fn take(&mut self, chunk: Option<Bytes>) {
        let (answer, ready, key) = (&mut self.answer, &mut self.ready, &self.server.key);
        let mut failure = None;
        let mut each = |data: &[u8]| {
            if failure.is_none() {
                failure = answer.take(data, key, ready).err();
            }
        };
        match chunk {
            Some(chunk) => {
                if self.sse.push(&chunk, &mut each).is_err() {
                    failure = Some(ProviderError::new(NAME, ErrorKind::Protocol, "an event without end"));
                }
            }
            None => {
                self.sse.finish(&mut each);
                if failure.is_none() {
                    failure = answer.end(ready).err();
                }
            }
        }
        self.failure = failure;
        if self.answer.is_done() {
            self.release();
        }
    }

    /// Reads the rest of an answered request elsewhere: usually nothing but its end, without which the connection
    /// could not be used again.
    fn release(&mut self) {
        if let Some(mut response) = self.response.take() {
            tokio::spawn(timeout(DRAIN, async move { while let Ok(Some(_)) = response.chunk().await {} }));
        }
    }
}
