//! `sixty dev`: the first start, the stop, the second start, and the start after a crash.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::Duration;

use serde_json::json;
use system_tests::{Customer, Stack, processes};
use testkit::{connect, wait_for};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_printed_works_and_every_start_brings_every_customer_back() {
    let mut stack = Stack::start().await;
    everything_is_up(&stack).await;
    the_printed_addresses_work(&stack).await;
    the_secrets_are_kept_from_others(&stack);
    let demo = stack.printed("Demo API key");
    demo_key_works(&stack, &demo).await;
    let acme = stack.customer("acme").await;
    let contact = acme.api.post("/api/v1/contacts", &json!({ "first_name": "Ada" })).await.expect(201);
    a_second_one_on_the_same_home_is_refused(&stack).await;

    assert!(stack.stop().await.success(), "{}", stack.log());
    nothing_runs(&stack, "a stop").await;
    assert!(stack.path().join("instances").is_dir(), "a stop takes nothing away");

    stack.start_again().await;
    assert!(!stack.log().contains("Demo API key"), "a key is shown once:\n{}", stack.log());
    everything_is_up(&stack).await;
    demo_key_works(&stack, &demo).await;
    keeps_its_data(&acme, &contact).await;

    a_killed_one_is_taken_over(&mut stack).await;
    everything_is_up(&stack).await;
    demo_key_works(&stack, &demo).await;
    keeps_its_data(&acme, &contact).await;
    assert!(stack.stop().await.success(), "{}", stack.log());
    nothing_runs(&stack, "the last stop").await;
}

async fn everything_is_up(stack: &Stack) {
    let ready = stack.operator.get("/api/ready").await.expect(200);
    assert_eq!(ready["status"], "ready", "{ready}");
    let dependencies = ready["dependencies"].as_array().unwrap();
    let named = |name: &str| dependencies.iter().find(|one| one["name"] == name).cloned().unwrap_or_default();
    for name in ["admin_database", "redis", "start_up"] {
        assert_eq!(named(name)["status"], "up", "{ready}");
        assert!(named(name)["latency_ms"].as_f64().is_some_and(|latency| latency >= 0.0), "{ready}");
    }
    assert_eq!(stack.operator.get("/api/health").await.expect(200)["status"], "ok");
}

async fn the_printed_addresses_work(stack: &Stack) {
    let admin = stack.printed("Admin database");
    assert_eq!(admin, stack.admin_url());
    let modules = connect(&admin).await.query("select from admin_feature_modules", &[]).await.unwrap();
    assert_eq!(modules.len(), 10);

    let template = stack.printed("Customer template");
    assert_eq!(
        template,
        format!("postgresql://dev_user:dev_password@localhost:{}/saas_dev", stack.ports.template)
    );
    connect(&template).await.query("select id from organizations", &[]).await.unwrap();

    let redis = stack.printed("Redis");
    assert_eq!(redis, format!("redis://:dev_password@localhost:{}", stack.ports.redis));
    assert_eq!(ping(&redis).await.unwrap(), "PONG");
    assert!(
        ping(&redis.replace(":dev_password@", "")).await.is_err(),
        "Redis let somebody in without the password"
    );

    assert_eq!(stack.printed("Server"), format!("http://localhost:{}", stack.ports.server));
    let page = stack.operator.anonymous().get("/api/docs/").await.expect(200);
    assert!(page.as_str().is_some_and(|page| page.contains("<html")), "{page}");
}

async fn ping(url: &str) -> redis::RedisResult<String> {
    let mut connection = redis::Client::open(url)?.get_multiplexed_async_connection().await?;
    redis::cmd("PING").query_async(&mut connection).await
}

fn the_secrets_are_kept_from_others(stack: &Stack) {
    for name in ["operator-token", "master-key", "redis/redis.conf"] {
        assert_eq!(mode(&stack.path().join(name)), 0o600, "{name}");
    }
    let token = fs::read_to_string(stack.path().join("operator-token")).unwrap();
    assert_eq!(token.trim(), stack.printed("Operator token"));
    assert!(token.starts_with("op_"));
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap_or_else(|error| panic!("{}: {error}", path.display())).permissions().mode()
        & 0o777
}

async fn demo_key_works(stack: &Stack, key: &str) {
    let organizations = stack.operator.with_token(key).get("/api/v1/organizations").await.expect(200);
    assert_eq!(organizations["data"][0]["name"], "Demo Company", "{organizations}");
    assert_eq!(organizations["data"].as_array().unwrap().len(), 1);
}

async fn keeps_its_data(customer: &Customer, contact: &serde_json::Value) {
    let path = format!("/api/v1/contacts/{}", contact["id"].as_str().unwrap());
    assert_eq!(&customer.api.get(&path).await.expect(200), contact);
}

async fn a_second_one_on_the_same_home_is_refused(stack: &Stack) {
    let refused = stack.program.run(&["dev"]).await;
    assert_eq!(refused.code, Some(1));
    let expected = format!("another sixty dev (process {})", stack.dev());
    assert!(refused.message().contains(&expected), "{}", refused.errors);
    assert_eq!(refused.errors.lines().count(), 1, "{}", refused.errors);
    everything_is_up(stack).await;
}

async fn nothing_runs(stack: &Stack, when: &str) {
    // What was told to end has ended; the kernel may need a moment to take it off the list.
    wait_for(
        &format!("nothing to run after {when}: {:?}", stack.processes()),
        Duration::from_secs(2),
        || async { stack.processes().is_empty() },
    )
    .await;
}

/// `sixty dev` dies without a word. Server and worker, which nobody would look after, end; the databases go on, and the
/// next start takes them over.
async fn a_killed_one_is_taken_over(stack: &mut Stack) {
    let (server, worker) = (stack.server().unwrap(), stack.worker().unwrap());
    let instances = || {
        let mut found: Vec<_> = stack
            .processes()
            .into_iter()
            .filter(|process| process.command.contains("/instances/"))
            .map(|process| process.id)
            .collect();
        found.sort_unstable();
        found
    };
    let (admin, before) = (stack.admin_database().unwrap(), instances());
    assert_eq!(before.len(), 2, "the demo customer's and acme's");
    processes::kill(stack.dev());
    processes::wait_until_gone(server, Duration::from_secs(20)).await;
    processes::wait_until_gone(worker, Duration::from_secs(20)).await;
    assert_eq!(instances(), before, "the customers' instances survive");
    stack.wait_for_end().await;
    stack.start_again().await;
    let after = stack.processes();
    for id in before.into_iter().chain([admin]) {
        assert!(after.iter().any(|process| process.id == id), "process {id} was not taken over: {after:?}");
    }
}
