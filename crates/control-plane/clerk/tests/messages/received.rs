//! The door: what is taken, and what is written down before it is answered.

use clerk::{BadSignature, NotReceived, Received};
use serde_json::json;

use crate::house::{House, organization};

#[tokio::test]
async fn a_message_is_written_down_with_its_job_once_however_often_it_is_sent() {
    let house = House::new().await;
    let message = organization("created", "org_1", "Acme", 0);
    let all = (0..8).map(|_| house.send("msg_1", &message));
    let answers = futures_util::future::join_all(all).await;
    let new = answers.iter().filter(|answer| matches!(answer, Ok(Received::New))).count();
    assert_eq!((new, answers.iter().filter(|answer| answer.is_ok()).count()), (1, 8));
    assert_eq!(house.value::<i64>("select count(*) from admin_clerk_messages").await, 1);
    assert_eq!(house.value::<i64>("select count(*) from admin_jobs where kind = 'clerk_message'").await, 1);
    assert_eq!(house.status("msg_1").await, "waiting");
    house.work().await;
    assert_eq!(house.status("msg_1").await, "processed");
    // Sent again after it was done.
    assert!(matches!(house.send("msg_1", &message).await, Ok(Received::Known)));
    house.work().await;
    assert_eq!(house.value::<i64>("select count(*) from admin_customers").await, 1);
}

#[tokio::test]
async fn what_is_not_signed_by_clerk_now_leaves_nothing() {
    let house = House::new().await;
    let message = organization("created", "org_1", "Acme", 0);
    let now = chrono::Utc::now().timestamp();
    for (at, key, refused) in [
        (now, b"another key of the same length!".as_slice(), BadSignature::Mismatch),
        (now - 301, b"a key of a webhook's endpoint".as_slice(), BadSignature::WrongTime),
        (now + 310, b"a key of a webhook's endpoint".as_slice(), BadSignature::WrongTime),
    ] {
        let answer = house.send_signed("msg_1", &message, at, key).await;
        assert!(matches!(answer, Err(NotReceived::BadSignature(error)) if error == refused), "{answer:?}");
    }
    for nonsense in [json!({}), json!([]), json!({ "type": "user.created" }), json!({ "timestamp": 1 })] {
        assert!(matches!(house.send("msg_1", &nonsense).await, Err(NotReceived::Malformed)));
    }
    assert_eq!(house.value::<i64>("select count(*) from admin_clerk_messages").await, 0);
    assert_eq!(house.value::<i64>("select count(*) from admin_jobs").await, 0);
}
