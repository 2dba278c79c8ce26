//! A runtime for commands that run components without serving.

use crate::config::Config;
use crate::keys::Keys;
use trunkline_runtime::Runtime;

/// As the host's, with the same compiled cache where there is a data directory.
///
/// # Errors
/// The runtime does not start, or the keys of the data directory cannot be read.
pub(crate) fn runtime(config: &Config) -> anyhow::Result<Runtime> {
    Ok(Runtime::new(&settings(config)?)?)
}

/// The runtime's settings.
///
/// # Errors
/// The keys of the data directory cannot be read.
fn settings(config: &Config) -> anyhow::Result<trunkline_runtime::Config> {
    // Keys are made by the host's first run; before that there is nothing to share.
    let cached = config.data.join("cache.key").is_file();
    let key = if cached { Keys::load(&config.data)?.cache } else { [0; 32] };
    let mut settings = trunkline_runtime::Config::new(key);
    settings.max_instances = config.runtime.max_instances;
    settings.guest_threads = config.runtime.guest_threads;
    settings.cache_dir = cached.then(|| config.data.join("compiled"));
    Ok(settings)
}
