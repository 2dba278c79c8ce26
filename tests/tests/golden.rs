//! Golden logs: what calls left behind, kept as files, so that a change of the behaviour or of the runtime shows.
//!
//! Ids are named by their order, components by their files; times are those of the recorded call. `UPDATE_GOLDEN=1` lets
//! the scenarios write theirs anew.

use serde_json::Value;
use std::collections::BTreeMap;
use std::path::PathBuf;
use trunkline_contract::log::Row;
use trunkline_runtime::Digest;
use trunkline_tests::host::components;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("golden")
}

/// The file of a component: one that ships, or one for tests.
pub(crate) fn component(name: &str) -> PathBuf {
    let shipped = components().join(format!("{name}.wasm"));
    if shipped.is_file() { shipped } else { components().join("fixtures").join(format!("{name}.wasm")) }
}

/// The names of all components, by digest.
fn names() -> BTreeMap<String, String> {
    let folders = [components(), components().join("fixtures")];
    let files = folders.iter().filter_map(|folder| std::fs::read_dir(folder).ok()).flatten();
    let paths = files.map(|file| file.unwrap().path()).filter(|path| path.extension().is_some_and(|e| e == "wasm"));
    let named = |path: PathBuf| {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        (Digest::of(&std::fs::read(&path).unwrap()).to_string(), name)
    };
    paths.map(named).collect()
}

/// Gives ids names that are the same for every call of the same course.
struct Names {
    components: BTreeMap<String, String>,
    given: BTreeMap<String, String>,
}

impl Names {
    fn rename(&mut self, value: &mut Value) {
        match value {
            Value::String(text) => {
                if let Some(name) = self.components.get(text) {
                    name.clone_into(text);
                } else if let Some(class) = class(text) {
                    let next = self.given.values().filter(|name| name.starts_with(class)).count() + 1;
                    self.given.entry(text.clone()).or_insert_with(|| format!("{class}-{next}")).clone_into(text);
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.rename(item)),
            Value::Object(fields) => fields.values_mut().for_each(|field| self.rename(field)),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
}

/// What an id names, if the text is one.
fn class(text: &str) -> Option<&'static str> {
    let hex = |text: &str| text.chars().all(|c| c.is_ascii_hexdigit());
    if text.len() == 36 && hex(&text.replace('-', "")) {
        return Some("id");
    }
    let after = |prefix: &str, len: usize| text.strip_prefix(prefix).is_some_and(|id| id.len() == len && hex(id));
    (after("MZ", 32).then_some("stream")).or(after("call_", 24).then_some("request"))
}

/// Keeps the log of a finished call under a name, when golden files are to be written.
pub(crate) fn keep(name: &str, rows: &[Value]) {
    if std::env::var_os("UPDATE_GOLDEN").is_none() {
        return;
    }
    let mut names = Names { components: names(), given: BTreeMap::new() };
    let mut text = String::from("[\n");
    for (at, row) in rows.iter().enumerate() {
        let mut row = row.clone();
        names.rename(&mut row);
        text.push_str(&format!("{row}{}\n", if at + 1 < rows.len() { "," } else { "" }));
    }
    text.push_str("]\n");
    std::fs::create_dir_all(folder()).unwrap();
    std::fs::write(folder().join(format!("{name}.json")), text).unwrap();
}

/// All golden logs, by name.
pub(crate) fn logs() -> Vec<(String, Vec<Row>)> {
    let files = std::fs::read_dir(folder()).unwrap().map(|file| file.unwrap().path());
    let mut logs: Vec<(String, Vec<Row>)> = files
        .map(|path| {
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            (name, serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap())
        })
        .collect();
    logs.sort_by(|a, b| a.0.cmp(&b.0));
    logs
}
