//! What is wrong with a configuration.

use std::path::PathBuf;

/// Nothing can be started with this configuration.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConfigError {
    /// The file cannot be read.
    #[error("the configuration file {path} cannot be read ({cause}): check the path given to --config", path = .path.display())]
    File { path: PathBuf, cause: std::io::Error },
    /// It is not TOML, or has keys or types that do not exist.
    #[error("{path}, line {line}{key}: {message}", path = .path.display(), key = .key.as_deref().map(|key| format!(", `{key}`")).unwrap_or_default())]
    Toml { path: PathBuf, line: usize, key: Option<String>, message: String },
    /// Settings that are not allowed, one sentence each.
    #[error("{}", .0.join("\n"))]
    Settings(Vec<String>),
}
