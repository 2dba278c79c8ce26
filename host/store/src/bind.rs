//! Values in and out of SQL: what each of our types is in a column.

use crate::{Result, StoreError};
use libsql::Value;
use trunkline_contract::{
    AgentId, CallId, ComponentId, DeliveryId, DocumentId, KeyId, SessionId, TenantId, UserId, WebhookId,
};
use uuid::Uuid;

/// A type that a parameter of a statement can be.
pub(crate) trait Bind {
    fn bind(self) -> Value;
}

macro_rules! bind {
    ($($type:ty => $make:expr),* $(,)?) => {
        $(impl Bind for $type {
            fn bind(self) -> Value {
                let make: fn($type) -> Value = $make;
                make(self)
            }
        })*
    };
}

bind! {
    // Times, sequence and fencing numbers stay far below the limit; whatever does not is as good as infinite.
    u64 => |value| Value::Integer(i64::try_from(value).unwrap_or(i64::MAX)),
    i64 => Value::Integer,
    u32 => |value| Value::Integer(i64::from(value)),
    usize => |value| Value::Integer(i64::try_from(value).unwrap_or(i64::MAX)),
    &str => |value| Value::Text(value.to_owned()),
    String => Value::Text,
    Vec<u8> => Value::Blob,
    &[u8] => |value| Value::Blob(value.to_owned()),
    Uuid => |value| Value::Blob(value.as_bytes().to_vec()),
    TenantId => |value| value.0.bind(),
    AgentId => |value| value.0.bind(),
    CallId => |value| value.0.bind(),
    DocumentId => |value| value.0.bind(),
    UserId => |value| value.0.bind(),
    KeyId => |value| value.0.bind(),
    SessionId => |value| value.0.bind(),
    WebhookId => |value| value.0.bind(),
    DeliveryId => |value| value.0.bind(),
    ComponentId => |value| value.0.bind(),
    bool => |value| Value::Integer(value.into()),
}

impl<T: Bind> Bind for Option<T> {
    fn bind(self) -> Value {
        self.map_or(Value::Null, Bind::bind)
    }
}

/// Parameters of a statement, in order.
macro_rules! params {
    ($($value:expr),* $(,)?) => {
        vec![$($crate::bind::Bind::bind($value)),*]
    };
}
pub(crate) use params;

/// One row of an answer. A column that is not of the type that the schema promises means a damaged file.
pub(crate) struct Columns<'a>(pub(crate) &'a libsql::Row);

impl Columns<'_> {
    fn value(&self, at: i32) -> Result<Value> {
        self.0.get_value(at).map_err(|error| StoreError::Corrupt(format!("column {at}: {error}")))
    }

    fn odd<T>(at: i32) -> Result<T> {
        Err(StoreError::Corrupt(format!("column {at} has an unexpected type")))
    }

    pub(crate) fn opt_i64(&self, at: i32) -> Result<Option<i64>> {
        match self.value(at)? {
            Value::Integer(value) => Ok(Some(value)),
            Value::Null => Ok(None),
            _ => Self::odd(at),
        }
    }

    pub(crate) fn i64(&self, at: i32) -> Result<i64> {
        self.opt_i64(at)?.map_or_else(|| Self::odd(at), Ok)
    }

    pub(crate) fn opt_u64(&self, at: i32) -> Result<Option<u64>> {
        self.opt_i64(at)?.map(|value| u64::try_from(value).or_else(|_| Self::odd(at))).transpose()
    }

    pub(crate) fn u64(&self, at: i32) -> Result<u64> {
        self.opt_u64(at)?.map_or_else(|| Self::odd(at), Ok)
    }

    pub(crate) fn u32(&self, at: i32) -> Result<u32> {
        u32::try_from(self.u64(at)?).or_else(|_| Self::odd(at))
    }

    pub(crate) fn opt_text(&self, at: i32) -> Result<Option<String>> {
        match self.value(at)? {
            Value::Text(value) => Ok(Some(value)),
            Value::Null => Ok(None),
            _ => Self::odd(at),
        }
    }

    pub(crate) fn text(&self, at: i32) -> Result<String> {
        self.opt_text(at)?.map_or_else(|| Self::odd(at), Ok)
    }

    pub(crate) fn opt_u32(&self, at: i32) -> Result<Option<u32>> {
        self.opt_u64(at)?.map(|value| u32::try_from(value).or_else(|_| Self::odd(at))).transpose()
    }

    pub(crate) fn bool(&self, at: i32) -> Result<bool> {
        Ok(self.i64(at)? != 0)
    }

    pub(crate) fn blob(&self, at: i32) -> Result<Vec<u8>> {
        match self.value(at)? {
            Value::Blob(value) => Ok(value),
            _ => Self::odd(at),
        }
    }

    pub(crate) fn uuid(&self, at: i32) -> Result<Uuid> {
        Uuid::from_slice(&self.blob(at)?).or_else(|_| Self::odd(at))
    }

    pub(crate) fn opt_uuid(&self, at: i32) -> Result<Option<Uuid>> {
        match self.value(at)? {
            Value::Null => Ok(None),
            Value::Blob(bytes) => Uuid::from_slice(&bytes).map(Some).or_else(|_| Self::odd(at)),
            _ => Self::odd(at),
        }
    }

    /// A column of JSON text.
    pub(crate) fn json<T: serde::de::DeserializeOwned>(&self, at: i32) -> Result<T> {
        parse(&self.text(at)?)
    }

    /// A column of JSON text or nothing.
    pub(crate) fn opt_json<T: serde::de::DeserializeOwned>(&self, at: i32) -> Result<Option<T>> {
        self.opt_text(at)?.map(|text| parse(&text)).transpose()
    }
}

fn parse<T: serde::de::DeserializeOwned>(text: &str) -> Result<T> {
    // The parser's message may quote what it read, which may be speech; its position says enough.
    serde_json::from_str(text).map_err(|error| {
        StoreError::Corrupt(format!("stored JSON does not parse at {}:{}", error.line(), error.column()))
    })
}

/// JSON text for a column.
pub(crate) fn json<T: serde::Serialize>(value: &T) -> Result<String> {
    serde_json::to_string(value).map_err(|error| StoreError::Internal(format!("not representable as JSON: {error}")))
}
