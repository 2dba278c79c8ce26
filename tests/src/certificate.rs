//! A certificate for this machine alone: what lets tests and benchmarks use TLS.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, Result};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};

/// A self-signed certificate for `localhost` and `127.0.0.1`, as PEM files.
#[derive(Debug, Clone)]
pub struct Certificate {
    /// The certificate's file.
    pub cert: PathBuf,
    /// The key's file.
    pub key: PathBuf,
    /// The certificate, to be trusted by those who connect.
    pub pem: String,
}

impl Certificate {
    /// Makes one and writes it to `cert.pem` and `key.pem` in `folder`.
    pub fn create(folder: &Path) -> Result<Self> {
        let names = ["localhost".to_owned(), "127.0.0.1".to_owned()];
        let made = rcgen::generate_simple_self_signed(names)?;
        let (cert, key) = (folder.join("cert.pem"), folder.join("key.pem"));
        let pem = made.cert.pem();
        std::fs::write(&cert, &pem).with_context(|| format!("{} cannot be written", cert.display()))?;
        std::fs::write(&key, made.signing_key.serialize_pem())
            .with_context(|| format!("{} cannot be written", key.display()))?;
        Ok(Self { cert, key, pem })
    }
}

/// Trusts the given certificates and no others.
pub fn client_tls(pem: Option<&str>) -> Result<ClientConfig> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem.unwrap_or_default().as_bytes()) {
        roots.add(certificate?)?;
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    Ok(ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth())
}
