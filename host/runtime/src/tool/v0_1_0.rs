//! `trunkline:tool@0.1.0`: the generated bindings, and their conversion from and to the host's own types.

use super::host::{self, FetchError, FetchRequest, FetchResponse, FetchSecret, Host, KvError, LogLevel};
use super::{Invocation, ToolEffect, ToolFailure, ToolSpec};
use crate::failure::{Failure, FailureKind};
use crate::guest::Guest;
use serde_json::Value;
use std::time::Duration;
use wasmtime::component::{HasSelf, Linker};

#[allow(missing_docs, unreachable_pub, clippy::all, clippy::pedantic, reason = "generated")]
mod bindings {
    wasmtime::component::bindgen!({
        path: "../../wit/tool/0.1.0",
        world: "tool",
        imports: { default: async },
        exports: { default: async },
    });
}

use bindings::trunkline::tool::{http, kv, log, types};
pub(crate) use bindings::{Tool, ToolPre};

const MOST_TIMEOUT: Duration = Duration::from_secs(10);

/// Links http, kv and log.
pub(crate) fn link(linker: &mut Linker<Guest<Host>>) -> wasmtime::Result<()> {
    http::add_to_linker::<_, HasSelf<Host>>(linker, |guest| &mut guest.host)?;
    kv::add_to_linker::<_, HasSelf<Host>>(linker, |guest| &mut guest.host)?;
    log::add_to_linker::<_, HasSelf<Host>>(linker, |guest| &mut guest.host)
}

impl http::Host for Host {
    async fn fetch(&mut self, request: http::Request) -> Result<http::Response, http::HttpError> {
        self.may_request()?;
        let response = self.outside.fetch(request.into()).await?;
        let response = self.within(response)?;
        let headers = response.headers.into_iter().map(|(name, value)| http::Header { name, value });
        Ok(http::Response { status: response.status, headers: headers.collect(), body: response.body })
    }
}

impl kv::Host for Host {
    async fn get(&mut self, key: String) -> Result<Option<Vec<u8>>, kv::KvError> {
        host::key(&key)?;
        Ok(self.outside.get(key).await?)
    }

    async fn set(&mut self, key: String, value: Vec<u8>) -> Result<(), kv::KvError> {
        host::key(&key)?;
        if value.len() > host::VALUE {
            return Err(kv::KvError::TooLarge);
        }
        Ok(self.outside.set(key, value).await?)
    }

    async fn delete(&mut self, key: String) -> Result<(), kv::KvError> {
        host::key(&key)?;
        Ok(self.outside.delete(key).await?)
    }

    async fn increment(&mut self, key: String, by: i64) -> Result<i64, kv::KvError> {
        host::key(&key)?;
        Ok(self.outside.increment(key, by).await?)
    }
}

impl log::Host for Host {
    async fn write(&mut self, level: log::Level, message: String, fields: Vec<(String, String)>) {
        let level = match level {
            log::Level::Debug => LogLevel::Debug,
            log::Level::Info => LogLevel::Info,
            log::Level::Warn => LogLevel::Warn,
            log::Level::Error => LogLevel::Error,
        };
        if let Some(message) = self.line(message) {
            let mut room = host::LINE;
            let fields = fields.into_iter().take_while(|(name, value)| {
                let size = name.len() + value.len();
                let fits = size <= room;
                room = room.saturating_sub(size);
                fits
            });
            self.outside.log(level, message, fields.collect());
        }
    }
}

impl From<http::Request> for FetchRequest {
    fn from(request: http::Request) -> Self {
        let secret =
            |secret: http::Secret| FetchSecret { name: secret.name, header: secret.header, template: secret.template };
        let timeout = request.timeout_ms.map_or(MOST_TIMEOUT, |ms| Duration::from_millis(ms.max(1).into()));
        FetchRequest {
            method: request.method,
            url: request.url,
            headers: request.headers.into_iter().map(|header| (header.name, header.value)).collect(),
            secrets: request.secrets.into_iter().map(secret).collect(),
            body: request.body,
            timeout: timeout.min(MOST_TIMEOUT),
        }
    }
}

impl From<FetchResponse> for http::Response {
    fn from(response: FetchResponse) -> Self {
        let headers = response.headers.into_iter().map(|(name, value)| http::Header { name, value });
        http::Response { status: response.status, headers: headers.collect(), body: response.body }
    }
}

impl From<FetchError> for http::HttpError {
    fn from(error: FetchError) -> Self {
        match error {
            FetchError::Denied(rule) => http::HttpError::Denied(rule),
            FetchError::InvalidRequest(what) => http::HttpError::InvalidRequest(what),
            FetchError::Timeout => http::HttpError::Timeout,
            FetchError::TooLarge => http::HttpError::TooLarge,
            FetchError::Unavailable(what) => http::HttpError::Unavailable(what),
        }
    }
}

impl From<KvError> for kv::KvError {
    fn from(error: KvError) -> Self {
        match error {
            KvError::InvalidKey(what) => kv::KvError::InvalidKey(what),
            KvError::TooLarge => kv::KvError::TooLarge,
            KvError::Full => kv::KvError::Full,
            KvError::Unavailable(what) => kv::KvError::Unavailable(what),
        }
    }
}

pub(super) fn invocation(invocation: Invocation) -> types::Invocation {
    types::Invocation {
        call_id: invocation.call_id,
        tenant: invocation.tenant,
        idempotency_key: invocation.idempotency_key,
        locale: invocation.locale,
        utc_offset_minutes: invocation.utc_offset_minutes,
    }
}

/// The result within its limit. A result that is no JSON is the tool's failure.
pub(super) fn result(
    result: Result<String, types::Failure>,
    most: usize,
) -> Result<Result<Value, ToolFailure>, Failure> {
    let size = match &result {
        Ok(text) => text.len(),
        Err(
            types::Failure::InvalidArgs(text)
            | types::Failure::Unavailable(text)
            | types::Failure::Denied(text)
            | types::Failure::Internal(text),
        ) => text.len(),
    };
    if size > most {
        let message = format!("the result has {size} bytes, {most} are allowed");
        return Err(Failure::new(FailureKind::OutputTooLarge, message));
    }
    Ok(match result {
        Ok(text) => serde_json::from_str(&text)
            .map_err(|fault| ToolFailure::Internal(format!("the tool's result is not JSON: {fault}"))),
        Err(types::Failure::InvalidArgs(text)) => Err(ToolFailure::InvalidArgs(text)),
        Err(types::Failure::Unavailable(text)) => Err(ToolFailure::Unavailable(text)),
        Err(types::Failure::Denied(text)) => Err(ToolFailure::Denied(text)),
        Err(types::Failure::Internal(text)) => Err(ToolFailure::Internal(text)),
    })
}

/// The specs, when all keep their rules.
pub(super) fn specs(specs: Vec<types::Spec>) -> Result<Vec<ToolSpec>, Failure> {
    let broken = |rule: String| Failure::new(FailureKind::Guest, rule);
    let mut checked: Vec<ToolSpec> = Vec::with_capacity(specs.len());
    for spec in specs {
        let spec = self::spec(spec).map_err(broken)?;
        if checked.iter().any(|other| other.name == spec.name) {
            return Err(broken(format!("two tools are called `{}`", spec.name)));
        }
        checked.push(spec);
    }
    if checked.is_empty() || checked.len() > 64 {
        return Err(broken(format!("a component has 1-64 tools, this has {}", checked.len())));
    }
    Ok(checked)
}

fn spec(spec: types::Spec) -> Result<ToolSpec, String> {
    let name_is_good = (1..=64).contains(&spec.name.len())
        && spec.name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
    if !name_is_good {
        return Err("a tool's name must be 1-64 characters of a-z A-Z 0-9 _ -".to_owned());
    }
    let name = spec.name;
    if !(1..=10_000).contains(&spec.timeout_ms) {
        return Err(format!("`{name}`: the time-out must be 1-10,000 ms"));
    }
    let schema = |what: &str, text: &str| match serde_json::from_str::<Value>(text) {
        Ok(schema) if schema.is_object() => Ok(schema),
        _ => Err(format!("`{name}`: the {what} schema must be a JSON object")),
    };
    Ok(ToolSpec {
        input_schema: schema("input", &spec.input_schema)?,
        output_schema: spec.output_schema.map(|text| schema("output", &text)).transpose()?,
        description: spec.description,
        timeout_ms: spec.timeout_ms,
        effect: match spec.effect {
            types::Effect::Read => ToolEffect::Read,
            types::Effect::Write => ToolEffect::Write,
        },
        idempotent: spec.idempotent,
        cancellable: spec.cancellable,
        name,
    })
}
