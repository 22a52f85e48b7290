//! The request that a task works for: every log line that is written meanwhile names it.
//!
//! A span would do the same, and cost every request what only those with something to log need.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::time::{Instant, SystemTime};

use http::{HeaderValue, Method, Uri};
use serde_json::json;
use tokio::task::futures::TaskLocalFuture;
use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;
use uuid::Uuid;

tokio::task_local! {
    static CURRENT: RequestContext;
}

/// What log lines say of a request.
#[derive(Clone, Debug)]
pub struct RequestContext {
    /// The request id.
    pub id: Uuid,
    /// Whether the id is new, and so no other request's. A caller's own may be.
    pub is_new: bool,
    /// When it came. Both clocks are read once for all that count it.
    pub came_at: SystemTime,
    /// The same moment, for measuring.
    pub started: Instant,
    /// The method.
    pub method: Method,
    /// Only its path is logged: what stands behind the question mark may be anything.
    pub uri: Uri,
    /// How it ended, when its handler didn't answer. Begins with none.
    pub ended: Cell<Option<Ended>>,
    /// The operator who acts in a customer's place, for the answer that its handler doesn't give. Begins with nobody.
    pub impersonator: RefCell<Option<HeaderValue>>,
}

/// How a request ended that its handler didn't answer, although its caller still waited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// The handler panicked.
    Panicked,
    /// The handler took too long.
    GivenUp,
}

impl RequestContext {
    /// Asks something of the request that this task works for, if it works for one.
    pub fn of_current<R>(question: impl FnOnce(&Self) -> R) -> Option<R> {
        CURRENT.try_with(question).ok()
    }

    /// Notes for whoever counts the request that this task works for how it ends; its handler is dropped next.
    pub fn ends(how: Ended) {
        // Without a request there is nobody to count it.
        let _ = CURRENT.try_with(|request| request.ended.set(Some(how)));
    }

    /// How the request ends that this task works for, if its handler doesn't answer it.
    #[must_use]
    pub fn ended() -> Option<Ended> {
        CURRENT.try_with(|request| request.ended.get()).ok().flatten()
    }

    /// Notes who acts in a customer's place with the request that this task works for.
    pub fn is_impersonated(by: HeaderValue) {
        let _ = CURRENT.try_with(|request| request.impersonator.replace(Some(by)));
    }

    /// Who acts in a customer's place with it.
    #[must_use]
    pub fn impersonator() -> Option<HeaderValue> {
        CURRENT.try_with(|request| request.impersonator.borrow().clone()).ok().flatten()
    }

    /// Names this request in what the future logs.
    pub fn scope<F: Future>(self, future: F) -> TaskLocalFuture<Self, F> {
        CURRENT.scope(self, future)
    }
}

/// How a request is added to a line.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Added {
    /// At the end.
    Text,
    /// As a member of the object.
    Json,
}

/// Writes what another writes, and the request.
pub(crate) struct NamingRequest<F> {
    pub(crate) inner: F,
    pub(crate) added: Added,
}

impl<S, N, F> FormatEvent<S, N> for NamingRequest<F>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
    F: FormatEvent<S, N>,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let Ok(request) = CURRENT.try_with(RequestContext::clone) else {
            return self.inner.format_event(context, writer, event);
        };
        let mut line = String::new();
        self.inner.format_event(context, Writer::new(&mut line), event)?;
        let line = line.trim_end_matches('\n');
        match (self.added, line.strip_suffix('}')) {
            (Added::Json, Some(object)) => {
                let member = json!({
                    "id": request.id, "method": request.method.as_str(), "path": request.uri.path(),
                });
                writeln!(writer, "{object},\"request\":{member}}}")
            }
            _ => writeln!(writer, "{line} request={} {} {}", request.id, request.method, request.uri.path()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::sync::{Arc, Mutex};

    use tracing_subscriber::fmt::format::{Format, JsonFields};

    use super::*;

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn request() -> RequestContext {
        let uri = Uri::from_static("/api/v1/deals?secret=1");
        let (came_at, started, ended) = (SystemTime::now(), Instant::now(), Cell::new(None));
        let (method, impersonator) = (Method::GET, RefCell::default());
        RequestContext { id: Uuid::nil(), is_new: true, came_at, started, method, uri, ended, impersonator }
    }

    fn logged(subscriber: impl Subscriber + Send + Sync + 'static, lines: &Lines) -> Vec<String> {
        tracing::subscriber::with_default(subscriber, || {
            CURRENT.sync_scope(request(), || tracing::warn!(reason = "late", "inside"));
            tracing::warn!("outside");
        });
        let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
        text.lines().map(str::to_owned).collect()
    }

    #[test]
    fn a_line_names_the_request_it_was_written_for_and_no_query() {
        let lines = Lines::default();
        let writer = lines.clone();
        let inner = Format::default().with_ansi(false);
        let subscriber = tracing_subscriber::fmt()
            .event_format(NamingRequest { inner, added: Added::Text })
            .with_writer(move || writer.clone())
            .finish();
        let text = logged(subscriber, &lines);
        let id = Uuid::nil();
        assert!(
            text[0].ends_with(&format!("inside reason=\"late\" request={id} GET /api/v1/deals")),
            "{text:?}"
        );
        assert!(text[1].ends_with("outside"), "{text:?}");
    }

    #[test]
    fn a_json_line_stays_one() {
        let lines = Lines::default();
        let writer = lines.clone();
        let subscriber = tracing_subscriber::fmt()
            .fmt_fields(JsonFields::new())
            .event_format(NamingRequest { inner: Format::default().json(), added: Added::Json })
            .with_writer(move || writer.clone())
            .finish();
        let text = logged(subscriber, &lines);
        let first: serde_json::Value = serde_json::from_str(&text[0]).unwrap();
        assert_eq!(first["request"]["path"], "/api/v1/deals");
        assert_eq!(first["fields"]["reason"], "late");
        assert!(serde_json::from_str::<serde_json::Value>(&text[1]).unwrap().get("request").is_none());
    }
}
