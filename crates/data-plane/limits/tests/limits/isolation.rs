//! Two customers never share a count, and one policy's refusal costs the others nothing.

use std::sync::Arc;

use chrono::Utc;
use domain::ApiKeyId;
use limits::{OnRedisLoss, Policy, Subject};

use crate::nodes::{Accepted, a_customer, connected, month, node, patient};

fn policy(subject: Subject, quota: u64) -> Policy {
    Policy { name: "any", subject, quota, period: month(), on_redis_loss: OnRedisLoss::NodeLocal }
}

#[tokio::test]
async fn customers_share_nothing_even_where_all_else_is_the_same() {
    let redis = testkit::redis().await;
    let node = node(&redis.url(), patient(), &Accepted::new());
    connected(&node).await;
    let (one, other) = (a_customer(), a_customer());
    let key = ApiKeyId::generate();
    let route: Arc<str> = Arc::from("POST /api/v1/deals");
    let subjects = |customer| {
        [
            Subject::key(customer, key),
            Subject::customer(customer),
            Subject::route(customer, Arc::clone(&route)),
            Subject::module(customer, "crm_core", None),
        ]
    };
    for subject in subjects(one) {
        let policy = policy(subject, 2);
        let mut accepted = Vec::new();
        for _ in 0..3 {
            accepted.push(node.limiter.check(std::slice::from_ref(&policy), Utc::now()).await.accepted);
        }
        assert_eq!(accepted, [true, true, false], "{:?}", policy.subject);
    }
    for subject in subjects(other) {
        let verdict = node.limiter.check(&[policy(subject.clone(), 2)], Utc::now()).await;
        assert_eq!(verdict.policies[0].remaining, Some(1), "{subject:?}");
    }
}

#[tokio::test]
async fn what_an_earlier_policy_took_is_given_back_when_a_later_one_refuses() {
    let redis = testkit::redis().await;
    let node = node(&redis.url(), patient(), &Accepted::new());
    connected(&node).await;
    let customer = a_customer();
    let wide = policy(Subject::customer(customer), 100);
    let narrow = policy(Subject::key(customer, ApiKeyId::generate()), 2);
    let policies = [wide.clone(), narrow.clone(), policy(Subject::module(customer, "crm_core", None), 7)];
    for _ in 0..2 {
        assert!(node.limiter.check(&policies, Utc::now()).await.accepted);
    }
    for _ in 0..20 {
        let verdict = node.limiter.check(&policies, Utc::now()).await;
        assert_eq!((verdict.accepted, verdict.violated), (false, Some(1)));
        let remaining: Vec<_> = verdict.policies.iter().map(|state| state.remaining).collect();
        assert_eq!(remaining, [Some(98), Some(0), Some(5)]);
    }
    assert_eq!(node.limiter.check(&[wide], Utc::now()).await.policies[0].remaining, Some(97));
}
