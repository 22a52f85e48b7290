//! Two servers and two workers over one admin database.

use std::process::Stdio;
use std::time::Duration;

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::json;
use system_tests::{Api, Program, processes};
use testkit::{connect, wait_for};
use tokio::process::Child;

use super::installation::Installation;

const LIMIT: Duration = Duration::from_secs(30);

/// The programs that run.
pub(super) struct Running {
    first_server: Child,
    worker: Child,
}

impl Running {
    /// Tells both to stop. They end in order, and customers' instances go on without them.
    pub(super) async fn stop(self) {
        for mut child in [self.first_server, self.worker] {
            terminate(&child);
            let status = tokio::time::timeout(LIMIT, child.wait()).await.unwrap().unwrap();
            assert!(status.success(), "{status}");
        }
    }
}

pub(super) async fn story(installation: &Installation) -> Running {
    let operator = &installation.operator;
    a_server_waits_for_its_schema(installation).await;
    let first_server = start(&installation.program, "serve");
    let other_port = testkit::free_port();
    let mut second_server =
        start(&installation.program.clone().with("PORT", other_port.to_string()), "serve");
    let other = Api::new(other_port);
    wait_for("both servers", LIMIT, || async { is_ready(operator).await && is_ready(&other).await }).await;
    let taken = installation.program.run(&["serve"]).await;
    assert!(taken.code == Some(1) && taken.message().contains("PORT"), "{taken:?}");

    let (mut worker, second_worker) =
        (start(&installation.program, "worker"), start(&installation.program, "worker"));
    let through_both = [operator.clone(), operator.on_port(other_port)];
    let sign_ups = (0..8).map(|number| {
        let api = through_both[number % 2].clone();
        async move {
            api.provision(&format!("door-{number}")).await.expect(201)["apiKey"]["key"]
                .as_str()
                .unwrap()
                .to_owned()
        }
    });
    let keys = join_all(sign_ups).await;
    for key in &keys {
        // What one server began, the other knows.
        other.with_token(key).post("/api/v1/contacts", &json!({ "first_name": "Ada" })).await.expect(201);
        let found = operator.with_token(key).get("/api/v1/contacts").await.expect(200);
        assert_eq!(found["data"].as_array().map(Vec::len), Some(1), "{found}");
    }
    let admin = connect(&installation.admin_url).await;
    let counts = admin.query_one(
        "select count(*), count(distinct port), count(distinct system_identifier) from admin_instances",
        &[],
    );
    let counts = counts.await.unwrap();
    assert_eq!([0, 1, 2].map(|column| counts.get::<_, i64>(column)), [8, 8, 8]);

    // One of each goes; the other does the work alone. An instance outlives the worker that made it, and comes back
    // when it is killed.
    terminate(&second_server);
    terminate(&worker);
    assert!(second_server.wait().await.unwrap().success() && worker.wait().await.unwrap().success());
    let instance =
        admin.query_one("select id::text from admin_instances where database_name = 'customer_door-0'", &[]);
    let instance: String = instance.await.unwrap().get(0);
    let process = installation.stack.instance_process(&instance).unwrap();
    assert!(processes::is_alive(process));
    processes::kill(process);
    wait_for("the instance to come back", LIMIT, || async {
        installation.stack.instance_process(&instance).is_some_and(|id| id != process)
            && operator
                .try_send(operator.with_token(&keys[0]).request(Method::GET, "/api/v1/contacts"))
                .await
                .is_ok_and(|answer| answer.status == 200)
    })
    .await;
    operator.provision("door-8").await.expect(201);
    Running { first_server, worker: second_worker }
}

/// Before `sixty migrate`, a server says what it needs, and needs no restart afterwards; nor does it when the next program
/// migrates, or while the database is away.
async fn a_server_waits_for_its_schema(installation: &Installation) {
    let url = installation.empty_database().await;
    let port = testkit::free_port();
    let program =
        installation.program.clone().with("PORT", port.to_string()).with("ADMIN_DATABASE_URL", &url);
    let mut server = start(&program, "serve");
    let api = Api::new(port);
    let ready = || async { api.try_send(api.request(Method::GET, "/api/ready")).await };
    wait_for("the server to answer", LIMIT, || async { ready().await.is_ok() }).await;
    let unready = ready().await.unwrap().expect(503);
    assert_eq!(unready["status"], "unavailable");
    let database =
        unready["dependencies"].as_array().unwrap().iter().find(|one| one["name"] == "admin_database");
    assert!(
        database.unwrap()["detail"].as_str().is_some_and(|detail| detail.contains("sixty migrate")),
        "{unready}"
    );
    program.run(&["migrate"]).await.succeeded();
    ready().await.unwrap().expect(200);
    // The program after this one has migrated, and this one runs on.
    let admin = connect(&url).await;
    let next = "insert into admin_schema_migrations (version, name, checksum) values (9999, 'next', 'of another program')";
    admin.batch_execute(next).await.unwrap();
    assert_eq!(ready().await.unwrap().expect(200)["status"], "ready");
    // Whoever shares out requests must not take every server away because the admin database is: they have begun.
    installation.let_into_the_empty_database(false).await;
    let away = ready().await.unwrap().expect(200);
    assert_eq!(away["status"], "degraded", "{away}");
    let database =
        away["dependencies"].as_array().unwrap().iter().find(|one| one["status"] == "down").unwrap();
    assert_eq!((&database["name"], &database["required"]), (&json!("admin_database"), &json!(false)));
    installation.let_into_the_empty_database(true).await;
    wait_for("the server to be ready", LIMIT, || is_ready(&api)).await;
    terminate(&server);
    assert!(server.wait().await.unwrap().success());
    // The doctor's story wants it empty again.
    let admin = connect(&url).await;
    admin.batch_execute("drop schema public cascade; create schema public").await.unwrap();
}

async fn is_ready(api: &Api) -> bool {
    api.try_send(api.request(Method::GET, "/api/ready")).await.is_ok_and(|answer| answer.status == 200)
}

/// With the role of its own that each has in earnest.
fn start(program: &Program, door: &str) -> Child {
    let role = if door == "serve" { "sixty_server" } else { "sixty_worker" };
    let program = program.clone().with("ADMIN_DB_USER", role);
    program.command(&[door]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

fn terminate(child: &Child) {
    processes::terminate(child.id().unwrap());
}
