//! The walls: between customers, between the organizations of one customer, and in front of every route.

mod coverage;
mod entrances;
mod files;
mod organizations;
mod resources;
pub(crate) mod roles;
mod routes;

use system_tests::Stack;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn customers_and_organizations_never_meet_on_any_route_or_in_any_database() {
    let stack = Stack::start().await;
    let (acme, globex, other) =
        tokio::join!(stack.customer("acme"), stack.customer("globex"), stack.customer("bare"));
    let routes = routes::documented(&stack).await;
    tokio::join!(
        coverage::story(&stack, &routes, (&acme, &globex, &other)),
        organizations::story(&stack, &routes, &acme, &globex),
        roles::stand(&stack, "acme", "globex"),
    );
    roles::stand(&stack, "globex", "acme").await;
    files::story(&stack);
}
