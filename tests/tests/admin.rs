//! Every operation of the interface, as its own document lists them, asked by four callers: one who may, one whose role is
//! too low, one of another tenant, and nobody. An operation that has no case here fails, so that none is added without one.

mod cases;
mod document;
mod setting;

use cases::{Case, Others, case};
use document::{Document, Operation};
use serde_json::Value;
use setting::{Asked, Setting};

#[tokio::test(flavor = "multi_thread")]
async fn every_operation_lets_in_who_may_and_shows_a_tenant_only_its_own() {
    let setting = Setting::start().await;
    let document = Document::of(&setting).await;
    let mut failures = Vec::new();
    for operation in document.operations() {
        if let Err(failure) = four_callers(&setting, &document, &operation).await {
            failures.push(format!("{} ({} {}): {failure}", operation.id, operation.method, operation.path));
        }
    }
    assert!(failures.is_empty(), "{} operations:\n{}", failures.len(), failures.join("\n"));
}

async fn four_callers(setting: &Setting, document: &Document, operation: &Operation) -> Result<(), String> {
    let Some(least) = &operation.least else {
        let case = case(setting, &operation.id).await.ok_or("there is no case for it in tests/tests/admin/cases.rs")?;
        return allowed(document, operation, &case, &ask(setting, operation, &case, None).await);
    };
    let fresh =
        async || case(setting, &operation.id).await.ok_or("there is no case for it in tests/tests/admin/cases.rs");

    let nobody = ask(setting, operation, &fresh().await?, None).await;
    refused(document, operation, "nobody", &nobody, 401, "unauthorised")?;

    if let Some(lower) = setting.lower(least) {
        let answer = ask(setting, operation, &fresh().await?, Some(lower)).await;
        refused(document, operation, "a lower role", &answer, 403, "forbidden")?;
    }
    if least != "operator" {
        let case = fresh().await?;
        let answer = ask(setting, operation, &case, Some(setting.other(least))).await;
        match &case.others {
            Others::Missing => refused(document, operation, "another tenant", &answer, 404, "not-found")?,
            Others::Apart => allowed(document, operation, &case, &answer)?,
            Others::Without(theirs) => {
                allowed(document, operation, &case, &answer)?;
                if answer.body.contains(theirs.as_str()) {
                    return Err(format!("another tenant sees {theirs}: {}", answer.body));
                }
            }
        }
    }
    let case = fresh().await?;
    allowed(document, operation, &case, &ask(setting, operation, &case, Some(setting.own(least))).await)
}

async fn ask(setting: &Setting, operation: &Operation, case: &Case, bearer: Option<&str>) -> Asked {
    let mut request = setting.request(&operation.method, &case.path, bearer);
    if bearer.is_some_and(|bearer| setting.is_operator(bearer)) {
        request = request.header("x-tenant", "acme");
    }
    if let Some(body) = &case.body {
        request = request.json(body);
    }
    if let Some((kind, bytes)) = &case.bytes {
        request = request.header("content-type", *kind).body(bytes.clone());
    }
    Asked::of(request).await
}

fn refused(
    document: &Document,
    operation: &Operation,
    who: &str,
    answer: &Asked,
    status: u16,
    kind: &str,
) -> Result<(), String> {
    document.check(operation, answer)?;
    let found: Value = serde_json::from_str(&answer.body).unwrap_or_default();
    if answer.status != status || found["type"] != format!("urn:trunkline:problem:{kind}") {
        return Err(format!("{who} should get {status} ({kind}): {answer:?}"));
    }
    Ok(())
}

fn allowed(document: &Document, operation: &Operation, case: &Case, answer: &Asked) -> Result<(), String> {
    if let Some(status) = case.instead {
        return if answer.status == status { Ok(()) } else { Err(format!("should get {status}: {answer:?}")) };
    }
    document.check(operation, answer)?;
    if (200..300).contains(&answer.status) { Ok(()) } else { Err(format!("should be let in: {answer:?}")) }
}
