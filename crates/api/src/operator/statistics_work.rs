//! How much work waits, runs and was given up: now, and against earlier.

use axum::extract::State;
use axum::{Extension, Json};
use catalog::work::{self, Ended};
use chrono::{DateTime, Utc};
use customers::{Actor, Right};
use problem::{Problem, QueryParams};
use serde::Serialize;
use utoipa::ToSchema;

use super::statistics::StatisticsQuery;
use super::time_range::{DEFAULT_SPAN, time_range};
use crate::ApiState;
use crate::problems::problem_of_catalog;

/// What waits, runs and died.
#[derive(Serialize, ToSchema)]
pub(crate) struct WorkStatisticsView {
    operations: OperationCountsView,
    /// Null for whoever may not see jobs.
    #[schema(required = true)]
    jobs: Option<JobCountsView>,
    /// What ended from here on.
    from: DateTime<Utc>,
    /// And before.
    until: DateTime<Utc>,
    ended: EndedView,
    /// The same of the span of the same length right before.
    ended_previous: EndedView,
    /// How it stood at the beginning of the span, as far as today's rows know: of what was retried since, the earlier end is
    /// forgotten.
    previous: EarlierWorkView,
}

/// How work ended.
#[derive(Serialize, ToSchema)]
struct EndedView {
    operations: EndedOperationsView,
    /// Null for whoever may not see jobs.
    #[schema(required = true)]
    jobs: Option<DeadJobsView>,
}

#[derive(Serialize, ToSchema)]
struct EndedOperationsView {
    succeeded: i64,
    /// Those that failed and were put right or taken back.
    failed: i64,
    /// Those that were given up and still wait for somebody.
    dead: i64,
    canceled: i64,
}

#[derive(Serialize, ToSchema)]
struct DeadJobsView {
    dead: i64,
}

/// How work stood.
#[derive(Serialize, ToSchema)]
struct EarlierWorkView {
    operations: EarlierOperationsView,
    /// Null for whoever may not see jobs.
    #[schema(required = true)]
    jobs: Option<DeadJobsView>,
}

#[derive(Serialize, ToSchema)]
struct EarlierOperationsView {
    /// Those that waited or ran.
    under_way: i64,
    dead: i64,
}

#[derive(Serialize, ToSchema)]
struct OperationCountsView {
    queued: i64,
    running: i64,
    /// All that ever failed and were put right or taken back.
    failed: i64,
    /// Those that were given up and wait for somebody.
    dead: i64,
    /// Since when the oldest of those that are due waits to be taken up; null when none does.
    #[schema(required = true)]
    oldest_waiting_at: Option<DateTime<Utc>>,
}

#[derive(Serialize, ToSchema)]
struct JobCountsView {
    /// Also those whose time has not come.
    queued: i64,
    running: i64,
    /// Those that were given up and wait for somebody.
    dead: i64,
    /// Since when the oldest of those that are due waits to be taken up; null when none does.
    #[schema(required = true)]
    oldest_waiting_at: Option<DateTime<Utc>>,
}

impl EndedView {
    fn new(operations: Ended, jobs: Option<Ended>) -> Self {
        Self {
            operations: EndedOperationsView {
                succeeded: operations.succeeded,
                failed: operations.failed,
                dead: operations.dead,
                canceled: operations.canceled,
            },
            jobs: jobs.map(|jobs| DeadJobsView { dead: jobs.dead }),
        }
    }
}

/// How many operations and jobs wait, run and were given up: now, and against earlier.
#[utoipa::path(get, path = "/api/admin/statistics/work", tag = "statistics", params(StatisticsQuery),
    responses((status = 200, body = WorkStatisticsView)))]
pub(crate) async fn of_work(
    State(state): State<ApiState>,
    Extension(actor): Extension<Actor>,
    QueryParams(query): QueryParams<StatisticsQuery>,
) -> Result<Json<WorkStatisticsView>, Problem> {
    let span = time_range(query.from, query.until, DEFAULT_SPAN)?;
    let client = state.client(&actor, Right::CustomersRead).await?;
    let operations = work::operations(&client).await.map_err(problem_of_catalog)?;
    let of_operations = work::operations_over_time(&client, span).await.map_err(problem_of_catalog)?;
    let (jobs, of_jobs) = match actor.permit(Right::JobsRead) {
        Ok(_) => {
            let jobs = work::jobs(&client).await.map_err(problem_of_catalog)?;
            let over_time = work::dead_jobs_over_time(&client, span).await.map_err(problem_of_catalog)?;
            (Some(jobs), Some(over_time))
        }
        Err(_) => (None, None),
    };
    Ok(Json(WorkStatisticsView {
        operations: OperationCountsView {
            queued: operations.queued,
            running: operations.running,
            failed: operations.failed,
            dead: operations.dead,
            oldest_waiting_at: operations.oldest_waiting_at,
        },
        jobs: jobs.map(|jobs| JobCountsView {
            queued: jobs.queued,
            running: jobs.running,
            dead: jobs.dead,
            oldest_waiting_at: jobs.oldest_waiting_at,
        }),
        from: span.0,
        until: span.1,
        ended: EndedView::new(of_operations.ended, of_jobs.map(|jobs| jobs.ended)),
        ended_previous: EndedView::new(of_operations.ended_before, of_jobs.map(|jobs| jobs.ended_before)),
        previous: EarlierWorkView {
            operations: EarlierOperationsView {
                under_way: of_operations.under_way_then,
                dead: of_operations.dead_then,
            },
            jobs: of_jobs.map(|jobs| DeadJobsView { dead: jobs.dead_then }),
        },
    }))
}
