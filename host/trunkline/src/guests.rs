//! A runtime for commands that run components without serving.

use crate::config::Config;
use crate::keys::Keys;
use anyhow::Context as _;
use std::process::ExitCode;
use trunkline_runtime::{CompileLimits, Compiler, Job, Runtime, compile_here};

/// As the host's, with the same compiled cache where there is a data directory.
///
/// # Errors
/// The runtime does not start, or the keys of the data directory cannot be read.
pub(crate) fn runtime(config: &Config) -> anyhow::Result<Runtime> {
    Ok(Runtime::new(&settings(config)?)?)
}

/// How this program is started to compile components of tenants: `compile-component`, see [`compile`].
///
/// # Errors
/// The program's own file cannot be found.
pub(crate) fn compiler() -> anyhow::Result<Compiler> {
    // The very program that runs, even when another one has taken its place on disk.
    let own = std::path::PathBuf::from("/proc/self/exe");
    let program =
        if own.exists() { own } else { std::env::current_exe().context("the program's own file cannot be found")? };
    Ok(Compiler { program, arguments: vec![COMPILE.into()], limits: CompileLimits::default() })
}

/// First argument of a process that compiles.
const COMPILE: &str = "compile-component";

/// What a process does that was started to compile; none: it was started for something else. Before anything else: the
/// process gives away what it does not need.
pub(crate) fn compile() -> Option<ExitCode> {
    let mut arguments = std::env::args_os().skip(1);
    if arguments.next().is_none_or(|first| first != COMPILE) {
        return None;
    }
    let arguments: Vec<String> = arguments.map(|argument| argument.to_string_lossy().into_owned()).collect();
    let job = Job::parse(&arguments)?;
    Some(compile_here(&job))
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
    settings.compiler = Some(compiler()?);
    settings.cache_dir = cached.then(|| config.data.join("compiled"));
    Ok(settings)
}
