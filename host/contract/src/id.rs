//! One id type per entity: a UUIDv7 behind a newtype, so that ids cannot be mixed up.
//!
//! Ids are made where randomness lives (store, session); this crate only carries and parses them.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;
use uuid::Uuid;

/// The text is not a UUID.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is not an id (expected a UUID such as 0190b2c4-7d1e-7cc3-98c4-dc0c0c07398f)")]
pub struct InvalidId(String);

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }

        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn inline_schema() -> bool {
                true
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({"type": "string", "format": "uuid"})
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::parse_str(text).map($name).map_err(|_| InvalidId(text.chars().take(64).collect()))
            }
        }
    };
}

id!(
    /// A customer of the platform; owns everything else.
    TenantId
);
id!(
    /// An agent; its versions share it.
    AgentId
);
id!(
    /// A component that a tenant uploaded; its releases share it.
    ComponentId
);
id!(
    /// One call, on whatever channel.
    CallId
);
id!(
    /// A document that agents answer from.
    DocumentId
);
id!(
    /// A person who may log in.
    UserId
);
id!(
    /// A key that a program shows.
    KeyId
);
id!(
    /// Somebody's conversations with an agent that was set up for them.
    SessionId
);
id!(
    /// Who is told of events.
    WebhookId
);
id!(
    /// One event on its way to one webhook.
    DeliveryId
);
