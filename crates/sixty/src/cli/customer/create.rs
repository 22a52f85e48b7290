//! Signing a customer up, and the answer that a restore shares: an operation, and a key that is shown once.

use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use super::super::client::read;
use super::super::exit::Failure;
use super::super::operation::Operation;
use super::super::progress::Progress;
use super::super::{Session, watch};
use super::WaitArgs;
use super::show::Customer;

/// What a program ends with when somebody interrupts it.
const INTERRUPTED: u8 = 130;

/// Who.
#[derive(Debug, clap::Args)]
pub(crate) struct CreateArgs {
    /// The customerId: small letters, digits, _ and -, at most 40
    customer: String,
    /// The company's name
    #[arg(long)]
    name: String,
    /// Where invoices go
    #[arg(long)]
    email: String,
    /// The plan
    #[arg(long, value_parser = ["starter", "pro", "enterprise"])]
    plan: String,
    /// A feature module's key; give it again for more [default: the plan's]
    #[arg(long = "module", value_name = "KEY")]
    modules: Vec<String>,
    /// The IANA time zone, such as Europe/Berlin [default: UTC]
    #[arg(long)]
    timezone: Option<String>,
    #[command(flatten)]
    wait: WaitArgs,
}

/// The answer to a sign-up.
#[derive(Debug, Deserialize)]
struct SignUp {
    customer: NewCustomer,
    api_key: NewKey,
    operation: Begun,
}

#[derive(Debug, Deserialize)]
struct NewCustomer {
    id: String,
    customer_id: String,
}

#[derive(Debug, Deserialize)]
struct NewKey {
    key: String,
}

#[derive(Debug, Deserialize)]
struct Begun {
    id: String,
}

pub(super) async fn run(session: &mut Session, args: CreateArgs) -> Result<(), Failure> {
    let mut body = json!({
        "customer_id": args.customer,
        "name": args.name,
        "email": args.email,
        "plan": args.plan,
    });
    if !args.modules.is_empty() {
        body["modules"] = args.modules.into();
    }
    if let Some(timezone) = args.timezone {
        body["timezone"] = timezone.into();
    }
    sign_up(session, &["customers"], &body, args.wait).await
}

/// Asks for a new customer, waits for them, and shows the key whatever happens to the waiting: there is no second
/// chance to see it.
pub(super) async fn sign_up(
    session: &mut Session,
    path: &[&str],
    body: &Value,
    wait: WaitArgs,
) -> Result<(), Failure> {
    let mut answer = session.client.send(Method::POST, path, Some(body)).await?;
    let begun: SignUp = read(&answer)?;
    let mut outcome = Ok(());
    if !wait.no_wait {
        let progress = Progress::aside(&session.output);
        let watched = tokio::select! {
            watched = watch::to_the_end(session, &begun.operation.id, progress) => watched,
            _ = tokio::signal::ctrl_c() => Err(Failure::Ended(INTERRUPTED)),
        };
        match watched {
            Ok((document, operation)) => {
                outcome = operation.outcome();
                answer["operation"] = document;
            }
            Err(failure) => outcome = Err(failure),
        }
    }
    if session.output.is_json() {
        session.output.document(&answer)?;
        return outcome;
    }
    let last: Operation = read(&answer["operation"])?;
    if matches!(last.status.as_str(), "failed" | "canceled") {
        // Nothing is left of the customer, so the key is of no use.
        return outcome;
    }
    show(session, begun, last.status == "succeeded").await?;
    outcome
}

async fn show(session: &mut Session, begun: SignUp, is_ready: bool) -> Result<(), Failure> {
    let SignUp { customer, api_key, operation } = begun;
    let name = customer.customer_id;
    // What the operation found out, if it got there. The key is shown even when this can't be read.
    let ready = if is_ready { session.client.get(&["customers", &name], &[]).await.ok() } else { None };
    let ready: Option<Customer> = ready.and_then(|answer| read(&answer).ok());
    session.output.details(&[
        ("customer", Some(name.clone())),
        ("id", Some(customer.id)),
        ("database", ready.as_ref().and_then(|customer| customer.database_name.clone())),
        ("address", ready.as_ref().and_then(Customer::address)),
        ("API key", Some(api_key.key)),
    ])?;
    session.output.note("The key is shown here and never again: keep it now.")?;
    if !is_ready {
        session.output.note("The customer is not ready yet; the key works when they are.")?;
        session.output.note(&format!("follow it: sixty operation watch {}", operation.id))?;
    }
    Ok(())
}
