//! Requests that `object_store` doesn't make, signed by it: its PUT names no checksum in the way that a bucket with object
//! lock asks for, and it never asks for a lock.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method};
use object_store::aws::{AmazonS3, AwsAuthorizer};
use object_store::client::HttpRequestBody;

use crate::{BucketAddress, BucketError, S3Access};

/// How long one request may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// A request to the bucket, or to an object in it.
pub(crate) struct BucketRequest {
    pub(crate) method: Method,
    /// Behind the bucket: `/name`, or `?object-lock=`.
    pub(crate) at: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// What is asked with, kept from request to request.
#[derive(Debug, Clone)]
pub(crate) struct Requests {
    http: reqwest::Client,
    access: S3Access,
    address: BucketAddress,
}

impl Requests {
    pub(crate) fn new(access: S3Access, address: BucketAddress) -> Result<Self, BucketError> {
        let http =
            reqwest::Client::builder().timeout(PATIENCE).redirect(reqwest::redirect::Policy::none()).build();
        let http = http.map_err(|error| BucketError::of(&address, &error))?;
        Ok(Self { http, access, address })
    }

    /// The status, and what was said.
    pub(crate) async fn send(
        &self,
        client: &AmazonS3,
        request: BucketRequest,
    ) -> Result<(u16, String), BucketError> {
        let failed = |error: &(dyn std::error::Error + 'static)| BucketError::of(&self.address, error);
        let url = format!("{}{}", self.access.bucket_url(self.address.bucket()), request.at);
        let credential = client.credentials().get_credential().await.map_err(|error| failed(&error))?;
        let body = HttpRequestBody::from(request.body.clone());
        let signed = http::Request::builder().method(request.method.clone()).uri(&url).body(body);
        let mut signed = signed.map_err(|error| failed(&error))?;
        *signed.headers_mut() = request.headers;
        AwsAuthorizer::new(&credential, "s3", &self.access.region)
            .try_authorize(&mut signed, None)
            .map_err(|error| failed(&error))?;
        let mut headers = std::mem::take(signed.headers_mut());
        if let Some(signature) = headers.get_mut(http::header::AUTHORIZATION) {
            HeaderValue::set_sensitive(signature, true);
        }
        let sent = self.http.request(request.method, &url).headers(headers).body(request.body).send().await;
        let answer = sent.map_err(|error| failed(&error.without_url()))?;
        let status = answer.status().as_u16();
        let said = bounded_answer::read(answer, bounded_answer::DOCUMENT).await;
        Ok((status, String::from_utf8_lossy(&said.map_err(|error| failed(&error))?).into_owned()))
    }

    /// What a status means that wasn't hoped for.
    pub(crate) fn refused(&self, status: u16, text: &str) -> BucketError {
        // Only the kind: the message may repeat parts of the request.
        let kind = text.split_once("<Code>").and_then(|(_, rest)| rest.split_once("</Code>"));
        let kind: String = kind.map_or("", |(kind, _)| kind).chars().take(100).collect();
        BucketError::Failed {
            address: self.address.to_string(),
            reason: format!("it answers {status} {kind}"),
        }
    }
}
