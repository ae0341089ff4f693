//! Receipts, checks, help for agents and their corrections, over HTTP.

use super::*;

#[tokio::test]
async fn a_receipt_holds_the_answer_byte_for_byte_and_says_what_has_changed() {
    let house = House::new().await;
    let reply = house.ask(json!({"question": "How much is the late payment fee?", "max_words": 40})).await;
    let id = reply.json()["id"].as_str().unwrap().to_owned();
    let receipt = house.get(&format!("/v1/answers/{id}")).await;
    assert_eq!((receipt.status, receipt.header("content-type")), (StatusCode::OK, "application/json"));
    assert!(receipt.text.starts_with(&format!("{{\"answer\":{},", reply.text)), "{}", receipt.text);
    let whole = receipt.json();
    assert_eq!((&whole["stands"], &whole["wishes"]["max_words"]), (&json!(true), &json!(40)));
    assert!(whole["scores"]["passage_coverage"].is_number() && whole["created_at"].is_string(), "{whole}");

    let newer = "---\nid: late-payments\ntitle: Late payments\nversion: 9\nvalid_from: 2026-02-01\n---\n# Late payments\n\n## Late fee\nA late payment fee of up to $8 is charged 10 days after the due date.\n";
    let put = Request::put("/v1/documents/late-payments").header("content-type", "text/markdown").body(Body::from(newer)).unwrap();
    let placed = house.send(put).await;
    assert_eq!(placed.status, StatusCode::CREATED, "{}", placed.text);
    let receipt = house.get(&format!("/v1/answers/{id}")).await;
    assert!(receipt.text.starts_with(&format!("{{\"answer\":{},", reply.text)), "the answer is as it was sent");
    let whole = receipt.json();
    assert_eq!(whole["stands"], json!(false));
    let fee = &whole["citations"][0];
    assert_eq!((&fee["status"], &fee["now"]["version"]), (&json!("edited"), &json!(9)), "{fee}");
    assert!(fee["quote"].as_str().unwrap().contains("$7") && fee["now"]["quote"].as_str().unwrap().contains("$8"));
    house.get("/v1/answers/ans_unknown").await.problem(404, "not_found");
}

#[tokio::test]
async fn texts_are_checked_and_agents_are_helped() {
    let house = House::new().await;
    let checked = house
        .post("/v1/verify", json!({"text": "A late payment fee of up to $8 is charged 10 days after the due date."}).to_string())
        .await
        .json();
    assert_eq!((&checked["supported"], &checked["sentences"][0]["objections"][0]["kind"]), (&json!(false), &json!("number")), "{checked}");
    assert_eq!(checked["sentences"][0]["by"]["document_id"], "late-payments");
    let given = json!({"text": "Parcels arrive in 3 days.", "evidence": ["Parcels arrive in three days."]});
    assert_eq!(house.post("/v1/verify", given.to_string()).await.json()["supported"], json!(true));
    house.post("/v1/verify", json!({"text": " "}).to_string()).await.problem(400, "bad_request");

    let first = house.ask(json!({"question": "How much is the late payment fee?"})).await.json();
    let asked = json!({"conversation_id": first["conversation_id"], "draft": "I will refund the fee of $12 today."});
    let help = house.post("/v1/assist", asked.to_string()).await.json();
    assert!(help["suggested_reply"]["text"].as_str().unwrap().contains("$7"), "{help}");
    let kinds: Vec<&str> = help["risks"].as_array().unwrap().iter().map(|risk| risk["kind"].as_str().unwrap()).collect();
    assert!(kinds.contains(&"promise") && kinds.contains(&"number"), "{kinds:?}");
    house.post("/v1/assist", "{}").await.problem(400, "bad_request");
}

#[tokio::test]
async fn a_correction_is_answered_from_then_on_and_can_be_withdrawn() {
    let house = House::new().await;
    let question = json!({"question": "Is the account paused when I pay late?"});
    let id = house.ask(question.clone()).await.json()["id"].as_str().unwrap().to_owned();
    let path = format!("/v1/answers/{id}/correction");
    let put = |text: &str| {
        Request::put(path.as_str())
            .header("content-type", "application/json")
            .body(Body::from(json!({"text": text, "agent": "Ana"}).to_string()))
            .unwrap()
    };
    let words = "The account is paused when a payment is 20 days late.";
    let kept = house.send(put(words)).await;
    assert_eq!(kept.status, StatusCode::OK, "{}", kept.text);
    let answer = house.ask(question.clone()).await.json();
    assert_eq!((&answer["answer"], &answer["mode"]), (&json!(words), &json!("person")));
    assert_eq!(house.state.store.corrections().await.unwrap().len(), 1);
    let detail = house.send(put("The account is paused when a payment is 40 days late.")).await.problem(400, "bad_request");
    assert!(detail.contains("40 day"), "{detail}");
    let delete = || Request::delete(path.as_str()).body(Body::empty()).unwrap();
    assert_eq!(house.send(delete()).await.status, StatusCode::NO_CONTENT);
    assert_eq!(house.ask(question).await.json()["mode"], "quote");
    house.send(delete()).await.problem(404, "not_found");
}
