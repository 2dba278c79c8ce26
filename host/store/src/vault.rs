//! Secrets at rest: sealed with XChaCha20-Poly1305 under a key that is not in the database.
//!
//! A sealed value is the id of its key (8 bytes of the key's SHA-256), a random nonce (24 bytes) and the ciphertext with its
//! tag. What it belongs to is authenticated with it, so that a value cannot be moved to another tenant or name. Several keys
//! may open, the first one seals: that is how a key is replaced.

use crate::tokens::random;
use crate::{Result, StoreError};
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use sha2::{Digest, Sha256};
use std::fmt;
use std::fs::OpenOptions;
use std::io::{Read, Write};
use std::path::Path;

const ID: usize = 8;
const NONCE: usize = 24;
const KEY: usize = 32;

/// A value that is not to be shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Hides a value.
    pub fn new(value: impl Into<String>) -> Self {
        Self(value.into())
    }

    /// The value itself.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// The keys that secrets are sealed with.
#[derive(Clone)]
pub struct Vault {
    keys: Vec<[u8; KEY]>,
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vault").field("keys", &self.ids()).finish()
    }
}

fn id(key: &[u8; KEY]) -> [u8; ID] {
    let digest = Sha256::digest(key);
    let mut id = [0; ID];
    id.iter_mut().zip(digest).for_each(|(to, from)| *to = from);
    id
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Option<[u8; KEY]> {
    let digits = text.as_bytes();
    if digits.len() != KEY * 2 {
        return None;
    }
    let mut key = [0; KEY];
    for (to, pair) in key.iter_mut().zip(digits.chunks(2)) {
        *to = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(key)
}

impl Vault {
    /// A vault with a new key.
    ///
    /// # Errors
    /// The machine gives no random numbers.
    pub fn new() -> Result<Self> {
        Ok(Self { keys: vec![random()?] })
    }

    /// Reads keys: 64 hex digits each, apart by commas or white space; the first one seals.
    ///
    /// # Errors
    /// `Invalid`: none, or not in that form.
    pub fn parse(text: &str) -> Result<Self> {
        let words = text.split(|c: char| c == ',' || c.is_whitespace()).filter(|word| !word.is_empty());
        let keys: Option<Vec<[u8; KEY]>> = words.map(unhex).collect();
        match keys {
            Some(keys) if !keys.is_empty() => Ok(Self { keys }),
            _ => Err(StoreError::Invalid(
                "a key for secrets has 64 hex digits; several stand apart by commas, the newest first",
            )),
        }
    }

    /// Reads the keys of a file, or makes it with a new key that only its owner can read.
    ///
    /// # Errors
    /// The file cannot be read or made, or holds no keys.
    pub fn of_file(path: &Path) -> Result<Self> {
        let io = |error: std::io::Error| StoreError::Io(format!("{}: {error}", path.display()));
        match std::fs::File::open(path) {
            Ok(mut file) => {
                let mut text = String::new();
                file.read_to_string(&mut text).map_err(io)?;
                Self::parse(&text)
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let vault = Self::new()?;
                vault.write(path)?;
                Ok(vault)
            }
            Err(error) => Err(io(error)),
        }
    }

    /// Writes the keys to a file that only its owner can read; what was there is replaced at once or not at all.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write(&self, path: &Path) -> Result<()> {
        use std::os::unix::fs::OpenOptionsExt;
        let io = |error: std::io::Error| StoreError::Io(format!("{}: {error}", path.display()));
        let beside = path.with_extension("new");
        let mut file =
            OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&beside).map_err(io)?;
        let lines: String = self.keys.iter().map(|key| hex(key) + "\n").collect();
        file.write_all(lines.as_bytes()).and_then(|()| file.sync_all()).map_err(io)?;
        std::fs::rename(&beside, path).map_err(io)
    }

    /// A vault that seals with a new key and opens what this one does.
    ///
    /// # Errors
    /// The machine gives no random numbers.
    pub fn with_new_key(&self) -> Result<Self> {
        let mut keys = vec![random()?];
        keys.extend(&self.keys);
        Ok(Self { keys })
    }

    /// A vault with the key that seals alone.
    #[must_use]
    pub fn newest_only(&self) -> Self {
        Self { keys: self.keys.iter().take(1).copied().collect() }
    }

    /// The keys' ids, that of the one that seals first, lower-case hex.
    pub fn ids(&self) -> Vec<String> {
        self.keys.iter().map(|key| hex(&id(key))).collect()
    }

    /// Whether a sealed value is sealed with the newest key.
    pub(crate) fn is_current(&self, sealed: &[u8]) -> bool {
        self.keys.first().is_some_and(|key| sealed.get(..ID) == Some(&id(key)))
    }

    /// Seals a value that belongs to `context`.
    pub(crate) fn seal(&self, value: &[u8], context: &[u8]) -> Result<Vec<u8>> {
        let key = self.keys.first().ok_or(StoreError::Sealed("there is no key"))?;
        let nonce = random::<NONCE>()?;
        let cipher = XChaCha20Poly1305::new(&Key::from(*key));
        let payload = Payload { msg: value, aad: context };
        let sealed = cipher.encrypt(&XNonce::from(nonce), payload);
        let sealed = sealed.map_err(|_| StoreError::Internal("a value could not be sealed".to_owned()))?;
        Ok([&id(key)[..], &nonce, &sealed].concat())
    }

    /// Opens a value that belongs to `context`.
    pub(crate) fn open(&self, sealed: &[u8], context: &[u8]) -> Result<Vec<u8>> {
        let damaged = StoreError::Sealed("it is damaged, or belongs to something else");
        let (key_id, rest) = sealed.split_at_checked(ID).ok_or_else(|| damaged.clone())?;
        let (nonce, text) = rest.split_first_chunk::<NONCE>().ok_or_else(|| damaged.clone())?;
        let key =
            self.keys.iter().find(|key| id(key) == key_id).ok_or(StoreError::Sealed("its key is not known here"))?;
        let cipher = XChaCha20Poly1305::new(&Key::from(*key));
        cipher.decrypt(&XNonce::from(*nonce), Payload { msg: text, aad: context }).map_err(|_| damaged)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_value_is_opened_with_its_key_in_its_place_only() {
        let vault = Vault::new().unwrap();
        let sealed = vault.seal(b"hunter2", b"acme|token").unwrap();
        assert_eq!(vault.open(&sealed, b"acme|token").unwrap(), b"hunter2");
        assert!(!sealed.windows(7).any(|part| part == b"hunter2"));
        assert!(
            matches!(vault.open(&sealed, b"other|token"), Err(StoreError::Sealed(why)) if why.contains("something else"))
        );
        assert!(
            matches!(Vault::new().unwrap().open(&sealed, b"acme|token"), Err(StoreError::Sealed(why)) if why.contains("not known"))
        );
        for at in 0..sealed.len() {
            let mut wrong = sealed.clone();
            wrong[at] ^= 1;
            assert!(vault.open(&wrong, b"acme|token").is_err(), "byte {at}");
            assert!(vault.open(&sealed[..at], b"acme|token").is_err(), "cut at {at}");
        }
    }

    #[test]
    fn a_new_key_seals_and_old_ones_open() {
        let old = Vault::new().unwrap();
        let sealed = old.seal(b"x", b"").unwrap();
        let both = old.with_new_key().unwrap();
        assert_eq!(both.open(&sealed, b"").unwrap(), b"x");
        assert!(!both.is_current(&sealed));
        let again = both.seal(b"x", b"").unwrap();
        assert!(both.is_current(&again) && old.open(&again, b"").is_err());
        assert_eq!(both.newest_only().open(&again, b"").unwrap(), b"x");
    }

    #[test]
    fn keys_come_from_a_file_of_their_owner() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("secrets.key");
        let first = Vault::of_file(&path).unwrap();
        assert_eq!(Vault::of_file(&path).unwrap().ids(), first.ids());
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        std::fs::write(&path, "nonsense").unwrap();
        assert!(matches!(Vault::of_file(&path), Err(StoreError::Invalid(_))));
        assert_eq!(format!("{:?}", Secret::new("x")), "Secret(..)");
    }

    proptest! {
        #[test]
        fn any_bytes_open_or_are_refused(bytes in proptest::collection::vec(any::<u8>(), 0..80), text in "\\PC{0,70}") {
            let _ = Vault::parse(&text);
            prop_assert!(Vault::new().unwrap().open(&bytes, b"").is_err());
        }
    }
}
