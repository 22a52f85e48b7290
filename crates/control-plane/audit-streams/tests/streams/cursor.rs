//! Nothing is left out, whatever commits when, whoever dies, and whatever retention does.

use audit_streams::StreamChanges;
use chrono::{TimeDelta, Utc};
use customers::Actor;
use serde_json::Value;
use wiremock::matchers::method;
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::house::{House, lines, request, write};

async fn listening() -> MockServer {
    let server = MockServer::start().await;
    Mock::given(method("POST")).respond_with(ResponseTemplate::new(200)).mount(&server).await;
    server
}

async fn told(server: &MockServer) -> Vec<Value> {
    let requests = server.received_requests().await.unwrap();
    requests.iter().flat_map(|request| lines(&String::from_utf8(request.body.clone()).unwrap())).collect()
}

#[tokio::test]
async fn a_row_that_commits_late_is_told_late_and_not_left_out() {
    let server = listening().await;
    let house = House::new().await;
    house.add(&server.uri()).await;
    let worker = house.worker("one");
    let mut slow = house.database.connect().await;
    let transaction = slow.transaction().await.unwrap();
    let begun = "insert into admin_audit_logs (customer_id, action) values ('00000000-0000-0000-0000-000000000001', 'customer_updated')";
    transaction.batch_execute(begun).await.unwrap();
    // Written after it, and committed before it.
    house.write(2, 2).await;
    worker.run_once().await.unwrap();
    assert_eq!(House::places(&told(&server).await, 2), [1, 2]);
    transaction.commit().await.unwrap();
    worker.run_once().await.unwrap();
    assert_eq!(House::places(&told(&server).await, 1), [1]);
    assert_eq!(House::places(&told(&server).await, 2), [1, 2]);
}

#[tokio::test]
async fn writers_and_several_workers_at_once_leave_nothing_out_and_keep_each_chains_order() {
    let server = listening().await;
    let house = House::new().await;
    let id = house.add(&server.uri()).await.0.stream.id;
    let writers = (1..=4_u128).map(|customer| {
        let database = &house.database;
        async move {
            let client = database.connect().await;
            for _ in 0..40 {
                write(&client, customer, 5).await;
            }
        }
    });
    let workers = ["one", "two", "three"].map(|name| {
        let worker = house.worker(name);
        async move {
            for _ in 0..30 {
                worker.run_once().await.unwrap();
                tokio::time::sleep(std::time::Duration::from_millis(10)).await;
            }
        }
    });
    let [one, two, three] = workers;
    let writers = futures_util::future::join_all(writers);
    tokio::join!(writers, one, two, three);
    house.worker("last").run_once().await.unwrap();
    let all = told(&server).await;
    for customer in 1..=4 {
        let expected: Vec<i64> = (1..=200).collect();
        assert_eq!(
            House::places(&all, customer),
            expected,
            "of customer {customer}: no place twice, none missing"
        );
    }
    assert_eq!(house.stream(id).await.lag.rows, 0);
}

#[tokio::test]
async fn what_was_sent_when_the_worker_died_is_sent_again_and_not_before_its_lease_is_over() {
    let server = listening().await;
    let house = House::new().await;
    house.write(1, 1).await;
    let from_beginning = audit_streams::NewStreamRequest { from_beginning: true, ..request(&server.uri()) };
    house.streams.create(&Actor::system(), &from_beginning).await.unwrap();
    house.worker("dying").run_once().await.unwrap();
    // As if it had died between sending and noting.
    house
        .sql(
            "delete from admin_audit_stream_cursors;
         update admin_audit_streams set leased_by = 'dying', leased_until = now() + interval '1 minute'",
        )
        .await;
    let next = house.worker("next");
    assert_eq!(next.run_once().await.unwrap(), 0, "somebody else may be at it");
    house.sql("update admin_audit_streams set leased_until = now() - interval '1 second'").await;
    assert_eq!(next.run_once().await.unwrap(), 1);
    let all = told(&server).await;
    assert_eq!(House::places(&all, 1), [1, 1]);
    let ids: std::collections::BTreeSet<_> = all.iter().map(|line| line["id"].to_string()).collect();
    assert_eq!((all.len(), ids.len()), (4, 2), "told apart by their ids");
}

#[tokio::test]
async fn a_paused_stream_goes_on_where_it_stopped_and_a_deleted_one_is_told_nothing() {
    let server = listening().await;
    let house = House::new().await;
    let id = house.add(&server.uri()).await.0.stream.id;
    let worker = house.worker("one");
    worker.run_once().await.unwrap();
    let active = |is_active| StreamChanges { is_active: Some(is_active), ..StreamChanges::default() };
    house.streams.update(&Actor::system(), id, &active(false)).await.unwrap();
    house.write(1, 2).await;
    assert_eq!(worker.run_once().await.unwrap(), 0);
    assert_eq!(house.stream(id).await.lag.rows, 3);
    house.streams.update(&Actor::system(), id, &active(true)).await.unwrap();
    worker.run_once().await.unwrap();
    assert_eq!(House::places(&told(&server).await, 1), [1, 2]);
    house.streams.delete(&Actor::system(), id).await.unwrap();
    house.write(1, 2).await;
    assert_eq!(worker.run_once().await.unwrap(), 0);
    let left = "select count(*) from admin_audit_stream_cursors";
    let left: i64 = house.database.connect().await.query_one(left, &[]).await.unwrap().get(0);
    assert_eq!(left, 0);
}

#[tokio::test]
async fn retention_waits_for_what_an_active_stream_has_not_told() {
    let server = listening().await;
    let house = House::new().await;
    house.write_old(1, 3).await;
    let from_beginning = audit_streams::NewStreamRequest { from_beginning: true, ..request(&server.uri()) };
    let id = house.streams.create(&Actor::system(), &from_beginning).await.unwrap().0.stream.id;
    let month_ago = Utc::now() - TimeDelta::days(30);
    let client = house.catalog.client().await.unwrap();
    assert_eq!(catalog::audit::remove_before(&client, month_ago).await.unwrap(), 0);
    house.worker("one").run_once().await.unwrap();
    house.write_old(1, 2).await;
    // The three that were told; not the two behind them.
    assert_eq!(catalog::audit::remove_before(&client, month_ago).await.unwrap(), 3);
    house.worker("one").run_once().await.unwrap();
    assert_eq!(House::places(&told(&server).await, 1), [1, 2, 3, 4, 5]);
    // A stream that nobody mends holds nothing up when it is paused, and misses what went meanwhile.
    let paused = StreamChanges { is_active: Some(false), ..StreamChanges::default() };
    house.streams.update(&Actor::system(), id, &paused).await.unwrap();
    house.write_old(1, 2).await;
    assert_eq!(catalog::audit::remove_before(&client, month_ago).await.unwrap(), 4);
    assert_eq!(house.stream(id).await.lag.rows, 1, "the row of its pause");
    // What is young stays, whatever is asked for: the row of the stream itself, and that of its pause.
    assert_eq!(catalog::audit::remove_before(&client, Utc::now() + TimeDelta::days(1)).await.unwrap(), 0);
}
