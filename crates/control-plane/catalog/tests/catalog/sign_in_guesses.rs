//! `catalog::sign_in_guesses`.

use catalog::sign_in_guesses::{forget, give_back, remove_old, take};
use catalog::{Client, GenericClient as _};

use crate::setup;

/// Lets time go by: the wait is over, or the whole day.
async fn later(client: &Client, hours: i32) {
    let sql = "update admin_sign_in_guesses
               set refused_until = refused_until - make_interval(hours => $1), last_at = last_at - make_interval(hours => $1)";
    client.execute(sql, &[&hours]).await.unwrap();
}

#[tokio::test]
async fn each_guess_past_the_free_ones_doubles_the_wait_up_to_a_quarter_of_an_hour() {
    let (_database, catalog) = setup::catalog().await;
    let client = catalog.client().await.unwrap();
    let (subject, other) = ("a".repeat(64), "b".repeat(64));
    for _ in 0..3 {
        assert_eq!(take(&client, &subject, 3).await.unwrap(), None);
    }
    let mut waits = Vec::new();
    for _ in 0..13 {
        assert_eq!(take(&client, &subject, 3).await.unwrap(), None, "it is looked at");
        let wait = take(&client, &subject, 3).await.unwrap().expect("and the next must wait");
        waits.push(wait.as_secs_f64().ceil());
        later(&client, 1).await;
    }
    assert_eq!(waits, [1., 2., 4., 8., 16., 32., 64., 128., 256., 512., 900., 900., 900.]);
    assert_eq!(take(&client, &other, 3).await.unwrap(), None, "nobody else waits");

    forget(&client, &subject).await.unwrap();
    assert_eq!(take(&client, &subject, 1).await.unwrap(), None);
    give_back(&client, &subject).await.unwrap();
    assert_eq!(take(&client, &subject, 1).await.unwrap(), None, "one that was right doesn't count");
    take(&client, &subject, 1).await.unwrap();
    assert!(take(&client, &subject, 1).await.unwrap().is_some());

    // After a day all is forgotten, removed or not.
    later(&client, 25).await;
    assert_eq!(take(&client, &subject, 1).await.unwrap(), None);
    later(&client, 25).await;
    assert_eq!(remove_old(&client).await.unwrap(), 2);
}

#[tokio::test]
async fn free_guesses_in_the_same_moment_wait_for_nobody() {
    let (_database, catalog) = setup::catalog().await;
    let (mut early, late) = (catalog.client().await.unwrap(), catalog.client().await.unwrap());
    let subject = "a".repeat(64);
    // Its now() is that of its beginning.
    let transaction = early.transaction().await.unwrap();
    transaction.execute("select now()", &[]).await.unwrap();
    for _ in 0..2 {
        assert_eq!(take(&late, &subject, 5).await.unwrap(), None);
    }
    assert_eq!(take(&transaction, &subject, 5).await.unwrap(), None);
}
