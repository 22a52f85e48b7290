//! The limits in the pipeline: what the headers say, and whose count is whose.

use ::limits::route_rates;
use gateway::{GatewayConfig, LimitsConfig};

use crate::house::House;

#[tokio::test]
async fn a_key_has_its_quota_over_all_servers_and_no_other_customer_pays_for_it() {
    let house = House::new().await;
    let (acme, beta) = (house.caller("acme").await, house.caller("beta").await);
    house.sql("update admin_api_keys set rate_limit_requests = 10, rate_limit_period = 'day'").await;
    let servers = [house.server(GatewayConfig::default()), house.server(GatewayConfig::default())];
    let mut accepted = 0;
    for turn in 0..40 {
        let answer = servers[turn % 2].get(&acme, "/contacts").await;
        assert!(answer.header("ratelimit-policy").starts_with("\"key\";q=10"), "{answer:?}");
        match answer.status.as_u16() {
            200 => accepted += 1,
            429 => {
                assert_eq!(answer.problem(), "quota-exceeded");
                assert_eq!(answer.body["violated-policies"][0], "key");
                assert!(answer.header("retry-after").parse::<u64>().unwrap() > 0);
                assert!(answer.header("ratelimit").contains(";r=0"), "{answer:?}");
            }
            other => panic!("{other}: {answer:?}"),
        }
    }
    assert_eq!(accepted, 10);
    assert_eq!(servers[0].get(&beta, "/contacts").await.status, 200);
}

#[tokio::test]
async fn a_refused_request_draws_on_nothing() {
    let house = House::new().await;
    let caller = house.caller("acme").await;
    house.sql("update admin_api_keys set rate_limit_requests = 3, rate_limit_period = 'day'").await;
    let server = house.server(GatewayConfig::default());
    for _ in 0..5 {
        assert_eq!(server.get(&caller, "/workflows").await.problem(), "module-disabled");
    }
    for _ in 0..3 {
        assert_eq!(server.get(&caller, "/contacts").await.status, 200);
    }
    assert_eq!(server.get(&caller, "/contacts").await.problem(), "quota-exceeded");
}

#[tokio::test]
async fn the_configuration_limits_customers_and_routes() {
    let house = House::new().await;
    let (acme, beta) = (house.caller("acme").await, house.caller("beta").await);
    let limits = LimitsConfig {
        customer: Some("5/hour".parse().unwrap()),
        routes: route_rates("GET /contacts=2/hour").unwrap(),
        ..LimitsConfig::default()
    };
    assert_eq!(limits.unknown_routes([("GET", "/deals")].into_iter()), ["GET /contacts"]);
    let server = house.server(GatewayConfig { limits, ..GatewayConfig::default() });
    for caller in [&acme, &beta] {
        let get = async |path| server.get(caller, path).await;
        for path in ["/contacts", "/contacts", "/new-contact", "/new-contact", "/new-contact"] {
            assert_eq!(get(path).await.status, 200);
        }
        let route = get("/contacts").await;
        assert_eq!((route.problem(), &route.body["violated-policies"][0]), ("rate-limited", &"route".into()));
        let customer = get("/new-contact").await;
        assert_eq!(
            (customer.problem(), &customer.body["violated-policies"][0]),
            ("rate-limited", &"customer".into())
        );
    }
}
