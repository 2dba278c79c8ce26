//! Agents that are changed: by field, in an editor, from files.

use crate::{Place, contract, stock};
use serde_json::{Value, json};

/// With an agent, and an editor that is this command.
fn edited_by(editor: &str) -> (Place, String) {
    let (place, id) = Place::with_agent();
    (place.env("EDITOR", editor).env("PATH", "/usr/bin:/bin"), id)
}

fn document(place: &Place) -> Value {
    place.run(&["agent", "export", "Front desk"]).ok().json()
}

#[test]
fn fields_are_set_by_their_paths() {
    let (place, id) = Place::with_agent();
    let fields = ["prompt.greeting=Hi there.", "turn.interruption.enabled=false", "context.company=null", "tools=[]"];
    let ran = place.run(&[&["agent", "set", "Front desk"], fields.as_slice()].concat()).failed(1);
    assert!(ran.out.contains("/prompt/instructions") && ran.out.contains("[template]"), "{}", ran.out);
    let fields = ["prompt.instructions=Be brief.", "prompt.greeting=Hi there.", "context.company=null", "tools=[]"];
    let ran = place.run(&[&["agent", "set", "Front desk"], fields.as_slice()].concat()).ok();
    assert_eq!(ran.out.trim(), format!("{id} version 2"));
    let now = document(&place);
    assert_eq!(
        (&now["prompt"]["greeting"], &now["tools"], &now["context"]),
        (&json!("Hi there."), &json!([]), &json!({}))
    );
    assert_eq!(place.run(&["agent", "set", &id, "tools=[]"]).ok().out.trim(), format!("{id} version 2"), "no change");
    let versions = place.run(&["agent", "versions", &id, "--json"]).ok().json();
    let numbers: Vec<&Value> = versions["items"].as_array().unwrap().iter().map(|v| &v["version"]).collect();
    assert_eq!(numbers, [&json!(2), &json!(1)]);
    place.run(&["agent", "set", &id, "tools=[\"end_call\"]", "-m", "Let it hang up"]).ok();
    let table = place.run(&["agent", "versions", &id]).ok().out;
    assert!(table.lines().nth(1).unwrap().ends_with("command line  Let it hang up"), "{table}");
    let ran = place.run(&["agent", "set", &id, "greeting"]).failed(1);
    assert!(ran.sentence().starts_with("`greeting` is no field and value"), "{}", ran.err);
}

#[test]
fn what_is_saved_in_the_editor_is_the_next_version() {
    let (place, id) = edited_by("sed -i s/Welcome/Hello/");
    assert_eq!(place.run(&["agent", "edit", "Front desk"]).ok().out.trim(), format!("{id} version 2"));
    assert_eq!(document(&place)["prompt"]["greeting"], "Hello to {{ company }}.");
}

#[test]
fn an_editor_that_changes_nothing_makes_no_version() {
    let (place, id) = edited_by("true");
    assert!(place.run(&["agent", "edit", &id]).ok().err.contains("nothing was changed"));
    let (place, id) = edited_by("false");
    let ran = place.run(&["agent", "edit", &id]).failed(1);
    assert!(ran.sentence().starts_with("the editor `false` failed"), "{}", ran.err);
}

#[test]
fn a_text_with_faults_is_kept() {
    for (editor, told) in
        [("sed -i s/Welcome/{{nobody}}/", "/prompt/greeting"), ("sed -i s/name/name:/;echo '{' >>", "is not JSON")]
    {
        let (place, id) = edited_by(editor);
        let ran = place.run(&["agent", "edit", &id]).failed(1);
        assert!(ran.err.contains(told), "{}", ran.err);
        let kept = ran.err.lines().find_map(|line| line.strip_prefix("your text is kept in ")).unwrap();
        let path = kept.split(": ").next().unwrap();
        assert!(std::fs::read_to_string(path).unwrap().contains("company"));
        std::fs::remove_file(path).unwrap();
        assert_eq!(place.run(&["agent", "show", &id]).ok().json()["version"], 1);
    }
}

#[test]
fn a_contract_goes_out_and_comes_back() {
    let (place, id) = Place::with_agent();
    let ran = place.run(&["agent", "export", &id, "--out", "desk.json"]).ok();
    assert_eq!((ran.out.as_str(), ran.err.trim()), ("", "written to desk.json"));
    let text = std::fs::read_to_string(place.path("desk.json")).unwrap();
    assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), contract());
    place.write("desk.json", text.replace("Welcome", "Hello"));
    assert_eq!(place.run(&["agent", "import", "desk.json"]).ok().out.trim(), format!("{id} version 2"));
    place.write("other.json", text.replace("Front desk", "Back office"));
    let made = place.run(&["agent", "import", "other.json", "--json"]).ok().json();
    assert_ne!(made["agent"]["agent_id"].as_str().unwrap(), id);
    let ran = place.run(&["agent", "import", "other.json", "--into", "Front desk"]).failed(1);
    assert!(ran.sentence().ends_with("another agent of the tenant has this name: choose another one"), "{}", ran.err);
    place.write("third.json", text.replace("Front desk", "Reception"));
    let renamed = place.run(&["agent", "import", "third.json", "--into", "Front desk", "--json"]).ok().json();
    assert_eq!((&renamed["agent"]["agent_id"], &renamed["agent"]["version"]), (&json!(id), &json!(3)));
}

#[test]
fn one_agent_answers_whoever_names_none() {
    let (place, id) = Place::with_agent();
    let ran = place.run(&["agent", "show"]).failed(1);
    assert!(ran.sentence().starts_with("there is no default agent"), "{}", ran.err);
    let ran = place.run(&["agent", "default", "Front desk"]).ok();
    assert_eq!(ran.out.trim(), format!("{id} Front desk answers whoever names no agent"));
    assert_eq!(place.run(&["agent", "show"]).ok().json()["agent_id"], id);
    assert!(place.run(&["agent", "list"]).ok().out.contains("  default"));
}

#[test]
fn an_agent_is_made_of_flags_or_of_what_ships() {
    let place = Place::new();
    place.write("components/dist/conversation.wasm", stock());
    place.write("components/dist/survey.wasm", "");
    let parts = ["--llm", "builtin", "--stt", "local", "--tts", "local", "--voice", "slt"];
    let new = ["agent", "create", "--name", "Desk", "--greeting", "Hello!", "--know", "hours=9 to 5", "--default"];
    place.run(&[new.as_slice(), &parts].concat()).ok();
    let made = place.run(&["agent", "export"]).ok().json();
    assert_eq!((&made["context"]["hours"], &made["tts"]["voice"]), (&json!("9 to 5"), &json!("slt")));
    assert_eq!(made["context"]["name"], "Desk", "what the usual instructions speak of: {made}");
    place.run(&["agent", "create", "--from", "receptionist", "--name", "Ada", "--know", "company=Bolt"]).ok();
    let made = place.run(&["agent", "export", "Ada"]).ok().json();
    assert_eq!((&made["name"], &made["context"]["company"]), (&json!("Ada"), &json!("Bolt")));
    place.run(&["agent", "create", "--from", "Ada", "--name", "Eve", "--greeting", "Good evening."]).ok();
    let made = place.run(&["agent", "export", "Eve"]).ok().json();
    assert_eq!((&made["prompt"]["greeting"], &made["context"]["company"]), (&json!("Good evening."), &json!("Bolt")));
    let ran = place.run(&["agent", "create", "--from", "pilot", "--name", "x"]).failed(1);
    assert!(
        ran.sentence().starts_with("`pilot` is nothing to begin with (allowed: receptionist, survey"),
        "{}",
        ran.err
    );
}

#[test]
fn what_nobody_can_be_asked_for_is_listed() {
    let place = Place::new();
    let ran = place.run(&["agent", "create", "--greeting", "Hi"]).failed(1);
    let said = ran.sentence();
    assert!(
        said.starts_with("there is nobody to ask for what is missing: give --name, --llm (ready: builtin"),
        "{said}"
    );
    assert!(said.contains("--stt (") && said.contains("--tts ("), "{said}");
    assert_eq!(place.run(&["agent", "list", "--json"]).ok().json()["items"], json!([]));
}
