//! `catalog::modules`.

use catalog::modules::{self, CustomerModule, ModuleSetting, ModuleSource};
use catalog::{CatalogError, GenericClient, customers};
use chrono::{DateTime, TimeDelta, Utc};
use domain::CustomerId;
use domain::entitlement::Refusal;

use crate::setup;

async fn module(client: &impl GenericClient, customer: CustomerId, key: &str) -> CustomerModule {
    modules::get(client, customer, key).await.unwrap().unwrap()
}

async fn buy(client: &impl GenericClient, plan: &str) {
    let sql = "update admin_customers set subscription_plan = $1::text::plan_type";
    client.execute(sql, &[&plan]).await.unwrap();
}

#[tokio::test]
async fn without_a_row_the_plan_decides() {
    let (_database, catalog) = setup::catalog().await;
    let client = catalog.client().await.unwrap();
    let acme = setup::customer(&client, "acme").await.id;
    let held = modules::of_customer(&client, acme).await.unwrap();
    let keys: Vec<_> = held.iter().map(|module| module.module_key.as_str()).collect();
    assert_eq!(keys, domain::modules::ALL.iter().map(|module| module.key()).collect::<Vec<_>>());
    let on: Vec<_> = held
        .iter()
        .filter(|module| module.enabled)
        .map(|module| (&*module.module_key, module.source))
        .collect();
    assert_eq!(on, [("crm_core", ModuleSource::Always), ("advanced_pipeline", ModuleSource::Plan)]);
    assert_eq!(
        module(&client, acme, "ai_assistant").await.refusal,
        Some(Refusal::NotInPlan(domain::Plan::Enterprise))
    );
    assert!(modules::of_customer(&client, CustomerId::generate()).await.unwrap().is_empty());
}

#[tokio::test]
async fn modules_are_turned_on_together_or_not_at_all() {
    let (_database, catalog) = setup::catalog().await;
    let client = catalog.client().await.unwrap();
    let acme = setup::customer(&client, "acme").await.id;
    let other = setup::customer(&client, "other").await.id;
    let error = modules::enable_many(&client, acme, &["ai_assistant", "no_such_module"]).await.unwrap_err();
    assert!(matches!(error, CatalogError::Invalid { constraint } if constraint == "module_key"));
    assert!(!modules::is_enabled(&client, acme, "ai_assistant").await.unwrap());

    let enabled = modules::enable_many(&client, acme, &["advanced_pipeline", "crm_core"]).await.unwrap();
    assert_eq!(enabled, ["crm_core", "advanced_pipeline"]);
    let again = modules::enable_many(&client, acme, &["crm_core", "ai_assistant"]).await.unwrap();
    assert_eq!(again, ["ai_assistant"]);
    assert!(modules::is_enabled(&client, acme, "ai_assistant").await.unwrap());
    assert!(!modules::is_enabled(&client, other, "ai_assistant").await.unwrap(), "another customer's module");
    let error = modules::enable_many(&client, CustomerId::generate(), &["crm_core"]).await.unwrap_err();
    assert!(matches!(error, CatalogError::Conflict { .. }), "{error:?}");
    // What the plan has follows the plan; the rest was decided.
    assert_eq!(module(&client, acme, "advanced_pipeline").await.source, ModuleSource::Plan);
    assert_eq!(module(&client, acme, "ai_assistant").await.source, ModuleSource::Override);
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
async fn a_limit_is_kept_until_it_is_given_anew() {
    let (_database, catalog) = setup::catalog().await;
    let client = catalog.client().await.unwrap();
    let acme = setup::customer(&client, "acme").await.id;
    let reset = DateTime::from_timestamp(Utc::now().timestamp() + 3600, 0);
    let limited = ModuleSetting { usage_limit: Some(Some(500)), reset_date: Some(reset), ..true.into() };
    let change = modules::set(&client, acme, "ai_assistant", limited).await.unwrap().unwrap();
    assert_eq!((change.new.usage_limit, change.new.reset_date), (Some(500), reset));
    let change = modules::set(&client, acme, "ai_assistant", true).await.unwrap().unwrap();
    assert_eq!((change.new.usage_limit, change.new.reset_date), (Some(500), reset));
    let unlimited = ModuleSetting { usage_limit: Some(None), ..true.into() };
    let change = modules::set(&client, acme, "ai_assistant", unlimited).await.unwrap().unwrap();
    assert_eq!((change.new.usage_limit, change.new.reset_date), (None, reset));
    let negative = ModuleSetting { usage_limit: Some(Some(-1)), ..true.into() };
    let error = modules::set(&client, acme, "ai_assistant", negative).await.unwrap_err();
    assert!(matches!(error, CatalogError::Invalid { .. }), "{error:?}");
}

#[tokio::test]
async fn a_decision_that_ran_out_leaves_it_to_the_plan() {
    let (_database, catalog) = setup::catalog().await;
    let client = catalog.client().await.unwrap();
    let acme = setup::customer(&client, "acme").await.id;
    let until = |enabled, days| ModuleSetting {
        enabled,
        expires_at: Some(Utc::now() + TimeDelta::days(days)),
        ..ModuleSetting::default()
    };
    modules::set(&client, acme, "ai_assistant", until(true, 1)).await.unwrap().unwrap();
    assert!(modules::is_enabled(&client, acme, "ai_assistant").await.unwrap());
    modules::set(&client, acme, "ai_assistant", until(true, -1)).await.unwrap().unwrap();
    let over = module(&client, acme, "ai_assistant").await;
    assert_eq!((over.enabled, over.source), (false, ModuleSource::Plan));
    assert!(matches!(over.refusal, Some(Refusal::RanOut(_))), "{over:?}");
    // Off for a while works, too.
    modules::set(&client, acme, "advanced_pipeline", until(false, 1)).await.unwrap().unwrap();
    assert!(!modules::is_enabled(&client, acme, "advanced_pipeline").await.unwrap());
    modules::set(&client, acme, "advanced_pipeline", until(false, -1)).await.unwrap().unwrap();
    assert!(modules::is_enabled(&client, acme, "advanced_pipeline").await.unwrap());
    // Turning it on again takes the end away.
    assert_eq!(modules::enable_many(&client, acme, &["ai_assistant"]).await.unwrap(), ["ai_assistant"]);
    assert!(modules::is_enabled(&client, acme, "ai_assistant").await.unwrap());
}

#[tokio::test]
async fn a_module_goes_back_to_its_plan_and_with_it() {
    let (_database, catalog) = setup::catalog().await;
    let client = catalog.client().await.unwrap();
    let acme = setup::customer(&client, "acme").await.id;
    let limited = ModuleSetting { usage_limit: Some(Some(5)), ..true.into() };
    modules::set(&client, acme, "workflow_automation", limited).await.unwrap().unwrap();
    let back = modules::follow_plan(&client, acme, "workflow_automation").await.unwrap().unwrap();
    assert!(back.is_switch());
    assert_eq!(
        (back.new.enabled, back.new.source, back.new.usage_limit),
        (false, ModuleSource::Plan, Some(5))
    );
    // Nothing is left that holds the customer back when they buy more.
    buy(&client, "pro").await;
    assert!(modules::is_enabled(&client, acme, "workflow_automation").await.unwrap());

    modules::set(&client, acme, "advanced_pipeline", false).await.unwrap().unwrap();
    let back = modules::follow_plan(&client, acme, "advanced_pipeline").await.unwrap().unwrap();
    assert_eq!((back.new.enabled, back.new.source), (true, ModuleSource::Plan));
    // A client that knows only the contract's columns decides by the one that it knows.
    let sql = "update admin_customer_modules set enabled = not enabled";
    client.execute(sql, &[]).await.unwrap();
    let off = module(&client, acme, "advanced_pipeline").await;
    assert_eq!((off.enabled, off.source), (false, ModuleSource::Override));
    let untouched = modules::follow_plan(&client, acme, "custom_fields").await.unwrap().unwrap();
    assert_eq!(untouched.old, untouched.new);
    assert!(modules::follow_plan(&client, acme, "teleport").await.unwrap().is_none());
}

#[tokio::test]
async fn rows_are_made_to_say_what_is_so() {
    let (_database, catalog) = setup::catalog().await;
    let client = catalog.client().await.unwrap();
    let acme = setup::customer(&client, "acme").await.id;
    let calm = setup::customer(&client, "calm").await.id;
    modules::enable_many(&client, acme, &["crm_core", "advanced_pipeline"]).await.unwrap();
    modules::set(&client, calm, "ai_assistant", true).await.unwrap();
    let now = Utc::now();
    assert!(modules::customers_due(&client, now, 10).await.unwrap().is_empty());

    let trial = ModuleSetting { expires_at: Some(now - TimeDelta::seconds(1)), ..true.into() };
    modules::set(&client, acme, "ai_assistant", trial).await.unwrap();
    let counted = ModuleSetting {
        usage_limit: Some(Some(10)),
        reset_date: Some(Some("2026-01-31T00:00:00Z".parse().unwrap())),
        ..true.into()
    };
    modules::set(&client, acme, "custom_fields", counted).await.unwrap();
    client.execute("update admin_customer_modules set usage_count = 7", &[]).await.unwrap();
    assert_eq!(modules::customers_due(&client, now, 10).await.unwrap(), [acme]);

    let mut tidied = modules::tidy(&client, acme, now).await.unwrap();
    tidied.sort_by(|left, right| left.module_key.cmp(&right.module_key));
    let switched: Vec<_> = tidied.iter().map(|row| (&*row.module_key, row.switched)).collect();
    assert_eq!(switched, [("ai_assistant", Some(false)), ("custom_fields", None)]);
    let fields = module(&client, acme, "custom_fields").await;
    assert_eq!((fields.usage_count, fields.usage_limit), (0, Some(10)));
    assert!(fields.reset_date.unwrap() > now, "{fields:?}");
    assert_eq!(fields.source, ModuleSource::Override, "what was decided for good stays");
    assert_eq!(module(&client, acme, "crm_core").await.usage_count, 7, "a count whose time hasn't come");
    let raw = "select enabled, expires_at is null as is_done, usage_count from admin_customer_modules held
               join admin_feature_modules module on module.id = module_id where module_key = 'ai_assistant'
                   and customer_id = $1";
    let row = client.query_one(raw, &[&acme.uuid()]).await.unwrap();
    assert_eq!((row.get::<_, bool>(0), row.get::<_, bool>(1), row.get::<_, i64>(2)), (false, true, 7));
    assert!(modules::customers_due(&client, now, 10).await.unwrap().is_empty());
    assert!(modules::tidy(&client, acme, now).await.unwrap().is_empty());

    // Bought more: what follows the plan goes on, also for those who read the table.
    buy(&client, "enterprise").await;
    assert_eq!(modules::customers_due(&client, now, 10).await.unwrap(), [acme]);
    let tidied = modules::tidy(&client, acme, now).await.unwrap();
    assert_eq!(
        tidied.iter().map(|row| (&*row.module_key, row.switched)).collect::<Vec<_>>(),
        [("ai_assistant", Some(true))]
    );
    assert!(modules::customers_due(&client, now, 10).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_reset_on_the_31st_comes_back_after_a_short_month_in_the_customers_time_zone() {
    let (_database, catalog) = setup::catalog().await;
    let mut client = catalog.client().await.unwrap();
    let acme = setup::customer(&client, "acme").await.id;
    client.execute("update admin_customers set timezone = 'Europe/Berlin'", &[]).await.unwrap();
    let time = |text: &str| -> chrono::DateTime<Utc> { text.parse().unwrap() };
    let reset_date = async |client: &catalog::Client| {
        let row = client.query_one("select reset_date from admin_customer_modules", &[]).await.unwrap();
        row.get::<_, chrono::DateTime<Utc>>(0)
    };
    let counted = ModuleSetting {
        usage_limit: Some(Some(10)),
        reset_date: Some(Some(time("2026-01-30T23:00:00Z"))),
        ..true.into()
    };
    modules::set(&client, acme, "custom_fields", counted).await.unwrap();
    // Midnight of the last day of each month, in Berlin, whenever the worker comes.
    for (now, next) in [
        ("2026-01-30T23:00:10Z", "2026-02-27T23:00:00Z"),
        ("2026-02-27T23:00:10Z", "2026-03-30T22:00:00Z"),
        ("2026-03-31T12:00:00Z", "2026-04-29T22:00:00Z"),
        ("2026-04-30T12:00:00Z", "2026-05-30T22:00:00Z"),
    ] {
        let transaction = client.transaction().await.unwrap();
        assert_eq!(modules::tidy(&transaction, acme, time(now)).await.unwrap().len(), 1, "{now}");
        transaction.commit().await.unwrap();
        assert_eq!(reset_date(&client).await, time(next), "{now}");
    }
    // Whoever chooses another date begins there.
    client.execute("update admin_customer_modules set reset_date = '2026-06-15 12:00Z'", &[]).await.unwrap();
    let transaction = client.transaction().await.unwrap();
    modules::tidy(&transaction, acme, time("2026-06-16T00:00:00Z")).await.unwrap();
    transaction.commit().await.unwrap();
    assert_eq!(reset_date(&client).await, time("2026-07-15T12:00:00Z"));
}

#[tokio::test]
async fn a_database_of_before_keeps_what_its_customers_had() {
    let (_database, catalog) = setup::catalog().await;
    let client = catalog.client().await.unwrap();
    let acme = setup::customer(&client, "acme").await.id;
    client
        .batch_execute(
            "alter table admin_customer_modules drop column plan_enabled;
        drop index admin_customer_modules_expires_idx",
        )
        .await
        .unwrap();
    let before = "insert into admin_customer_modules (customer_id, module_id, enabled, reason)
                  select $1, id, module_key <> 'custom_fields', case module_key when 'api_access' then 'gift' end
                  from admin_feature_modules
                  where module_key in ('crm_core', 'workflow_automation', 'api_access', 'custom_fields')";
    client.execute(before, &[&acme.uuid()]).await.unwrap();
    buy(&client, "pro").await;
    let migration = include_str!("../../../../../migrations/admin/0007_modules_follow_the_plan.sql");
    client.batch_execute(&format!("begin; {migration}; commit")).await.unwrap();

    let held = modules::of_customer(&client, acme).await.unwrap();
    let on: Vec<_> = held
        .iter()
        .filter(|module| module.enabled)
        .map(|module| (&*module.module_key, module.source))
        .collect();
    // Advanced Pipeline and the calendar are of the plan, but the customer had no row of them.
    let expected = [
        ("crm_core", ModuleSource::Always),
        ("workflow_automation", ModuleSource::Plan),
        ("api_access", ModuleSource::Override),
    ];
    assert_eq!(on, expected);
    assert_eq!(module(&client, acme, "calendar_integration").await.source, ModuleSource::Override);
}

#[tokio::test]
async fn changes_at_once_tell_a_story_without_holes() {
    let (_database, catalog) = setup::catalog().await;
    let acme = setup::customer(&catalog.client().await.unwrap(), "acme").await.id;
    let changes = (0..40).map(|number| {
        let catalog = catalog.clone();
        tokio::spawn(async move {
            let mut client = catalog.client().await.unwrap();
            let transaction = client.transaction().await.unwrap();
            customers::lock_for_update(&transaction, acme).await.unwrap();
            let change = modules::set(&transaction, acme, "ai_assistant", number % 2 == 0).await.unwrap();
            transaction.commit().await.unwrap();
            change.unwrap()
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
