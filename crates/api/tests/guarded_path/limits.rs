//! The limits in the pipeline: what the headers say, and whose count is whose.

use ::limits::{OnRedisLoss, route_rates};
use chrono::{DateTime, Datelike as _, Days, Months, NaiveTime, TimeZone as _, Utc};
use gateway::{GatewayConfig, LimitsConfig};

use crate::house::{Caller, House, SOON};

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

#[tokio::test]
async fn a_day_and_a_month_are_those_of_the_customers_time_zone() {
    let house = House::new().await;
    let [east, west] = [house.caller("east").await, house.caller("west").await];
    for (caller, zone) in [(&east, "Pacific/Kiritimati"), (&west, "Pacific/Pago_Pago")] {
        let sql = format!("update admin_customers set timezone = '{zone}' where id = '{}'", caller.id);
        house.sql(&sql).await;
    }
    // Fourteen hours ahead of UTC and eleven behind: their midnights are an hour apart, and neither is UTC's.
    for (period, configured) in [("day", "5/day"), ("month", "5/month")] {
        house.sql(&format!("update admin_api_keys set rate_limit_period = '{period}'")).await;
        let limits = LimitsConfig { customer: Some(configured.parse().unwrap()), ..LimitsConfig::default() };
        let server = house.server(GatewayConfig { limits, ..GatewayConfig::default() });
        for (caller, zone) in
            [(&east, chrono_tz::Pacific::Kiritimati), (&west, chrono_tz::Pacific::Pago_Pago)]
        {
            let before = Utc::now();
            let answer = server.get(caller, "/contacts").await;
            let until = seconds_left(before, zone, period);
            let told: Vec<i64> = answer.header("ratelimit").split(";t=").skip(1).map(number).collect();
            assert_eq!(told.len(), 2, "the key's and the customer's: {answer:?}");
            for told in told {
                assert!((until - 60..=until + 1).contains(&told), "{period} in {zone}: {told}, not {until}");
            }
        }
    }
}

#[tokio::test]
async fn a_customer_has_limits_of_their_own_and_no_other_customer_has_them() {
    let house = House::new().await;
    let (acme, beta) = (house.caller("acme").await, house.caller("beta").await);
    let limits = LimitsConfig {
        customer: Some("100/hour".parse().unwrap()),
        routes: route_rates("GET /contacts=2/hour").unwrap(),
        ..LimitsConfig::default()
    };
    let servers =
        [0, 1].map(|_| house.server(GatewayConfig { limits: limits.clone(), ..GatewayConfig::default() }));
    let policies = async |caller: &Caller, path: &str| {
        servers[0].get(caller, path).await.header("ratelimit-policy").to_owned()
    };
    let key = "\"key\";q=1000;w=";
    assert!(policies(&acme, "/new-contact").await.ends_with(", \"customer\";q=100;w=3600"));
    let own = |route: &str, values: &str| {
        format!(
            "insert into admin_customer_limits (customer_id, route, requests, period, without_redis)
             values ('{}', '{route}', {values})",
            acme.id
        )
    };
    // Told by the change feed, whoever writes the row.
    house.sql(&own("", "7000, 'hour', null")).await;
    house.sql(&own("GET /contacts", "null, null, null")).await;
    house.sql(&own("GET /new-contact", "3000, 'hour', 'closed'")).await;
    for server in &servers {
        testkit::wait_for("the customer's own limits", SOON, async || {
            let answer = server.get(&acme, "/contacts").await;
            let told = answer.header("ratelimit-policy");
            told.starts_with(key) && told.ends_with(", \"customer\";q=7000;w=3600") && !told.contains("route")
        })
        .await;
    }
    assert!(policies(&acme, "/new-contact").await.contains("\"route\";q=3000;w=3600, \"customer\";q=7000"));
    let others = policies(&beta, "/contacts").await;
    assert!(others.contains("\"route\";q=2;w=3600, \"customer\";q=100;w=3600"), "{others}");
    // Without Redis each limit does as was declared for it.
    house.redis_proxy.refuse();
    testkit::wait_for("the closed limit to refuse", SOON, async || {
        let answer = servers[1].get(&acme, "/new-contact").await;
        answer.status == 429 && answer.body["violated-policies"][0] == "route"
    })
    .await;
    assert_eq!(servers[1].get(&beta, "/new-contact").await.status, 200);
    house.redis_proxy.resume();
    house.sql("delete from admin_customer_limits").await;
    servers[0].until(&acme, "/new-contact", "200").await;
    assert!(policies(&acme, "/contacts").await.contains("\"customer\";q=100"));
}

#[tokio::test]
async fn a_key_and_a_module_do_without_redis_what_their_rows_declare() {
    let house = House::new().await;
    let (acme, beta, module) =
        (house.caller("acme").await, house.caller("beta").await, house.caller("gamma").await);
    house.sql("update admin_api_keys set rate_limit_requests = 100000, rate_limit_period = 'day'").await;
    let declare = async |caller: &Caller, declared: &str| {
        let of = format!("where customer_id = '{}'", caller.id);
        house.sql(&format!("update admin_api_keys set without_redis = {declared} {of}")).await;
    };
    declare(&beta, "'open'").await;
    declare(&module, "'local'").await;
    house
        .sql(&format!(
            "insert into admin_customer_modules (customer_id, module_id, usage_limit)
             select '{}', id, 1000 from admin_feature_modules where module_key = 'crm_core'",
            module.id
        ))
        .await;
    house.redis_proxy.refuse();
    // For all that declare nothing.
    let limits = LimitsConfig { on_redis_loss: OnRedisLoss::Closed, ..LimitsConfig::default() };
    let server = house.server(GatewayConfig { limits, ..GatewayConfig::default() });
    let refused = server.get(&acme, "/contacts").await;
    assert_eq!((refused.status.as_u16(), &refused.body["violated-policies"][0]), (429, &"key".into()));
    assert!(refused.header("ratelimit").starts_with("\"key\";r=0"), "{refused:?}");
    // Nobody says that the quota is used up.
    assert_eq!(refused.problem(), "rate-limited");
    assert!(refused.body["detail"].as_str().unwrap().contains("can't be told"), "{refused:?}");
    assert!(refused.header("retry-after").parse::<u64>().unwrap() > 0);
    for _ in 0..20 {
        let passed = server.get(&beta, "/contacts").await;
        assert_eq!(passed.status, 200, "{passed:?}");
        assert!(passed.header("ratelimit-policy").starts_with("\"key\";q=100000;w="), "{passed:?}");
    }
    // The key's own limit lets it pass, the module's doesn't.
    let refused = server.get(&module, "/contacts").await;
    assert_eq!(refused.body["violated-policies"][0], "module", "{refused:?}");
    // Told by the change feed, whoever writes it; one customer's says nothing of another's.
    declare(&acme, "'open'").await;
    server.until(&acme, "/contacts", "200").await;
    declare(&acme, "null").await;
    server.until(&acme, "/contacts", "429").await;
    house.sql("update admin_customer_modules set without_redis = 'local'").await;
    server.until(&module, "/contacts", "200").await;
    assert_eq!(server.get(&acme, "/contacts").await.status, 429);
    // Redis is back, and all are limited as ever, without a restart.
    house.redis_proxy.resume();
    for caller in [&acme, &beta, &module] {
        server.until(caller, "/contacts", "200").await;
    }
}

/// How many seconds are left of the day or the month, as a clock there shows it.
fn seconds_left(now: DateTime<Utc>, zone: chrono_tz::Tz, period: &str) -> i64 {
    let today = now.with_timezone(&zone).date_naive();
    let next = match period {
        "day" => today + Days::new(1),
        _ => today.with_day(1).unwrap() + Months::new(1),
    };
    let midnight = zone.from_local_datetime(&next.and_time(NaiveTime::MIN)).unwrap();
    (midnight.with_timezone(&Utc) - now).num_seconds()
}

fn number(text: &str) -> i64 {
    text.chars().take_while(char::is_ascii_digit).collect::<String>().parse().unwrap()
}
