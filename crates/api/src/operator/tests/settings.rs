//! What the server shows of its settings: what was given, and nothing secret.

use secrets::ExposeSecret as _;
use serde_json::{Value, json};

use super::Api;
use crate::ApiState;
use crate::settings::{LimitSetting, Settings};

#[tokio::test]
async fn settings_are_shown_as_they_were_given_and_nothing_secret() {
    let api = Api::new().await;
    let limit = |requests, period: &str| LimitSetting {
        requests,
        period: period.to_owned(),
        without_redis: Some("open"),
    };
    let settings = Settings {
        grace_days: 7,
        customer_limit: Some(limit(6000, "minute")),
        route_limits: vec![("POST /api/v1/deals".to_owned(), limit(60, "hour"))],
        limits_without_redis: "closed",
        cors_origins: vec!["https://crm.example".to_owned()],
        ..Settings::default()
    };
    let state = ApiState { settings: settings.into(), ..api.state.clone() };
    let api = Api { router: super::super::router(&state).layer(crate::EVERY_REQUEST), ..api };
    let shown = api.get("/api/admin/settings").await.expect(200).body;
    assert_eq!(shown["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(shown["subscriptions"], json!({ "grace_days": 7 }));
    assert_eq!(
        shown["limits"]["customer"],
        json!({ "requests": 6000, "period": "minute", "without_redis": "open" })
    );
    let routes =
        json!([{ "route": "POST /api/v1/deals", "requests": 60, "period": "hour", "without_redis": "open" }]);
    assert_eq!(shown["limits"]["routes"], routes);
    assert_eq!(
        shown["limits"]["default_key"],
        json!({ "requests": 1000, "period": "month", "without_redis": null })
    );
    assert_eq!(
        (&shown["limits"]["without_redis"], &shown["server"]["https"]),
        (&json!("closed"), &json!(false))
    );
    assert_eq!(shown["server"]["cors_origins"], json!(["https://crm.example"]));
    assert_eq!(shown["sign_in"], json!({ "openid_issuer": null, "configured_token": true }));
    assert_eq!(shown["server"]["certificate_expires_at"], Value::Null);
    let plans = shown["plans"].as_array().unwrap();
    assert_eq!(plans.len(), 3);
    assert_eq!(plans[2]["modules"].as_array().unwrap().len(), 10, "{plans:?}");
    let text = shown.to_string();
    assert!(
        !text.contains(&api.token) && !text.contains(testkit::PASSWORD) && !text.contains("postgres"),
        "{text}"
    );
    assert!(!text.contains(api.state.operator_token.as_ref().unwrap().secret().expose_secret()), "{text}");
    assert_eq!(api.get("/api/admin/settings?all=true").await.wrong_fields(), ["all"]);
}
