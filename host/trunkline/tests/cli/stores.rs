use crate::{Place, contract};
use serde_json::json;
use trunkline_store::{Store, StoreConfig};

#[test]
fn the_first_run_makes_the_database_and_the_default_tenant() {
    let place = Place::new();
    let ran = place.run(&["agent", "list"]).failed(1);
    assert_eq!(ran.sentence(), "data has no database: run `trunkline migrate`, or name another directory with --data");
    assert!(!place.data().exists());
    let before = place.run(&["migrate", "--status", "--json"]).ok().json();
    assert!(before["items"].as_array().unwrap().iter().all(|migration| migration["applied_at_ms"].is_null()));
    let after = place.run(&["migrate", "--json"]).ok().json();
    assert!(after["items"].as_array().unwrap().iter().all(|migration| migration["applied_at_ms"].is_u64()));
    assert_eq!(place.run(&["agent", "list", "--json"]).ok().json(), json!({"items": [], "next_cursor": null}));
    assert_eq!(place.run(&["call", "list", "--json"]).ok().json(), json!({"items": [], "next_cursor": null}));
    let ran = place.run(&["agent", "list", "--tenant", "acme"]).failed(1);
    assert_eq!(ran.sentence(), "there is no tenant `acme` (there are: default)");
}

#[test]
fn a_write_makes_what_it_needs() {
    let place = Place::new();
    place.write("agent.json", contract().to_string());
    let made = place.run(&["agent", "create", "--file", "agent.json", "--json", "--data", "other"]).ok().json();
    assert_eq!(made["version"], 1);
    assert!(place.path("other/trunkline.db").exists() && !place.data().exists());
}

#[test]
fn a_data_directory_in_use_is_said_with_the_way_round() {
    let place = Place::new();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let store = runtime.block_on(Store::open(StoreConfig::new(place.data()))).unwrap();
    let ran = place.run(&["agent", "list"]).failed(1);
    let folder = place.data().canonicalize().unwrap();
    assert_eq!(
        ran.sentence(),
        format!(
            "{} is in use by a running server: add --server URL and set TRUNKLINE_TOKEN to talk to it, or stop it",
            folder.display()
        )
    );
    runtime.block_on(store.close());
    place.run(&["agent", "list"]).ok();
}

#[test]
fn a_token_is_printed_once_and_names_are_unique() {
    let place = Place::new();
    let ran = place.run(&["token", "issue", "--name", "ci"]).ok();
    assert!(ran.out.starts_with("trk_") && ran.out.trim().len() == 68, "{}", ran.out);
    let ran = place.run(&["token", "issue", "--name", "ci"]).failed(1);
    assert_eq!(ran.sentence(), "there is a token `ci`: choose another --name");
    assert_eq!(place.run(&["token", "issue", "--name", "two", "--json"]).ok().json()["name"], "two");
}

#[test]
fn a_damaged_database_is_one_sentence() {
    let place = Place::new();
    std::fs::create_dir(place.data()).unwrap();
    place.write("data/trunkline.db", vec![7; 10_000]);
    let ran = place.run(&["call", "list"]).failed(1);
    assert!(ran.sentence().starts_with("data directory data: the database file is damaged ("), "{}", ran.err);
}

#[test]
fn a_data_directory_that_cannot_be_made_is_one_sentence() {
    let place = Place::new();
    place.write("file", "");
    for arguments in [["migrate", "--data", "file/data"], ["serve", "--data", "file/data"]] {
        let ran = place.run(&arguments).failed(1);
        assert!(ran.sentence().ends_with("check the disk and the permissions of the data directory"), "{}", ran.err);
    }
}

#[test]
fn a_bad_file_is_named_with_its_line() {
    let place = Place::new();
    place.write("trunkline.toml", "data = \"d\"\n\n[limits]\nmax_cals = 1\n");
    for arguments in [["agent", "list"], ["config", "check"], ["migrate", "--status"]] {
        let ran = place.run(&arguments).failed(1);
        assert_eq!(
            ran.sentence(),
            "trunkline.toml, line 4, `limits.max_cals`: unknown field `max_cals`, expected one of `max_calls`, \
             `max_calls_per_tenant`, `unauthenticated_sockets`, `drain_s`, `session_idle_s`"
        );
    }
    let ran = place.run(&["config", "show", "--config", "nowhere.toml"]).failed(1);
    assert!(ran.sentence().starts_with("the configuration file nowhere.toml cannot be read ("), "{}", ran.err);
}

#[test]
fn every_value_is_shown_with_its_source() {
    let place = Place::new().env("TRUNKLINE_LIMITS_MAX_CALLS", "9").env("OPENAI_API_KEY", "very-secret");
    place.write("trunkline.toml", "public_url = \"https://voice.example.com\"\n");
    let ran = place.run(&["config", "show", "--json", "--data", "here"]).ok();
    assert!(!ran.out.contains("very-secret"));
    let answer = ran.json();
    let of = |key: &str| {
        let settings = answer["settings"].as_array().unwrap();
        let setting = settings.iter().find(|setting| setting["key"] == key).unwrap();
        (setting["value"].as_str().map(str::to_owned), setting["origin"].as_str().unwrap().to_owned())
    };
    assert_eq!(of("public_url"), (Some("https://voice.example.com".into()), "trunkline.toml, line 1".into()));
    assert_eq!(of("limits.max_calls"), (Some("9".into()), "environment, TRUNKLINE_LIMITS_MAX_CALLS".into()));
    assert_eq!(of("data"), (Some("here".into()), "command line, --data".into()));
    assert_eq!(of("providers.openai.api_key"), (Some("***".into()), "environment, OPENAI_API_KEY".into()));
    assert_eq!(of("listen"), (Some("127.0.0.1:8080".into()), "default".into()));
    assert_eq!(of("providers.ca"), (None, "default".into()));
}

#[test]
fn a_wrong_key_file_is_found_before_serving() {
    let place = Place::new();
    place.write("trunkline.toml", "[tls]\ncert = \"cert.pem\"\nkey = \"key.pem\"\n[providers]\nca = \"ca.pem\"\n");
    place.write("ca.pem", "nothing");
    let ran = place.run(&["config", "check"]).failed(1);
    assert!(ran.out.contains("error: the TLS file"), "{}", ran.out);
    assert!(ran.out.contains("error: `providers.ca`: ") && ran.out.contains("the file has none"), "{}", ran.out);
    let answer = place.run(&["config", "check", "--json"]).failed(1).json();
    assert_eq!((&answer["valid"], answer["errors"].as_array().unwrap().len()), (&json!(false), 2));
}

#[test]
fn a_log_filter_that_is_none_is_refused() {
    let place = Place::new();
    let ran = place.run(&["migrate", "--log", "a=b=c"]).failed(1);
    assert!(ran.sentence().starts_with("`a=b=c` is no log filter"), "{}", ran.err);
}

#[test]
fn completions_are_written() {
    let place = Place::new();
    assert!(place.run(&["completions", "bash"]).ok().out.contains("_trunkline"));
}
