//! `catalog::modules`.

use catalog::CatalogError;
use catalog::modules::{self, ModuleSetting};
use chrono::{TimeDelta, Utc};
use domain::CustomerId;

use crate::setup;

#[tokio::test]
async fn a_customer_has_a_row_for_every_module_even_without_any() {
    let (_database, catalog) = setup::catalog().await;
    let client = catalog.client().await.unwrap();
    let acme = setup::customer(&client, "acme").await.id;
    let held = modules::of_customer(&client, acme).await.unwrap();
    let keys: Vec<_> = held.iter().map(|module| module.module_key.as_str()).collect();
    assert_eq!(keys, domain::modules::ALL.iter().map(|module| module.key()).collect::<Vec<_>>());
    assert!(held.iter().all(|module| !module.enabled && module.usage_count == 0));
}

#[tokio::test]
async fn modules_are_turned_on_together_or_not_at_all() {
    let (_database, catalog) = setup::catalog().await;
    let client = catalog.client().await.unwrap();
    let acme = setup::customer(&client, "acme").await.id;
    let other = setup::customer(&client, "other").await.id;
    let error = modules::enable_many(&client, acme, &["crm_core", "no_such_module"]).await.unwrap_err();
    assert!(matches!(error, CatalogError::Invalid { constraint } if constraint == "module_key"));
    assert!(!modules::is_enabled(&client, acme, "crm_core").await.unwrap());

    let enabled = modules::enable_many(&client, acme, &["advanced_pipeline", "crm_core"]).await.unwrap();
    assert_eq!(enabled, ["crm_core", "advanced_pipeline"]);
    let again = modules::enable_many(&client, acme, &["crm_core", "ai_assistant"]).await.unwrap();
    assert_eq!(again, ["ai_assistant"]);
    assert!(modules::is_enabled(&client, acme, "crm_core").await.unwrap());
    assert!(!modules::is_enabled(&client, other, "crm_core").await.unwrap(), "another customer's module");
    let error = modules::enable_many(&client, CustomerId::generate(), &["crm_core"]).await.unwrap_err();
    assert!(matches!(error, CatalogError::Conflict { .. }), "{error:?}");
}

#[tokio::test]
async fn a_change_tells_what_was_and_what_is() {
    let (_database, catalog) = setup::catalog().await;
    let client = catalog.client().await.unwrap();
    let acme = setup::customer(&client, "acme").await.id;

    let on = modules::set(&client, acme, "ai_assistant", true).await.unwrap().unwrap();
    assert!(on.is_switch() && !on.old.enabled && on.new.enabled && on.new.enabled_at.is_some());
    let still_on = modules::set(&client, acme, "ai_assistant", true).await.unwrap().unwrap();
    assert!(!still_on.is_switch());
    assert_eq!(still_on.new.enabled_at, on.new.enabled_at);
    let setting = ModuleSetting { reason: Some("unpaid".to_owned()), ..false.into() };
    let off = modules::set(&client, acme, "ai_assistant", setting).await.unwrap().unwrap();
    assert!(off.is_switch() && off.old.enabled && !off.new.enabled && off.new.disabled_at.is_some());
    assert_eq!((off.old.reason, off.new.reason.as_deref()), (None, Some("unpaid")));
    assert_eq!(off.old.enabled_at, on.new.enabled_at);

    assert!(modules::set(&client, acme, "no_such_module", true).await.unwrap().is_none());
    assert!(modules::set(&client, CustomerId::generate(), "ai_assistant", true).await.unwrap().is_none());
}

#[tokio::test]
async fn a_module_that_ran_out_is_off() {
    let (_database, catalog) = setup::catalog().await;
    let client = catalog.client().await.unwrap();
    let acme = setup::customer(&client, "acme").await.id;
    let until = |expires_at| ModuleSetting { enabled: true, expires_at: Some(expires_at), reason: None };
    let tomorrow = until(Utc::now() + TimeDelta::days(1));
    modules::set(&client, acme, "ai_assistant", tomorrow).await.unwrap().unwrap();
    assert!(modules::is_enabled(&client, acme, "ai_assistant").await.unwrap());
    let yesterday = until(Utc::now() - TimeDelta::days(1));
    modules::set(&client, acme, "ai_assistant", yesterday).await.unwrap().unwrap();
    assert!(!modules::is_enabled(&client, acme, "ai_assistant").await.unwrap());
    // Turning it on again takes the end away.
    assert_eq!(modules::enable_many(&client, acme, &["ai_assistant"]).await.unwrap(), ["ai_assistant"]);
    assert!(modules::is_enabled(&client, acme, "ai_assistant").await.unwrap());
}

#[tokio::test]
async fn changes_at_once_tell_a_story_without_holes() {
    let (_database, catalog) = setup::catalog().await;
    let acme = setup::customer(&catalog.client().await.unwrap(), "acme").await.id;
    let changes = (0..40).map(|number| {
        let catalog = catalog.clone();
        tokio::spawn(async move {
            let client = catalog.client().await.unwrap();
            modules::set(&client, acme, "ai_assistant", number % 2 == 0).await.unwrap().unwrap()
        })
    });
    let mut switches = 0_i32;
    for change in changes.collect::<Vec<_>>() {
        let change = change.await.unwrap();
        switches += i32::from(change.new.enabled) - i32::from(change.old.enabled);
    }
    // Every old value is the new one of the change before: the differences add up to where it ends.
    let enabled = modules::is_enabled(&catalog.client().await.unwrap(), acme, "ai_assistant").await.unwrap();
    assert_eq!(switches, i32::from(enabled));
    let rows = catalog.client().await.unwrap();
    let rows = rows.query_one("select count(*) from admin_customer_modules", &[]).await.unwrap();
    assert_eq!(rows.get::<_, i64>(0), 1);
}
