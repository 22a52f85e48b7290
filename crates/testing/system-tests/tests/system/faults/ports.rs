//! Ports that others listen on.

use std::net::TcpListener;

use serde_json::json;
use system_tests::Stack;

use super::placed::placed;
use super::{failed, works_now};

/// A port that is taken between the choice and the start: the instance moves on to the next one.
pub(super) async fn taken_in_between(stack: &Stack) {
    let operator = stack.operator.clone();
    let sign_up = tokio::spawn(async move { operator.provision("moved").await });
    let instance = placed(stack, "moved").await;
    let held = instance.hold().await;
    let stranger = TcpListener::bind(("127.0.0.1", instance.port)).expect("nothing listens there yet");
    drop(held);
    sign_up.await.unwrap().expect(201);
    let found = stack.operator.get("/api/admin/customers/moved").await.expect(200);
    assert_ne!(found["instance"]["port"], instance.port, "{found}");
    assert_eq!(found["database_port"], found["instance"]["port"], "{found}");
    let sql = "select s.detail from admin_operation_steps s join admin_operations o on o.id = s.operation_id
               where o.customer_slug = 'moved' and s.name = 'start_instance'";
    let detail = stack.rows(sql, &[]).await[0]["detail"].as_str().unwrap().to_owned();
    assert!(detail.contains(&format!("port {} was taken", instance.port)), "{detail}");
    drop(stranger);
}

/// Not one port is free; then one is, and two want it.
pub(super) async fn none_is_left(stack: &Stack) {
    let mut strangers: Vec<_> = stack
        .ports
        .customers
        .clone()
        .filter_map(|port| TcpListener::bind(("127.0.0.1", port)).ok())
        .collect();
    let answer = stack.operator.provision("homeless").await;
    let operation = answer.body["operation_id"].as_str().unwrap().to_owned();
    failed(stack, "homeless", answer).await;
    let operation = stack.operator.get(&format!("/api/admin/operations/{operation}")).await.expect(200);
    assert_eq!(
        (&operation["status"], &operation["kind"]),
        (&json!("failed"), &json!("customer_create")),
        "{operation}"
    );
    let error = operation["error"].as_str().unwrap();
    assert!(error.contains("SIXTY_CUSTOMER_PORTS"), "an operator isn't told what to do: {error}");

    strangers.pop();
    let (one, two) = tokio::join!(stack.operator.provision("rival-1"), stack.operator.provision("rival-2"));
    let mut answers = [("rival-1", one), ("rival-2", two)];
    answers.sort_by_key(|(_, answer)| answer.status);
    let [(_, lucky), (unlucky, answer)] = answers;
    lucky.expect(201);
    failed(stack, unlucky, answer).await;
    drop(strangers);
    works_now(stack, unlucky).await;
    works_now(stack, "homeless").await;
}
