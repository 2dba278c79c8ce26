use crate::{Fixture, count};
use trunkline_store::StoreError;

const MINUTE: u64 = 60_000;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

#[tokio::test]
async fn a_link_works_once_and_for_an_hour() {
    let fixture = Fixture::new().await;
    let logins = fixture.store.logins();
    let link = logins.link(None, None, 1_000).await.unwrap();
    assert_eq!((link.code.len(), link.expires_at_ms), (32, 1_000 + HOUR));
    assert_eq!(logins.redeem("0123456789abcdef0123456789abcdef", 1_000).await, Ok(None));
    let opened = logins.redeem(&link.code, 1_000).await.unwrap().unwrap();
    assert_eq!((opened.secret.len(), opened.session.token_name.as_deref()), (64, None));
    assert_eq!(logins.redeem(&link.code, 1_000).await, Ok(None));
    let late = logins.link(None, None, 1_000).await.unwrap();
    assert_eq!(logins.redeem(&late.code, late.expires_at_ms).await, Ok(None));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_who_use_one_link_one_gets_in() {
    let fixture = Fixture::new().await;
    let code = fixture.store.logins().link(None, None, 0).await.unwrap().code;
    let tasks: Vec<_> = (0..16)
        .map(|_| {
            let (store, code) = (fixture.store.clone(), code.clone());
            tokio::spawn(async move { store.logins().redeem(&code, 1).await.unwrap() })
        })
        .collect();
    let mut won = 0;
    for task in tasks {
        won += usize::from(task.await.unwrap().is_some());
    }
    assert_eq!(won, 1);
}

#[tokio::test]
async fn a_session_lives_while_it_is_used_but_no_longer_than_a_week() {
    let fixture = Fixture::new().await;
    let logins = fixture.store.logins();
    let open = async || {
        let code = logins.link(None, None, 0).await.unwrap().code;
        logins.redeem(&code, 0).await.unwrap().unwrap().secret
    };
    let idle = open().await;
    assert!(logins.session(&idle, 12 * HOUR - 1).await.unwrap().is_some());
    let forgotten = open().await;
    assert_eq!(logins.session(&forgotten, 12 * HOUR).await, Ok(None));
    let used = open().await;
    for hour in (11..7 * 24).step_by(11) {
        assert!(logins.session(&used, hour * HOUR).await.unwrap().is_some(), "after {hour} h");
    }
    assert!(logins.session(&used, 7 * DAY - 1).await.unwrap().is_some());
    assert_eq!(logins.session(&used, 7 * DAY).await, Ok(None));
}

#[tokio::test]
async fn a_session_that_was_ended_opens_nothing() {
    let fixture = Fixture::new().await;
    let logins = fixture.store.logins();
    let code = logins.link(None, None, 0).await.unwrap().code;
    let secret = logins.redeem(&code, 0).await.unwrap().unwrap().secret;
    assert_eq!(logins.end(&secret).await, Ok(true));
    assert_eq!(logins.end(&secret).await, Ok(false));
    assert_eq!(logins.session(&secret, 1).await, Ok(None));
}

#[tokio::test]
async fn what_a_revoked_token_let_in_is_let_out() {
    let fixture = Fixture::new().await;
    let logins = fixture.store.logins();
    fixture.store.operator_tokens().create("ann", 0).await.unwrap();
    let [first, second] = [
        logins.link(Some("ann".into()), None, 0).await.unwrap(),
        logins.link(Some("ann".into()), None, 0).await.unwrap(),
    ];
    let opened = logins.redeem(&first.code, 1).await.unwrap().unwrap();
    assert_eq!(opened.session.token_name.as_deref(), Some("ann"));
    assert_eq!(fixture.store.operator_tokens().revoke("ann", 2).await, Ok(true));
    assert_eq!(logins.session(&opened.secret, 1).await, Ok(None));
    assert_eq!(logins.redeem(&second.code, 1).await, Ok(None));
    assert!(matches!(logins.link(Some("ann".into()), None, 0).await, Err(StoreError::NotFound(_))));
}

#[tokio::test]
async fn what_has_expired_is_not_kept_and_no_secret_is() {
    let fixture = Fixture::new().await;
    let logins = fixture.store.logins();
    let expired = logins.link(None, None, 0).await.unwrap().code;
    let code = logins.link(None, None, HOUR - 1).await.unwrap().code;
    let secret = logins.redeem(&code, HOUR).await.unwrap().unwrap().secret;
    let later = logins.link(None, None, 20 * HOUR).await.unwrap().code;
    logins.redeem(&later, 20 * HOUR).await.unwrap().unwrap();
    let conn = fixture.raw().await;
    assert_eq!(count(&conn, "SELECT count(*) FROM login_links").await, 0);
    assert_eq!(count(&conn, "SELECT count(*) FROM browser_sessions").await, 1);
    for secret in [&expired, &code, &secret, &later] {
        assert!(!fixture.holds(secret));
    }
}
