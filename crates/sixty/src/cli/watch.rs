//! Following an operation to its end, over server-sent events.

use std::time::Duration;

use eventsource_stream::Eventsource as _;
use futures_util::StreamExt as _;
use reqwest::Response;
use serde_json::Value;
use tokio::time::Instant;

use super::Session;
use super::client::read;
use super::exit::Failure;
use super::operation::Operation;
use super::progress::Progress;

/// How long the server may be away. An operation goes on without it, and a restart of it takes seconds.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long to wait before asking again.
const PAUSE: Duration = Duration::from_millis(500);

/// Shows an operation until it has ended, and gives its last state: as the server sent it, and as read.
/// A server that goes away meanwhile is waited for.
pub(super) async fn to_the_end(
    session: &mut Session,
    id: &str,
    mut progress: Progress,
) -> Result<(Value, Operation), Failure> {
    let path = ["operations", id, "events"];
    let mut last_sign_of_life = Instant::now();
    let mut was_reached = false;
    loop {
        match session.client.events(&path).await {
            Ok(stream) => {
                was_reached = true;
                last_sign_of_life = Instant::now();
                if let Some(end) = follow(session, stream, &mut progress).await? {
                    return Ok(end);
                }
            }
            // A server that never answered is not one to wait for.
            Err(failure) if !was_reached || failure.code() != 6 || last_sign_of_life.elapsed() > PATIENCE => {
                return Err(failure);
            }
            Err(_) => progress.waits_for_the_server(),
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Follows one stream. None when it breaks off before the operation's end.
async fn follow(
    session: &mut Session,
    stream: Response,
    progress: &mut Progress,
) -> Result<Option<(Value, Operation)>, Failure> {
    let mut events = stream.bytes_stream().eventsource();
    while let Some(Ok(event)) = events.next().await {
        if event.event != "operation" {
            continue;
        }
        let Ok(document) = serde_json::from_str::<Value>(&event.data) else {
            return Err(Failure::Unexpected("the server sent an event that can't be read".to_owned()));
        };
        let operation: Operation = read(&document)?;
        progress.show(&mut session.output, &document, &operation)?;
        if operation.has_ended() {
            return Ok(Some((document, operation)));
        }
    }
    Ok(None)
}
