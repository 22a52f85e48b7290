//! A customer's database as it is now: what the catalog knows of it, and what it says of itself.

use std::time::Duration;

use axum::extract::State;
use axum::{Extension, Json};
use catalog::credentials::Credential;
use catalog::customers::Customer;
use catalog::instances::Instance;
use catalog::{credentials, customers as customer_rows, instances};
use chrono::{DateTime, Utc};
use customer_db::{Error, Inspection, certificate_expires_at};
use customers::{Actor, Right, UseCaseError};
use domain::CustomerId;
use problem::{PathParam, Problem};
use serde::Serialize;
use tokio::time::timeout;
use utoipa::ToSchema;

use super::schemas;
use crate::ApiState;
use crate::problems::{problem_of, problem_of_catalog};

/// How long the database may take to answer.
const PATIENCE: Duration = Duration::from_secs(2);

/// A customer's database. What only the database itself knows is null when it can't be reached.
#[derive(Serialize, ToSchema)]
pub(crate) struct CustomerDatabaseView {
    #[schema(required)]
    host: Option<String>,
    #[schema(required)]
    port: Option<i32>,
    #[schema(required)]
    database: Option<String>,
    /// As the database says; else as it was when the instance was configured.
    #[schema(required)]
    postgres_version: Option<String>,
    /// The version of the schema, as the catalog has it.
    #[schema(required)]
    schema_version: Option<i32>,
    /// The newest version that this server knows.
    newest_schema_version: i32,
    /// Since when the instance runs.
    #[schema(required)]
    started_at: Option<DateTime<Utc>>,
    /// On disk.
    #[schema(required)]
    size_bytes: Option<i64>,
    /// The largest first.
    tables: Vec<TableView>,
    #[schema(required)]
    connections: Option<ConnectionsView>,
    /// The customer's own roles.
    roles: Vec<RoleView>,
    /// Until when the certificate is good that the instance shows.
    #[schema(required)]
    certificate_expires_at: Option<DateTime<Utc>>,
    /// Whether the database answered.
    reachable: bool,
    /// What is wrong, in a sentence.
    #[schema(required)]
    problem: Option<String>,
}

#[derive(Serialize, ToSchema)]
struct TableView {
    name: String,
    /// About how many rows it has; null when nobody has counted yet.
    #[schema(required)]
    rows_estimate: Option<i64>,
    /// With its indexes.
    size_bytes: i64,
}

#[derive(Serialize, ToSchema)]
struct ConnectionsView {
    /// How many there are.
    used: i64,
    /// How many there can be.
    limit: i64,
    by_role: Vec<RoleConnectionsView>,
}

#[derive(Serialize, ToSchema)]
struct RoleConnectionsView {
    role: String,
    connections: i64,
}

#[derive(Serialize, ToSchema)]
struct RoleView {
    name: String,
    /// What it is for: `owner` changes the schema, `app` serves requests, `readonly` reads.
    #[schema(schema_with = schemas::database_role)]
    purpose: String,
    /// Null when the database can't be reached, or doesn't have the role.
    #[schema(required)]
    can_login: Option<bool>,
    /// Whether it sees every organization's rows; none should.
    #[schema(required)]
    bypasses_rls: Option<bool>,
}

/// What the catalog knows.
struct Known {
    customer: Customer,
    instance: Option<Instance>,
    credentials: Vec<Credential>,
}

/// A customer's database as it is now: size, tables, connections, roles. Asked as the role that serves the customer's
/// requests; of the rows themselves nothing is read. An unreachable database is no error: `reachable` is false then, and
/// `problem` says why. Answers within about two seconds.
#[utoipa::path(get, path = "/api/admin/customers/{customer}/database", tag = "customers",
    params(("customer" = String, Path, description = "The UUID or the customerId")),
    responses((status = 200, body = CustomerDatabaseView)))]
pub(crate) async fn inspect(
    State(state): State<ApiState>,
    Extension(actor): Extension<Actor>,
    PathParam(customer): PathParam<String>,
) -> Result<Json<CustomerDatabaseView>, Problem> {
    let known = {
        let client = state.client(&actor, Right::CustomersRead).await?;
        let found = customer_rows::by_slug_or_id(&client, &customer).await.map_err(problem_of_catalog)?;
        let found = found.ok_or_else(|| problem_of(UseCaseError::no_customer(&customer)))?;
        Known {
            instance: instances::of_customer(&client, found.id).await.map_err(problem_of_catalog)?,
            credentials: credentials::of_customer(&client, found.id).await.map_err(problem_of_catalog)?,
            customer: found,
        }
    };
    // The connection to the admin database is given back before the customer's is waited for.
    let (inspected, certificate) = tokio::join!(ask(&state, &known), certificate(known.instance.as_ref()));
    Ok(Json(view(known, inspected, certificate)))
}

async fn ask(state: &ApiState, known: &Known) -> Result<Inspection, String> {
    if known.instance.is_none() {
        return Err(
            "This customer's database was not made by this platform, so nobody looks into it.".to_owned()
        );
    }
    let roles: Vec<_> = known.credentials.iter().map(|credential| credential.username.clone()).collect();
    match timeout(PATIENCE, state.databases.inspect(known.customer.id, &roles)).await {
        Ok(inspected) => inspected.map_err(|error| problem_text(&error, known.customer.id)),
        Err(_) => Err(format!("The database gave no answer within {} seconds.", PATIENCE.as_secs())),
    }
}

/// What is wrong, for people. The error's own text may name hosts and roles, and goes to the log.
pub(super) fn problem_text(error: &Error, customer: CustomerId) -> String {
    tracing::warn!(%customer, %error, "a customer's database can't be looked into");
    match error {
        Error::UnknownCustomer => "The customer's database isn't ready.".to_owned(),
        Error::UnknownOrganization => {
            "The database answers, but has no organization; what it says of itself is asked for in one."
                .to_owned()
        }
        Error::Unavailable(_) => {
            "The database can't be reached: its instance may be stopped, just starting, or gone.".to_owned()
        }
        Error::Busy(busy) => format!("The database can't be asked right now: {busy}."),
        Error::Isolation(_) => {
            "The connection is refused, because the isolation of the customer's data is not proven: \
             see the server's log, and run sixty doctor."
                .to_owned()
        }
        Error::Database(_) => "The database refuses to say: see the server's log.".to_owned(),
    }
}

async fn certificate(instance: Option<&Instance>) -> Option<DateTime<Utc>> {
    let instance = instance?;
    let authority = instance.ca_certificate.as_deref()?;
    let asked = timeout(PATIENCE, certificate_expires_at(&instance.host, instance.port, authority)).await;
    match asked {
        Ok(Ok(expires)) => Some(expires.into()),
        Ok(Err(error)) => {
            tracing::debug!(%error, "an instance's certificate can't be looked at");
            None
        }
        Err(_) => None,
    }
}

fn view(
    known: Known,
    inspected: Result<Inspection, String>,
    certificate_expires_at: Option<DateTime<Utc>>,
) -> CustomerDatabaseView {
    let Known { customer, instance, credentials } = known;
    let (inspection, problem) = match inspected {
        Ok(inspection) => (Some(inspection), None),
        Err(problem) => (None, Some(problem)),
    };
    let role = |credential: Credential| {
        let found = inspection
            .as_ref()
            .and_then(|inspection| inspection.roles.iter().find(|role| role.name == credential.username));
        RoleView {
            can_login: found.map(|role| role.can_login),
            bypasses_rls: found.map(|role| role.bypasses_rls),
            name: credential.username,
            purpose: credential.role,
        }
    };
    let roles = credentials.into_iter().map(role).collect();
    let from_catalog = |instance: &Instance| {
        (instance.host.clone(), i32::from(instance.port), instance.database_name.clone())
    };
    let (host, port, database) = match instance.as_ref().map(from_catalog) {
        Some((host, port, database)) => (Some(host), Some(port), Some(database)),
        None => (customer.database_host, customer.database_port, customer.database_name),
    };
    let said = inspection.as_ref().map(|inspection| inspection.postgres_version.clone());
    let configured = instance.as_ref().and_then(|instance| instance.postgres_version.clone());
    CustomerDatabaseView {
        host,
        port,
        database,
        postgres_version: said.or(configured),
        schema_version: instance.and_then(|instance| instance.schema_version),
        newest_schema_version: schema::MigrationSet::customer().latest(),
        started_at: inspection.as_ref().map(|inspection| inspection.started_at.into()),
        size_bytes: inspection.as_ref().map(|inspection| inspection.size_bytes),
        connections: inspection.as_ref().map(connections),
        tables: inspection.as_ref().map(tables).unwrap_or_default(),
        roles,
        certificate_expires_at,
        reachable: inspection.is_some(),
        problem,
    }
}

fn connections(inspection: &Inspection) -> ConnectionsView {
    let by_role = inspection.connections.iter();
    ConnectionsView {
        used: by_role.clone().map(|role| role.connections).sum(),
        limit: inspection.connection_limit,
        by_role: by_role
            .map(|role| RoleConnectionsView { role: role.role.clone(), connections: role.connections })
            .collect(),
    }
}

fn tables(inspection: &Inspection) -> Vec<TableView> {
    let view = |table: &customer_db::Table| TableView {
        name: table.name.clone(),
        rows_estimate: table.rows_estimate,
        size_bytes: table.size_bytes,
    };
    inspection.tables.iter().map(view).collect()
}
