//! Who may see the page.

use crate::browser::{at_desk, link, ready, receptionist};
use crate::world::World;
use reqwest::Method;
use serde_json::json;
use trunkline_tests::browser::{Browser, BrowserSpec};

#[tokio::test(flavor = "multi_thread")]
async fn a_login_link_works_once_and_leaves_no_trace_in_the_address() {
    let world = World::start(receptionist()).await;
    let link = link(&world.api).await;
    let first = Browser::start(&BrowserSpec::default()).await.unwrap();
    first.open(&link).await.unwrap();
    ready(&first).await;
    assert_eq!(first.address().await.unwrap(), format!("{}/#/talk", world.host.origin()));
    let kept = first.run("return [history.length, document.cookie];", Vec::new()).await.unwrap();
    assert_eq!(kept[1], "", "no script reads the session");
    first.open(&format!("{}/", world.host.origin())).await.unwrap();
    ready(&first).await;

    let second = Browser::start(&BrowserSpec::default()).await.unwrap();
    second.open(&link).await.unwrap();
    second.see_text("h1", "This link no longer works").await.unwrap();
    second.see_text("main", "trunkline login").await.unwrap();
    assert!(!second.address().await.unwrap().contains("login="));
    second.paste("#login-code", "not a link").await.unwrap();
    second.press("button[type=submit]").await.unwrap();
    second.see_text("#login-error", "neither a login link nor a code").await.unwrap();
    second.paste("#login-code", &link).await.unwrap();
    second.press("button[type=submit]").await.unwrap();
    second.see_text("#login-error", "This link was used or has expired").await.unwrap();
    second.paste("#login-code", &super::link(&world.api).await).await.unwrap();
    second.press("button[type=submit]").await.unwrap();
    ready(&second).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_session_there_is_a_way_in_and_after_signing_out_none_to_anything_else() {
    let world = World::start(receptionist()).await;
    let stranger = Browser::start(&BrowserSpec::default()).await.unwrap();
    stranger.open(&format!("{}/#/calls", world.host.origin())).await.unwrap();
    stranger.see_text("h1", "Sign in").await.unwrap();

    let browser = at_desk(&world, &BrowserSpec::default()).await;
    let sign_out = "[...document.querySelectorAll('.account-menu button')].find((b) => b.textContent === 'Sign out')";
    browser.run(&format!("{sign_out}.click();"), Vec::new()).await.unwrap();
    browser.see_text("h1", "Sign in").await.unwrap();
    let status = "return fetch('/api/v1/agents').then((answer) => answer.status);";
    assert_eq!(browser.run(status, Vec::new()).await.unwrap(), 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_ends_elsewhere_leads_back_to_the_way_in() {
    let world = World::start(receptionist()).await;
    let browser = at_desk(&world, &BrowserSpec::default()).await;
    browser.run("location.hash = '#/calls';", Vec::new()).await.unwrap();
    browser.see_text("h1", "Calls").await.unwrap();
    let end = "const { csrf } = await (await fetch('/api/v1/auth/me')).json();
        await fetch('/api/v1/auth/logout', { method: 'POST', headers: { 'x-csrf-token': csrf } });";
    browser.run(&format!("return (async () => {{ {end} }})();"), Vec::new()).await.unwrap();
    browser.run("location.hash = '#/agents';", Vec::new()).await.unwrap();
    browser.see_text("main", "Your session has ended").await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_with_a_password_needs_no_link() {
    let world = World::start(receptionist()).await;
    let new =
        json!({"email": "ann@acme.example", "name": "Ann", "role": "editor", "password": "correct horse battery"});
    let (status, user) = world.api.request(Method::POST, "/users", Some(&new)).await.unwrap();
    assert_eq!(status, 201, "{user}");
    let browser = Browser::start(&BrowserSpec::default()).await.unwrap();
    browser.open(&format!("{}/", world.host.origin())).await.unwrap();
    browser.press(".other-way summary").await.unwrap();
    browser.paste("#login-email", "ann@acme.example").await.unwrap();
    browser.paste("#login-password", "wrong horse battery").await.unwrap();
    browser.press(".login-password [type=submit]").await.unwrap();
    browser.see_text("#password-error", "Nobody has this email and this password.").await.unwrap();
    browser.paste("#login-password", "correct horse battery").await.unwrap();
    browser.press(".login-password [type=submit]").await.unwrap();
    browser.see_text(".person", "ann@acme.example").await.unwrap();
}
