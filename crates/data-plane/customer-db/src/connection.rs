//! One connection to a customer's database, with the statements that it has prepared.

use std::collections::HashMap;
use std::fmt;
use std::time::Duration;

use domain::OrganizationId;
use futures_util::future::join;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, NoTls, Statement};
use uuid::Uuid;

use crate::connect::Tls;
use crate::ledger::Alive;

/// Sets the organization for the transaction, if the customer has it: one statement both checks and sets, so that a
/// deleted organization is never served and nothing has to be remembered about organizations.
const ENTER: &str = "select set_config('app.org_id', id::text, true) from organizations where id = $1";

/// The same for the customer's first organization.
const ENTER_FIRST: &str = "select set_config('app.org_id', id::text, true) \
     from (select id from organizations order by created_at, id limit 1) as oldest";

/// How many prepared statements a connection keeps before it starts afresh. Filters and sorts make many different
/// statements, and each costs memory on both sides.
const STATEMENTS_KEPT: usize = 200;

/// How long an abandoned statement may go on before it is canceled.
const ABANDONED: Duration = Duration::from_millis(500);

/// Whether a transaction writes. PostgreSQL itself refuses a write in one that only reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    ReadOnly,
    ReadWrite,
}

/// A statement that enters an organization.
pub(crate) struct Entrance {
    statement: Statement,
    organization: Option<Uuid>,
}

/// A connection. Of its fields the client goes first, so that the statements needn't be closed one by one.
pub(crate) struct Connection {
    client: Client,
    statements: HashMap<Box<str>, Statement>,
    tls: Tls,
}

impl fmt::Debug for Connection {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Connection")
            .field("open", &self.is_open())
            .field("statements", &self.statements.len())
            .finish_non_exhaustive()
    }
}

impl Alive for Box<Connection> {
    fn is_alive(&self) -> bool {
        self.is_open()
    }
}

impl Connection {
    fn is_open(&self) -> bool {
        !self.client.is_closed()
    }

    pub(crate) fn new(client: Client, tls: Tls) -> Self {
        Self { client, statements: HashMap::new(), tls }
    }

    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    /// The statement, prepared once per connection.
    pub(crate) async fn prepared(&mut self, sql: &str) -> Result<Statement, tokio_postgres::Error> {
        if let Some(statement) = self.statements.get(sql) {
            return Ok(statement.clone());
        }
        let statement = self.client.prepare(sql).await?;
        if self.statements.len() >= STATEMENTS_KEPT {
            self.statements.clear();
        }
        self.statements.insert(sql.into(), statement.clone());
        Ok(statement)
    }

    /// How to enter the organization, or the customer's first one.
    pub(crate) async fn entrance(
        &mut self,
        organization: Option<OrganizationId>,
    ) -> Result<Entrance, tokio_postgres::Error> {
        Ok(match organization {
            Some(organization) => {
                Entrance { statement: self.prepared(ENTER).await?, organization: Some(organization.uuid()) }
            }
            None => Entrance { statement: self.prepared(ENTER_FIRST).await?, organization: None },
        })
    }

    /// Begins a transaction in the organization; says whether the customer has it. Both messages are sent when this
    /// is first polled.
    pub(crate) async fn enter(
        &self,
        access: Access,
        entrance: &Entrance,
    ) -> Result<bool, tokio_postgres::Error> {
        let begin = match access {
            Access::ReadOnly => "begin read only",
            Access::ReadWrite => "begin",
        };
        let named: [&(dyn ToSql + Sync); 1] = [&entrance.organization];
        let values = if entrance.organization.is_some() { &named[..] } else { &[] };
        let (begun, rows) =
            join(self.client.batch_execute(begin), self.client.query(&entrance.statement, values)).await;
        begun?;
        Ok(!rows?.is_empty())
    }

    /// Clears up behind a request that went away while its statement ran: says whether the connection can be used
    /// again. What runs for long is canceled; then the connection is of no use any more, because the cancelation
    /// takes a way of its own and could hit the statement of whoever came next.
    pub(crate) async fn settle(&self) -> bool {
        match tokio::time::timeout(ABANDONED, self.client.batch_execute("rollback")).await {
            Ok(outcome) => outcome.is_ok(),
            Err(_) => {
                let token = self.client.cancel_token();
                let canceled = async {
                    match &self.tls {
                        Tls::Off => token.cancel_query(NoTls).await,
                        Tls::On(tls) => token.cancel_query(tls.clone()).await,
                    }
                };
                // If it can't be canceled, statement_timeout ends it.
                let _ = tokio::time::timeout(ABANDONED, canceled).await;
                false
            }
        }
    }
}
