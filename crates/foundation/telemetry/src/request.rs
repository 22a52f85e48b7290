//! The request that a task works for: every log line that is written meanwhile names it.
//!
//! A span would do the same, and cost every request what only those with something to log need.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::fmt;
use std::time::{Instant, SystemTime};

use http::{HeaderMap, Uri};
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
    /// What [`crate::method_name`] calls its method.
    pub method: &'static str,
    /// Only its path is logged: what stands behind the question mark may be anything.
    pub uri: Uri,
    /// How it ended, when its handler didn't answer. Begins with none.
    pub ended: Cell<Option<Ended>>,
    /// What the answer says all the same, when its handler didn't answer. Begins with none; in a box, because hardly any
    /// request has it.
    pub left: RefCell<Option<Box<HeaderMap>>>,
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

    /// Leaves headers for the answer that is given in the handler's place, to the request that this task works for: how its
    /// limits stand, for example. Whoever knows them is dropped before that answer is made. Several may leave something.
    pub fn leave(headers: HeaderMap) {
        // Without a request nobody answers in the handler's place.
        let _ = CURRENT.try_with(|request| match &mut *request.left.borrow_mut() {
            Some(left) => left.extend(headers),
            left => *left = Some(Box::new(headers)),
        });
    }

    /// What was left for the answer to the request that this task works for. Empty the second time.
    #[must_use]
    pub fn left() -> HeaderMap {
        CURRENT
            .try_with(|request| request.left.take())
            .ok()
            .flatten()
            .map_or_else(HeaderMap::new, |left| *left)
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
        let mut line = String::new();
        self.inner.format_event(context, Writer::new(&mut line), event)?;
        let line = one_line(line.trim_end_matches('\n'));
        let Ok(request) = CURRENT.try_with(RequestContext::clone) else { return writeln!(writer, "{line}") };
        match (self.added, line.strip_suffix('}')) {
            (Added::Json, Some(object)) => {
                let member = json!({
                    "id": request.id, "method": request.method, "path": request.uri.path(),
                });
                writeln!(writer, "{object},\"request\":{member}}}")
            }
            _ => writeln!(writer, "{line} request={} {} {}", request.id, request.method, request.uri.path()),
        }
    }
}

/// What is logged may come from anywhere, an error that repeats a name, say: it begins no line of its own, which would pass for
/// another event, and moves no terminal's cursor.
fn one_line(line: &str) -> Cow<'_, str> {
    let is_harmless = |letter: char| letter == '\t' || !letter.is_control();
    if line.chars().all(is_harmless) {
        return Cow::Borrowed(line);
    }
    let (mut told, mut rest) = (String::with_capacity(line.len() + 16), line);
    while let Some(letter) = rest.chars().next() {
        let length = colour(rest).unwrap_or(letter.len_utf8());
        let (first, after) = rest.split_at(length);
        if is_harmless(letter) || length > 1 && letter == COLOUR {
            told.push_str(first);
        } else {
            told.extend(letter.escape_default());
        }
        rest = after;
    }
    Cow::Owned(told)
}

const COLOUR: char = '\x1b';

/// How long the sequence is that sets a colour, if the text begins with one: no other is written on purpose, to a terminal.
fn colour(text: &str) -> Option<usize> {
    let rest = text.strip_prefix(COLOUR)?.strip_prefix('[')?;
    let (numbers, _) = rest.split_once('m')?;
    let is_colour = numbers.bytes().all(|byte| byte.is_ascii_digit() || byte == b';');
    is_colour.then_some(numbers.len() + 3)
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::sync::{Arc, Mutex};

    use tracing_subscriber::Layer as _;
    use tracing_subscriber::fmt::format::{Format, JsonFields};
    use tracing_subscriber::layer::SubscriberExt as _;

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
        RequestContext {
            id: Uuid::nil(),
            is_new: true,
            came_at: SystemTime::now(),
            started: Instant::now(),
            method: "GET",
            uri,
            ended: Cell::new(None),
            left: RefCell::new(None),
        }
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

    #[test]
    fn a_terminal_has_its_colours() {
        assert_eq!(
            one_line("\x1b[2m12:00\x1b[0m \x1b[1;33mWARN\x1b[0m\tgone"),
            "\x1b[2m12:00\x1b[0m \x1b[1;33mWARN\x1b[0m\tgone"
        );
        assert_eq!(one_line("\x1b[31mred\x1b[2K\x1b["), "\x1b[31mred\\u{1b}[2K\\u{1b}[");
    }

    #[test]
    fn what_is_logged_begins_no_line_of_its_own_and_colours_nothing() {
        let forged = "gone\n2026-01-01T00:00:00Z  INFO all is well\r\x1b[2K\x1b[1A\u{9b}2K\x1b]0;m";
        for added in [Added::Text, Added::Json] {
            let lines = Lines::default();
            let writer = lines.clone();
            let layer = tracing_subscriber::fmt::layer().with_writer(move || writer.clone());
            let inner = Format::default().with_ansi(false);
            let layer = match added {
                Added::Text => layer.event_format(NamingRequest { inner, added }).boxed(),
                Added::Json => layer
                    .fmt_fields(JsonFields::new())
                    .event_format(NamingRequest { inner: inner.json(), added })
                    .boxed(),
            };
            tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
                let log = || {
                    tracing::warn!(error = %forged, name = forged, "what happened: {forged}");
                    tracing::warn!("{forged}");
                };
                CURRENT.sync_scope(request(), log);
                log();
            });
            let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
            assert_eq!(text.lines().count(), 4, "{text}");
            assert!(!text.contains(['\r', '\x1b', '\u{9b}']), "{text:?}");
        }
    }
}
