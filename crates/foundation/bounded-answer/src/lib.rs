//! Reads what another server answers, up to a bound: whoever it is, and whoever stands in its place, can't fill the memory.
#![forbid(unsafe_code)]

use bytes::{Bytes, BytesMut};
use reqwest::Response;

/// As much as any document that is asked for needs, in bytes.
pub const DOCUMENT: usize = 1 << 20;

/// An answer can't be read.
#[derive(Debug, thiserror::Error)]
pub enum AnswerError {
    /// It broke off. The address isn't named: it may have secrets.
    #[error("{0}")]
    BrokenOff(#[source] reqwest::Error),
    /// It doesn't end where it should.
    #[error("its answer is larger than {0} bytes")]
    TooLarge(usize),
}

/// The body of an answer, as far as it was packed unpacked.
///
/// # Errors
/// [`AnswerError`] when it is larger than `most` bytes, which is noticed before more than that is kept, or when the
/// connection breaks.
pub async fn read(mut answer: Response, most: usize) -> Result<Bytes, AnswerError> {
    let promised = answer.content_length().and_then(|length| usize::try_from(length).ok());
    if promised.is_some_and(|length| length > most) {
        return Err(AnswerError::TooLarge(most));
    }
    let mut body = BytesMut::with_capacity(promised.unwrap_or_default());
    while let Some(part) =
        answer.chunk().await.map_err(|error| AnswerError::BrokenOff(error.without_url()))?
    {
        if body.len() + part.len() > most {
            return Err(AnswerError::TooLarge(most));
        }
        body.extend_from_slice(&part);
    }
    Ok(body.freeze())
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead as _, BufReader, Write as _};
    use std::net::TcpListener;

    use wiremock::matchers::any;
    use wiremock::{Mock, MockServer, ResponseTemplate};

    use super::*;

    async fn answer_of(body: Vec<u8>) -> Response {
        let server = MockServer::start().await;
        Mock::given(any()).respond_with(ResponseTemplate::new(200).set_body_bytes(body)).mount(&server).await;
        reqwest::get(server.uri()).await.unwrap()
    }

    /// A server that answers one request with this, and then as much more as is taken.
    fn endless(head: &'static str, part: &'static [u8]) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        std::thread::spawn(move || {
            let (mut connection, _) = listener.accept().unwrap();
            // Up to the blank line, with which a request without a body ends.
            let asked = BufReader::new(connection.try_clone().unwrap()).lines();
            assert!(asked.map_while(Result::ok).any(|line| line.is_empty()));
            connection.write_all(head.as_bytes()).unwrap();
            while connection.write_all(part).is_ok() {}
        });
        url
    }

    #[tokio::test]
    async fn an_answer_up_to_the_bound_is_read_and_a_byte_more_is_refused() {
        assert_eq!(read(answer_of(vec![7; 1000]).await, 1000).await.unwrap(), vec![7; 1000]);
        let refused = read(answer_of(vec![7; 1001]).await, 1000).await.unwrap_err();
        assert_eq!(refused.to_string(), "its answer is larger than 1000 bytes");
        assert_eq!(read(answer_of(Vec::new()).await, 0).await.unwrap(), Bytes::new());
    }

    #[tokio::test]
    async fn an_answer_that_never_ends_is_left_at_the_bound() {
        let head = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
        let url = endless(head, b"4\r\nwhat\r\n");
        let refused = read(reqwest::get(url).await.unwrap(), 10_000).await.unwrap_err();
        assert!(matches!(refused, AnswerError::TooLarge(10_000)));
        // Nor is room made for what is only promised.
        let promised = endless("HTTP/1.1 200 OK\r\ncontent-length: 1000000000000\r\n\r\n", b"what");
        let refused = read(reqwest::get(promised).await.unwrap(), 10_000).await.unwrap_err();
        assert!(matches!(refused, AnswerError::TooLarge(10_000)));
    }

    #[tokio::test]
    async fn an_answer_that_breaks_off_is_an_error_without_its_address() {
        let url = endless("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nnonsense\r\n", b"x");
        let broken =
            read(reqwest::get(format!("{url}/?token=secret")).await.unwrap(), 10_000).await.unwrap_err();
        assert!(matches!(broken, AnswerError::BrokenOff(_)));
        assert!(!format!("{broken} {broken:?}").contains("secret"), "{broken:?}");
    }
}
