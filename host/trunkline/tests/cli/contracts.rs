use crate::{Place, contract};
use serde_json::json;

fn five_faults() -> String {
    let mut document = contract();
    document["llm"]["temperature"] = json!(3);
    document["stt"]["provider"] = json!("shout");
    document["tts"]["voice"] = json!("");
    document["turn"] = json!({"endpointing": {"min_ms": 1}});
    document["colour"] = json!("blue");
    document.to_string()
}

const POINTERS: [&str; 5] = ["/colour", "/llm/temperature", "/stt/provider", "/tts/voice", "/turn/endpointing/min_ms"];

#[test]
fn five_faults_give_five_pointers_and_nothing_is_made() {
    let place = Place::new();
    let file = place.write("agent.json", five_faults());
    let file = file.to_str().unwrap();
    for arguments in [["agent", "validate", "--json", file].as_slice(), &["agent", "create", "--json", "--file", file]]
    {
        let answer = place.run(arguments).failed(1).json();
        assert_eq!(answer["valid"], false);
        let mut pointers: Vec<&str> =
            answer["errors"].as_array().unwrap().iter().map(|error| error["pointer"].as_str().unwrap()).collect();
        pointers.sort_unstable();
        assert_eq!(pointers, POINTERS);
    }
    let text = place.run(&["agent", "validate", file]).failed(1).out;
    assert!(text.contains("the contract has 5 faults"), "{text}");
    assert!(POINTERS.iter().all(|pointer| text.contains(pointer)), "{text}");
    assert_eq!(place.run(&["agent", "list", "--json"]).ok().json()["items"], json!([]));
}

#[test]
fn a_valid_contract_needs_no_database() {
    let place = Place::new();
    let file = place.write("agent.json", contract().to_string());
    let answer = place.run(&["agent", "validate", "--json", file.to_str().unwrap()]).ok().json();
    assert_eq!(answer, json!({"valid": true, "errors": [], "warnings": []}));
    assert!(!place.data().exists());
}

#[test]
fn tools_and_components_must_exist() {
    let place = Place::new();
    let mut document = contract();
    document["tools"] = json!(["save_data", "fly"]);
    document["behaviour"] = json!({"component": "nobody"});
    let file = place.write("agent.json", document.to_string());
    let text = place.run(&["agent", "validate", file.to_str().unwrap()]).failed(1).out;
    assert!(text.contains("/tools/1") && text.contains("(allowed: end_call, save_data)"), "{text}");
    assert!(text.contains("/behaviour/component") && text.contains("(allowed: conversation)"), "{text}");
}

#[test]
fn an_agent_is_found_by_id_and_by_name() {
    let (place, id) = Place::with_agent();
    let by_id = place.run(&["agent", "show", &id]).ok().json();
    let by_name = place.run(&["agent", "show", "Front desk"]).ok().json();
    assert_eq!(by_id, by_name);
    assert_eq!((&by_id["version"], &by_id["document"]["name"]), (&json!(1), &json!("Front desk")));
    let table = place.run(&["agent", "list"]).ok().out;
    assert!(table.starts_with("ID") && table.contains(&id) && !table.contains('\u{1b}'), "{table}");
    let ran = place.run(&["agent", "show", "Nobody"]).failed(1);
    assert_eq!(ran.sentence(), "there is no agent `Nobody`: `trunkline agent list` shows all");
}

#[test]
fn what_is_no_contract_is_said_in_one_sentence() {
    let place = Place::new();
    place.write("broken.json", "{");
    let ran = place.run(&["agent", "validate", "broken.json"]).failed(1);
    assert!(ran.sentence().starts_with("broken.json is not JSON: "), "{}", ran.err);
    let ran = place.run(&["agent", "validate", "absent.json"]).failed(1);
    assert!(ran.sentence().starts_with("the contract absent.json cannot be read: "), "{}", ran.err);
}

#[test]
fn without_components_it_is_said_how_to_get_them() {
    let place = Place::new();
    std::fs::remove_dir_all(place.path("components")).unwrap();
    place.write("agent.json", contract().to_string());
    let ran = place.run(&["agent", "validate", "agent.json"]).failed(1);
    assert_eq!(
        ran.sentence(),
        "there is no conversation.wasm in components/dist: run `cargo xtask components`, or set `components` \
         (TRUNKLINE_COMPONENTS)"
    );
}

#[test]
fn a_number_is_assigned_by_name_and_taken_back() {
    let (place, id) = Place::with_agent();
    let assigned = place.run(&["number", "assign", "+15550100", "Front desk", "--json"]).ok().json();
    assert_eq!((&assigned["e164"], &assigned["agent_id"]), (&json!("+15550100"), &json!(id)));
    let listed = place.run(&["number", "list", "--json"]).ok().json();
    assert_eq!((&listed["items"][0]["e164"], &listed["next_cursor"]), (&json!("+15550100"), &json!(null)));
    place.run(&["number", "unassign", "+15550100"]).ok();
    let ran = place.run(&["number", "unassign", "+15550100"]).failed(1);
    assert_eq!(ran.sentence(), "nobody answers +15550100: `trunkline number list` shows all");
    let ran = place.run(&["number", "assign", "555 0100", &id]).failed(1);
    assert!(ran.sentence().starts_with("`555 0100` is no number in E.164 form"), "{}", ran.err);
}
