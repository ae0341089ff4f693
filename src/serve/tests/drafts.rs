//! From what a person answered to a policy, over HTTP.

use super::*;

/// A hand-off about gift cards, resolved with `note`; gives its id.
async fn resolved(house: &House, note: Option<&str>) -> String {
    let question = "I want to talk to a human: do gift cards expire? Mail me at ana@example.com";
    let id = house.ask(json!({"question": question})).await.json()["handoff"]["id"].as_str().unwrap().to_owned();
    house.post(&format!("/v1/handoffs/{id}/draft"), json!({"agent": "Ana"}).to_string()).await.problem(409, "conflict");
    for (verb, body) in [("accept", json!({"agent": "Ana"})), ("resolve", json!({"agent": "Ana", "note": note}))] {
        assert_eq!(house.post(&format!("/v1/handoffs/{id}/{verb}"), body.to_string()).await.status, StatusCode::OK);
    }
    id
}

#[tokio::test]
async fn an_approved_draft_is_answered_from_and_says_where_it_comes_from() {
    let house = House::new().await;
    let handoff = resolved(&house, Some("Gift cards stay valid for 24 months after purchase.")).await;
    let draft = house.post(&format!("/v1/handoffs/{handoff}/draft"), json!({"agent": "Ana"}).to_string()).await;
    assert_eq!(draft.status, StatusCode::CREATED, "{}", draft.text);
    let draft = draft.json();
    assert!(draft["question"].as_str().unwrap().contains("[email]"), "what identifies the customer is gone: {draft}");
    assert_eq!(house.get("/v1/drafts").await.json()["drafts"], json!([draft]));

    let path = format!("/v1/drafts/{}/approve", draft["id"].as_str().unwrap());
    let taken = json!({"agent": "Li", "question": "Do gift cards expire?", "document_id": "late-payments"});
    house.post(&path, taken.to_string()).await.problem(409, "conflict");
    let placed = house.post(&path, json!({"agent": "Li: \"the lead\"\nid: x", "question": "Do gift cards expire?"}).to_string()).await;
    assert_eq!(placed.status, StatusCode::CREATED, "{}", placed.text);
    let document = placed.json()["document_id"].as_str().unwrap().to_owned();
    assert_eq!(placed.json()["title"], "Do gift cards expire?");
    let source = house.get(&format!("/v1/documents/{document}")).await.json()["source"].as_str().unwrap().to_owned();
    for line in [&format!("handoff: {handoff}"), "written_by: Ana", "approved_by: Li: \"the lead\" id: x"] {
        assert!(source.lines().any(|one| one == line), "{line} in {source}");
    }
    let answer = house.ask(json!({"question": "How long are gift cards valid after purchase?"})).await.json();
    assert_eq!((&answer["citations"][0]["document_id"], &answer["escalate"]), (&json!(document), &json!(false)), "{answer}");
    assert_eq!(house.get("/v1/drafts").await.json()["drafts"], json!([]));
    house.post(&path, json!({"agent": "Li"}).to_string()).await.problem(404, "not_found");
}

#[tokio::test]
async fn a_rejected_draft_is_gone_and_so_is_one_whose_conversation_was_deleted() {
    let house = House::new().await;
    let handoff = resolved(&house, None).await;
    let path = format!("/v1/handoffs/{handoff}/draft");
    assert!(house.post(&path, json!({"agent": "Ana"}).to_string()).await.problem(400, "bad_request").contains("`answer`"));
    let write = async || {
        let written = json!({"agent": "Ana", "question": "Do gift cards expire?", "answer": "After 24 months."});
        house.post(&path, written.to_string()).await.json()["id"].as_str().unwrap().to_owned()
    };
    let reject = async |id: &str| house.send(Request::delete(format!("/v1/drafts/{id}")).body(Body::empty()).unwrap()).await;
    let id = write().await;
    assert_eq!(reject(&id).await.status, StatusCode::NO_CONTENT);
    reject(&id).await.problem(404, "not_found");
    assert!(house.state.store.drafts().await.unwrap().is_empty());

    write().await;
    let conversation = house.get(&format!("/v1/handoffs/{handoff}")).await.json()["conversation_id"].as_str().unwrap().to_owned();
    house.state.store.erase(&conversation).await.unwrap();
    assert!(house.state.store.drafts().await.unwrap().is_empty());
}
