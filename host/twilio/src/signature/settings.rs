//! The settings header: which algorithm, and therefore which secret.

use super::{Keys, SignatureError};

/// How a request is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Algorithm {
    /// HMAC-SHA1 with the account's Auth Token: what requests without a settings header use.
    #[default]
    HmacSha1,
    /// HMAC-SHA256 with a shared key that the settings header names.
    HmacSha256,
}

/// The settings header, read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SignatureSettings<'a> {
    /// How the request is signed.
    pub algorithm: Algorithm,
    /// The identifier of the shared key, when one is named.
    pub key: Option<&'a str>,
}

impl<'a> SignatureSettings<'a> {
    /// Reads `key=<id>,algorithm=<name>`. Without the header, or without an algorithm in it, the old scheme applies.
    pub fn parse(header: Option<&'a str>) -> Result<Self, SignatureError> {
        let mut settings = Self::default();
        let mut algorithm = None;
        for part in header.unwrap_or_default().split(',') {
            let Some((name, value)) = part.split_once('=') else { continue };
            match (name.trim(), value.trim()) {
                (_, "") => {}
                ("algorithm", value) if algorithm.is_none() => algorithm = Some(value),
                ("key", value) if settings.key.is_none() => settings.key = Some(value),
                _ => {}
            }
        }
        settings.algorithm = match algorithm {
            None => Algorithm::HmacSha1,
            Some(name) if name.eq_ignore_ascii_case("HMAC_SHA1") => Algorithm::HmacSha1,
            Some(name) if name.eq_ignore_ascii_case("HMAC_SHA256") => Algorithm::HmacSha256,
            Some(name) => return Err(SignatureError::UnknownAlgorithm(name.to_owned())),
        };
        Ok(settings)
    }

    /// The value of the header for a request signed with a shared key.
    pub fn header(key: &str) -> String {
        format!("key={key},algorithm=HMAC_SHA256")
    }

    pub(super) fn secret<'k>(&self, keys: &Keys<'k>) -> Result<&'k str, SignatureError> {
        match self.algorithm {
            Algorithm::HmacSha1 => Ok(keys.auth_token),
            Algorithm::HmacSha256 => {
                let id = self.key.unwrap_or_default();
                let found = keys.shared.iter().find(|key| key.id == id && !id.is_empty());
                found.map(|key| key.secret).ok_or_else(|| SignatureError::UnknownKey(id.to_owned()))
            }
        }
    }
}
