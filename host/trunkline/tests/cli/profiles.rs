//! Profiles: which server a command talks to, and with whose token.

use crate::Place;
use crate::server::Server;
use serde_json::json;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;

const TOKEN: &str = "trk_0123456789abcdef0123456789abcdef";

fn server() -> Server {
    Server::answering(200, "application/json", r#"{"items": [], "next_cursor": null}"#)
}

fn place() -> Place {
    let place = Place::new();
    let home = place.path("home").to_str().unwrap().to_owned();
    place.env("HOME", &home)
}

/// Runs a command with something on its standard input.
fn typed(place: &Place, arguments: &[&str], input: &str) -> crate::Ran {
    let mut command = place.command(arguments);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    crate::Ran { code: output.status.code().unwrap(), out: text(output.stdout), err: text(output.stderr) }
}

fn add(place: &Place, name: &str, url: &str, more: &[&str]) {
    typed(place, &[&["profile", "add", name, url], more].concat(), &format!("{TOKEN}\n")).ok();
}

#[test]
fn the_profile_in_use_is_asked_with_its_own_token() {
    let (place, server) = (place().env("TRUNKLINE_TOKEN", "trk_of_another"), server());
    add(&place, "prod", &server.url(), &["--use", "--tenant", "acme"]);
    place.run(&["agent", "list"]).ok();
    let request = server.requests().remove(0).to_lowercase();
    assert!(request.contains(&format!("authorization: bearer {TOKEN}")), "{request}");
    assert!(request.contains("x-tenant: acme"), "{request}");
    place.run(&["agent", "list", "--tenant", "globex"]).ok();
    assert!(server.requests().remove(0).to_lowercase().contains("x-tenant: globex"));
    assert!(!place.data().exists());
}

#[test]
fn flags_go_before_the_environment_and_that_before_the_profile_in_use() {
    let (used, named) = (server(), server());
    let place = place();
    add(&place, "used", &used.url(), &["--use"]);
    add(&place, "named", &named.url(), &[]);
    place.run(&["agent", "list", "--profile", "named"]).ok();
    assert_eq!((used.requests().len(), named.requests().len()), (0, 1));
    let ran = place.run(&["agent", "list", "--data", "here"]).failed(1);
    assert!(ran.sentence().starts_with("here has no database"), "{}", ran.err);
    place.run(&["agent", "list", "--data", "here", "--profile", "named"]).failed(2);
    place.run(&["agent", "list", "--server", "http://127.0.0.1:9", "--profile", "named"]).failed(2);

    let place = place.env("TRUNKLINE_PROFILE", "named");
    place.run(&["agent", "list"]).ok();
    place.run(&["agent", "list", "--profile", "used"]).ok();
    assert_eq!((used.requests().len(), named.requests().len()), (1, 1));

    let other = server();
    let place = place.env("TRUNKLINE_SERVER", &other.url()).env("TRUNKLINE_TOKEN", "trk_1");
    place.run(&["agent", "list"]).ok();
    assert!(other.requests().remove(0).to_lowercase().contains("authorization: bearer trk_1"));
    assert_eq!((used.requests().len(), named.requests().len()), (0, 0));
}

#[test]
fn the_tenant_of_a_profile_that_was_asked_for_goes_before_that_of_the_environment() {
    let server = server();
    let tenant = || {
        let request = server.requests().remove(0).to_lowercase();
        request.lines().find_map(|line| line.strip_prefix("x-tenant: ").map(str::to_owned)).unwrap_or_default()
    };
    let place = place();
    add(&place, "prod", &server.url(), &["--use", "--tenant", "acme"]);
    let place = place.env("TRUNKLINE_TENANT", "globex");
    add(&place, "free", &server.url(), &[]);
    place.run(&["agent", "list"]).ok();
    assert_eq!(tenant(), "globex", "of the environment");
    place.run(&["agent", "list", "--profile", "prod"]).ok();
    assert_eq!(tenant(), "acme", "of the profile");
    place.run(&["agent", "list", "--profile", "free"]).ok();
    assert_eq!(tenant(), "globex", "adding a profile keeps no tenant of the environment");
    place.run(&["agent", "list", "--profile", "prod", "--tenant", "initech"]).ok();
    assert_eq!(tenant(), "initech", "of the command line");
}

#[test]
fn a_data_directory_in_the_environment_goes_before_the_profile_in_use() {
    let place = place().env("TRUNKLINE_DATA", "here");
    add(&place, "prod", "http://127.0.0.1:9", &["--use"]);
    let ran = place.run(&["agent", "list"]).failed(1);
    assert!(ran.sentence().starts_with("here has no database"), "{}", ran.err);
}

#[test]
fn a_token_is_kept_for_its_owner_and_never_shown() {
    let place = place();
    add(&place, "prod", "https://voice.example.com/", &["--use"]);
    let file = place.path("home/.config/trunkline/profiles.toml");
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(std::fs::read_to_string(&file).unwrap().contains(TOKEN));
    for command in [["profile", "list"].as_slice(), &["profile", "show"], &["profile", "show", "prod", "--json"]] {
        let ran = place.run(command).ok();
        assert!(ran.out.contains("***cdef") && !ran.out.contains(TOKEN), "{}", ran.out);
    }
    let shown = place.run(&["profile", "show", "--json"]).ok().json();
    assert_eq!(
        shown,
        json!({"name": "prod", "server": "https://voice.example.com", "tenant": null, "token": "***cdef", "current": true})
    );
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o640)).unwrap();
    let ran = place.run(&["agent", "list"]).failed(1);
    assert!(ran.sentence().contains("is open to others: run `chmod 600 "), "{}", ran.err);
}

#[test]
fn profiles_come_and_go() {
    let place = place();
    add(&place, "dev", "http://127.0.0.1:9", &["--use"]);
    add(&place, "prod", "https://voice.example.com", &[]);
    let ran = typed(&place, &["profile", "add", "dev", "http://127.0.0.1:9"], TOKEN).failed(1);
    assert_eq!(ran.sentence(), "there is a profile `dev`: --replace puts this one in its place");
    add(&place, "dev", "http://127.0.0.1:10", &["--replace"]);
    assert_eq!(place.run(&["profile", "show", "dev", "--json"]).ok().json()["server"], "http://127.0.0.1:10");
    assert_eq!(place.run(&["profile", "use", "prod"]).ok().out, "profile prod is in use\n");
    assert_eq!(place.run(&["profile", "remove", "prod"]).ok().out, "no profile is in use\n");
    let ran = place.run(&["profile", "show"]).failed(1);
    assert!(ran.sentence().starts_with("no profile is in use"), "{}", ran.err);
    place.run(&["profile", "use", "dev"]).ok();
    place.run(&["profile", "use", "--none"]).ok();
    let listed = place.run(&["profile", "list", "--json"]).ok().json();
    assert_eq!(listed["items"].as_array().unwrap().len(), 1);
    assert_eq!(listed["items"][0]["current"], false);
}

#[test]
fn what_is_wrong_with_a_profile_is_one_sentence() {
    let place = place().env("TRUNKLINE_PROFILES", "mine.toml");
    let ran = place.run(&["agent", "list", "--profile", "prod"]).failed(1);
    assert_eq!(ran.sentence(), "there is no profile `prod` in mine.toml (there are: none)");
    let ran = typed(&place, &["profile", "add", "prod", "voice.example.com"], TOKEN).failed(1);
    assert!(ran.sentence().starts_with("`voice.example.com` is no server"), "{}", ran.err);
    let ran = typed(&place, &["profile", "add", "a/b", "https://voice.example.com"], TOKEN).failed(1);
    assert!(ran.sentence().starts_with("`a/b` is no name of a profile"), "{}", ran.err);
    let ran = typed(&place, &["profile", "add", "prod", "https://voice.example.com"], "").failed(1);
    assert!(ran.sentence().starts_with("the token is read from standard input"), "{}", ran.err);
    place.run(&["profile", "use"]).failed(2);
    for command in [["backup"].as_slice(), &["restore", "copy.db"], &["secret", "rotate"]] {
        let ran = place.run(&[command, &["--profile", "prod"]].concat()).failed(1);
        assert!(ran.sentence().starts_with("a server does no "), "{}", ran.err);
    }
    place.run(&["profile", "add", "prod", "https://voice.example.com", "--no-token"]).ok();
    let ran = place.run(&["agent", "list", "--profile", "prdo"]).failed(1);
    assert_eq!(ran.sentence(), "there is no profile `prdo` in mine.toml (there are: prod)");
    let ran = place.run(&["agent", "list", "--profile", "prod"]).failed(1);
    assert!(ran.sentence().starts_with("the server wants a token"), "{}", ran.err);
    let file = place.write("mine.toml", "current = \"prod\"\n\n[profiles.prod]\nserver = 7\n");
    std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o600)).unwrap();
    let ran = place.run(&["agent", "list"]).failed(1);
    assert!(ran.sentence().starts_with("mine.toml, line 4, `profiles.prod.server`: "), "{}", ran.err);
}
