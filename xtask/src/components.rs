//! Builds what becomes WebAssembly: `components/` into `components/dist/NAME.wasm`, fixtures into
//! `components/dist/fixtures/NAME.wasm`, where no host installs them by itself.
//!
//! There are three ways to a WASM compiler, and the first that is at hand is taken: the `wasm32-wasip2` target of the
//! ordinary toolchain, the same target fetched by rustup, or Debian's `rustc-web` with the standard library built from
//! source. What is installed comes before what would have to be downloaded, so that a second run never waits for a network.

use anyhow::{Context, Result, bail};
use std::ffi::OsString;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use crate::run::root;
use crate::setup;

/// How long fetching a target may take.
const RUSTUP_LIMIT: Duration = Duration::from_secs(90);

const TARGET: &str = "wasm32-wasip2";
const DEBIAN_TARGET: &str = "wasm32-unknown-unknown";
const DEBIAN_RUSTC: &str = "/usr/bin/rustc";
const DEBIAN_PACKAGES: [&str; 2] = ["rustc-web", "rust-web-src"];

/// A way to a WASM compiler.
enum Way {
    /// The toolchain has the target.
    Target,
    /// Debian's compiler builds the standard library too; `linker` is the folder of `wasm-component-ld`.
    Debian { linker: PathBuf },
}

/// What ships. Examples do too: a newcomer changes one and hears it.
const STOCK: [&str; 3] = ["agents", "examples", "tools"];
/// What only tests of the host run.
const FIXTURES: &str = "fixtures";

/// Builds the stock agents, examples and tools, or those that are named (separated by commas; fixtures too).
pub(crate) fn build(names: Option<&str>) -> Result<()> {
    let home = home();
    make(&home, &choose(&home, names)?)
}

/// Builds everything that tests of the host run: what ships, and the fixtures.
pub(crate) fn build_for_tests() -> Result<()> {
    let home = home();
    let mut all = packages(&home, &STOCK)?;
    all.extend(packages(&home, &[FIXTURES])?);
    make(&home, &all)
}

fn make(home: &Path, chosen: &[String]) -> Result<()> {
    let way = way()?;
    let mut command = cargo(home);
    command.args(["build", "--release", "--quiet", "--target-dir"]).arg(home.join("target"));
    // A folder that somebody just added is not in the lock file yet: cargo adds it and leaves the rest as it is.
    if setup::in_ci() {
        command.arg("--locked");
    }
    let target = match &way {
        Way::Target => TARGET,
        Way::Debian { linker } => {
            command
                .env("PATH", path_with(linker)?)
                .env("RUSTC", DEBIAN_RUSTC)
                .env("RUSTC_BOOTSTRAP", "1")
                .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", "wasm-component-ld")
                .args(["-Z", "build-std=std,panic_abort"]);
            DEBIAN_TARGET
        }
    };
    command.args(["--target", target]);
    for name in chosen {
        command.args(["--package", name]);
    }
    if !command.status().context("cargo could not be started")?.success() {
        bail!("the components did not build");
    }
    let built = home.join("target").join(target).join("release");
    chosen.iter().try_for_each(|name| publish(home, &built, name))
}

/// Runs the components' own tests, natively.
#[allow(dead_code, reason = "for `cargo xtask test`")]
pub(crate) fn test() -> Result<()> {
    let home = home();
    let mut command = cargo(&home);
    // Another compiler than that of the components: its own folder, or each build would throw away the other's.
    command.args(["test", "--locked", "--quiet", "--target-dir"]).arg(home.join("target/native"));
    if !command.status().context("cargo could not be started")?.success() {
        bail!("the tests of the components failed");
    }
    Ok(())
}

fn home() -> PathBuf {
    root().join("components")
}

/// Cargo without what the caller's environment says about the host's own build.
fn cargo(home: &Path) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(home);
    for name in
        ["CARGO_TARGET_DIR", "CARGO_BUILD_TARGET", "RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "RUSTC", "RUSTC_WRAPPER"]
    {
        command.env_remove(name);
    }
    command
}

fn choose(home: &Path, names: Option<&str>) -> Result<Vec<String>> {
    let stock = packages(home, &STOCK)?;
    let Some(names) = names else { return Ok(stock) };
    let mut known = packages(home, &[FIXTURES])?;
    known.extend(stock);
    let chosen: Vec<String> = names.split(',').map(|name| name.trim().to_owned()).collect();
    match chosen.iter().find(|name| !known.contains(name)) {
        Some(unknown) => bail!("there is no component `{unknown}`; there are {}", known.join(", ")),
        None => Ok(chosen),
    }
}

fn packages(home: &Path, folders: &[&str]) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for folder in folders.iter().map(|folder| home.join(folder)).filter(|folder| folder.is_dir()) {
        for entry in std::fs::read_dir(&folder).with_context(|| format!("{} cannot be read", folder.display()))? {
            let path = entry?.path();
            if path.join("Cargo.toml").is_file() {
                names.extend(path.file_name().map(|name| name.to_string_lossy().into_owned()));
                named_as_its_folder(&path)?;
            }
        }
    }
    names.sort();
    Ok(names)
}

/// A copied folder still has the name of the one it was copied from, and cargo's word for that tells nobody what to do.
fn named_as_its_folder(folder: &Path) -> Result<()> {
    let manifest = folder.join("Cargo.toml");
    let text = std::fs::read_to_string(&manifest).with_context(|| format!("{} cannot be read", manifest.display()))?;
    let expected = folder.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    match package_name(&text) {
        Some(name) if name != expected => bail!(
            "{} names its package `{name}`: write `name = \"{expected}\"`, as its folder is called",
            manifest.display()
        ),
        _ => Ok(()),
    }
}

/// The first `name = "..."` of a manifest; `[package]` comes first in ours.
fn package_name(manifest: &str) -> Option<&str> {
    let values = manifest.lines().filter_map(|line| line.trim().strip_prefix("name")?.trim_start().strip_prefix('='));
    values.map(|value| value.trim().trim_matches('"')).next()
}

/// Copies only what changed: a host that watches the folder must not be woken for nothing.
fn publish(home: &Path, built: &Path, name: &str) -> Result<()> {
    let is_fixture = home.join(FIXTURES).join(name).is_dir();
    let dist = if is_fixture { home.join("dist").join(FIXTURES) } else { home.join("dist") };
    let from = built.join(format!("{}.wasm", name.replace('-', "_")));
    let to = dist.join(format!("{name}.wasm"));
    let bytes = std::fs::read(&from).with_context(|| format!("{} cannot be read", from.display()))?;
    if std::fs::read(&to).is_ok_and(|old| old == bytes) {
        return Ok(());
    }
    std::fs::create_dir_all(&dist).with_context(|| format!("{} cannot be made", dist.display()))?;
    std::fs::write(&to, &bytes).with_context(|| format!("{} cannot be written", to.display()))?;
    let shown = to.strip_prefix(home).unwrap_or(&to);
    eprintln!("components/{} ({} KiB)", shown.display(), bytes.len().div_ceil(1024));
    Ok(())
}

fn way() -> Result<Way> {
    if has_target() {
        return Ok(Way::Target);
    }
    if let Some(way) = debian() {
        return Ok(way);
    }
    if rustup_adds_target() && has_target() {
        return Ok(Way::Target);
    }
    if apt_installs()
        && let Some(way) = debian()
    {
        return Ok(way);
    }
    bail!(
        "no WASM compiler was found: run `rustup target add {TARGET}`, or install a Rust toolchain that brings the target \
         {TARGET}, or (Debian) run `apt-get install --no-install-recommends {}` as root",
        DEBIAN_PACKAGES.join(" ")
    )
}

fn has_target() -> bool {
    let Some(folder) = answer(Command::new("rustc").args(["--print", "target-libdir", "--target", TARGET])) else {
        return false;
    };
    std::fs::read_dir(folder)
        .is_ok_and(|entries| entries.flatten().any(|entry| entry.file_name().to_string_lossy().starts_with("libstd-")))
}

/// Debian's compiler with its library's source, and the linker of the ordinary toolchain.
fn debian() -> Option<Way> {
    let root = PathBuf::from(answer(Command::new(DEBIAN_RUSTC).args(["--print", "sysroot"]))?);
    if !root.join("lib/rustlib/src/rust/library/std/Cargo.toml").is_file() {
        return None;
    }
    let ordinary = PathBuf::from(answer(Command::new("rustc").args(["--print", "sysroot"]))?);
    let host = answer(Command::new("rustc").args(["--print", "host-tuple"]))?;
    let linker = ordinary.join("lib/rustlib").join(host).join("bin");
    linker.join("wasm-component-ld").is_file().then_some(Way::Debian { linker })
}

fn rustup_adds_target() -> bool {
    let mut command = Command::new("rustup");
    command.args(["target", "add", TARGET]).env("RUSTUP_MAX_RETRIES", "0");
    finishes_within(&mut command, RUSTUP_LIMIT)
}

fn apt_installs() -> bool {
    let root = answer(Command::new("id").arg("-u")).is_some_and(|id| id == "0");
    if !root {
        return false;
    }
    let apt = |arguments: &[&str]| {
        let mut command = Command::new("apt-get");
        command.args(arguments).env("DEBIAN_FRONTEND", "noninteractive");
        finishes_within(&mut command, Duration::from_secs(600))
    };
    let mut install = vec!["install", "-y", "--no-install-recommends"];
    install.extend(DEBIAN_PACKAGES);
    apt(&install) || (apt(&["update"]) && apt(&install))
}

/// The standard output of a command that succeeds.
fn answer(command: &mut Command) -> Option<String> {
    let output = command.stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Whether a command succeeds in time; past it, the command is ended.
fn finishes_within(command: &mut Command, limit: Duration) -> bool {
    let Ok(mut child) = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn() else {
        return false;
    };
    // Its output closes when it ends: that can be waited for with a limit, the process itself cannot.
    let (done, ended) = mpsc::sync_channel(1);
    if let Some(mut output) = child.stdout.take() {
        std::thread::spawn(move || {
            let _ = output.read_to_end(&mut Vec::new());
            let _ = done.send(());
        });
    }
    if ended.recv_timeout(limit).is_err() {
        let _ = child.kill();
    }
    child.wait().is_ok_and(|status| status.success())
}

fn path_with(folder: &Path) -> Result<OsString> {
    let old = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&old).chain([folder.to_owned()]);
    std::env::join_paths(folders).context("the search path has an unusable folder")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_package_is_found() {
        assert_eq!(package_name("[package]\nname = \"quiz\"\nversion = \"1\"\n"), Some("quiz"));
        assert_eq!(package_name("[package]\nversion.workspace = true\n"), None);
    }

    #[test]
    fn a_copied_folder_that_kept_its_name_is_explained() {
        let folder = std::env::temp_dir().join(format!("trunkline-{}", std::process::id())).join("mine");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("Cargo.toml"), "[package]\nname = \"quiz\"\n").unwrap();
        let error = named_as_its_folder(&folder).unwrap_err().to_string();
        assert!(error.contains("names its package `quiz`: write `name = \"mine\"`"), "{error}");
        std::fs::write(folder.join("Cargo.toml"), "[package]\nname = \"mine\"\n").unwrap();
        named_as_its_folder(&folder).unwrap();
        std::fs::remove_dir_all(folder.with_file_name("")).unwrap();
    }
}
