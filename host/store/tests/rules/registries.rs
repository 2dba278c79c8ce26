use crate::Fixture;
use trunkline_store::StoreError;

#[tokio::test]
async fn an_operator_token_opens_until_it_is_revoked() {
    let fixture = Fixture::new().await;
    let tokens = fixture.store.operator_tokens();
    let token = tokens.create("first run", 7).await.unwrap();
    assert_eq!(token.len(), 4 + 64);
    assert_eq!(tokens.verify(&token).await.unwrap().unwrap().name, "first run");
    assert_eq!(tokens.verify("trk_wrong").await, Ok(None));
    assert!(matches!(tokens.create("first run", 8).await, Err(StoreError::Taken(_))));
    assert_ne!(tokens.create("second", 8).await.unwrap(), token);
    assert_eq!(tokens.list().await.unwrap().len(), 2);
    assert_eq!(tokens.revoke("first run", 9).await, Ok(true));
    assert_eq!(tokens.revoke("first run", 9).await, Ok(false));
    assert_eq!(tokens.verify(&token).await, Ok(None));
}

#[tokio::test]
async fn an_operator_token_is_not_in_the_files() {
    let fixture = Fixture::new().await;
    let token = fixture.store.operator_tokens().create("first run", 7).await.unwrap();
    assert!(!fixture.holds(token.trim_start_matches("trk_")));
}

#[tokio::test]
async fn a_nonce_works_once() {
    let fixture = Fixture::new().await;
    let nonce_use = async |nonce: &[u8], now| fixture.store.nonce_use(nonce.to_vec(), fixture.call, 1_000, now).await;
    assert_eq!(nonce_use(b"a", 0).await, Ok(true));
    assert_eq!(nonce_use(b"a", 0).await, Ok(false));
    assert_eq!(nonce_use(b"b", 0).await, Ok(true));
    let (a, b) = tokio::join!(nonce_use(b"c", 0), nonce_use(b"c", 0));
    assert_ne!(a, b);
    // Long after its token has expired, a nonce is not kept any more.
    assert_eq!(nonce_use(b"a", 9_000_000).await, Ok(true));
}

#[tokio::test]
async fn a_component_name_points_at_bytes() {
    let fixture = Fixture::new().await;
    let components = fixture.store.components();
    let one = components.put_blob(b"one".to_vec(), 1).await.unwrap();
    let two = components.put_blob(b"two".to_vec(), 1).await.unwrap();
    assert_eq!(components.put_blob(b"one".to_vec(), 2).await.unwrap(), one);
    components.release("conversation", one.as_str(), 3).await.unwrap();
    components.mark_good("conversation", one.as_str(), 4).await.unwrap();
    components.release("conversation", two.as_str(), 5).await.unwrap();
    let component = components.get("conversation").await.unwrap().unwrap();
    assert_eq!((component.live, component.last_good), (two.clone(), Some(one)));
    assert_eq!((component.created_at_ms, component.updated_at_ms), (3, 5));
    assert_eq!(components.blob(two).await, Ok(Some(b"two".to_vec())));
    assert_eq!(components.blob("00").await, Ok(None));
    assert_eq!(components.list().await.unwrap().len(), 1);
    assert!(matches!(components.release("x", "00", 6).await, Err(StoreError::NotFound(_))));
    assert!(matches!(components.mark_good("x", "00", 6).await, Err(StoreError::NotFound(_))));
}
