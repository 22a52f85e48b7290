//! `sixty limit`: how many requests single customers may make, where that isn't what the configuration says.

use limits::Rate;
use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use super::client::read;
use super::exit::Failure;
use super::listing::{self, PageArgs, View};
use super::{EXIT_CODES, Globals, Session};

/// `sixty limit`.
#[derive(Debug, clap::Args)]
#[command(after_long_help = EXIT_CODES)]
pub(crate) struct LimitArgs {
    #[command(flatten)]
    pub(super) globals: Globals,
    #[command(subcommand)]
    pub(super) command: LimitCommand,
}

#[derive(Debug, clap::Subcommand)]
pub(crate) enum LimitCommand {
    /// List the limits that customers have of their own; what isn't listed is as the configuration says
    List(ListArgs),
    /// Set how many requests a customer may make, over all keys, whatever the configuration says
    Set(SetArgs),
    /// Take a limit of a customer's own away: the configuration's holds again
    Remove {
        /// The customerId or UUID
        customer: String,
        /// Of this route, such as "POST /api/v1/deals" [default: the limit over all routes]
        #[arg(long)]
        route: Option<String>,
    },
}

#[derive(Debug, clap::Args)]
pub(crate) struct ListArgs {
    /// The customerId or UUID [default: of all customers]
    customer: Option<String>,
    #[command(flatten)]
    page: PageArgs,
}

#[derive(Debug, clap::Args)]
pub(crate) struct SetArgs {
    /// The customerId or UUID
    customer: String,
    /// Such as 6000/minute (minute, hour, day or month), or none for no limit
    #[arg(value_name = "RATE|none", value_parser = rate)]
    rate: GivenRate,
    /// Only on this route, such as "POST /api/v1/deals" [default: over all routes]
    #[arg(long)]
    route: Option<String>,
    /// What it does while Redis is away: each server counts for itself, all requests pass, or all that isn't granted
    /// already is refused [default: as the configuration says]
    #[arg(long, value_parser = ["local", "open", "closed"])]
    without_redis: Option<String>,
    /// Why; the audit log keeps it
    #[arg(long)]
    reason: Option<String>,
}

/// A rate, or none at all.
#[derive(Debug, Clone, Copy)]
struct GivenRate(Option<Rate>);

fn rate(text: &str) -> Result<GivenRate, String> {
    if text == "none" {
        return Ok(GivenRate(None));
    }
    text.parse().map(|rate| GivenRate(Some(rate))).map_err(|error: limits::ParseError| error.to_string())
}

#[derive(Debug, Deserialize)]
struct Held {
    route: Option<String>,
    requests: Option<i64>,
    period: Option<String>,
    without_redis: Option<String>,
    reason: Option<String>,
}

impl Held {
    fn route(&self) -> &str {
        self.route.as_deref().unwrap_or("all")
    }

    fn rate(&self) -> String {
        match (self.requests, &self.period) {
            (Some(requests), Some(period)) => format!("{requests}/{period}"),
            _ => "none".to_owned(),
        }
    }

    fn cells(&self) -> Vec<String> {
        let or_dash = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
        vec![self.route().to_owned(), self.rate(), or_dash(&self.without_redis), or_dash(&self.reason)]
    }
}

/// The headings of [`Held::cells`].
const HEADINGS: [&str; 4] = ["ROUTE", "LIMIT", "WITHOUT REDIS", "WHY"];

/// A limit, and whose it is.
#[derive(Debug, Deserialize)]
struct Customers {
    customer_uuid: String,
    customer_id: Option<String>,
    #[serde(flatten)]
    held: Held,
}

impl Customers {
    fn cells(self) -> Vec<String> {
        let whose = self.customer_id.unwrap_or(self.customer_uuid);
        [vec![whose], self.held.cells()].concat()
    }
}

pub(super) async fn run(session: &mut Session, args: LimitArgs) -> Result<(), Failure> {
    match args.command {
        LimitCommand::List(ListArgs { customer: Some(customer), .. }) => list(session, &customer).await,
        LimitCommand::List(ListArgs { customer: None, page }) => list_all(session, &page).await,
        LimitCommand::Set(args) => set(session, args).await,
        LimitCommand::Remove { customer, route } => remove(session, &customer, route).await,
    }
}

async fn list(session: &mut Session, customer: &str) -> Result<(), Failure> {
    let answer = session.client.get(&["customers", customer, "limits"], &[]).await?;
    if session.output.is_json() {
        return Ok(session.output.document(&answer)?);
    }
    let held: Vec<Held> = read(answer.get("data").unwrap_or(&Value::Null))?;
    if held.is_empty() {
        return Ok(session.output.note("no limits of their own: what the configuration says holds")?);
    }
    Ok(session.output.table(&HEADINGS, held.iter().map(Held::cells).collect())?)
}

async fn list_all(session: &mut Session, page: &PageArgs) -> Result<(), Failure> {
    let [route, rest @ ..] = HEADINGS;
    let headings: Vec<_> = ["CUSTOMER", route].into_iter().chain(rest).collect();
    let view = View { of: "limits of single customers", headings: &headings, row: Customers::cells };
    listing::show(session, &["limits"], Vec::new(), page, view).await
}

async fn set(session: &mut Session, args: SetArgs) -> Result<(), Failure> {
    let GivenRate(rate) = args.rate;
    let body = json!({
        "route": args.route, "requests": rate.map(|rate| rate.quota), "period": rate.map(|rate| rate.period),
        "without_redis": args.without_redis, "reason": args.reason,
    });
    let path = ["customers", &args.customer, "limits"];
    let answer = session.client.send(Method::PUT, &path, Some(&body)).await?;
    if session.output.is_json() {
        return Ok(session.output.document(&answer)?);
    }
    let held: Held = read(&answer)?;
    let line = format!("The limit of {} is {} (routes: {}).", args.customer, held.rate(), held.route());
    Ok(session.output.line(&line)?)
}

async fn remove(session: &mut Session, customer: &str, route: Option<String>) -> Result<(), Failure> {
    let query = super::listing::filters(&[("route", &route)]);
    session.client.remove(&["customers", customer, "limits"], &query).await?;
    let line = format!(
        "What the configuration says holds for {customer} again (routes: {}).",
        route.as_deref().unwrap_or("all")
    );
    Ok(session.output.line(&line)?)
}
