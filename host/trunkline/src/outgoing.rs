//! How this binary dials out, with the operator's own root certificates.

use crate::config::Config;
use anyhow::Context;
use trunkline_egress::{Egress, roots_from_pem};

/// A dialler that trusts the usual authorities and those of `providers.ca`.
///
/// # Errors
/// The file cannot be read or holds no certificates.
pub(crate) fn egress(config: &Config) -> anyhow::Result<Egress> {
    let roots = match &config.provider_ca {
        None => Vec::new(),
        Some(path) => {
            let pem = std::fs::read(path).with_context(|| format!("`providers.ca`: {}", path.display()))?;
            roots_from_pem(&pem).with_context(|| format!("`providers.ca`: {}", path.display()))?
        }
    };
    Egress::new(roots).context("`providers.ca`")
}
