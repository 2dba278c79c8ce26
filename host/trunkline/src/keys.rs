//! What a host keeps beside its database: its name in leases and the secrets that it signs with. Made at the first run,
//! readable by the owner only.

use anyhow::{Context, ensure};
use rand::TryRngCore;
use rand::rngs::OsRng;
use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// Bytes of a secret.
const SECRET: usize = 32;

/// What a host keeps beside its database.
pub(crate) struct Keys {
    /// Names this host in leases; the same after a restart.
    pub(crate) host: String,
    /// Signs compiled components.
    pub(crate) cache: [u8; SECRET],
    /// Signs call tokens.
    pub(crate) tokens: [u8; SECRET],
}

impl Keys {
    /// Reads them from `data`, or makes them.
    ///
    /// # Errors
    /// A file cannot be read or written, or is not what it should be.
    pub(crate) fn load(data: &Path) -> anyhow::Result<Self> {
        let host = secret(&data.join("host.id"))?;
        Ok(Self {
            host: host.iter().take(8).map(|byte| format!("{byte:02x}")).collect(),
            cache: secret(&data.join("cache.key"))?,
            tokens: secret(&data.join("tokens.key"))?,
        })
    }
}

fn secret(path: &Path) -> anyhow::Result<[u8; SECRET]> {
    let mut fresh = [0_u8; SECRET];
    OsRng.try_fill_bytes(&mut fresh).context("no random numbers")?;
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Ok(mut file) => {
            file.write_all(&fresh)
                .and_then(|()| file.sync_all())
                .with_context(|| format!("{} cannot be written", path.display()))?;
            Ok(fresh)
        }
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            let bytes = std::fs::read(path).with_context(|| format!("{} cannot be read", path.display()))?;
            ensure!(bytes.len() == SECRET, "{} has {} bytes, not {SECRET}: restore it", path.display(), bytes.len());
            fresh.copy_from_slice(&bytes);
            Ok(fresh)
        }
        Err(error) => Err(error).with_context(|| format!("{} cannot be made", path.display())),
    }
}
