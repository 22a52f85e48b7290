//! `catalog::ai_keys` and `catalog::ai_usage`.

use catalog::ai_keys::{self, NewAiKey};
use catalog::ai_usage::{self, AiUsage};
use catalog::{CatalogError, TimeRange};
use chrono::{DateTime, Utc};
use domain::{AiProvider, CustomerId, KeyOwner};
use rust_decimal::Decimal;
use uuid::Uuid;

use crate::setup;

fn november() -> (DateTime<Utc>, DateTime<Utc>) {
    ("2026-11-01T00:00:00Z".parse().unwrap(), "2026-11-30T23:59:59.999Z".parse().unwrap())
}

fn usage(customer_id: CustomerId, tokens: i64) -> AiUsage {
    let (period_start, period_end) = november();
    AiUsage {
        customer_id,
        ai_provider: AiProvider::Anthropic,
        key_owner: KeyOwner::System,
        prompt_tokens: tokens,
        completion_tokens: 1,
        total_tokens: tokens + 1,
        estimated_cost_usd: Decimal::new(1, 4),
        period_start,
        period_end,
    }
}

#[tokio::test]
async fn a_new_key_takes_the_place_of_the_old_one() {
    let (_database, catalog) = setup::catalog().await;
    let client = catalog.client().await.unwrap();
    let acme = setup::customer(&client, "acme").await.id;
    let new = |sealed: &str| NewAiKey {
        id: Uuid::now_v7(),
        customer_id: acme,
        ai_provider: AiProvider::OpenAi,
        api_key_encrypted: sealed.to_owned(),
        monthly_token_budget: Some(10),
    };
    let first = ai_keys::set(&client, &new("one")).await.unwrap();
    let second = ai_keys::set(&client, &new("two")).await.unwrap();
    assert_ne!(first.id, second.id, "the seal is bound to the row's id");
    assert_eq!(ai_keys::list(&client, acme).await.unwrap(), std::slice::from_ref(&second));
    assert_eq!(ai_keys::get(&client, acme, AiProvider::OpenAi).await.unwrap(), Some(second.clone()));
    assert!(!serde_json::to_string(&second).unwrap().contains("two"));
    assert!(ai_keys::remove(&client, acme, AiProvider::Gemini).await.unwrap().is_none());
    assert_eq!(ai_keys::remove(&client, acme, AiProvider::OpenAi).await.unwrap(), Some(second));
    assert!(ai_keys::list(&client, acme).await.unwrap().is_empty());
}

#[tokio::test]
async fn usage_at_once_is_summed_without_loss() {
    let (_database, catalog) = setup::catalog().await;
    let acme = setup::customer(&catalog.client().await.unwrap(), "acme").await.id;
    let additions = (0..20).map(|_| {
        let catalog = catalog.clone();
        tokio::spawn(async move {
            ai_usage::add(&catalog.client().await.unwrap(), &usage(acme, 3_000_000_000)).await.unwrap();
        })
    });
    for addition in additions.collect::<Vec<_>>() {
        addition.await.unwrap();
    }
    let client = catalog.client().await.unwrap();
    let sums = ai_usage::of_customer(&client, acme, TimeRange::default()).await.unwrap();
    assert_eq!(sums.len(), 1);
    assert_eq!((sums[0].prompt_tokens, sums[0].total_tokens), (60_000_000_000, 60_000_000_020));
    assert_eq!(sums[0].estimated_cost_usd, Decimal::new(20, 4));
    let december = TimeRange::default().after(november().1);
    assert!(ai_usage::of_customer(&client, acme, december).await.unwrap().is_empty());

    let error = ai_usage::add(&client, &usage(acme, -1)).await.unwrap_err();
    assert!(matches!(error, CatalogError::Invalid { .. }), "{error:?}");
    let error = ai_usage::add(&client, &usage(CustomerId::generate(), 1)).await.unwrap_err();
    assert!(matches!(error, CatalogError::Conflict { .. }), "{error:?}");
}
