//! Numbers that Twilio writes as JSON strings; plain numbers are taken too.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, Visitor};

/// A whole number, written as `"5"` or as `5`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Number(pub(super) u64);

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl Visitor<'_> for Either {
            type Value = Number;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a whole number, plain or as a string")
            }

            fn visit_u64<E: Error>(self, value: u64) -> Result<Number, E> {
                Ok(Number(value))
            }

            fn visit_str<E: Error>(self, value: &str) -> Result<Number, E> {
                value.parse().map(Number).map_err(|_| E::custom("not a whole number"))
            }
        }
        deserializer.deserialize_any(Either)
    }
}
