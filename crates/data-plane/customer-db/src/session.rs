//! A transaction in a customer's database, inside one organization.

use std::fmt;

use deadpool_postgres::Object;
use domain::OrganizationId;
use futures_util::FutureExt as _;
use futures_util::future::{join, join3, join4};
use tokio_postgres::types::ToSql;
use tokio_postgres::{Row, Statement};

use crate::Error;

/// Sets the organization for the transaction, if the customer has it: one statement both checks and sets, so that a
/// deleted organization is never served and nothing has to be remembered about organizations.
const ENTER: &str = "select set_config('app.org_id', id::text, true) from organizations where id = $1";

/// The same for the customer's first organization.
const ENTER_FIRST: &str = "select set_config('app.org_id', id::text, true) \
     from (select id from organizations order by created_at, id limit 1) as oldest";

/// How many prepared statements a connection keeps before it starts afresh. Filters and sorts make many different
/// statements, and each costs memory on both sides.
const STATEMENTS_KEPT: usize = 200;

/// A transaction in a customer's database, inside one organization. Dropped without [`Session::commit`], it is
/// rolled back.
///
/// The transaction begins with the first statement: `BEGIN`, entering the organization and the statement itself
/// travel together. That is safe because nothing is visible to anyone before the commit: if the organization turns
/// out to be unknown, what the statement did (at most to the list of organizations; everything else is behind
/// row-level security) is rolled back.
pub struct Session {
    connection: Object,
    organization: Option<OrganizationId>,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Nothing was sent.
    New,
    /// In the transaction.
    Open,
    /// A statement failed: only rolling back is left.
    Failed,
    /// Committed.
    Done,
}

impl fmt::Debug for Session {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Session")
            .field("organization", &self.organization)
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

impl Session {
    pub(crate) fn new(connection: Object, organization: Option<OrganizationId>) -> Self {
        Self { connection, organization, state: State::New }
    }

    /// Runs a statement and returns its rows.
    ///
    /// # Errors
    /// [`Error::UnknownOrganization`] from the first statement; otherwise what PostgreSQL refused. After an error
    /// only dropping the session is left.
    pub async fn query(&mut self, sql: &str, parameters: &[&(dyn ToSql + Sync)]) -> Result<Vec<Row>, Error> {
        let outcome = self.run(sql, parameters).await;
        if outcome.is_err() {
            self.state = State::Failed;
        }
        outcome
    }

    /// Runs a statement that returns at most one row; the first counts.
    ///
    /// # Errors
    /// As [`Session::query`].
    pub async fn query_opt(
        &mut self,
        sql: &str,
        parameters: &[&(dyn ToSql + Sync)],
    ) -> Result<Option<Row>, Error> {
        Ok(self.query(sql, parameters).await?.into_iter().next())
    }

    /// Runs the last statement and commits, in one round trip; with a session that has run nothing yet, the whole
    /// transaction is one round trip.
    ///
    /// Nothing is committed when the statement fails. Only for reads as the first statement: the commit doesn't wait
    /// to hear whether the organization exists.
    ///
    /// # Errors
    /// As [`Session::query`].
    pub async fn query_and_commit(
        mut self,
        sql: &str,
        parameters: &[&(dyn ToSql + Sync)],
    ) -> Result<Vec<Row>, Error> {
        let statement = self.prepare(sql).await?;
        let rows = match self.state {
            State::New => {
                let (enter, values) = self.entrance();
                let enter = self.prepare(enter).await?;
                self.state = State::Failed;
                let (begun, entered, rows, committed) = join4(
                    self.connection.batch_execute("begin"),
                    self.connection.query(&enter, &borrowed(&values)),
                    self.connection.query(&statement, parameters),
                    self.connection.batch_execute("commit"),
                )
                .await;
                begun?;
                was_entered(&entered?)?;
                let rows = rows?;
                committed?;
                rows
            }
            State::Open => {
                self.state = State::Failed;
                let (rows, committed) = join(
                    self.connection.query(&statement, parameters),
                    self.connection.batch_execute("commit"),
                )
                .await;
                let rows = rows?;
                committed?;
                rows
            }
            State::Failed | State::Done => return Err(after_failure()),
        };
        self.state = State::Done;
        Ok(rows)
    }

    /// Makes everything permanent.
    ///
    /// # Errors
    /// When PostgreSQL can't, or a statement of the session has failed. Then nothing is permanent, unless the
    /// connection broke in this very moment.
    pub async fn commit(mut self) -> Result<(), Error> {
        match self.state {
            State::New | State::Done => Ok(()),
            State::Failed => Err(after_failure()),
            State::Open => {
                self.connection.batch_execute("commit").await?;
                self.state = State::Done;
                Ok(())
            }
        }
    }

    async fn run(&mut self, sql: &str, parameters: &[&(dyn ToSql + Sync)]) -> Result<Vec<Row>, Error> {
        let statement = self.prepare(sql).await?;
        match self.state {
            State::New => {
                let (enter, values) = self.entrance();
                let enter = self.prepare(enter).await?;
                // Whatever happens from here on, a transaction may be open.
                self.state = State::Open;
                // `join` polls in order, and a request is queued when it is first polled: the three travel together.
                let (begun, entered, rows) = join3(
                    self.connection.batch_execute("begin"),
                    self.connection.query(&enter, &borrowed(&values)),
                    self.connection.query(&statement, parameters),
                )
                .await;
                begun?;
                was_entered(&entered?)?;
                Ok(rows?)
            }
            State::Open => Ok(self.connection.query(&statement, parameters).await?),
            State::Failed | State::Done => Err(after_failure()),
        }
    }

    fn entrance(&self) -> (&'static str, Vec<uuid::Uuid>) {
        match self.organization {
            Some(organization) => (ENTER, vec![organization.uuid()]),
            None => (ENTER_FIRST, Vec::new()),
        }
    }

    async fn prepare(&self, sql: &str) -> Result<Statement, Error> {
        if self.connection.statement_cache.size() >= STATEMENTS_KEPT {
            self.connection.statement_cache.clear();
        }
        Ok(self.connection.prepare_cached(sql).await?)
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if matches!(self.state, State::Open | State::Failed) {
            // Polled once, the request is queued; the connection answers requests in order, so whoever gets it next
            // comes after the rollback. A dead connection has nothing to roll back.
            let _ = self.connection.batch_execute("rollback").now_or_never();
        }
    }
}

fn borrowed(values: &[uuid::Uuid]) -> Vec<&(dyn ToSql + Sync)> {
    values.iter().map(|value| value as &(dyn ToSql + Sync)).collect()
}

fn was_entered(rows: &[Row]) -> Result<(), Error> {
    if rows.is_empty() { Err(Error::UnknownOrganization) } else { Ok(()) }
}

fn after_failure() -> Error {
    Error::Unavailable("a statement of this transaction has failed before".to_owned())
}
