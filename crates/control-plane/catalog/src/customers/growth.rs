//! How many customers there are and were: who came, who left.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use domain::{Plan, SubscriptionStatus};

use crate::api_usage::Span;
use crate::{CatalogError, GenericClient, query, row};

/// How many came and left in a span, and how many there were at its end.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Growth {
    /// How many there were at the end.
    pub total: i64,
    /// How many were signed up.
    pub created: i64,
    /// How many left.
    pub left: i64,
}

/// Whoever is, or once was, wholly there. Sign-ups that are under way don't count yet, removals that are still do.
const WERE_THERE: &str = "(deleted_at is not null or lifecycle in ('ready', 'deleting'))";

/// How many came and left in each part of the span in which somebody did, and how many were there before it.
///
/// # Errors
/// When the database can't be asked.
pub async fn growth(
    client: &impl GenericClient,
    span: Span,
) -> Result<(i64, BTreeMap<DateTime<Utc>, Growth>), CatalogError> {
    let before = there_at(client, span.from).await?;
    #[expect(clippy::cast_precision_loss, reason = "at most a day's seconds")]
    let seconds = span.interval.seconds() as f64;
    let sql = format!(
        "select point, sum(created)::bigint as created, sum(gone)::bigint as gone from (
             select date_bin(make_interval(secs => $3), created_at, $1) as point, 1 as created, 0 as gone
             from admin_customers where created_at >= $1 and created_at < $2 and {WERE_THERE}
             union all
             select date_bin(make_interval(secs => $3), deleted_at, $1), 0, 1
             from admin_customers where deleted_at >= $1 and deleted_at < $2
         ) changes
         group by point order by point"
    );
    let mut total = before;
    let mut points = BTreeMap::new();
    for row in query::rows(client, &sql, &[&span.from, &span.until, &seconds]).await? {
        let (created, left): (i64, i64) = (row.try_get("created")?, row.try_get("gone")?);
        total += created - left;
        points.insert(row.try_get("point")?, Growth { total, created, left });
    }
    Ok((before, points))
}

/// How many there were at a moment.
async fn there_at(client: &impl GenericClient, moment: DateTime<Utc>) -> Result<i64, CatalogError> {
    let sql = format!(
        "select count(*) from admin_customers
         where created_at < $1 and (deleted_at is null or deleted_at >= $1) and {WERE_THERE}"
    );
    Ok(query::one(client, &sql, &[&moment]).await?.try_get(0)?)
}

/// How many customers there are now of each status and plan; of none where there is nobody.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Standing {
    /// By how the subscription stands.
    pub by_status: Vec<(SubscriptionStatus, i64)>,
    /// By what they bought.
    pub by_plan: Vec<(Plan, i64)>,
}

/// How today's customers are distributed.
///
/// # Errors
/// When the database can't be asked.
pub async fn standing(client: &impl GenericClient) -> Result<Standing, CatalogError> {
    let sql = format!(
        "select subscription_status::text as status, subscription_plan::text as plan, count(*) as customers
         from admin_customers where {} group by 1, 2",
        super::SHOWN
    );
    let rows = query::rows(client, &sql, &[]).await?;
    let counts = row::all(&rows, |row| {
        let status: SubscriptionStatus = row::named(row, "status")?;
        let plan: Plan = row::named(row, "plan")?;
        Ok((status, plan, row.try_get::<_, i64>("customers")?))
    })?;
    let sum = |is_of: &dyn Fn(SubscriptionStatus, Plan) -> bool| {
        counts.iter().filter(|(status, plan, _)| is_of(*status, *plan)).map(|(.., customers)| customers).sum()
    };
    Ok(Standing {
        by_status: SubscriptionStatus::ALL
            .iter()
            .map(|wanted| (*wanted, sum(&|status, _| status == *wanted)))
            .collect(),
        by_plan: Plan::ALL.iter().map(|wanted| (*wanted, sum(&|_, plan| plan == *wanted))).collect(),
    })
}
