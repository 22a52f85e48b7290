//! A request on its way through the steps, and what they leave behind.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Instant;

use axum::extract::{ConnectInfo, Request};
use axum::response::Response;
use chrono::{DateTime, Utc};
use domain::principal::{Impersonator, Permit, Principal};
use http::{HeaderMap, HeaderName, HeaderValue};
use limits::{PendingCheck, Policy, RATELIMIT, RATELIMIT_POLICY, Verdict};
use problem::Problem;
use secrets::KeyHash;
use smallvec::SmallVec;
use telemetry::{RequestContext, SPANS};
use tracing::span::EnteredSpan;
use tracing::{Instrument as _, Span};

use crate::authenticate::Shown;
use crate::client_address::ClientAddress;
use crate::guard::RouteGuard;
use crate::meter::Counted;
use crate::observe::{Step, StepWatch};
use crate::session::{RefusedSession, SessionQuestion};
use crate::{authenticate, customer_status, module, permission, rate_limit};

/// A request on its way through the steps.
///
/// It is counted before its answer leaves. One that its handler doesn't answer is counted when it is dropped: its caller has
/// hung up, it has taken too long, or its handler has panicked.
pub(crate) struct Passage {
    route: Arc<RouteGuard>,
    counted: Counted,
    /// How the limits stand, once they were asked.
    limits: Option<[HeaderValue; 2]>,
    /// The operator who acts in the customer's place.
    impersonator: Option<HeaderValue>,
    watch: StepWatch,
}

/// How many headers an answer is given on its way out.
const HEADERS: usize = 7;

/// Says on every answer that an operator acts in the customer's place, so that pages and programs can show it.
const IMPERSONATED_BY: HeaderName = HeaderName::from_static("x-impersonated-by");

/// Why a request isn't let through at once.
pub(crate) enum Halt {
    Refused(Problem),
    Asking(Question),
}

/// What must be asked before a request is let through.
pub(crate) enum Question {
    /// Who owns the key.
    Key(KeyHash, ClientAddress),
    /// Who shows the session token.
    Session(SessionQuestion, ClientAddress),
    /// Whether the limits allow it.
    Limits(Box<Limits>),
}

pub(crate) struct Limits {
    caller: Arc<Principal>,
    address: ClientAddress,
    policies: Policies,
    pending: Box<PendingCheck>,
}

type Policies = SmallVec<[Policy; 1]>;

impl From<Problem> for Halt {
    fn from(problem: Problem) -> Self {
        Self::Refused(problem)
    }
}

impl Passage {
    pub(crate) fn begin(route: Arc<RouteGuard>, request: &Request) -> Self {
        let counted = Counted::begin(request, route.path_of(request));
        Self { route, counted, limits: None, impersonator: None, watch: StepWatch::begin() }
    }

    /// Takes all steps for which nobody must be asked.
    pub(crate) fn check_at_hand(&mut self, request: &mut Request) -> Result<(), Halt> {
        let step = step(|| tracing::trace_span!(target: SPANS, "authenticate"));
        let gateway = &self.route.gateway.0;
        let address = gateway.config.trusted_proxies.client_address(request.extensions(), request.headers());
        let directory = &gateway.directory;
        let token = authenticate::token(request.headers(), request.uri())?;
        let fingerprint = directory.fingerprint(token);
        let seen = fingerprint.and_then(|key| authenticate::principal_seen(directory, key));
        let caller = if let Some(caller) = seen {
            caller
        } else {
            let shown = authenticate::shown(token, gateway.config.sessions.as_ref())?;
            match authenticate::principal_at_hand(directory, &shown, fingerprint) {
                Some(caller) => caller,
                None => {
                    return Err(Halt::Asking(match shown {
                        Shown::Key(key) => Question::Key(key, address),
                        Shown::Session(session) => Question::Session(session.question(), address),
                    }));
                }
            }
        };
        drop(step);
        let at = self.counted.started();
        match self.check_caller(caller, address, request, at)? {
            None => Ok(()),
            Some(limits) => Err(Halt::Asking(Question::Limits(limits))),
        }
    }

    /// Asks, and takes the steps that are left.
    pub(crate) async fn check(&mut self, question: Question, request: &mut Request) -> Result<(), Problem> {
        let asking = tracing::trace_span!(target: SPANS, "authenticate: ask the directory");
        let gateway = &self.route.gateway.0;
        let (caller, address) = match question {
            Question::Limits(limits) => return self.wait_for_limits(*limits, request).await,
            Question::Key(key, address) => {
                (authenticate::principal(&gateway.directory, &key).instrument(asking).await?, address)
            }
            Question::Session(session, address) => {
                // Nobody asks this who takes no sessions.
                let sessions = gateway.config.sessions.as_ref();
                let sessions = sessions.ok_or_else(|| Problem::internal("The error has been logged."))?;
                match session.principal(&gateway.directory, sessions).instrument(asking).await {
                    Ok(caller) => (caller, address),
                    Err(RefusedSession { problem, whose }) => {
                        if let Some(caller) = whose {
                            self.counted.caller_is(&caller);
                            gateway.numbers.customers.count(&caller.customer);
                        }
                        return Err(problem);
                    }
                }
            }
        };
        // Somebody was asked meanwhile: the patience with Redis begins now.
        match self.check_caller(caller, address, request, Instant::now())? {
            None => Ok(()),
            Some(limits) => self.wait_for_limits(*limits, request).await,
        }
    }

    async fn wait_for_limits(&mut self, limits: Limits, request: &mut Request) -> Result<(), Problem> {
        let Limits { caller, address, policies, pending } = limits;
        let verdict = self.route.gateway.0.limiter.wait(pending, &policies);
        let verdict = verdict.instrument(tracing::trace_span!(target: SPANS, "limit: ask Redis")).await;
        self.settle(verdict, &policies)?;
        admit(request, caller, address);
        Ok(())
    }

    /// The steps for a caller who is known. What must be asked for the last one is told, if anything must.
    fn check_caller(
        &mut self,
        caller: Arc<Principal>,
        address: ClientAddress,
        request: &mut Request,
        at: Instant,
    ) -> Result<Option<Box<Limits>>, Problem> {
        let now = self.counted.came_at();
        if telemetry::spans_are_wanted() {
            let span = Span::current();
            span.record("http.route", &*self.route.path);
            span.record("sixty.customer.id", tracing::field::display(caller.customer.id));
        }
        let policies = {
            let _step = step(|| tracing::trace_span!(target: SPANS, "decide"));
            self.decide(&caller, address.0, now)?
        };
        let _step = step(|| tracing::trace_span!(target: SPANS, "limit"));
        match self.route.gateway.0.limiter.check_at_hand(&policies, now, at) {
            Ok(verdict) => self.settle(verdict, &policies)?,
            Err(pending) => return Ok(Some(Box::new(Limits { caller, address, policies, pending }))),
        }
        admit(request, caller, address);
        Ok(None)
    }

    /// Everything but the limits, which are told. Who asks is noted first, so that a refusal is counted for them too.
    fn decide(
        &mut self,
        caller: &Arc<Principal>,
        address: Option<IpAddr>,
        now: DateTime<Utc>,
    ) -> Result<Policies, Problem> {
        let route = &*self.route;
        let gateway = &route.gateway.0;
        let needs = route.needs.as_ref();
        self.counted.caller_is(caller);
        gateway.numbers.customers.count(&caller.customer);
        if let Some(impersonator) = caller.caller.impersonator() {
            self.impersonator = Some(banner(impersonator));
        }
        authenticate::check_caller(&caller.caller, address, now)?;
        self.watch.over(Step::Authenticate, &gateway.numbers);
        let grace = gateway.config.grace_period;
        customer_status::check(&caller.customer, needs.map(|needs| needs.action), grace, now)?;
        let mut grant = None;
        if let Some(needs) = needs {
            grant = Some(module::check(&caller.customer, needs.module, now)?);
            permission::check(caller, needs)?;
            self.counted.module_is(needs.module);
        }
        self.watch.over(Step::Decide, &gateway.numbers);
        Ok(rate_limit::policies(caller, needs, grant, &route.limits))
    }

    fn settle(&mut self, verdict: Verdict, policies: &[Policy]) -> Result<(), Problem> {
        self.watch.over(Step::Limit, &self.route.gateway.0.numbers);
        self.limits = verdict.headers();
        if verdict.accepted {
            return Ok(());
        }
        Err(rate_limit::refusal(&verdict, policies, self.route.needs.as_ref()))
    }

    /// Says how the limits stand, and who acts.
    fn say(&mut self, headers: &mut HeaderMap) {
        if let Some([policy, limit]) = self.limits.take() {
            headers.append(RATELIMIT_POLICY, policy);
            headers.append(RATELIMIT, limit);
        }
        if let Some(banner) = self.impersonator.take() {
            headers.insert(IMPERSONATED_BY, banner);
        }
    }

    /// The same on the way out, and counts.
    pub(crate) fn end(mut self, mut response: Response) -> Response {
        let _step = step(|| tracing::trace_span!(target: SPANS, "meter"));
        self.watch.over(Step::Handle, &self.route.gateway.0.numbers);
        let headers = response.headers_mut();
        // The layers round this one add some more.
        headers.reserve(HEADERS);
        self.say(headers);
        let (outcome, after) = self.counted.end(&response);
        self.counted.write_down(&*self.route.gateway.0.recorder);
        self.watch.over(Step::Meter, &self.route.gateway.0.numbers);
        self.route.numbers.answered(outcome, after);
        response
    }
}

impl Drop for Passage {
    fn drop(&mut self) {
        let Some((outcome, after)) = self.counted.end_unanswered() else { return };
        self.counted.write_down(&*self.route.gateway.0.recorder);
        self.route.numbers.answered(outcome, after);
        // Somebody answers in the handler's place, if the caller is still there.
        let mut headers = HeaderMap::new();
        self.say(&mut headers);
        RequestContext::leave(headers);
    }
}

/// Who acts, by their address; by their id where somebody wrote one into the database that no header can hold. Nobody acts unseen.
fn banner(impersonator: &Impersonator) -> HeaderValue {
    HeaderValue::from_bytes(impersonator.email.as_bytes())
        .or_else(|_| HeaderValue::try_from(impersonator.operator_id.to_string()))
        .unwrap_or(HeaderValue::from_static("an operator"))
}

/// A step of the trace, until it is dropped.
fn step(span: impl FnOnce() -> Span) -> Option<EnteredSpan> {
    telemetry::spans_are_wanted().then(|| span().entered())
}

fn admit(request: &mut Request, caller: Arc<Principal>, address: ClientAddress) {
    let extensions = request.extensions_mut();
    // The permit says from where they come. In its place, because a fourth extension makes the map of them grow.
    extensions.remove::<ConnectInfo<SocketAddr>>();
    extensions.insert(Permit::after_checks(caller, address.0));
}
