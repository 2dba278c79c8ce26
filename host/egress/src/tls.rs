//! TLS for outgoing connections: one configuration, shared so that sessions can be resumed.

use crate::error::EgressError;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::{CertificateDer, pem::PemObject};
use std::sync::Arc;

pub(crate) fn client_config(extra_roots: Vec<CertificateDer<'static>>) -> Result<ClientConfig, EgressError> {
    let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    for certificate in extra_roots {
        roots.add(certificate).map_err(|e| EgressError::Setup(format!("root certificate: {e}")))?;
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|e| EgressError::Setup(e.to_string()))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(config)
}

/// Reads the certificates of a PEM file, for [`crate::Egress::new`].
///
/// # Errors
/// [`EgressError::Setup`] when there is none, or one is broken.
pub fn roots_from_pem(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, EgressError> {
    let certificates = CertificateDer::pem_slice_iter(pem)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|e| EgressError::Setup(format!("root certificates: {e}")))?;
    if certificates.is_empty() {
        return Err(EgressError::Setup("root certificates: the file has none".to_owned()));
    }
    Ok(certificates)
}
