use crate::Fixture;
use trunkline_store::{Secret, StoreError};

#[tokio::test]
async fn a_new_key_retires_the_one_before_which_is_still_known() {
    let fixture = Fixture::new().await;
    let store = &fixture.store;
    for (at, kid) in ["k1", "k2", "k3"].into_iter().enumerate() {
        let now_ms = (at as u64 + 1) * 10;
        store.add_signing_key(kid, vec![at as u8], Secret::new(format!("private {kid}")), now_ms).await.unwrap();
    }
    let keys = store.signing_keys().await.unwrap();
    let outline: Vec<_> = keys.iter().map(|key| (key.kid.as_str(), key.retired_at_ms)).collect();
    assert_eq!(outline, [("k3", None), ("k2", Some(30)), ("k1", Some(20))]);
    for kid in ["k1", "k2", "k3"] {
        assert_eq!(store.signing_key(kid).await, Ok(Some(Secret::new(format!("private {kid}")))));
    }
    assert_eq!(store.signing_key("k4").await, Ok(None));
    assert_eq!(store.forget_signing_keys(30).await, Ok(1), "the one that was retired before then");
    assert_eq!(store.forget_signing_keys(u64::MAX).await, Ok(1), "never the one that signs");
    let left: Vec<_> = store.signing_keys().await.unwrap().into_iter().map(|key| key.kid).collect();
    assert_eq!(left, ["k3"]);
}

#[tokio::test]
async fn a_name_that_is_known_retires_nothing() {
    let fixture = Fixture::new().await;
    let add = async |now_ms| fixture.store.add_signing_key("k1", vec![1], Secret::new("private"), now_ms).await;
    add(10).await.unwrap();
    assert!(matches!(add(20).await, Err(StoreError::Taken(_))));
    assert_eq!(fixture.store.signing_keys().await.unwrap()[0].retired_at_ms, None);
}

#[tokio::test]
async fn a_private_half_is_sealed_and_bound_to_its_name() {
    let fixture = Fixture::new().await;
    for kid in ["k1", "k2"] {
        let private = Secret::new(format!("private half of {kid}"));
        fixture.store.add_signing_key(kid, vec![1], private, 10).await.unwrap();
    }
    assert!(fixture.holds("k1") && !fixture.holds("private half"));
    let swap = "UPDATE signing_keys SET sealed = (SELECT sealed FROM signing_keys WHERE kid = 'k1') WHERE kid = 'k2'";
    fixture.raw().await.execute(swap, ()).await.unwrap();
    assert!(matches!(fixture.store.signing_key("k2").await, Err(StoreError::Sealed(_))));
}
