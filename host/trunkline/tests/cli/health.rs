use crate::Place;
use serde_json::Value;
use std::net::TcpListener;

fn state<'a>(answer: &'a Value, name: &str) -> Vec<&'a str> {
    let checks = answer["checks"].as_array().unwrap().iter();
    checks.filter(|check| check["name"] == name).map(|check| check["state"].as_str().unwrap()).collect()
}

fn mend<'a>(answer: &'a Value, name: &str) -> &'a str {
    answer["checks"].as_array().unwrap().iter().find(|check| check["name"] == name).unwrap()["mend"].as_str().unwrap()
}

#[test]
fn what_is_missing_is_named_with_what_mends_it() {
    let place = Place::new();
    std::fs::remove_dir_all(place.path("components")).unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let ran = place.run(&["doctor", "--json", "--listen", &address]).failed(1);
    let answer = ran.json();
    assert_eq!(answer["ok"], false);
    assert_eq!(state(&answer, "configuration"), ["ok"]);
    assert_eq!(state(&answer, "data directory"), ["ok"]);
    assert_eq!(state(&answer, "database"), ["ok"]);
    assert_eq!(state(&answer, "components"), ["missing"]);
    assert!(mend(&answer, "components").starts_with("run `cargo xtask components`"));
    assert_eq!(state(&answer, "port"), ["missing"]);
    assert!(mend(&answer, "port").contains("--listen"));
    assert_eq!(state(&answer, "public address"), ["off"]);
    assert_eq!(state(&answer, "microphone"), ["ok"]);
    for provider in ["deepgram", "openai", "elevenlabs"] {
        assert_eq!(state(&answer, provider), ["off"]);
        assert!(mend(&answer, provider).contains(&format!("TRUNKLINE_{}_API_KEY", provider.to_uppercase())));
    }
    assert_eq!(state(&answer, "twilio"), ["off"]);
    assert!(!place.data().exists());
}

#[test]
fn a_component_that_is_none_is_missing() {
    let place = Place::new();
    let answer = place.run(&["doctor", "--json", "--listen", "127.0.0.1:0"]).failed(1).json();
    assert_eq!(state(&answer, "components"), ["missing"]);
    assert_eq!(state(&answer, "port"), ["ok"]);
}

#[test]
fn a_provider_of_the_operators_own_is_asked() {
    let place = Place::new();
    let server = crate::server::Server::answering(200, "text/plain", "hello");
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let text = format!(
        "[providers.openai]\nurl = \"http://{}/v1\"\n[providers.deepgram]\nurl = \"ws://{closed}\"\n",
        server.address
    );
    place.write("trunkline.toml", text);
    let answer = place.run(&["doctor", "--json", "--listen", "127.0.0.1:0"]).failed(1).json();
    assert_eq!(state(&answer, "openai"), ["ok"]);
    assert_eq!(state(&answer, "deepgram"), ["missing"]);
    let asked = server.requests();
    assert!(asked[0].starts_with("GET /v1 HTTP/1.1") && !asked[0].to_lowercase().contains("authorization"));
}

#[test]
fn a_broken_configuration_is_the_first_thing_to_mend() {
    let place = Place::new();
    place.write("trunkline.toml", "listen = 8080");
    let ran = place.run(&["doctor"]).failed(1);
    assert!(ran.out.starts_with("missing  configuration") && ran.out.contains("line 1, `listen`"), "{}", ran.out);
}

#[test]
fn a_machine_without_speech_programs_is_told_what_to_install() {
    let place = Place::new();
    std::fs::create_dir(place.path("empty")).unwrap();
    let place = place.env("PATH", "empty");
    let ran = place.run(&["doctor", "--check", "--listen", "127.0.0.1:0"]).failed(1);
    for (need, packages) in
        [("speech synthesis", "flite espeak-ng"), ("speech recognition", "pocketsphinx pocketsphinx-en-us")]
    {
        let mut lines = ran.out.lines().skip_while(|line| !line.contains(need));
        assert!(lines.next().unwrap().starts_with("missing  "), "{}", ran.out);
        assert!(lines.next().unwrap().contains(&format!("sudo apt-get install -y {packages}")), "{}", ran.out);
    }
    assert!(!ran.out.contains("trial of"), "what is not there is not tried: {}", ran.out);
    let answer = place.run(&["doctor", "--json", "--listen", "127.0.0.1:0"]).failed(1).json();
    assert_eq!(state(&answer, "language"), ["ok"], "the built-in engine needs no program");
    // What is missing for speech is missing for nothing else.
    let listed = place.run(&["provider", "list", "--json"]).ok().json();
    let ready: Vec<&Value> =
        listed["items"].as_array().unwrap().iter().filter(|p| p["ready"] == true).map(|p| &p["name"]).collect();
    assert_eq!(ready, ["builtin"]);
    let ran = place.run(&["provider", "check", "local"]).failed(1);
    assert!(ran.sentence().starts_with("`local` is not ready: "), "{}", ran.err);
    let ran = place.run(&["provider", "check", "nobody"]).failed(1);
    assert!(ran.sentence().starts_with("there is no provider `nobody` (there are: builtin, deepgram"), "{}", ran.err);
}

#[test]
fn a_page_that_browsers_do_not_trust_gets_no_microphone() {
    for (url, expected) in [
        ("http://voice.example.com", "warn"),
        ("http://192.168.1.7:8080", "warn"),
        ("https://voice.example.com", "ok"),
        ("http://localhost:8080", "ok"),
        ("http://[::1]:8080", "ok"),
    ] {
        let place = Place::new().env("TRUNKLINE_PUBLIC_URL", url);
        let answer = place.run(&["doctor", "--json", "--listen", "127.0.0.1:0"]).json();
        assert_eq!(state(&answer, "microphone"), [expected], "{url}");
    }
}
