use crate::{Browser, Fixture, HOST, PUBLIC_URL};
use http::Method;
use serde_json::{Value, json};
use trunkline_session::unix_ms;

const ME: &str = "/api/v1/auth/me";
const LINKS: &str = "/api/v1/auth/links";
const LOGOUT: &str = "/api/v1/auth/logout";
const UNKNOWN: &str = "00112233445566778899aabbccddeeff";

impl Browser {
    fn reading(&self) -> [(&str, &str); 1] {
        [("cookie", &self.cookie)]
    }

    fn writing(&self) -> [(&str, &str); 2] {
        [("cookie", &self.cookie), ("x-csrf-token", &self.csrf)]
    }
}

#[tokio::test]
async fn a_link_logs_a_browser_in_once() {
    let fixture = Fixture::new().await;
    let code = fixture.store.logins().link(None, None, unix_ms()).await.unwrap().code;
    let answer = fixture.login(&code).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let cookie = answer.header("set-cookie");
    assert!(cookie.starts_with("trunkline_session="), "{cookie}");
    for attribute in ["; Path=/", "; HttpOnly", "; SameSite=Strict", "; Max-Age=604"] {
        assert!(cookie.contains(attribute), "{cookie}");
    }
    assert!(!cookie.contains("Secure") && !cookie.contains("Domain"), "{cookie}");
    let me = fixture.send(Method::GET, ME, &[("cookie", &answer.cookie())], None).await;
    assert_eq!((me.status, me.json()), (200, answer.json()));
    let body = me.json();
    assert_eq!(
        (&body["name"], &body["role"], &body["tenant"]["name"]),
        (&json!("operator"), &json!("operator"), &json!("default"))
    );
    assert_eq!(body["csrf"].as_str().unwrap().len(), 64);
    assert_eq!(me.header("cache-control"), "no-store");

    let again = fixture.login(&code).await;
    assert_eq!(again.problem(401), "login-link");
    assert_eq!(again.json()["detail"], "this link was used or has expired; `trunkline login` makes another");
    assert_eq!(again.header("set-cookie"), "");
}

#[tokio::test]
async fn an_expired_link_opens_nothing() {
    let fixture = Fixture::new().await;
    let code = fixture.store.logins().link(None, None, unix_ms() - 3_600_001).await.unwrap().code;
    assert_eq!(fixture.login(&code).await.problem(401), "login-link");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_who_use_one_link_at_once_one_gets_in() {
    let fixture = Fixture::new().await;
    for _ in 0..5 {
        let code = fixture.store.logins().link(None, None, unix_ms()).await.unwrap().code;
        let (first, second) = tokio::join!(fixture.login(&code), fixture.login(&code));
        let mut statuses = [first.status, second.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 401]);
    }
}

#[tokio::test]
async fn bad_bodies_of_a_login_are_explained() {
    let fixture = Fixture::new().await;
    for (body, status) in
        [(json!({}), 422), (json!({"code": 7}), 422), (json!({"code": "x", "tenant": "y"}), 422), (json!([]), 422)]
    {
        fixture.send(Method::POST, "/api/v1/auth/login", &[], Some(&body)).await.problem(status);
    }
    fixture.send(Method::POST, "/api/v1/auth/login", &[], None).await.problem(415);
    for code in ["", "x", &"0".repeat(100_000)] {
        assert_eq!(fixture.login(code).await.problem(401), "login-link");
    }
}

#[tokio::test]
async fn guesses_are_slowed_down_and_right_codes_are_not_counted() {
    let fixture = Fixture::new().await;
    for _ in 0..30 {
        fixture.browser().await;
    }
    let mut refused = None;
    for _ in 0..40 {
        let answer = fixture.login(UNKNOWN).await;
        if answer.status == 429 {
            refused = Some(answer);
            break;
        }
        answer.problem(401);
    }
    let refused = refused.unwrap();
    assert_eq!(refused.problem(429), "too-many-logins");
    assert!((1..=2).contains(&refused.header("retry-after").parse::<u64>().unwrap()));
}

#[tokio::test]
async fn a_cookie_reads_and_needs_its_csrf_token_to_write() {
    let fixture = Fixture::new().await;
    let (browser, other) = (fixture.browser().await, fixture.browser().await);
    assert_eq!(fixture.send(Method::GET, "/api/v1/agents", &browser.reading(), None).await.status, 200);
    let refused = fixture.send(Method::POST, LINKS, &browser.reading(), None).await;
    assert_eq!(refused.problem(403), "csrf");
    let short = &browser.csrf[1..];
    for wrong in ["", "x", short, &other.csrf, &browser.csrf.to_uppercase()] {
        let headers = [("cookie", browser.cookie.as_str()), ("x-csrf-token", wrong)];
        assert_eq!(fixture.send(Method::POST, LINKS, &headers, None).await.problem(403), "csrf", "{wrong}");
    }
    assert_eq!(fixture.send(Method::POST, LINKS, &browser.writing(), None).await.status, 201);
}

#[tokio::test]
async fn cookies_and_tokens_that_are_none_are_refused() {
    let fixture = Fixture::new().await;
    let cookie = format!("trunkline_session={}", "0".repeat(64));
    for headers in [
        vec![],
        vec![("cookie", cookie.as_str())],
        vec![("cookie", "trunkline_session=x")],
        vec![("authorization", "Bearer x")],
    ] {
        for (method, path) in [(Method::GET, ME), (Method::POST, LINKS), (Method::POST, LOGOUT)] {
            let answer = fixture.send(method, path, &headers, None).await;
            assert_eq!(answer.problem(401), "unauthorised", "{path} {headers:?}");
        }
    }
    // A wrong token is not made good by a right cookie.
    let browser = fixture.browser().await;
    let both = [("cookie", browser.cookie.as_str()), ("authorization", "Bearer x")];
    fixture.send(Method::GET, ME, &both, None).await.problem(401);
}

#[tokio::test]
async fn a_logout_ends_the_session() {
    let fixture = Fixture::new().await;
    let browser = fixture.browser().await;
    let out = fixture.send(Method::POST, LOGOUT, &browser.writing(), None).await;
    assert_eq!(out.status, 204);
    assert!(out.header("set-cookie").starts_with("trunkline_session=; Path=/; Max-Age=0;"));
    fixture.send(Method::GET, ME, &browser.reading(), None).await.problem(401);
    let token = fixture.operator(Method::POST, LOGOUT, None).await;
    assert_eq!((token.status, token.header("set-cookie")), (204, ""));
    assert_eq!(fixture.operator(Method::GET, ME, None).await.status, 200);
}

#[tokio::test]
async fn a_second_login_of_a_browser_ends_the_first() {
    let fixture = Fixture::new().await;
    let browser = fixture.browser().await;
    let code = fixture.store.logins().link(None, None, unix_ms()).await.unwrap().code;
    let body = json!({ "code": code });
    let again = fixture.send(Method::POST, "/api/v1/auth/login", &browser.reading(), Some(&body)).await;
    assert_eq!(again.status, 200);
    fixture.send(Method::GET, ME, &browser.reading(), None).await.problem(401);
    assert_eq!(fixture.send(Method::GET, ME, &[("cookie", &again.cookie())], None).await.status, 200);
}

#[tokio::test]
async fn an_operator_gets_a_link_that_is_theirs_until_the_token_is_revoked() {
    let fixture = Fixture::new().await;
    let me: Value = fixture.operator(Method::GET, ME, None).await.json();
    assert_eq!((&me["name"], &me["csrf"]), (&json!("first"), &Value::Null));
    let answer = fixture.operator(Method::POST, LINKS, None).await;
    assert_eq!(answer.status, 201);
    let link = answer.json();
    let left = link["expires_at_ms"].as_u64().unwrap().saturating_sub(unix_ms());
    assert!((3_500_000..=3_600_000).contains(&left), "{left}");
    let code = link["url"].as_str().unwrap().strip_prefix(&format!("http://{HOST}/#login=")).unwrap().to_owned();
    let opened = fixture.login(&code).await;
    assert_eq!(opened.json()["name"], "first");
    assert!(fixture.store.operator_tokens().revoke("first", 2).await.unwrap());
    fixture.send(Method::GET, ME, &[("cookie", &opened.cookie())], None).await.problem(401);
}

#[tokio::test]
async fn a_browser_is_answered_under_our_own_names_only() {
    let fixture = Fixture::new().await;
    let browser = fixture.browser().await;
    let get = async |host: &str| {
        let headers = [("host", host), ("cookie", browser.cookie.as_str())];
        fixture.send(Method::GET, ME, &headers, None).await
    };
    for host in [HOST, "localhost:8080", "[::1]:8080", "voice.example.com"] {
        assert_eq!(get(host).await.status, 200, "{host}");
    }
    for host in ["evil.example", "127.0.0.1.evil.example:8080", "evil.voice.example.com"] {
        let refused = get(host).await;
        assert_eq!(refused.problem(403), "unknown-host");
        assert!(refused.json()["detail"].as_str().unwrap().contains(&format!("`{host}`")));
    }
    // Programs show a token, which no foreign page has.
    let bearer = format!("Bearer {}", fixture.token);
    let headers = [("host", "trunkline.internal"), ("authorization", bearer.as_str())];
    assert_eq!(fixture.send(Method::GET, ME, &headers, None).await.status, 200);
    let link = fixture.send(Method::POST, LINKS, &headers, None).await.json();
    assert!(link["url"].as_str().unwrap().starts_with(&format!("{PUBLIC_URL}/#login=")), "{link}");
    // Nor may a foreign page log its visitor in.
    let code = fixture.store.logins().link(None, None, unix_ms()).await.unwrap().code;
    let body = json!({ "code": code });
    for headers in [[("host", "evil.example"), ("accept", "*/*")], [("host", HOST), ("origin", "http://evil.example")]]
    {
        fixture.send(Method::POST, "/api/v1/auth/login", &headers, Some(&body)).await.problem(403);
    }
    assert_eq!(fixture.login(&code).await.status, 200, "what was refused did not use the link up");
}

#[tokio::test]
async fn other_sites_change_nothing() {
    let fixture = Fixture::new().await;
    let browser = fixture.browser().await;
    let post = async |name: &str, value: &str| {
        let [cookie, csrf] = browser.writing();
        fixture.send(Method::POST, LINKS, &[cookie, csrf, (name, value)], None).await
    };
    assert_eq!(post("origin", "http://127.0.0.1:8080").await.status, 201);
    assert_eq!(post("sec-fetch-site", "same-origin").await.status, 201);
    for origin in ["null", "http://evil.example", "http://127.0.0.1:8081"] {
        assert_eq!(post("origin", origin).await.problem(403), "origin");
    }
    assert_eq!(post("sec-fetch-site", "cross-site").await.problem(403), "origin");
    let preflight = fixture.send(Method::OPTIONS, LINKS, &[("origin", "http://evil.example")], None).await;
    assert!(!preflight.headers.keys().any(|name| name.as_str().starts_with("access-control")), "{preflight:?}");
}

#[tokio::test]
async fn cookies_are_for_tls_only_where_there_is_tls() {
    let direct = Fixture::with(|api| api.over_tls(true)).await;
    let proxied = Fixture::new().await;
    for (fixture, host) in [(&direct, HOST), (&proxied, "voice.example.com")] {
        let code = fixture.store.logins().link(None, None, unix_ms()).await.unwrap().code;
        let body = json!({ "code": code });
        let answer = fixture.send(Method::POST, "/api/v1/auth/login", &[("host", host)], Some(&body)).await;
        assert!(answer.header("set-cookie").ends_with("; Secure"), "{answer:?}");
    }
}
