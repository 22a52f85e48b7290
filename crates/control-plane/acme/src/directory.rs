//! Speaking to a directory.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::header::{CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use instant_acme::{BodyWrapper, BytesResponse, Error, HttpClient, Problem};
use reqwest::{Certificate, Client};

use crate::{AcmeConfig, AcmeError};

/// How long one request may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// For longer than this nobody is left alone for the authority's sake alone.
const LONGEST_WAIT: Duration = Duration::from_secs(24 * 3_600);

/// What the library calls an account that isn't there.
const NO_ACCOUNT: &str = "urn:ietf:params:acme:error:accountDoesNotExist";

/// What an authority says that gives certificates to its own customers only.
const NO_CUSTOMER: &str = "urn:ietf:params:acme:error:externalAccountRequired";

/// A directory. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Directory {
    pub(crate) url: String,
    client: Client,
    /// What the last refusal said of when to come again.
    retry_after: Arc<Mutex<Option<Duration>>>,
}

impl Directory {
    pub(crate) fn new(config: &AcmeConfig) -> Result<Self, AcmeError> {
        let unusable = |said: String| AcmeError::Authority {
            directory: config.directory.clone(),
            said,
            retry_after: None,
        };
        let mut builder = Client::builder().timeout(PATIENCE).redirect(reqwest::redirect::Policy::none());
        if let Some(pem) = &config.ca_certificate {
            let authority =
                Certificate::from_pem_bundle(pem.as_bytes()).ok().filter(|found| !found.is_empty());
            let authority = authority
                .ok_or_else(|| unusable("its authority's file has no certificate in PEM form".to_owned()))?;
            builder = builder.tls_certs_only(authority);
        }
        let client = builder.build().map_err(|error| unusable(error.to_string()))?;
        Ok(Self { url: config.directory.clone(), client, retry_after: Arc::default() })
    }

    /// What the library is given to ask with.
    pub(crate) fn http(&self) -> Box<dyn HttpClient> {
        Box::new(self.clone())
    }

    /// What went wrong, in words for people.
    pub(crate) fn error(&self, error: &Error) -> AcmeError {
        let retry_after = self.retry_after.lock().unwrap_or_else(PoisonError::into_inner).take();
        let said = match error {
            Error::Api(problem) if problem.r#type.as_deref() == Some(NO_CUSTOMER) => {
                format!("{}. Set SIXTY_ACME_EAB_KEY_ID and SIXTY_ACME_EAB_HMAC_KEY_FILE", said(problem))
            }
            Error::Api(problem) => said(problem),
            Error::Other(cause) => with_causes(&**cause),
            other => other.to_string(),
        };
        AcmeError::Authority { directory: self.url.clone(), said, retry_after }
    }

    async fn ask(self, request: Request<BodyWrapper<Bytes>>) -> Result<BytesResponse, Error> {
        let (parts, body) = request.into_parts();
        let body = match body.collect().await {
            Ok(body) => body.to_bytes(),
            Err(never) => match never {},
        };
        let answer = self.send((parts.method, parts.uri.to_string()), parts.headers, body).await?;
        Ok(BytesResponse::from(answer.map(Full::new)))
    }

    /// One request and its answer, read to its end.
    pub(crate) async fn send(
        &self,
        (method, url): (Method, String),
        headers: HeaderMap,
        body: Bytes,
    ) -> Result<Response<Bytes>, Error> {
        let asked = self.client.request(method, url).headers(headers).body(body);
        let response = asked.send().await.map_err(other)?;
        let (status, headers) = (response.status(), response.headers().clone());
        if matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE) {
            *self.retry_after.lock().unwrap_or_else(PoisonError::into_inner) = retry_after(&headers);
        }
        let read = bounded_answer::read(response, bounded_answer::DOCUMENT).await;
        let read = read.map_err(|error| Error::Other(Box::new(error)))?;
        // The library takes every refusal for a document of its kind; a proxy's page would be an error of JSON.
        let is_problem = headers
            .get(CONTENT_TYPE)
            .is_some_and(|kind| kind.to_str().is_ok_and(|kind| kind.contains("json")));
        if (status.is_client_error() || status.is_server_error()) && !is_problem {
            return Err(Error::Other(format!("it answers {status}").into()));
        }
        let mut answer = Response::new(read);
        *answer.status_mut() = status;
        *answer.headers_mut() = headers;
        Ok(answer)
    }
}

impl HttpClient for Directory {
    fn request(
        &self,
        request: Request<BodyWrapper<Bytes>>,
    ) -> Pin<Box<dyn Future<Output = Result<BytesResponse, Error>> + Send>> {
        Box::pin(self.clone().ask(request))
    }
}

/// Whether the authority doesn't know the account.
pub(crate) fn is_unknown_account(error: &Error) -> bool {
    matches!(error, Error::Api(problem) if problem.r#type.as_deref() == Some(NO_ACCOUNT))
}

/// A document of refusal as a sentence.
pub(crate) fn said(problem: &Problem) -> String {
    let kind =
        problem.r#type.as_deref().unwrap_or_default().rsplit(':').next().unwrap_or_default().to_owned();
    let detail = problem.detail.clone().unwrap_or_else(|| "it says nothing more".to_owned());
    let of_names: Vec<_> = problem.subproblems.iter().map(|one| one.to_string()).collect();
    let of_names = if of_names.is_empty() { String::new() } else { format!(" ({})", of_names.join("; ")) };
    if kind.is_empty() { format!("{detail}{of_names}") } else { format!("{kind}: {detail}{of_names}") }
}

fn other(error: reqwest::Error) -> Error {
    Error::Other(Box::new(error.without_url()))
}

/// The error and what is behind it: the outermost of a connection says nothing.
fn with_causes(error: &(dyn std::error::Error + 'static)) -> String {
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        words = format!("{words}: {error}");
        cause = error.source();
    }
    words
}

/// In seconds, or as a date.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let wait = match text.parse() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => {
            let at = chrono::DateTime::parse_from_rfc2822(text).ok()?;
            SystemTime::from(at).duration_since(SystemTime::now()).unwrap_or_default()
        }
    };
    Some(wait.min(LONGEST_WAIT))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_authority_says_when_to_come_again() {
        let said = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(RETRY_AFTER, text.parse().unwrap());
            retry_after(&headers)
        };
        assert_eq!(said("120"), Some(Duration::from_secs(120)));
        assert_eq!(said("Sun, 06 Nov 1994 08:49:37 GMT"), Some(Duration::ZERO));
        assert_eq!(said("Sat, 06 Nov 2494 08:49:37 GMT"), Some(LONGEST_WAIT));
        assert_eq!(said("soon"), None);
        assert_eq!(retry_after(&HeaderMap::new()), None);
    }
}
