//! Who can speak, listen and think here, with the command that installs what cannot.

use super::Check;
use crate::commands::providers::configured;
use crate::config::Config;
use crate::trial::{self, Trial};
use serde_json::{Value, json};

/// Who works without a key.
const KEYLESS: [&str; 2] = ["local", "builtin"];

/// What agents need, as it is called here and in the interface, and how to get it without a key.
const NEEDS: [(&str, &str, &str); 3] = [
    (
        "speech synthesis",
        "tts",
        "install programs with `sudo apt-get install -y flite espeak-ng`, or set a provider's key",
    ),
    (
        "speech recognition",
        "stt",
        "install a program with `sudo apt-get install -y pocketsphinx pocketsphinx-en-us`, or set a provider's key",
    ),
    ("language", "llm", "set a provider's key; the provider `builtin` needs none"),
];

pub(super) async fn check(config: &Config, trial: bool, checks: &mut Vec<Check>) {
    // What is wrong with the files that the configuration names was told with the configuration.
    let Ok(providers) = configured(config) else { return };
    let status = json!({"items": providers.status()});
    for (name, kind, mend) in NEEDS {
        checks.push(need(&status, name, kind, mend));
        checks.extend(programs(&status, kind));
    }
    if trial {
        for tried in trial::all(&Trial::Here(&providers), &status, Some("local"), None).await {
            let name = format!("trial of {}", tried.name);
            checks.push(match tried.ok {
                true => Check::ok(name, tried.found),
                false => Check::missing(name, tried.found, "run it by hand to see why, or install it anew"),
            });
        }
    }
}

fn of_kind<'v>(status: &'v Value, kind: &'v str) -> impl Iterator<Item = &'v Value> {
    let items = status["items"].as_array().into_iter().flatten();
    items.filter(move |item| item["kind"] == kind)
}

fn need(status: &Value, name: &str, kind: &str, mend: &str) -> Check {
    let ready: Vec<String> = of_kind(status, kind).filter(|item| item["ready"] == true).map(named).collect();
    if !ready.is_empty() {
        return Check::ok(name, ready.join(", "));
    }
    let keyless = of_kind(status, kind).find(|item| KEYLESS.iter().any(|keyless| item["name"] == *keyless));
    let problem = keyless.and_then(|item| item["problem"].as_str());
    Check::missing(name, problem.unwrap_or("no provider is ready"), mend)
}

/// A provider, with its programs that are there.
fn named(item: &Value) -> String {
    let name = item["name"].as_str().unwrap_or_default();
    let programs = item["programs"].as_array().into_iter().flatten();
    let programs = programs.filter(|program| program["ready"] == true).filter_map(|program| program["name"].as_str());
    let programs: Vec<&str> = programs.collect();
    if programs.is_empty() { name.to_owned() } else { format!("{name} ({})", programs.join(", ")) }
}

/// Programs that are not there, though others may do.
fn programs<'v>(status: &'v Value, kind: &'v str) -> impl Iterator<Item = Check> + use<'v> {
    let programs = of_kind(status, kind).flat_map(|item| item["programs"].as_array().into_iter().flatten());
    programs.filter(|program| program["ready"] != true).map(|program| {
        let problem = program["problem"].as_str().unwrap_or("not ready");
        Check::off(program["name"].as_str().unwrap_or_default(), problem, "not needed while another one is ready")
    })
}

#[cfg(test)]
mod tests {
    use super::super::State;
    use super::*;

    #[test]
    fn one_that_is_ready_is_enough_and_without_any_it_is_said_what_to_install() {
        let status = json!({"items": [
            {"kind": "tts", "name": "local", "ready": true, "programs": [
                {"name": "flite", "ready": true}, {"name": "piper", "ready": false, "problem": "not found"},
            ]},
            {"kind": "tts", "name": "elevenlabs", "ready": false, "problem": "no key"},
            {"kind": "stt", "name": "local", "ready": false, "problem": "there is no program"},
        ]});
        let (name, kind, mend) = NEEDS[0];
        let check = need(&status, name, kind, mend);
        assert_eq!((check.state, check.found.as_str()), (State::Ok, "local (flite)"));
        let off: Vec<Check> = programs(&status, "tts").collect();
        assert_eq!((off.len(), off[0].state, off[0].name.as_str()), (1, State::Off, "piper"));
        let (name, kind, mend) = NEEDS[1];
        let check = need(&status, name, kind, mend);
        assert_eq!((check.state, check.found.as_str()), (State::Missing, "there is no program"));
        assert!(check.mend.unwrap().contains("apt-get install -y pocketsphinx pocketsphinx-en-us"));
    }
}
