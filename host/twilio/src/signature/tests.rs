use super::*;
use proptest::prelude::*;

const FORM: Option<&str> = Some("application/x-www-form-urlencoded; charset=UTF-8");
const KEYS: Keys<'static> = Keys { auth_token: "12345", shared: &[SharedKey { id: "WK1", secret: "12345" }] };
const OLD_EXAMPLE: &[(&str, &str)] = &[
    ("Digits", "1234"),
    ("CallSid", "CA1234567890ABCDE"),
    ("To", "+18005551212"),
    ("Caller", "+12349013030"),
    ("From", "+12349013030"),
];
const NEW_EXAMPLE: &[(&str, &str)] = &[
    ("CallSid", "CA1234567890ABCDE"),
    ("Caller", "+14158675310"),
    ("Digits", "1234"),
    ("From", "+14158675310"),
    ("To", "+18005551212"),
];
const JSON: &[u8] = br#"{"property": "value", "boolean": true}"#;
const JSON_URL: &str =
    "https://example.com/myapp.php?bodySHA256=0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620";
const JSON_SIGNATURE: &str = "6RHpvr0Bgg5tOv7XwQAKSA53KeA=";

fn form(pairs: &[(&str, &str)]) -> Form {
    pairs.iter().copied().collect()
}

fn post<'a>(url: &'a str, body: &'a str, signature: &'a str) -> Request<'a> {
    Request {
        method: Method::Post,
        url,
        content_type: FORM,
        body: body.as_bytes(),
        signature: Some(signature),
        settings: None,
    }
}

struct Vector {
    url: &'static str,
    pairs: &'static [(&'static str, &'static str)],
    settings: Option<&'static str>,
    signature: &'static str,
}

const SHA256: Option<&str> = Some("key=WK1,algorithm=HMAC_SHA256");
const VECTORS: &[Vector] = &[
    Vector {
        url: "https://mycompany.com/myapp.php?foo=1&bar=2",
        pairs: OLD_EXAMPLE,
        settings: None,
        signature: "0/KCTR6DLpKmkAf8muzZqo1nDgQ=",
    },
    Vector {
        url: "https://example.com/myapp.php?foo=1&bar=2",
        pairs: NEW_EXAMPLE,
        settings: None,
        signature: "L/OH5YylLD5NRKLltdqwSvS0BnU=",
    },
    Vector {
        url: "https://mycompany.com/myapp.php?foo=1&bar=2",
        pairs: OLD_EXAMPLE,
        settings: SHA256,
        signature: "Rmm4Vzj+Ky7JGoWXMCsZDZuHDszLr9xvdbvitrDr4/M=",
    },
    Vector {
        url: "https://example.com/voice",
        pairs: &[("CallSid", "CA1"), ("Empty", ""), ("To", "+1555")],
        settings: None,
        signature: "6YPaEYazPYBo5T10FvJKIFL5dVQ=",
    },
];

#[test]
fn accepts_what_twilio_signs() {
    for vector in VECTORS {
        let body = form(vector.pairs).encode();
        let request = Request { settings: vector.settings, ..post(vector.url, &body, vector.signature) };
        let webhook = verify(&request, &KEYS).unwrap();
        assert_eq!(webhook.form(), &form(vector.pairs), "{}", vector.url);
    }
}

#[test]
fn accepts_a_websocket_upgrade_signed_over_its_wss_url() {
    let request = Request {
        method: Method::Upgrade,
        content_type: None,
        ..post("wss://example.com/twilio/media", "", "Ko8aymfVk0cCegaxVKH0ZCvSyf4=")
    };
    assert!(verify(&request, &KEYS).is_ok());
    let https = Request { url: "https://example.com/twilio/media", ..request };
    assert_eq!(verify(&https, &KEYS), Err(SignatureError::Mismatch));
}

#[test]
fn accepts_a_json_body_by_its_hash() {
    let request = Request { content_type: Some("application/json"), body: JSON, ..post(JSON_URL, "", JSON_SIGNATURE) };
    assert_eq!(verify(&request, &KEYS).unwrap().body(), JSON);
    assert_eq!(url_with_body_hash("https://example.com/myapp.php", JSON), JSON_URL);
    let changed = Request { body: b"{}", ..request };
    assert_eq!(verify(&changed, &KEYS), Err(SignatureError::BodyHash));
}

#[test]
fn rejects_a_body_that_nothing_vouches_for() {
    let url = "https://example.com/voice";
    let signature = sign(Algorithm::HmacSha1, "12345", url, &Form::default());
    let request = Request { content_type: Some("application/json"), ..post(url, "{}", &signature) };
    assert_eq!(verify(&request, &KEYS), Err(SignatureError::BodyNotSigned));
}

#[test]
fn a_form_follows_the_form_rule_even_with_a_body_hash() {
    let pairs = form(&[("CallSid", "CA1")]);
    let body = pairs.encode();
    let url = url_with_body_hash("https://example.com/voice?a=b", b"something else");
    let signature = sign(Algorithm::HmacSha1, "12345", &url, &pairs);
    assert!(verify(&post(&url, &body, &signature), &KEYS).is_ok());
}

#[test]
fn parameters_of_a_get_come_from_the_signed_query() {
    let url = "https://example.com/voice?CallSid=CA1&To=%2B1555";
    let signature = sign(Algorithm::HmacSha1, "12345", url, &Form::default());
    let request = Request { method: Method::Get, content_type: None, ..post(url, "ignored", &signature) };
    let webhook = verify(&request, &KEYS).unwrap();
    assert_eq!(webhook.form().get("To"), Some("+1555"));
    assert!(webhook.body().is_empty());
}

#[test]
fn both_port_cases_are_accepted_whichever_was_signed() {
    let pairs = form(&[("CallSid", "CA1")]);
    let body = pairs.encode();
    let table = [
        ("https://a.example/v", "https://a.example:443/v"),
        ("https://a.example:8443/v", "https://a.example/v"),
        ("http://a.example/v", "http://a.example:80/v"),
    ];
    for (configured, signed) in table {
        let signature = sign(Algorithm::HmacSha1, "12345", signed, &pairs);
        assert!(verify(&post(configured, &body, &signature), &KEYS).is_ok(), "{configured} signed as {signed}");
    }
    let signature = sign(Algorithm::HmacSha1, "12345", "https://a.example:8443/v", &pairs);
    assert!(verify(&post("https://a.example/v", &body, &signature), &KEYS).is_err(), "a foreign port is another URL");
}

#[test]
fn repeated_names_count_once_per_distinct_value_in_order() {
    let signed = form(&[("B", "1"), ("B", "2"), ("A", "x")]);
    let sent = form(&[("A", "x"), ("B", "2"), ("B", "1"), ("B", "2")]);
    let url = "https://example.com/voice";
    let signature = sign(Algorithm::HmacSha1, "12345", url, &signed);
    assert!(verify(&post(url, &sent.encode(), &signature), &KEYS).is_ok());
}

#[test]
fn rejects_what_is_missing_forged_or_unknown() {
    let vector = &VECTORS[0];
    let body = form(vector.pairs).encode();
    let good = post(vector.url, &body, vector.signature);
    let wrong_secret = Keys { auth_token: "54321", shared: &[] };
    assert_eq!(verify(&good, &wrong_secret), Err(SignatureError::Mismatch));
    let cases = [
        (Request { signature: None, ..good }, SignatureError::Missing),
        (Request { signature: Some(""), ..good }, SignatureError::Mismatch),
        (Request { signature: Some("not base64!"), ..good }, SignatureError::Mismatch),
        (Request { signature: Some("0/KCTR6DLpKmkAf8muzZqo1nDgQ"), ..good }, SignatureError::Mismatch),
        (Request { body: b"CallSid=CA2", ..good }, SignatureError::Mismatch),
        (Request { settings: SHA256, ..good }, SignatureError::Mismatch),
        (
            Request { settings: Some("key=WK1,algorithm=HMAC_SHA512"), ..good },
            SignatureError::UnknownAlgorithm("HMAC_SHA512".into()),
        ),
        (Request { settings: Some("key=WK2,algorithm=HMAC_SHA256"), ..good }, SignatureError::UnknownKey("WK2".into())),
        (Request { settings: Some("algorithm=HMAC_SHA256"), ..good }, SignatureError::UnknownKey(String::new())),
    ];
    for (request, expected) in cases {
        assert_eq!(verify(&request, &KEYS), Err(expected), "{request:?}");
    }
}

#[test]
fn a_settings_header_without_an_algorithm_is_the_old_scheme() {
    for header in [None, Some(""), Some("key=WK1"), Some("algorithm="), Some(" algorithm = hmac_sha1 ")] {
        assert_eq!(SignatureSettings::parse(header).unwrap().algorithm, Algorithm::HmacSha1, "{header:?}");
    }
    let header = SignatureSettings::header("WK1");
    let parsed = SignatureSettings::parse(Some(&header)).unwrap();
    assert_eq!(parsed, SignatureSettings { algorithm: Algorithm::HmacSha256, key: Some("WK1") });
}

#[test]
fn the_claimed_account_is_readable_before_the_check() {
    let request = post("https://a/b?AccountSid=ACquery", "AccountSid=ACbody", "");
    assert_eq!(claimed_account(&request).as_deref(), Some("ACbody"));
    assert_eq!(claimed_account(&Request { method: Method::Get, ..request }).as_deref(), Some("ACquery"));
}

proptest! {
    #[test]
    fn what_we_sign_we_accept(
        pairs in prop::collection::vec(("[A-Za-z]{1,8}", "\\PC{0,12}"), 0..8),
        path in "[a-z/]{0,10}",
        sha256: bool,
    ) {
        let form: Form = pairs.into_iter().collect();
        let url = format!("https://example.com/{path}");
        let algorithm = if sha256 { Algorithm::HmacSha256 } else { Algorithm::HmacSha1 };
        let signature = sign(algorithm, "12345", &url, &form);
        let body = form.encode();
        let settings = sha256.then(|| SignatureSettings::header("WK1"));
        let request = Request { settings: settings.as_deref(), ..post(&url, &body, &signature) };
        let webhook = verify(&request, &KEYS).unwrap();
        prop_assert_eq!(webhook.form(), &form);
    }

    #[test]
    fn random_requests_never_panic_and_never_pass(
        url in "\\PC{0,60}",
        content_type in prop::option::of("\\PC{0,30}"),
        body in prop::collection::vec(any::<u8>(), 0..200),
        signature in "\\PC{0,40}",
        settings in prop::option::of("\\PC{0,40}"),
        method in prop::sample::select(vec![Method::Get, Method::Post, Method::Upgrade]),
    ) {
        let request = Request {
            method,
            url: &url,
            content_type: content_type.as_deref(),
            body: &body,
            signature: Some(&signature),
            settings: settings.as_deref(),
        };
        prop_assert!(verify(&request, &KEYS).is_err());
    }
}
