//! Clerk's Backend API, as far as a comparison asks it.

use std::fmt;
use std::time::{Duration, Instant};

use bounded_answer::AnswerError;
use chrono::{DateTime, TimeDelta, Utc};
use reqwest::StatusCode;
use reqwest::header::DATE;
use secrets::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use url::Url;

use crate::event::{MembershipData, OrganizationData, UserData};

/// How long one call may take.
const PATIENCE: Duration = Duration::from_secs(15);
/// How many rows are asked for at once.
const PAGE: usize = 100;
/// The largest answer that is read, in bytes: a page of people, each with as much metadata as Clerk takes.
const LARGEST: usize = 16 << 20;
/// How many pages at most: a server that answers for ever is not believed.
const MOST_PAGES: usize = 10_000;

/// Why it can't be asked.
#[derive(Debug, thiserror::Error)]
pub enum BackendError {
    /// It isn't there. Trying again helps.
    #[error("Clerk's Backend API can't be reached: {0}")]
    Unreachable(#[source] reqwest::Error),
    /// It says something else than it should.
    #[error("what Clerk's Backend API answers can't be read: {0}")]
    Unreadable(String),
    /// Too many questions; it says when to go on.
    #[error("Clerk's Backend API takes no more questions for {} seconds", .0.as_secs())]
    TooMany(Duration),
    /// It refuses. Somebody has to look at it.
    #[error("Clerk's Backend API answers {0}: check SIXTY_CLERK_SECRET_KEY and SIXTY_CLERK_API_URL")]
    Refused(StatusCode),
    /// It doesn't say what time it is, and our clock is no measure of what happens there.
    #[error(
        "Clerk's Backend API answers without a Date: check SIXTY_CLERK_API_URL, and what stands between it and us"
    )]
    Timeless,
}

/// A client of it.
pub struct Backend {
    http: reqwest::Client,
    url: Url,
    key: SecretString,
}

impl fmt::Debug for Backend {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Backend").field("url", &self.url.as_str()).finish_non_exhaustive()
    }
}

#[derive(Deserialize)]
struct Page<T> {
    data: Vec<T>,
}

impl Backend {
    /// A client. Nothing is asked yet.
    ///
    /// # Errors
    /// When the machine has no certificates to trust.
    pub fn new(mut url: Url, key: SecretString) -> Result<Self, BackendError> {
        // Paths are joined to it.
        if !url.path().ends_with('/') {
            url.set_path(&format!("{}/", url.path()));
        }
        let http = reqwest::Client::builder()
            .timeout(PATIENCE)
            // The key goes to the server that was named, and to no other.
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(BackendError::Unreachable)?;
        Ok(Self { http, url, key })
    }

    /// What time it is there. Our own clock says nothing of when something was changed at Clerk: were it ahead, what Clerk
    /// tells of next would be taken for older than what we have read.
    pub(crate) async fn now(&self) -> Result<DateTime<Utc>, BackendError> {
        let asked = Instant::now();
        let answer = self.answer("organizations", &[("limit", 1), ("offset", 0)]).await?;
        let date = answer.headers().get(DATE).and_then(|value| value.to_str().ok());
        let date =
            date.and_then(|text| DateTime::parse_from_rfc2822(text).ok()).ok_or(BackendError::Timeless)?;
        // Before whatever is asked next, and before the answer was on its way.
        let under_way = TimeDelta::from_std(asked.elapsed()).unwrap_or_default();
        Ok(date.with_timezone(&Utc) - under_way)
    }

    /// Every organization.
    pub(crate) async fn organizations(&self) -> Result<Vec<OrganizationData>, BackendError> {
        self.all("organizations").await
    }

    /// Everybody in an organization; nobody when it isn't there any more.
    pub(crate) async fn memberships(&self, organization: &str) -> Result<Vec<MembershipData>, BackendError> {
        match self.all(&format!("organizations/{organization}/memberships")).await {
            Err(BackendError::Refused(StatusCode::NOT_FOUND)) => Ok(Vec::new()),
            found => found,
        }
    }

    /// Whether an organization is there.
    pub(crate) async fn has_organization(&self, id: &str) -> Result<bool, BackendError> {
        self.one::<OrganizationData>(&format!("organizations/{id}")).await.map(|found| found.is_some())
    }

    /// A person.
    pub(crate) async fn user(&self, id: &str) -> Result<Option<UserData>, BackendError> {
        self.one(&format!("users/{id}")).await
    }

    async fn one<T: DeserializeOwned>(&self, path: &str) -> Result<Option<T>, BackendError> {
        match self.get(path, 0).await {
            Ok(found) => Ok(Some(found)),
            Err(BackendError::Refused(StatusCode::NOT_FOUND)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn all<T: DeserializeOwned>(&self, path: &str) -> Result<Vec<T>, BackendError> {
        let mut all = Vec::new();
        for _ in 0..MOST_PAGES {
            let page: Page<T> = self.get(path, all.len()).await?;
            let is_last = page.data.len() < PAGE;
            all.extend(page.data);
            if is_last {
                break;
            }
        }
        Ok(all)
    }

    async fn get<T: DeserializeOwned>(&self, path: &str, offset: usize) -> Result<T, BackendError> {
        let answer = self.answer(path, &[("limit", PAGE), ("offset", offset)]).await?;
        let text = bounded_answer::read(answer, LARGEST).await.map_err(|error| match error {
            AnswerError::BrokenOff(error) => BackendError::Unreachable(error),
            AnswerError::TooLarge(_) => BackendError::Unreadable(error.to_string()),
        })?;
        serde_json::from_slice(&text).map_err(|error| BackendError::Unreadable(error.to_string()))
    }

    async fn answer(&self, path: &str, query: &[(&str, usize)]) -> Result<reqwest::Response, BackendError> {
        let mut url = self.url.clone();
        let base = url.path().to_owned();
        url.set_path(&format!("{base}{path}"));
        let answer = self
            .http
            .get(url)
            .query(query)
            .bearer_auth(self.key.expose_secret())
            .send()
            .await
            .map_err(|error| BackendError::Unreachable(error.without_url()))?;
        match answer.status() {
            status if status.is_success() => Ok(answer),
            StatusCode::TOO_MANY_REQUESTS => Err(BackendError::TooMany(retry_after(&answer))),
            status if status.is_server_error() => match answer.error_for_status() {
                Err(error) => Err(BackendError::Unreachable(error.without_url())),
                Ok(_) => Err(BackendError::Refused(status)),
            },
            status => Err(BackendError::Refused(status)),
        }
    }
}

fn retry_after(answer: &reqwest::Response) -> Duration {
    let seconds = answer.headers().get("retry-after").and_then(|value| value.to_str().ok()?.parse().ok());
    Duration::from_secs(seconds.unwrap_or(10).clamp(1, 600))
}
