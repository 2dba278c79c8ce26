//! The page of a host: who may open it, and what it begins with.

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use trunkline_tests::host::{Host, HostSpec, Providers};

use crate::by_hand::{Answer, http, until};

/// A browser; it keeps what the host gives it.
struct Browser {
    http: reqwest::Client,
    origin: String,
    cookie: Option<String>,
    csrf: Option<String>,
}

impl Browser {
    fn of(host: &Host) -> Self {
        Self { http: http(), origin: host.origin(), cookie: None, csrf: None }
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let mut request = self.http.request(method, format!("{}{path}", self.origin)).header("origin", &self.origin);
        for (name, value) in [("cookie", &self.cookie), ("x-csrf-token", &self.csrf)] {
            if let Some(value) = value {
                request = request.header(name, value);
            }
        }
        request
    }

    async fn ask(&self, method: Method, path: &str) -> Answer {
        Answer::of(self.request(method, path)).await
    }

    /// Opens a link; what the host said.
    async fn log_in(&mut self, code: &str) -> u16 {
        let login = self.request(Method::POST, "/api/v1/auth/login").json(&json!({ "code": code }));
        let answer = login.send().await.unwrap();
        let status = answer.status().as_u16();
        if let Some(cookie) = answer.headers().get("set-cookie") {
            self.cookie = Some(cookie.to_str().unwrap().split(';').next().unwrap().to_owned());
        }
        let body: Value = answer.json().await.unwrap();
        self.csrf = body["csrf"].as_str().map(str::to_owned);
        status
    }
}

/// The code of the link that the host printed.
async fn code(host: &Host) -> String {
    let mark = format!("open {}/#login=", host.origin());
    until(async || Some(host.output().split_once(&mark)?.1.lines().next().unwrap().to_owned())).await
}

async fn host() -> Host {
    Host::start(HostSpec::new(Providers::default())).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_printed_link_opens_the_page_once_and_the_session_outlives_the_host() {
    let mut host = host().await;
    let (code, mut browser) = (code(&host).await, Browser::of(&host));
    let page = browser.ask(Method::GET, "/").await;
    assert_eq!((page.status, page.kind.as_str()), (200, "text/html; charset=utf-8"));
    assert_eq!(browser.ask(Method::GET, "/api/v1/agents").await.status, 401);
    assert_eq!(browser.log_in(&code).await, 200);
    assert_eq!(browser.ask(Method::GET, "/api/v1/agents").await.status, 200);
    assert_eq!(Browser::of(&host).log_in(&code).await, 401);

    host.restart().await.unwrap();
    assert_eq!(browser.ask(Method::GET, "/api/v1/agents").await.status, 200);
    assert_eq!(browser.ask(Method::POST, "/api/v1/auth/links").await.status, 201);
    assert_eq!(browser.ask(Method::POST, "/api/v1/auth/logout").await.status, 204);
    assert_eq!(browser.ask(Method::GET, "/api/v1/agents").await.status, 401);
    assert_eq!(Browser::of(&host).log_in(&code).await, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_browsers_with_one_link_one_gets_in() {
    let host = host().await;
    let code = code(&host).await;
    let (mut first, mut second) = (Browser::of(&host), Browser::of(&host));
    let (first, second) = tokio::join!(first.log_in(&code), second.log_in(&code));
    let mut statuses = [first, second];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 401]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_another_name_or_site_gets_nothing_with_the_cookie() {
    let host = host().await;
    let mut browser = Browser::of(&host);
    assert_eq!(browser.log_in(&code(&host).await).await, 200);
    let rebound = browser.request(Method::GET, "/api/v1/agents").header("host", "evil.example");
    assert_eq!(Answer::of(rebound).await.problem(403)["type"], "urn:trunkline:problem:unknown-host");
    let mut foreign = Browser { origin: browser.origin.clone(), ..Browser::of(&host) };
    foreign.cookie.clone_from(&browser.cookie);
    let without = foreign.ask(Method::POST, "/api/v1/auth/links").await;
    assert_eq!(without.problem(403)["type"], "urn:trunkline:problem:csrf");
    let other = browser.http.post(format!("{}/api/v1/auth/links", browser.origin));
    let other = other.header("origin", "http://evil.example").header("cookie", browser.cookie.clone().unwrap());
    let other = Answer::of(other.header("x-csrf-token", browser.csrf.clone().unwrap())).await;
    assert_eq!(other.problem(403)["type"], "urn:trunkline:problem:origin");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_begins_with_its_agents_and_keeps_what_was_made_of_them() {
    let mut host = host().await;
    let api = host.api().unwrap();
    let (status, current) = api.request(Method::GET, "/agents/current", None).await.unwrap();
    assert_eq!((status, &current["default"], &current["version"]), (200, &json!(true), &json!(1)), "{current}");
    let path = format!("/agents/{}", current["agent_id"].as_str().unwrap());
    let (status, _) = api.request(Method::PATCH, &path, Some(&json!({"name": "Mine"}))).await.unwrap();
    assert_eq!(status, 200);
    let (_, before) = api.request(Method::GET, "/agents", None).await.unwrap();
    host.restart().await.unwrap();
    let (_, after) = host.api().unwrap().request(Method::GET, "/agents", None).await.unwrap();
    assert_eq!(after, before);
    let (_, current) = host.api().unwrap().request(Method::GET, "/agents/current", None).await.unwrap();
    assert_eq!((&current["document"]["name"], &current["version"]), (&json!("Mine"), &json!(2)));
}
