//! One connection to a customer's database, with the statements that it has prepared.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use foldhash::fast::RandomState;
use tokio_postgres::{Client, NoTls, Statement};

use crate::connect::Tls;
use crate::entrance::Entrance;
use crate::lanes::RIDERS;
use crate::ledger::Alive;

/// How many prepared statements a connection keeps before it starts afresh. Filters and sorts make many different
/// statements, and each costs memory on both sides.
const STATEMENTS_KEPT: usize = 200;

/// How long an abandoned statement may go on before it is canceled.
const ABANDONED: Duration = Duration::from_millis(500);

/// What a prepared statement is made of the caller's statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// Itself.
    Plain,
    /// A whole transaction that reads, of a statement with so many parameters.
    Read(Entrance, usize),
}

impl Form {
    fn index(self) -> usize {
        match self {
            Self::Plain => 0,
            Self::Read(Entrance::Named, _) => 1,
            Self::Read(Entrance::First, _) => 2,
        }
    }
}

type Statements = HashMap<Box<str>, Statement, RandomState>;

/// A connection. Of its fields the client goes first, so that the statements needn't be closed one by one.
pub(crate) struct Connection {
    client: Client,
    /// By what they were made of.
    statements: Mutex<[Statements; 3]>,
    tls: Tls,
}

impl fmt::Debug for Connection {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Connection")
            .field("open", &self.is_open())
            .field("statements", &self.statements().each_ref().map(HashMap::len))
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
        Self { client, statements: Mutex::default(), tls }
    }

    fn statements(&self) -> MutexGuard<'_, [Statements; 3]> {
        // Nothing can be half done while the lock is held.
        self.statements.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    /// The statement, prepared once per connection.
    pub(crate) async fn prepared(&self, form: Form, sql: &str) -> Result<Statement, tokio_postgres::Error> {
        let known = self.statements()[form.index()].get(sql).cloned();
        if let Some(statement) = known {
            return Ok(statement);
        }
        let statement = match form {
            Form::Plain => self.client.prepare(sql).await?,
            Form::Read(entrance, parameters) => {
                self.client.prepare(&entrance.reading(sql, parameters)).await?
            }
        };
        let kept = &mut self.statements()[form.index()];
        if kept.len() >= STATEMENTS_KEPT {
            kept.clear();
        }
        kept.insert(sql.into(), statement.clone());
        Ok(statement)
    }

    /// Clears up behind a request that went away while its statement ran: says whether the connection can be used
    /// again. What runs for long is canceled; then the connection is of no use any more, because the cancelation
    /// takes a way of its own and could hit the statement of whoever came next.
    ///
    /// A connection that several requests shared has as many statements to come, and a cancelation ends one: they are
    /// canceled one after the other, so that none runs on in a place that counts as free.
    pub(crate) async fn settle(&self) -> bool {
        let mut cleared = std::pin::pin!(self.client.batch_execute("rollback"));
        let mut was_canceled = false;
        for _ in 0..=RIDERS {
            match tokio::time::timeout(ABANDONED, &mut cleared).await {
                Ok(outcome) => return outcome.is_ok() && !was_canceled,
                Err(_) => {
                    was_canceled = true;
                    self.cancel().await;
                }
            }
        }
        false
    }

    /// Cancels what runs. If it can't be canceled, statement_timeout ends it.
    async fn cancel(&self) {
        let token = self.client.cancel_token();
        let canceled = async {
            match &self.tls {
                Tls::Off => token.cancel_query(NoTls).await,
                Tls::On(tls) => token.cancel_query(tls.clone()).await,
            }
        };
        let _ = tokio::time::timeout(ABANDONED, canceled).await;
    }
}
