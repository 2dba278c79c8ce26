use super::{deltas, plain, request, text, user};
use crate::documents::{Documents, DocumentsError, Found, Passage};
use crate::error::ErrorKind;
use futures::future::BoxFuture;
use std::sync::Arc;

/// Always finds these, or always fails.
struct Shelf(Result<Vec<Passage>, DocumentsError>);

impl Documents for Shelf {
    fn search(&self, terms: Vec<Vec<String>>, _limit: usize) -> BoxFuture<'static, Result<Found, DocumentsError>> {
        let found = self.0.clone().map(|passages| Found { total: 50, having: vec![1; terms.len()], passages });
        Box::pin(async move { found })
    }

    fn names(&self, _limit: usize) -> BoxFuture<'static, Result<Vec<String>, DocumentsError>> {
        let names = self.0.clone().map(|passages| passages.into_iter().map(|passage| passage.document).collect());
        Box::pin(async move { names })
    }
}

fn passage(document: &str, text: &str) -> Passage {
    Passage { document: document.into(), heading: None, text: text.into(), score: 1.0 }
}

async fn with(passages: Vec<Passage>, words: &str) -> String {
    text(&deltas(request(&plain(), vec![user(words)]), Some(Arc::new(Shelf(Ok(passages))))).await)
}

#[tokio::test]
async fn the_sentence_that_answers_is_said_and_not_the_passage() {
    let long =
        format!("{} Dogs may wait in the garden. {}", "We like cats very much. ".repeat(20), "The end. ".repeat(50));
    let said = with(vec![passage("pets.md", &long)], "where can my dog wait").await;
    assert!(said.starts_with("Dogs may wait in the garden."), "{said}");
    assert!(said.chars().count() <= 300);
}

#[tokio::test]
async fn a_sentence_without_end_is_cut() {
    let said = with(vec![passage("pets", &"dogs and other animals ".repeat(200))], "tell me about dogs").await;
    assert!(said.chars().count() <= 302 && said.ends_with('…'), "{said}");
}

#[tokio::test]
async fn the_context_wins_where_it_has_the_name_of_what_is_asked() {
    let said = with(vec![passage("old", "Our hours were different.")], "what are your business hours").await;
    assert_eq!(said, "We are open Monday to Friday, 9 am to 5 pm.");
}

#[tokio::test]
async fn names_of_documents_are_offered() {
    let shelf = Shelf(Ok(vec![passage("opening-hours_2024.md", ""), passage("Parking", "")]));
    let empty = serde_json::json!({});
    let said = text(&deltas(request(&empty, vec![user("what can you do")]), Some(Arc::new(shelf))).await);
    assert!(said.starts_with("I can tell you about opening hours 2024 and parking."), "{said}");
}

#[tokio::test]
async fn documents_that_cannot_be_searched_are_an_error_unless_the_context_answers() {
    let shelf = || Some(Arc::new(Shelf(Err(DocumentsError("disk".into())))) as Arc<dyn Documents>);
    let said = deltas(request(&plain(), vec![user("are dogs allowed")]), shelf()).await;
    let [Err(error)] = said.as_slice() else { panic!("{said:?}") };
    assert_eq!((error.kind, error.retryable()), (ErrorKind::Unavailable, true));
    let said = deltas(request(&plain(), vec![user("what are your business hours")]), shelf()).await;
    assert!(text(&said).contains("9 am to 5 pm"));
    let said = deltas(request(&plain(), vec![user("goodbye")]), shelf()).await;
    assert!(text(&said).contains("Goodbye"));
}
