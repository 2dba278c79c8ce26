//! What we sign and write, judged by Twilio's own package.

use std::path::Path;

use serde_json::{Value, json};
use trunkline_twilio::form::Form;
use trunkline_twilio::signature::{self, Algorithm, SIGNATURE_HEADER, SignatureSettings, sign, url_with_body_hash};

use super::super::web::Signer;
use super::super::*;
use crate::sdk;

fn documents() -> Value {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../host/twilio/tests/golden");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let read = |path: std::path::PathBuf| {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        (name, Value::from(std::fs::read_to_string(&path).unwrap()))
    };
    Value::Object(files.map(read).collect())
}

/// A request as the emulated carrier signs it.
fn emulated(spec: &CallSpec, url: &str, form: &Form) -> Value {
    let headers = Signer::of(spec, false).headers(url, form);
    let header = |name: &str| headers.iter().find(|(found, _)| *found == name).map(|(_, value)| value.clone());
    let secret = spec.shared_key.as_ref().map_or(&spec.auth_token, |(_, secret)| secret);
    json!({
        "url": url, "body": form.encode(), "secret": secret,
        "signature": header(SIGNATURE_HEADER), "settings": header(signature::SETTINGS_HEADER),
    })
}

#[test]
fn twilios_package_accepts_what_we_sign_and_builds_the_same_documents() {
    let form: Form =
        [("To", "+1555"), ("Name", "Zoë & <co>"), ("Empty", ""), ("B", "2"), ("B", "1"), ("B", "2"), ("a", " x ")]
            .into_iter()
            .collect();
    let sha1 = CallSpec::inbound("", "AC1", "token");
    let sha256 = CallSpec { shared_key: Some(("WK1".into(), "shared".into())), ..sha1.clone() };
    let mut good = Vec::new();
    for spec in [&sha1, &sha256] {
        for url in ["https://h.example/v?a=1&b=%20", "https://h.example:8443/v", "http://127.0.0.1:4000/v"] {
            good.push(emulated(spec, url, &form));
        }
        good.push(emulated(spec, "wss://h.example/twilio/media", &Form::default()));
    }
    let body = r#"{"event": "é"}"#;
    let url = url_with_body_hash("https://h.example/v?a=1", body.as_bytes());
    let signature = sign(Algorithm::HmacSha256, "shared", &url, &Form::default());
    let settings = SignatureSettings::header("WK1");
    good.push(
        json!({"url": url, "json": body, "body": "", "secret": "shared", "signature": signature, "settings": settings}),
    );
    let mut wrong = good[0].clone();
    wrong["url"] = "https://h.example/other".into();
    let expected: Vec<bool> = good.iter().map(|_| true).chain([false]).collect();
    good.push(wrong);

    let answer = sdk::run("twilio_check.py", &json!({"requests": good, "documents": documents()}));
    let answer = answer.unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(answer["requests"], json!(expected));
    let faults: Vec<_> =
        answer["documents"].as_object().unwrap().iter().filter(|(_, faults)| *faults != &json!([])).collect();
    assert!(faults.is_empty(), "{faults:#?}");
    assert_eq!(answer["documents"].as_object().unwrap().len(), 10);
}
