use crate::{Answer, Fixture};
use http::Method;

async fn get(fixture: &Fixture, path: &str, headers: &[(&str, &str)]) -> Answer {
    fixture.send(Method::GET, path, headers, None).await
}

#[tokio::test]
async fn the_page_is_for_everybody_and_runs_nothing_of_others() {
    let fixture = Fixture::new().await;
    for path in ["/", "/docs", "/assets/favicon.svg"] {
        let answer = get(&fixture, path, &[]).await;
        assert_eq!(answer.status, 200, "{path}");
        let policy = answer.header("content-security-policy");
        for rule in [
            "default-src 'none'",
            "script-src 'self'",
            "connect-src 'self'",
            "frame-ancestors 'none'",
            "base-uri 'none'",
        ] {
            assert!(policy.split("; ").any(|found| found == rule), "{rule}: {policy}");
        }
        assert!(!policy.contains("unsafe"), "{policy}");
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cache-control", "no-cache"),
            ("vary", "accept-encoding"),
        ] {
            assert_eq!(answer.header(name), value, "{path} {name}");
        }
        assert!(answer.header("permissions-policy").starts_with("microphone=(self)"));
        assert_eq!(answer.header("access-control-allow-origin"), "");
    }
    assert_eq!(get(&fixture, "/", &[]).await.header("content-type"), "text/html; charset=utf-8");
    assert_eq!(get(&fixture, "/assets/favicon.svg", &[]).await.header("content-type"), "image/svg+xml");
}

#[tokio::test]
async fn a_browser_that_has_a_file_is_not_sent_it_again() {
    let fixture = Fixture::new().await;
    let plain = get(&fixture, "/", &[]).await;
    let small = get(&fixture, "/", &[("accept-encoding", "gzip, br")]).await;
    assert_eq!((plain.header("content-encoding"), small.header("content-encoding")), ("", "gzip"));
    assert!(small.body.len() < plain.body.len() && small.body.starts_with(&[0x1f, 0x8b]));
    assert_ne!(plain.header("etag"), small.header("etag"));
    for (answer, accept) in [(&plain, "identity"), (&small, "gzip")] {
        let headers = [("accept-encoding", accept), ("if-none-match", answer.header("etag"))];
        let again = get(&fixture, "/", &headers).await;
        assert_eq!((again.status, again.body.len(), again.header("etag")), (304, 0, answer.header("etag")));
        assert!(!again.header("content-security-policy").is_empty());
    }
    let other = get(&fixture, "/", &[("if-none-match", "\"other\"")]).await;
    assert_eq!((other.status, other.body), (200, plain.body));
}

#[tokio::test]
async fn nothing_but_the_pages_files_is_there() {
    let fixture = Fixture::new().await;
    for path in [
        "/assets/../index.html",
        "/assets/..%2findex.html",
        "/assets/%2e%2e/%2e%2e/Cargo.toml",
        "/assets//etc/passwd",
        "/assets/%00",
        "/assets/no-such.js",
        "/assets/",
        "/assets",
        "/index.html",
        "/dashboard",
    ] {
        get(&fixture, path, &[]).await.problem(404);
    }
    get(&fixture, "/assets/%ff", &[]).await.problem(400);
    for path in ["/", "/assets/favicon.svg"] {
        fixture.send(Method::POST, path, &[], None).await.problem(405);
        let head = fixture.send(Method::HEAD, path, &[], None).await;
        assert_eq!((head.status, head.body.len()), (200, 0));
    }
}
