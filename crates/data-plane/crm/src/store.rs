//! What happens in the database for each operation: one transaction each, with its row in the log.

use customer_db::{CustomerDatabases, Error, Rows, Session};
use http::{HeaderMap, StatusCode};
use problem::Problem;
use serde_json::Value as Json;
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;
use uuid::Uuid;

use crate::answer::Answer;
use crate::audit::{self, Change};
use crate::body;
use crate::caller::Caller;
use crate::cursor;
use crate::etag::EntityTag;
use crate::failure::{self, Purpose};
use crate::idempotency::{Earlier, IdempotentRequest, Refused};
use crate::list::ListQuery;
use crate::smart_tasks;
use crate::spec::{AfterCreate, BeforeDelete, ResourceSpec};
use crate::sql::{self, Statement};

/// One resource in the databases of all customers, as one caller sees it.
#[derive(Debug)]
pub(crate) struct Store<'a> {
    pub(crate) databases: &'a CustomerDatabases,
    pub(crate) spec: &'static ResourceSpec,
    pub(crate) caller: &'a Caller,
}

/// What the objects of a page may take, in bytes, and what one alone takes beyond that. So memory is bounded by how many
/// pages are under way, however large the objects are and however slowly a page is read. Two hundred usual objects
/// take a fortieth of it.
pub(crate) const PAGE_BYTES: usize = 4 * 1024 * 1024;

/// A page of a list: the objects, and the way to the next page.
#[derive(Debug)]
pub(crate) struct Page {
    rows: Vec<Row>,
    pub(crate) next_cursor: Option<String>,
}

impl Page {
    /// The objects as JSON text.
    pub(crate) fn documents(&self) -> impl Iterator<Item = &str> {
        self.rows.iter().map(document)
    }
}

impl Store<'_> {
    /// A page of the list.
    pub(crate) async fn list(&self, query: &ListQuery) -> Result<Page, Problem> {
        let statement = sql::list(self.spec, query);
        let session = self.begin().await?;
        let Rows { mut rows, are_cut } = session
            .read_within(PAGE_BYTES, &statement.text, &parameters(&statement))
            .await
            .map_err(self.failed(Purpose::Read))?;
        let limit = usize::try_from(query.limit).unwrap_or(usize::MAX);
        let has_more = are_cut || rows.len() > limit;
        rows.truncate(limit);
        let next_cursor = match rows.last() {
            Some(last) if has_more => Some(cursor::write(query, &parse(document(last))?)),
            _ => None,
        };
        Ok(Page { rows, next_cursor })
    }

    /// One object.
    pub(crate) async fn read(&self, id: Uuid) -> Result<String, Problem> {
        let statement = sql::read(self.spec, id);
        let (customer, organization) = (self.caller.principal.customer.id, self.caller.organization);
        let rows = self
            .databases
            .read_briefly(customer, organization, &statement.text, &parameters(&statement))
            .await
            .map_err(self.failed(Purpose::Read))?;
        rows.first().map(|row| row.get(0)).ok_or_else(|| self.missing())
    }

    /// Creates an object, unless the request was answered before.
    pub(crate) async fn create(
        &self,
        body: &Json,
        repeatable: Option<&IdempotentRequest>,
    ) -> Result<Answer, Problem> {
        let assignments = body::for_create(self.spec, &self.caller.principal, body)?;
        let statement = sql::insert(self.spec, assignments);
        let mut session = self.begin().await?;
        if let Some(request) = repeatable {
            match request.earlier(&mut session).await.map_err(|refused| self.refused(refused))? {
                Earlier::Answered(answer) => return Ok(answer),
                Earlier::Nothing => {}
            }
        }
        let row = self.one(&mut session, &statement, Purpose::Write).await?.ok_or_else(|| self.missing())?;
        let (id, document): (Uuid, String) = (row.get(0), row.get(1));
        if self.spec.after_create == AfterCreate::SmartTasks {
            smart_tasks::follow_up(&mut session, self.caller, id)
                .await
                .map_err(self.failed(Purpose::Write))?;
        }
        let change = Change { action: "create", table: self.spec.table, id, old: None, new: Some(&document) };
        let Some(request) = repeatable else {
            self.finish(session, change).await?;
            return Ok(self.created(id, document));
        };
        let failed = self.failed(Purpose::Write);
        audit::record(&mut session, self.caller, change).await.map_err(&failed)?;
        let answer = self.created(id, document);
        request.keep_and_commit(session, &answer).await.map_err(failed)?;
        Ok(answer)
    }

    fn created(&self, id: Uuid, document: String) -> Answer {
        Answer {
            status: StatusCode::CREATED,
            location: Some(format!("/api/v1/{}/{id}", self.spec.path)),
            etag: Some(EntityTag::of(&document).to_string()),
            body: document,
            replayed: false,
        }
    }

    fn refused(&self, refused: Refused) -> Problem {
        match refused {
            Refused::Problem(problem) => problem,
            Refused::Database(error) => self.failed(Purpose::Write)(error),
        }
    }

    /// Changes an object as a merge patch says; returns its representation.
    pub(crate) async fn change(
        &self,
        id: Uuid,
        patch: &Json,
        headers: &HeaderMap,
    ) -> Result<String, Problem> {
        // What is wrong whatever the object holds is found before the database is asked.
        body::for_patch(self.spec, &self.caller.principal, patch, &Json::Null)?;
        let mut session = self.begin().await?;
        let old = self.locked(&mut session, &sql::read_for_change(self.spec, id)).await?;
        EntityTag::of(&old).require_match(headers)?;
        let assignments = body::for_patch(self.spec, &self.caller.principal, patch, &parse(&old)?)?;
        if assignments.is_empty() {
            return Ok(old);
        }
        let statement = sql::update(self.spec, id, assignments);
        let row = self.one(&mut session, &statement, Purpose::Write).await?.ok_or_else(|| self.missing())?;
        let new: String = row.get(0);
        let change =
            Change { action: "update", table: self.spec.table, id, old: Some(&old), new: Some(&new) };
        self.finish(session, change).await?;
        Ok(new)
    }

    /// Deletes an object.
    pub(crate) async fn delete(&self, id: Uuid, headers: &HeaderMap) -> Result<(), Problem> {
        let mut session = self.begin().await?;
        if self.spec.before_delete == BeforeDelete::KeepOne {
            self.keep_one(&mut session, id).await?;
        }
        let old = self.locked(&mut session, &sql::read_for_delete(self.spec, id)).await?;
        EntityTag::of(&old).require_match(headers)?;
        let statement = sql::delete(self.spec, id);
        self.one(&mut session, &statement, Purpose::Delete).await?;
        let change = Change { action: "delete", table: self.spec.table, id, old: Some(&old), new: None };
        self.finish(session, change).await
    }

    /// Refuses to delete the last row. All rows are locked, so that of two that delete the last two, one is refused.
    async fn keep_one(&self, session: &mut Session, id: Uuid) -> Result<(), Problem> {
        let all = format!("select id from {} order by id for update", self.spec.table);
        let rows = session.query(&all, &[]).await.map_err(self.failed(Purpose::Delete))?;
        let is_last = rows.len() == 1 && rows.first().is_some_and(|row| row.get::<_, Uuid>(0) == id);
        if is_last {
            let noun = self.spec.noun;
            return Err(Problem::conflict(format!(
                "The last {noun} can't be deleted: create another one first."
            )));
        }
        Ok(())
    }

    async fn begin(&self) -> Result<Session, Problem> {
        self.databases
            .begin(self.caller.principal.customer.id, self.caller.organization)
            .await
            .map_err(self.failed(Purpose::Read))
    }

    async fn one(
        &self,
        session: &mut Session,
        statement: &Statement,
        purpose: Purpose,
    ) -> Result<Option<Row>, Problem> {
        session.query_opt(&statement.text, &parameters(statement)).await.map_err(self.failed(purpose))
    }

    async fn locked(&self, session: &mut Session, statement: &Statement) -> Result<String, Problem> {
        let row = self.one(session, statement, Purpose::Read).await?;
        row.map(|row| row.get(0)).ok_or_else(|| self.missing())
    }

    async fn finish(&self, session: Session, change: Change<'_>) -> Result<(), Problem> {
        audit::record_and_commit(session, self.caller, change).await.map_err(self.failed(Purpose::Write))
    }

    fn failed(&self, purpose: Purpose) -> impl Fn(Error) -> Problem {
        let spec = self.spec;
        move |error| failure::problem(spec, purpose, &error)
    }

    fn missing(&self) -> Problem {
        Problem::not_found(format!("There is no {} with this id in this organization.", self.spec.noun))
    }
}

/// The representation in a row of a list.
fn document(row: &Row) -> &str {
    row.get(0)
}

fn parameters(statement: &Statement) -> Vec<&(dyn ToSql + Sync)> {
    statement.parameters.iter().map(|value| value as &(dyn ToSql + Sync)).collect()
}

fn parse(document: &str) -> Result<Json, Problem> {
    serde_json::from_str(document).map_err(|error| Problem::from_unexpected(&error))
}
