//! Every refusal has its own problem, says what to do, and is counted under its own name.

use std::borrow::Cow;

use std::net::SocketAddr;

use axum::body::Body;
use axum::extract::{ConnectInfo, Request};
use chrono::TimeDelta;
use gateway::{GatewayConfig, GracePeriod, TrustedProxies};
use http::header;
use secrets::{ApiKey, ExposeSecret as _};

use crate::house::{House, SOON, request};

#[tokio::test]
async fn who_shows_no_key_of_ours_is_refused_and_not_counted() {
    let house = House::new().await;
    let caller = house.caller("acme").await;
    let server = house.server(GatewayConfig::default());
    let key = caller.key.secret().expose_secret().to_owned();
    let mut mistyped = key.clone();
    mistyped.replace_range(10..11, if &key[10..11] == "a" { "b" } else { "a" });
    let invented = ApiKey::generate();
    let anonymous = || Request::builder().uri("/contacts");
    let bearer = |token: &str| anonymous().header(header::AUTHORIZATION, format!("Bearer {token}"));
    for (request, outcome) in [
        (anonymous(), "key-missing"),
        (anonymous().header(header::AUTHORIZATION, key.clone()), "key-not-bearer"),
        (anonymous().header(header::AUTHORIZATION, format!("Basic {key}")), "key-not-bearer"),
        (bearer(&mistyped), "key-malformed"),
        (bearer(&key[..key.len() - 1]), "key-malformed"),
        (bearer(invented.secret().expose_secret()), "key-unknown"),
        (bearer(&key).header(header::AUTHORIZATION, format!("Bearer {key}")), "key-twice"),
        (bearer("sk_\u{e4}\u{f6}"), "key-not-bearer"),
        (bearer("eyJhbGciOiJSUzI1NiJ9.e30.c2ln"), "session-not-taken"),
    ] {
        let answer = server.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!((answer.status.as_u16(), answer.problem()), (401, "unauthenticated"), "{answer:?}");
        assert_eq!(answer.outcome, outcome, "{answer:?}");
        assert!(answer.header("www-authenticate").starts_with("Bearer"));
        assert!(!answer.body.to_string().contains(&key[3..]), "the key is repeated");
    }
    let in_url = Request::builder().uri(format!("/contacts?api_key={key}"));
    let answer = server.send(in_url.body(Body::empty()).unwrap()).await;
    assert_eq!((answer.status.as_u16(), answer.problem()), (400, "key-in-url"));
    assert!(!answer.body.to_string().contains(&key));
    assert_eq!(server.recorded.all(), []);
}

#[tokio::test]
async fn a_forged_header_moves_nobody_into_an_allowed_network() {
    let house = House::new().await;
    let caller = house.caller("acme").await;
    house.sql("update admin_api_keys set allowed_networks = '{192.0.2.0/24,2001:db8::/32}'").await;
    let proxies = TrustedProxies::new(vec!["10.0.0.0/8".parse().unwrap()]);
    let server = house.server(GatewayConfig { trusted_proxies: proxies, ..GatewayConfig::default() });
    for (peer, forwarded, status) in [
        ("198.51.100.7:1", None, 403),
        ("198.51.100.7:1", Some("192.0.2.1"), 403),
        ("192.0.2.1:1", None, 200),
        ("192.0.2.1:1", Some("198.51.100.7"), 200),
        ("[2001:db8::5]:1", None, 200),
        ("[::ffff:192.0.2.1]:1", None, 200),
        ("10.0.0.1:1", Some("192.0.2.1"), 200),
        ("10.0.0.1:1", Some("192.0.2.1, 198.51.100.7"), 403),
        ("10.0.0.1:1", None, 403),
    ] {
        let mut request = request("/contacts", &caller);
        if let Some(forwarded) = forwarded {
            request = request.header("x-forwarded-for", forwarded);
        }
        let mut request = request.body(Body::empty()).unwrap();
        request.extensions_mut().insert(ConnectInfo(peer.parse::<SocketAddr>().unwrap()));
        let answer = server.send(request).await;
        assert_eq!(answer.status.as_u16(), status, "{peer} {forwarded:?} {answer:?}");
        if status == 403 {
            assert_eq!(answer.problem(), "network-not-allowed");
        }
        let counted = server.recorded.all().pop().unwrap();
        assert_eq!(counted.used_its_key(), status == 200, "{counted:?}");
    }
    // Without its address nobody is let in who is bound to a network.
    let mut request = request("/contacts", &caller).body(Body::empty()).unwrap();
    request.extensions_mut().remove::<ConnectInfo<SocketAddr>>();
    assert_eq!(server.send(request).await.problem(), "network-not-allowed");
}

#[tokio::test]
async fn a_refusal_names_module_permission_and_reason_and_is_counted() {
    let house = House::new().await;
    let caller = house.caller("acme").await;
    house.sql("update admin_api_keys set permissions = '[\"read:*\"]'").await;
    let server = house.server(GatewayConfig::default());
    let answer = server.get(&caller, "/workflows").await;
    assert_eq!((answer.status.as_u16(), answer.problem()), (403, "module-disabled"));
    assert_eq!(
        (&answer.body["module"], &answer.body["reason"]),
        (&"workflow_automation".into(), &"not_in_plan".into())
    );
    assert!(answer.body["detail"].as_str().unwrap().contains("pro"), "{answer:?}");
    let answer = server.get(&caller, "/new-contact").await;
    assert_eq!(
        (answer.problem(), &answer.body["permission"]),
        ("permission-missing", &"write:contacts".into())
    );
    // A slip in the code lets nobody through.
    assert_eq!(server.get(&caller, "/nonsense").await.status, 500);
    assert_eq!(server.get(&caller, "/no/such/path").await.status, 404);
    assert_eq!(server.get(&caller, "/contacts").await.status, 200);
    let counted: Vec<_> = server
        .recorded
        .all()
        .into_iter()
        .map(|record| (record.outcome.to_string(), record.status_code, record.module.map(Cow::into_owned)))
        .collect();
    let core = Some("crm_core".to_owned());
    assert_eq!(
        counted,
        [
            ("module-disabled".to_owned(), 403, None),
            ("permission-missing".to_owned(), 403, None),
            ("internal".to_owned(), 500, None),
            ("failed".to_owned(), 404, None),
            ("ok".to_owned(), 200, core),
        ]
    );
}

#[tokio::test]
async fn every_refusal_of_a_module_says_why() {
    let house = House::new().await;
    let caller = house.caller("acme").await;
    let server = house.server(GatewayConfig::default());
    let row = |module: &str, columns: &str, values: &str| {
        format!(
            "insert into admin_customer_modules (customer_id, module_id, {columns})
             select '{}', id, {values} from admin_feature_modules where module_key = '{module}'",
            caller.id
        )
    };
    let only = "delete from admin_customer_modules";
    let off_sale =
        "update admin_feature_modules set is_active = false where module_key = 'workflow_automation'";
    let on_sale = "update admin_feature_modules set is_active = true";
    for (sql, path, reason, told) in [
        (
            row("workflow_automation", "enabled, reason", "false, 'Unpaid since May'"),
            "/workflows",
            "turned_off",
            "Unpaid since May",
        ),
        (only.to_owned(), "/workflows", "not_in_plan", "pro"),
        (row("workflow_automation", "enabled", "false"), "/workflows", "turned_off", "not enabled."),
        (format!("{only}; {off_sale}"), "/workflows", "not_offered", "not offered"),
        (
            format!(
                "{on_sale}; {}",
                row("workflow_automation", "enabled, expires_at", "true, now() - interval '1 hour'")
            ),
            "/workflows",
            "ran_out",
            "was enabled until",
        ),
        (
            format!("{only}; {}", row("crm_core", "usage_limit", "0")),
            "/contacts",
            "limit_reached",
            "The 0 requests",
        ),
    ] {
        house.sql(&sql).await;
        testkit::wait_for(reason, SOON, async || {
            server.get(&caller, path).await.body["reason"] == reason
                && server.get(&caller, path).await.body["detail"].as_str().unwrap().contains(told)
        })
        .await;
        let answer = server.get(&caller, path).await;
        assert_eq!(answer.status, 403, "{answer:?}");
        assert!(!answer.body["module"].as_str().unwrap().is_empty());
        let explanation = answer.body.get("explanation").and_then(serde_json::Value::as_str);
        assert_eq!(explanation, (told == "Unpaid since May").then_some(told), "{answer:?}");
    }
}

#[tokio::test]
async fn what_has_ended_may_be_read_for_a_while_where_that_is_wanted() {
    let house = House::new().await;
    let caller = house.caller("acme").await;
    house.sql("update admin_customers set subscription_status = 'canceled'").await;
    let strict = house.server(GatewayConfig::default());
    let grace = GracePeriod(Some(TimeDelta::days(30)));
    let lenient = house.server(GatewayConfig { grace_period: grace, ..GatewayConfig::default() });
    assert_eq!(strict.get(&caller, "/contacts").await.problem(), "subscription-canceled");
    assert_eq!(lenient.get(&caller, "/contacts").await.status, 200);
    assert_eq!(lenient.get(&caller, "/new-contact").await.problem(), "subscription-canceled");
    house.sql("update admin_customers set status_changed_at = now() - interval '31 days'").await;
    lenient.until(&caller, "/contacts", "subscription-canceled").await;

    // The grace of a trial, and of a subscription that isn't renewed, begins with its end, whether or not somebody has
    // written that down.
    for ended in [
        "subscription_status = 'trial', trial_started_at = now() - interval '40 days',
             trial_ends_at = now() - interval '{} days'",
        "subscription_status = 'active', auto_renew = false, subscription_ends_at = now() - interval '{} days'",
    ] {
        house.sql(&format!("update admin_customers set {}", ended.replace("{}", "29"))).await;
        strict.until(&caller, "/contacts", "subscription-expired").await;
        lenient.until(&caller, "/contacts", "200").await;
        assert_eq!(lenient.get(&caller, "/new-contact").await.problem(), "subscription-expired");
        house.sql(&format!("update admin_customers set {}", ended.replace("{}", "31"))).await;
        lenient.until(&caller, "/contacts", "subscription-expired").await;
    }
}
