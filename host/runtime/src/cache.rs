//! Compiled components on disk, signed: what is loaded is code that runs in the host.
//!
//! A file is read whole, its signature checked, and *those bytes* are made code: a file that is checked and then mapped
//! could be changed in between. Whatever is wrong with a file, the component is compiled again.

mod trusted;

use crate::component::Digest;
use crate::config::Admit;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use wasmtime::Engine;
use wasmtime::component::Component;

/// Layout of a file: the signature, then the code.
const SIGNATURE: usize = 32;

/// The compiled cache.
pub(crate) struct Cache {
    folder: PathBuf,
    key: [u8; 32],
    /// Everything beside the component that decides what the code looks like and whether it was admitted.
    build: String,
    written: AtomicU32,
}

impl Cache {
    /// # Errors
    /// When the folder cannot be made or protected.
    pub(crate) fn open(engine: &Engine, folder: &Path, key: [u8; 32], admit: &Admit) -> std::io::Result<Self> {
        std::fs::create_dir_all(folder)?;
        protect(folder, 0o700)?;
        let mut hasher = DefaultHasher::new();
        engine.precompile_compatibility_hash().hash(&mut hasher);
        admit.hash(&mut hasher);
        let build = format!("{WASMTIME}-{:016x}", hasher.finish());
        Ok(Cache { folder: folder.to_owned(), key, build, written: AtomicU32::new(0) })
    }

    fn name(&self, digest: &Digest) -> String {
        format!("{digest}-{}.cwasm", self.build)
    }

    /// The name is signed too: a file cannot stand in for another component.
    fn signer(&self, name: &str) -> Option<Hmac<Sha256>> {
        let mut signer = Hmac::<Sha256>::new_from_slice(&self.key).ok()?;
        signer.update(name.as_bytes());
        signer.update(&[0]);
        Some(signer)
    }

    /// The compiled component, when a file of ours holds it.
    pub(crate) fn load(&self, engine: &Engine, digest: &Digest) -> Option<Component> {
        let name = self.name(digest);
        let path = self.folder.join(&name);
        let bytes = match std::fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return None,
            Err(error) => {
                tracing::warn!(file = %path.display(), %error, "a compiled component cannot be read, it is compiled again");
                return None;
            }
        };
        let (signature, code) = bytes.split_at_checked(SIGNATURE)?;
        let mut signer = self.signer(&name)?;
        signer.update(code);
        if signer.verify_slice(signature).is_err() {
            tracing::warn!(file = %path.display(), "a compiled component is not signed by this host, it is compiled again");
            return None;
        }
        match own(engine, code) {
            Ok(component) => Some(component),
            Err(error) => {
                tracing::warn!(file = %path.display(), error = %format!("{error:#}"), "a compiled component does not fit, it is compiled again");
                None
            }
        }
    }

    /// Keeps compiled code. A full disk costs the next start a compilation, nothing else.
    pub(crate) fn store(&self, digest: &Digest, code: &[u8]) {
        let name = self.name(digest);
        if let Err(error) = self.write(&name, code) {
            tracing::warn!(file = %self.folder.join(&name).display(), %error, "a compiled component cannot be kept");
        }
    }

    /// Removes what is kept of a component.
    pub(crate) fn remove(&self, digest: &Digest) {
        let path = self.folder.join(self.name(digest));
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                tracing::warn!(file = %path.display(), %error, "a compiled component cannot be removed");
            }
            _ => {}
        }
    }

    fn write(&self, name: &str, code: &[u8]) -> std::io::Result<()> {
        let mut signer = self.signer(name).ok_or_else(|| std::io::Error::other("the key cannot sign"))?;
        signer.update(code);
        let signature = signer.finalize().into_bytes();
        // Written aside and renamed: nobody ever reads half a file. Process and number keep writers apart.
        let number = self.written.fetch_add(1, Ordering::Relaxed);
        let aside = self.folder.join(format!("{name}.{}.{number}", std::process::id()));
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&aside)?;
        file.write_all(&signature)?;
        file.write_all(code)?;
        drop(file);
        std::fs::rename(&aside, self.folder.join(name))
    }
}

/// Makes a component of code that this host made itself: signed by it, or handed over by the compiler that it started.
pub(crate) fn own(engine: &Engine, code: &[u8]) -> wasmtime::Result<Component> {
    trusted::component(engine, &trusted::Own(code))
}

/// For people who look into the folder; the exact release is part of the compatibility hash.
const WASMTIME: &str = "wasmtime48";

#[cfg(unix)]
fn protect(folder: &Path, mode: u32) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(mode))
}

#[cfg(not(unix))]
fn protect(_: &Path, _: u32) -> std::io::Result<()> {
    Ok(())
}
