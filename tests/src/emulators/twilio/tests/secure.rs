//! Media over TLS.

use std::sync::Arc;

use futures::StreamExt as _;
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::super::*;

/// A socket that reads until the carrier closes; its address and its certificate.
async fn secure_socket() -> (String, Vec<u8>) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("wss://localhost:{}/media", listener.local_addr().unwrap().port());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(secured) = acceptor.accept(stream).await else { continue };
            let Ok(mut socket) = tokio_tungstenite::accept_async(secured).await else { continue };
            while let Some(Ok(_)) = socket.next().await {}
        }
    });
    (url, made.cert.pem().into_bytes())
}

fn spec(url: &str) -> CallSpec {
    let twiml = format!(r#"<Response><Connect><Stream url="{url}"/></Connect></Response>"#);
    CallSpec { twiml: Some(twiml), ..CallSpec::inbound("", "AC1", "t") }.step(When::At(60), What::HangUp)
}

#[tokio::test]
async fn a_wss_socket_is_opened_when_its_certificate_is_trusted() {
    let (url, pem) = secure_socket().await;
    let trusting = Carrier::new(CarrierSettings { root_cert_pem: Some(pem), ..CarrierSettings::default() }).unwrap();
    let record = trusting.place_call(spec(&url)).finished().await;
    assert_eq!(record.outcome, Outcome::CallerHungUp, "{:?}", record.errors);
    assert!(record.streams[0].messages_out > 3);

    let wary = Carrier::new(CarrierSettings::default()).unwrap();
    let record = wary.place_call(spec(&url)).finished().await;
    assert!(record.streams.is_empty() && !record.succeeded());
    assert!(record.errors[0].contains("certificate"), "{:?}", record.errors);
}
