use super::*;

fn load(text: &str, env: &[(&str, &str)]) -> Result<Loaded, String> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("trunkline.toml");
    std::fs::write(&path, text).unwrap();
    let env = env.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let folder = format!("{}/", dir.path().display());
    Config::load(Flags { config: Some(path), ..Flags::default() }, &env)
        .map_err(|error| error.to_string().replace(&folder, ""))
}

fn explained<'a>(loaded: &'a Loaded, key: &str) -> &'a Explained {
    loaded.explained.iter().find(|setting| setting.key == key).unwrap()
}

#[test]
fn an_empty_file_gives_the_defaults() {
    let loaded = load("", &[]).unwrap();
    let config = &loaded.config;
    assert_eq!(config.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(config.public_url, "http://127.0.0.1:8080");
    assert_eq!(config.data, PathBuf::from("data"));
    assert_eq!(config.components, PathBuf::from("components/dist"));
    assert_eq!((config.limits.max_calls, config.limits.drain), (500, Duration::from_secs(30)));
    assert_eq!((config.runtime.max_instances, config.runtime.guest_threads), (256, 2));
    assert!(config.tls.is_none() && config.twilio.is_empty() && config.provider_ca.is_none());
    assert!(loaded.explained.iter().all(|setting| setting.origin.to_string() == "default"));
}

#[test]
fn every_key_is_read() {
    let text = r#"
        listen = "0.0.0.0:9000"
        data = "d"
        public_url = "https://voice.example.com/"
        components = "/opt/components"
        [tls]
        cert = "c.pem"
        key = "k.pem"
        [providers]
        ca = "ca.pem"
        [providers.deepgram]
        url = "ws://127.0.0.1:9001"
        api_key = "one"
        [providers.openai]
        url = "http://127.0.0.1:9002/v1"
        [limits]
        max_calls = 7
        max_calls_per_tenant = 6
        unauthenticated_sockets = 5
        drain_s = 0
        [runtime]
        max_instances = 4
        guest_threads = 3
        [twilio.accounts.AC01]
        auth_token = "two"
        tenant = "acme"
        [twilio.accounts.AC02]
        auth_token_env = "THEIR_TOKEN"
    "#;
    let config = load(text, &[("THEIR_TOKEN", "three")]).unwrap().config;
    assert_eq!(config.public_url, "https://voice.example.com");
    assert!(config.data.is_absolute() && config.data.ends_with("d"));
    assert_eq!(config.components, PathBuf::from("/opt/components"));
    assert!(config.tls.unwrap().key.is_absolute());
    assert!(config.provider_ca.unwrap().ends_with("ca.pem"));
    assert_eq!(config.providers.deepgram.api_key.expose(), "one");
    assert_eq!(config.providers.openai.url.as_deref(), Some("http://127.0.0.1:9002/v1"));
    assert_eq!(config.limits.unauthenticated_sockets, 5);
    assert_eq!(config.limits.drain, Duration::ZERO);
    assert_eq!(config.runtime.guest_threads, 3);
    assert_eq!(config.twilio["AC01"].tenant, "acme");
    assert_eq!(config.twilio["AC02"].auth_token.expose(), "three");
    assert_eq!(config.twilio["AC02"].tenant, DEFAULT_TENANT);
}

#[test]
fn the_strongest_source_wins_and_is_named() {
    let text =
        "\nlisten = \"127.0.0.1:1\"\ndata = \"file\"\n[limits]\nmax_calls = 3\n[providers.openai]\napi_key = \"f\"";
    let env = [
        ("TRUNKLINE_LISTEN", "127.0.0.1:2"),
        ("TRUNKLINE_DEEPGRAM_API_KEY", "own"),
        ("DEEPGRAM_API_KEY", "general"),
        ("OPENAI_API_KEY", "general"),
        ("ELEVENLABS_API_KEY", "general"),
        ("TRUNKLINE_COMPONENTS", ""),
    ];
    let loaded = load(text, &env).unwrap();
    let config = &loaded.config;
    assert_eq!(config.listen.port(), 2);
    assert_eq!(explained(&loaded, "listen").origin.to_string(), "environment, TRUNKLINE_LISTEN");
    assert!(explained(&loaded, "limits.max_calls").origin.to_string().ends_with("trunkline.toml, line 5"));
    assert_eq!(config.providers.deepgram.api_key.expose(), "own");
    assert_eq!(config.providers.openai.api_key.expose(), "f");
    assert_eq!(config.providers.elevenlabs.api_key.expose(), "general");
    assert_eq!(explained(&loaded, "components").origin.to_string(), "default");
}

#[test]
fn flags_are_the_strongest() {
    let env = Environment::from([("TRUNKLINE_LISTEN".to_owned(), "127.0.0.1:2".to_owned())]);
    let flags = Flags { listen: Some("127.0.0.1:3".to_owned()), data: Some(PathBuf::from("here")), ..Flags::default() };
    let loaded = Config::load(flags, &env).unwrap();
    assert_eq!((loaded.config.listen.port(), loaded.config.data.as_path()), (3, Path::new("here")));
    assert_eq!(explained(&loaded, "data").origin.to_string(), "command line, --data");
}

#[test]
fn secrets_are_masked() {
    let loaded = load("", &[("OPENAI_API_KEY", "very-secret")]).unwrap();
    assert_eq!(explained(&loaded, "providers.openai.api_key").value.as_deref(), Some("***"));
    assert!(!format!("{loaded:?}").contains("very-secret"));
}

#[test]
fn each_fault_says_where_what_and_what_is_allowed() {
    let cases = [
        ("listen = [", "trunkline.toml, line 1, `listen`: unclosed array, expected `]`"),
        ("x 1", "trunkline.toml, line 1: key with no value, expected `=`"),
        (
            "data = \"d\"\nlisen = \"x\"",
            "trunkline.toml, line 2, `lisen`: unknown field `lisen`, expected one of `listen`, `data`, `public_url`, \
             `components`, `tls`, `providers`, `limits`, `runtime`, `twilio`, `agent`, `api`, `auth`, \
             `webhooks`, `prices`",
        ),
        (
            "[limits]\nmax_cals = 1",
            "trunkline.toml, line 2, `limits.max_cals`: unknown field `max_cals`, expected one of `max_calls`, \
             `max_calls_per_tenant`, `unauthenticated_sockets`, `drain_s`, `session_idle_s`",
        ),
        (
            "[limits]\n\nmax_calls = \"many\"",
            "trunkline.toml, line 3, `limits.max_calls`: invalid type: string \"many\", expected a whole number",
        ),
        (
            "[limits]\nmax_calls = -1",
            "trunkline.toml, line 2: `limits.max_calls` is `-1`, allowed is a whole number, 1 to 100000",
        ),
        (
            "[runtime]\nmax_instances = 5000",
            "trunkline.toml, line 2: `runtime.max_instances` is `5000`, allowed is a whole number, 1 to 4096",
        ),
        (
            "listen = \"8080\"",
            "trunkline.toml, line 1: `listen` is `8080`, allowed is an address and a port, such as 127.0.0.1:8080 or \
             [::]:8080",
        ),
        (
            "public_url = \"voice.example.com\"",
            "trunkline.toml, line 1: `public_url` is `voice.example.com`, allowed is an http or https address without \
             a path, such as https://voice.example.com",
        ),
        (
            "[providers.openai]\nurl = \"ws://x\"",
            "trunkline.toml, line 2: `providers.openai.url` is `ws://x`, allowed is an http or https address",
        ),
        ("[agent]\nname = \"\"", "trunkline.toml, line 2: `agent.name` is ``, allowed is 1 to 100 characters"),
        (
            "[agent]\nprompt = \"x\"",
            "trunkline.toml, line 2, `agent.prompt`: unknown field `prompt`, expected one of `name`, `greeting`, \
             `instructions`, `context`",
        ),
        (
            "[agent]\n\ngreeting = \"Hello from {{ nowhere }}.\"\ncontext = {company = \"Acme\"}",
            "trunkline.toml, line 3: `agent.greeting`: unknown variable `nowhere` (known: company)",
        ),
        ("[tls]\ncert = \"c.pem\"", "`tls.cert` is set and `tls.key` is not: set both, or neither"),
        (
            "[twilio.accounts.AC1]\ntenant = \"t\"",
            "`twilio.accounts.AC1` has no token: set auth_token, or the environment variable \
             TRUNKLINE_TWILIO_ACCOUNTS_AC1_AUTH_TOKEN",
        ),
        (
            "[twilio.accounts.AC1]\nauth_token_env = \"NAME\"",
            "`twilio.accounts.AC1` has no token: set auth_token, or the environment variable NAME",
        ),
        (
            "[twilio.accounts.SK1]\nauth_token = \"t\"",
            "`twilio.accounts.SK1`: an account's SID begins with AC and has only letters and digits",
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(load(text, &[]).unwrap_err(), expected, "{text}");
    }
}

#[test]
fn the_first_agent_is_as_the_environment_and_the_file_say() {
    let text = "[agent]\nname = \"Flora\"\ngreeting = \"This is {{ shop }}.\"\ninstructions = \"Sell for {{ shop }}.\"\n\
        [agent.context]\nshop = \"Bloom\"\nopen = {from = 9, since = 1979-05-27, days = [1.5, true]}";
    let loaded = load(text, &[("TRUNKLINE_AGENT_NAME", "Iris")]).unwrap();
    let agent = &loaded.config.agent;
    assert_eq!((agent.name.as_deref(), agent.greeting.as_deref()), (Some("Iris"), Some("This is {{ shop }}.")));
    let expected = serde_json::json!({
        "shop": "Bloom", "open": {"from": 9, "since": "1979-05-27", "days": [1.5, true]},
    });
    assert_eq!(serde_json::Value::Object(agent.context.clone().unwrap()), expected);
    assert_eq!(explained(&loaded, "agent.name").origin.to_string(), "environment, TRUNKLINE_AGENT_NAME");
    assert!(explained(&loaded, "agent.context").origin.to_string().ends_with("trunkline.toml, line 5"));
    let json = r#"{"shop": "Bulb"}"#;
    let loaded = load(text, &[("TRUNKLINE_AGENT_CONTEXT", json)]).unwrap();
    assert_eq!(loaded.config.agent.context.as_ref().unwrap()["shop"], "Bulb");
    assert_eq!(explained(&loaded, "agent.context").value.as_deref(), Some(json));
    assert!(load("", &[]).unwrap().config.agent.is_empty());
}

#[test]
fn context_that_is_no_object_is_refused_with_its_place() {
    for (value, expected) in [
        (
            "{\"a\": }",
            "is no JSON (expected value at line 1 column 7), allowed is an object such as {\"company\": \"Acme\"}",
        ),
        (
            "{\n\"a\": 1",
            "is no JSON (EOF while parsing an object at line 2 column 6), allowed is an object such as {\"company\": \"Acme\"}",
        ),
        ("[1]", "is JSON but no object, allowed is one such as {\"company\": \"Acme\"}"),
    ] {
        let fault = load("", &[("TRUNKLINE_AGENT_CONTEXT", value)]).unwrap_err();
        assert_eq!(fault, format!("environment, TRUNKLINE_AGENT_CONTEXT: `agent.context` {expected}"));
    }
}

#[test]
fn words_that_do_not_fit_the_context_are_refused_where_they_come_from() {
    let fault = load("", &[("TRUNKLINE_AGENT_INSTRUCTIONS", "Work for {{ nobody }}.")]).unwrap_err();
    let place = "environment, TRUNKLINE_AGENT_INSTRUCTIONS: `agent.instructions`: unknown variable `nobody`";
    assert!(fault.starts_with(place), "{fault}");
    let fault = load("", &[("TRUNKLINE_AGENT_NAME", &"n".repeat(5_000))]).unwrap_err();
    assert!(fault.ends_with("allowed is 1 to 100 characters") && fault.len() < 250, "{fault}");
    let all = [("TRUNKLINE_AGENT_NAME", " "), ("TRUNKLINE_AGENT_CONTEXT", "x"), ("TRUNKLINE_LISTEN", "x")];
    assert_eq!(load("", &all).unwrap_err().lines().count(), 3);
}

proptest::proptest! {
    #[test]
    fn any_context_is_read_or_refused(text in "\\PC*|[{}\\[\\]\",:a0 ]{0,30}") {
        let _ = load("", &[("TRUNKLINE_AGENT_CONTEXT", text.as_str())]);
    }
}

#[test]
fn programs_are_read_and_refused_with_their_line() {
    let piper = r#"[providers.local.tts.piper]
command = ["piper", "--model", "/opt/my voice.onnx", "--output-raw"]
rate = 22050
"#;
    let loaded = load(piper, &[]).unwrap();
    let program = &loaded.config.providers.local.tts["piper"];
    assert_eq!((program.command[2].as_str(), program.rate), ("/opt/my voice.onnx", Some(22_050)));
    assert!(loaded.explained.iter().any(|setting| setting.key == "providers.local.tts.piper"));
    let fault = load("[providers.local.stt.x]\ncommand = []\nrate = 11025", &[]).unwrap_err();
    assert!(fault.contains("`providers.local.stt.x`") && fault.contains("line 1"), "{fault}");
    assert!(fault.contains("`rate` must be one of [8000"), "{fault}");
    let fault = load("[providers.local.stt.x]\ncomand = [\"x\"]", &[]).unwrap_err();
    assert!(fault.contains("comand"), "{fault}");
}

#[test]
fn all_settings_that_are_not_allowed_are_named_at_once() {
    let env = [("TRUNKLINE_LIMITS_MAX_CALLS", "0")];
    let faults = load("listen = \"x\"\npublic_url = \"y\"", &env).unwrap_err();
    assert_eq!(faults.lines().count(), 3);
    assert!(faults.contains("environment, TRUNKLINE_LIMITS_MAX_CALLS: `limits.max_calls` is `0`"));
}

#[test]
fn a_missing_file_is_an_error_only_when_it_was_named() {
    let flags = Flags { config: Some(PathBuf::from("/nowhere/t.toml")), ..Flags::default() };
    let error = Config::load(flags, &Environment::new()).unwrap_err().to_string();
    assert!(error.starts_with("the configuration file /nowhere/t.toml cannot be read ("), "{error}");
    assert!(error.ends_with(": check the path given to --config"), "{error}");
    assert!(Config::load(Flags::default(), &Environment::new()).unwrap().file.is_none());
}

#[test]
fn variables_that_nobody_knows_are_told() {
    let loaded = load("", &[("TRUNKLINE_LISTN", "x"), ("TRUNKLINE_TOKEN", "x"), ("LISTN", "x")]).unwrap();
    assert_eq!(loaded.strangers, ["TRUNKLINE_LISTN"]);
}

#[test]
fn an_address_for_all_interfaces_is_reached_as_localhost() {
    let loaded = load("listen = \"0.0.0.0:80\"", &[]).unwrap();
    assert_eq!(loaded.config.public_url, "http://localhost:80");
    let loaded = load("[tls]\ncert = \"c\"\nkey = \"k\"", &[]).unwrap();
    assert_eq!(loaded.config.public_url, "https://127.0.0.1:8080");
}

proptest::proptest! {
    #[test]
    fn any_file_is_read_or_refused(text in "\\PC*|([a-z.]{1,12} ?= ?[0-9\"\\[{a-z]{1,8}\n|\\[[a-z.]{1,20}\\]\n){0,6}") {
        let path = Path::new("trunkline.toml");
        if let Ok(file) = File::parse(path, &text) {
            let env = Environment::new();
            let mut layers = Layers::new(&env, Some(path.to_owned()), text);
            listen(&mut layers, None, file.listen);
        }
    }
}
