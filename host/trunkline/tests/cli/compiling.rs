//! The process that compiles: what it gives away, and that it ends.

use crate::{Place, built, stock};
use std::io::{Read, Write};
use std::process::{Child, Stdio};

/// 4 GiB.
const MEMORY: &str = "4294967296";

fn child(place: &Place, cpu_s: &str, memory: &str) -> Child {
    let mut command = place.command(&["compile-component", cpu_s, memory, "false"]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap()
}

fn compiled(mut child: Child, bytes: &[u8]) -> (bool, Vec<u8>) {
    // Whoever is refused at once does not read.
    let _ = child.stdin.take().unwrap().write_all(bytes);
    let mut answer = Vec::new();
    child.stdout.take().unwrap().read_to_end(&mut answer).unwrap();
    (child.wait().unwrap().success(), answer)
}

#[test]
fn a_component_comes_back_as_code_and_anything_else_as_a_sentence() {
    let place = Place::new();
    let (ended, code) = compiled(child(&place, "60", MEMORY), &stock());
    assert!(ended && code[0] == 0 && code[1..].starts_with(b"\x7fELF"), "{:?}", &code[..8]);
    let (ended, answer) = compiled(child(&place, "60", MEMORY), b"<html>");
    assert!(ended && answer[0] == 1, "{answer:?}");
    assert!(String::from_utf8_lossy(&answer).contains("not a valid component"));
}

#[test]
fn with_too_little_memory_there_is_no_code() {
    let (ended, answer) = compiled(child(&Place::new(), "60", "60000000"), &stock());
    assert!(!ended || answer[0] != 0, "{}", answer.len());
}

#[cfg(target_os = "linux")]
#[test]
fn it_is_locked_in_before_it_reads_a_byte() {
    let place = Place::new();
    let waiting = child(&place, "7", MEMORY);
    let of = |file: &str| std::fs::read_to_string(format!("/proc/{}/{file}", waiting.id())).unwrap();
    let status = loop {
        let status = of("status");
        if status.lines().any(|line| line == "Seccomp_filters:\t2") {
            break status;
        }
        std::thread::yield_now();
    };
    assert!(status.contains("\nNoNewPrivs:\t1\n") && status.contains("\nSeccomp:\t2\n"), "{status}");
    let limits = of("limits");
    let limit = |name: &str| {
        let line = limits.lines().find(|line| line.starts_with(name)).unwrap();
        line[name.len()..].split_whitespace().map(str::to_owned).take(2).collect::<Vec<_>>()
    };
    assert_eq!(limit("Max cpu time"), ["7", "8"]);
    assert_eq!(limit("Max address space"), [MEMORY, MEMORY]);
    assert_eq!(limit("Max file size"), ["0", "0"]);
    assert_eq!(limit("Max open files"), ["16", "16"]);
    drop(compiled(waiting, b""));
}

#[test]
fn a_command_line_that_is_no_job_is_refused() {
    Place::new().run(&["compile-component", "7"]).failed(2);
}

#[test]
fn a_component_is_checked_without_a_host() {
    let place = Place::new();
    let file = built().join("conversation.wasm");
    let shown = place.run(&["component", "check", file.to_str().unwrap()]).ok().out;
    assert!(
        shown.contains("admitted as trunkline:agent@0.1.0") && shown.contains("behaviour conversation "),
        "{shown}"
    );
    let report = place.run(&["component", "check", file.to_str().unwrap(), "--json"]).ok().json();
    assert_eq!((&report["admitted"], report["digest"].as_str().unwrap().len()), (&true.into(), 64));
    place.write("page.wasm", "<html>");
    let ran = place.run(&["component", "check", "page.wasm"]).failed(1);
    assert!(ran.out.contains("page.wasm: refused: not a valid component"), "{}", ran.out);
    let ran = place.run(&["component", "check", "absent.wasm"]).failed(1);
    assert!(ran.sentence().starts_with("absent.wasm cannot be read"), "{}", ran.err);
}

#[test]
fn what_a_behaviour_costs_is_measured() {
    let place = Place::new();
    let file = built().join("conversation.wasm");
    let shown = place.run(&["component", "bench", file.to_str().unwrap(), "--events", "50"]).ok().out;
    assert!(shown.contains("fresh") && shown.contains("memory of one event at most"), "{shown}");
    let report = place.run(&["component", "bench", file.to_str().unwrap(), "--events", "50", "--json"]).ok().json();
    assert!(report["memory_peak"].as_u64().unwrap() > 0 && report["code_bytes"].as_u64().unwrap() > 0, "{report}");
    let tool = built().join("fixtures/toolbox.wasm");
    let ran = place.run(&["component", "bench", tool.to_str().unwrap()]).failed(1);
    assert!(ran.sentence().contains("not what it was asked for"), "{}", ran.err);
}

#[test]
fn a_component_goes_its_way_in_a_data_directory_that_no_server_uses() {
    let (place, _) = Place::with_agent();
    let file = built().join("fixtures/echo.wasm");
    let file = file.to_str().unwrap();
    let sent = place.run(&["component", "upload", file]).ok();
    assert!(sent.out.starts_with("echo release 1, the draft  "), "{}", sent.out);
    let sent = place.run(&["component", "upload", file, "--promote", "--json"]).ok().json();
    assert_eq!((&sent["component"]["live"], &sent["release"]["number"]), (&1.into(), &1.into()));
    place.run(&["agent", "set", "Front desk", "behaviour.component=echo"]).ok();
    let shown = place.run(&["component", "show", "echo"]).ok().out;
    assert!(shown.contains("used by Front desk version 2"), "{shown}");
    assert!(place.run(&["component", "list"]).ok().out.contains("echo"));
    let ran = place.run(&["component", "delete", "echo"]).failed(1);
    assert!(ran.err.contains("in use"), "{}", ran.err);
    let ran = place.run(&["component", "rollback", "echo"]).failed(1);
    assert!(ran.err.contains("no release was live before"), "{}", ran.err);
    let ran = place.run(&["component", "promote", "nobody"]).failed(1);
    assert_eq!(ran.sentence(), "there is no component `nobody`: `trunkline component list` shows all");
    place.write("page.wasm", "<html>");
    let ran = place.run(&["component", "upload", "page.wasm"]).failed(1);
    assert!(ran.err.contains("not a valid component"), "{}", ran.err);
}
