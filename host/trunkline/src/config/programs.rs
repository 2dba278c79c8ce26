//! Programs on this machine that speak and listen: `[providers.local]`.

use super::file::LocalFile;
use super::layers::{Layers, Setting};
use std::collections::BTreeMap;
use toml::Spanned;
use trunkline_providers::{LocalConfig, SttProgram, TtsProgram};

/// Hz of PCM that can be converted.
const RATES: [u32; 5] = [8_000, 16_000, 22_050, 24_000, 48_000];

pub(super) fn programs(layers: &mut Layers<'_>, file: LocalFile) -> LocalConfig {
    let defaults = LocalConfig::default();
    let most = layers.number("providers.local.max_processes", file.max_processes, defaults.max_processes, 1, 1_000);
    let warm = layers.number("providers.local.warm", file.warm, defaults.warm, 0, 16);
    let tts = named(layers, "tts", file.tts, |program: &TtsProgram| (&program.command, program.rate));
    let stt = named(layers, "stt", file.stt, |program: &SttProgram| (&program.command, Some(program.rate)));
    LocalConfig { max_processes: most, warm, tts, stt }
}

fn named<T>(
    layers: &mut Layers<'_>,
    kind: &str,
    programs: BTreeMap<String, Spanned<T>>,
    parts: impl Fn(&T) -> (&Vec<String>, Option<u32>),
) -> BTreeMap<String, T> {
    let mut all = BTreeMap::new();
    for (name, program) in programs {
        let (span, program) = (program.span(), program.into_inner());
        let key = format!("providers.local.{kind}.{name}");
        let (command, rate) = parts(&program);
        let shown = Spanned::new(span, command.join(" "));
        // A command is a list: no variable can say it.
        let setting = Setting::new(&key).env(String::new());
        let some = |text: &str| (!text.trim().is_empty()).then_some(());
        let usable = layers.optional(&setting, Some(shown), "a program and its arguments: `command = [..]`", some);
        if rate.is_some_and(|rate| !RATES.contains(&rate)) {
            layers.fault_of(&key, &format!("`rate` must be one of {RATES:?}"));
        }
        if usable.is_some() {
            all.insert(name, program);
        }
    }
    all
}
