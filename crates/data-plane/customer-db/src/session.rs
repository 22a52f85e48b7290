//! A transaction in a customer's database, inside one organization.

use std::fmt;
use std::pin::pin;

use domain::OrganizationId;
use futures_util::future::{join, join3};
use futures_util::{FutureExt as _, TryStreamExt as _};
use telemetry::SPANS;
use tokio::time::Instant;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Row, Statement};
use tracing::{Instrument as _, Span};

use crate::Error;
use crate::connection::{Connection, Form};
use crate::entrance::Entrance;
use crate::error::is_broken;
use crate::lease::{Hold, Lease};

/// How many times a first statement is sent again over another connection at most.
const REPEATS: u32 = 5;

/// A transaction in a customer's database, inside one organization. Dropped without [`Session::commit`], it is
/// rolled back.
///
/// The transaction begins with the first statement: `BEGIN`, entering the organization and the statement itself
/// travel together. That is safe because nothing is visible to anyone before the commit: if the organization turns
/// out to be unknown, what the statement did (at most to the list of organizations; everything else is behind
/// row-level security) is rolled back. A transaction of one statement that reads is sent as that statement alone,
/// with the entering inside of it.
///
/// A connection that turns out to be broken with the first statement is replaced, and the statement sent again: the
/// caller doesn't notice that the instance was restarted. Nothing can happen twice by that. A first statement of
/// [`Session::query`] is sent without any `COMMIT`, so what it did ended with its connection. One of
/// [`Session::query_and_commit`] commits by itself, but in a transaction in which PostgreSQL refuses every write. After
/// the first statement the caller has seen an answer and may have acted on it: from there on a broken connection is
/// the caller's to know.
pub struct Session {
    /// There until the session is dropped.
    lease: Option<Lease>,
    organization: Option<OrganizationId>,
    state: State,
    /// Whether an answer is waited for: a session that is dropped now leaves a running statement behind.
    is_waiting: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Nothing was sent.
    New,
    /// In the transaction.
    Open,
    /// A statement failed: only rolling back is left.
    Failed,
    /// The transaction has ended.
    Done,
}

/// What a first statement is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum First {
    /// The beginning of a transaction.
    Begins,
    /// All of it, and it reads rows of so many bytes at most.
    ReadsAll(usize),
}

/// Rows, as far as they were read.
#[derive(Debug)]
pub struct Rows {
    /// The first ones, in their order.
    pub rows: Vec<Row>,
    /// Whether there are more, that were too much.
    pub are_cut: bool,
}

impl From<Vec<Row>> for Rows {
    fn from(rows: Vec<Row>) -> Self {
        Self { rows, are_cut: false }
    }
}

/// Why a first statement failed.
pub(crate) enum Refusal {
    /// The connection is broken: nothing of the transaction has happened.
    Broken(tokio_postgres::Error),
    Other(Error),
}

impl From<tokio_postgres::Error> for Refusal {
    fn from(error: tokio_postgres::Error) -> Self {
        if is_broken(&error) { Self::Broken(error) } else { Self::Other(error.into()) }
    }
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
    pub(crate) fn new(lease: Lease, organization: Option<OrganizationId>) -> Self {
        Self { lease: Some(lease), organization, state: State::New, is_waiting: false }
    }

    /// Runs a statement and returns its rows.
    ///
    /// # Errors
    /// [`Error::UnknownOrganization`] from the first statement; otherwise what PostgreSQL refused. After an error
    /// only dropping the session is left.
    pub async fn query(&mut self, sql: &str, parameters: &[&(dyn ToSql + Sync)]) -> Result<Vec<Row>, Error> {
        let outcome = match self.state {
            State::New => {
                let first = self.first(First::Begins, sql, parameters).instrument(statement_span()).await;
                first.map(|read| read.rows)
            }
            State::Open => {
                self.is_waiting = true;
                let outcome = further(self.connection()?, sql, parameters).instrument(statement_span()).await;
                self.is_waiting = false;
                outcome.map_err(|error| self.failed(error))
            }
            State::Failed | State::Done => Err(after_failure()),
        };
        if outcome.is_err() && self.state == State::Open {
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
    /// Nothing is committed when the statement fails. As the first statement it has to be a `select` that only reads,
    /// without a semicolon, and its rows have one column more than it says, the last.
    ///
    /// # Errors
    /// As [`Session::query`].
    pub async fn query_and_commit(
        mut self,
        sql: &str,
        parameters: &[&(dyn ToSql + Sync)],
    ) -> Result<Vec<Row>, Error> {
        match self.state {
            State::New => Ok(self.read_all(usize::MAX, sql, parameters).await?.rows),
            State::Open => {
                self.is_waiting = true;
                let prepared = self.connection()?.prepared(Form::Plain, sql).await;
                let outcome = match prepared {
                    Ok(statement) => {
                        let outcome = last(self.connection()?, &statement, parameters)
                            .instrument(statement_span())
                            .await;
                        // Whatever the answers were, all are there, and the transaction has ended with the last.
                        self.state = State::Done;
                        outcome
                    }
                    Err(error) => Err(error),
                };
                self.is_waiting = false;
                outcome.map_err(|error| self.failed(error))
            }
            State::Failed | State::Done => Err(after_failure()),
        }
    }

    /// Runs a whole transaction of one statement that reads, in one round trip, and takes its rows one by one, until they
    /// have more than so many bytes: what is beyond that, but for the first row, is neither waited for nor kept. So memory is
    /// bounded whatever the rows hold. The statement and its rows are as [`Session::query_and_commit`] says of a session that
    /// has run nothing yet.
    ///
    /// # Errors
    /// As [`Session::query`].
    pub async fn read_within(
        mut self,
        bytes: usize,
        sql: &str,
        parameters: &[&(dyn ToSql + Sync)],
    ) -> Result<Rows, Error> {
        match self.state {
            State::New => self.read_all(bytes, sql, parameters).await,
            State::Open | State::Failed | State::Done => Err(after_failure()),
        }
    }

    async fn read_all(
        &mut self,
        bytes: usize,
        sql: &str,
        parameters: &[&(dyn ToSql + Sync)],
    ) -> Result<Rows, Error> {
        let read = self.first(First::ReadsAll(bytes), sql, parameters).instrument(statement_span()).await?;
        // What is cut off is still to come: who has the connection next must not wait for it.
        self.is_waiting = read.are_cut;
        Ok(read)
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
                self.is_waiting = true;
                let outcome = self.connection()?.client().batch_execute("commit").await;
                self.is_waiting = false;
                self.state = State::Done;
                outcome.map_err(|error| self.failed(error))
            }
        }
    }

    /// Begins the transaction with its first statement, over another connection if this one is broken.
    async fn first(
        &mut self,
        first: First,
        sql: &str,
        parameters: &[&(dyn ToSql + Sync)],
    ) -> Result<Rows, Error> {
        let organization = self.organization;
        let mut repeats = 0;
        loop {
            self.is_waiting = true;
            let (outcome, state) = match first {
                First::Begins => {
                    let begun = begin(self.connection()?, organization, sql, parameters).await;
                    (begun.map(Rows::from), State::Open)
                }
                First::ReadsAll(bytes) => {
                    let read = read_within(bytes, self.connection()?, organization, sql, parameters).await;
                    (read, State::Done)
                }
            };
            self.is_waiting = false;
            // All answers are there.
            self.state = state;
            let error = match outcome {
                Ok(rows) => return Ok(rows),
                Err(Refusal::Other(error)) => return Err(error),
                Err(Refusal::Broken(error)) => error,
            };
            self.state = State::Done;
            let lease = self.lease.as_mut().ok_or_else(after_failure)?;
            repeats += 1;
            if repeats > REPEATS || Instant::now() >= lease.deadline() {
                lease.hold(Hold::Lost);
                return Err(error.into());
            }
            tracing::debug!(customer = %lease.customer(), %error, "a connection was broken: another one is made");
            lease.replace().await?;
        }
    }

    fn connection(&mut self) -> Result<&mut Connection, Error> {
        self.lease.as_mut().ok_or_else(after_failure)?.connection()
    }

    fn failed(&mut self, error: tokio_postgres::Error) -> Error {
        if is_broken(&error)
            && let Some(lease) = &mut self.lease
        {
            lease.hold(Hold::Lost);
        }
        error.into()
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let Some(mut lease) = self.lease.take() else { return };
        if self.is_waiting {
            lease.settle();
        } else if matches!(self.state, State::Open | State::Failed)
            && let Ok(connection) = lease.connection()
        {
            // Polled once, the request is queued; the connection answers requests in order, so whoever gets it next
            // comes after the rollback. A dead connection has nothing to roll back.
            let _ = connection.client().batch_execute("rollback").now_or_never();
        }
    }
}

/// Sends the beginning of a transaction. `join` polls in order, and a request is queued when it is first polled: all
/// travel together.
async fn begin(
    connection: &Connection,
    organization: Option<OrganizationId>,
    sql: &str,
    parameters: &[&(dyn ToSql + Sync)],
) -> Result<Vec<Row>, Refusal> {
    let statement = connection.prepared(Form::Plain, sql).await?;
    let entrance = if organization.is_some() { Entrance::Named } else { Entrance::First };
    let entering = connection.prepared(Form::Plain, entrance.entering()).await?;
    let organization = organization.map(OrganizationId::uuid);
    let value: Option<&(dyn ToSql + Sync)> = organization.as_ref().map(|id| id as _);
    let client = connection.client();
    let (begun, entered, rows) = join3(
        client.batch_execute("begin read write"),
        client.query(&entering, value.as_slice()),
        client.query(&statement, parameters),
    )
    .await;
    begun?;
    if entered?.is_empty() {
        return Err(Refusal::Other(Error::UnknownOrganization));
    }
    Ok(rows?)
}

/// Sends a whole transaction that reads.
pub(crate) async fn read(
    connection: &Connection,
    organization: Option<OrganizationId>,
    sql: &str,
    parameters: &[&(dyn ToSql + Sync)],
) -> Result<Vec<Row>, Refusal> {
    Ok(read_within(usize::MAX, connection, organization, sql, parameters).await?.rows)
}

/// The same, and takes rows of so many bytes at most, and of the first one's. When they are cut, the rest is still to come
/// over the connection.
async fn read_within(
    bytes: usize,
    connection: &Connection,
    organization: Option<OrganizationId>,
    sql: &str,
    parameters: &[&(dyn ToSql + Sync)],
) -> Result<Rows, Refusal> {
    let entrance = if organization.is_some() { Entrance::Named } else { Entrance::First };
    let statement = connection.prepared(Form::Read(entrance, parameters.len()), sql).await?;
    let organization = organization.map(OrganizationId::uuid);
    let mut parameters = parameters.to_vec();
    parameters.extend(organization.as_ref().map(|id| id as &(dyn ToSql + Sync)));
    let mut answer = pin!(connection.client().query_raw(&statement, parameters).await?);
    let (mut rows, mut taken, mut are_cut) = (Vec::new(), 0_usize, false);
    while let Some(row) = answer.try_next().await? {
        taken = taken.saturating_add(row.raw_size_bytes());
        are_cut = taken > bytes && !rows.is_empty();
        if are_cut {
            break;
        }
        rows.push(row);
    }
    let Some(first) = rows.first() else { return Err(Refusal::Other(Error::UnknownOrganization)) };
    let present: Option<bool> = first.try_get(first.len().saturating_sub(1))?;
    Ok(Rows { rows: if present.is_some() { rows } else { Vec::new() }, are_cut })
}

async fn further(
    connection: &Connection,
    sql: &str,
    parameters: &[&(dyn ToSql + Sync)],
) -> Result<Vec<Row>, tokio_postgres::Error> {
    let statement = connection.prepared(Form::Plain, sql).await?;
    connection.client().query(&statement, parameters).await
}

/// Sends a statement and the commit together: PostgreSQL rolls back instead when the statement has failed.
async fn last(
    connection: &Connection,
    statement: &Statement,
    parameters: &[&(dyn ToSql + Sync)],
) -> Result<Vec<Row>, tokio_postgres::Error> {
    let client = connection.client();
    let (rows, committed) = join(client.query(statement, parameters), client.batch_execute("commit")).await;
    let rows = rows?;
    committed?;
    Ok(rows)
}

/// The text of a statement isn't told: it may hold names that a customer chose.
pub(crate) fn statement_span() -> Span {
    tracing::trace_span!(target: SPANS, "customer database: statement")
}

fn after_failure() -> Error {
    Error::Unavailable("a statement of this transaction has failed before".to_owned())
}
