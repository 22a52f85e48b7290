//! What is put into a bucket, and read there.

use std::error::Error;

use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use futures_util::TryStreamExt as _;
use http::{HeaderMap, HeaderValue, Method, header};
use object_store::aws::AmazonS3;
use object_store::path::Path;
use object_store::{GetOptions, ObjectStore};

use crate::object_lock::{self, ObjectLock};
use crate::request::{BucketRequest, Requests};
use crate::versions::{self, FirstVersion};
use crate::{BucketAddress, S3Access};

/// A bucket didn't do what it was asked for. Says nothing secret.
#[derive(Debug, thiserror::Error)]
pub enum BucketError {
    /// It isn't to be had without encryption.
    #[error("{0}: AWS_ENDPOINT_URL says http, and that is for this machine alone: use https")]
    Plain(String),
    /// There is no such object.
    #[error("{0}: it is not there")]
    Missing(String),
    /// Everything else: it can't be reached, or refuses.
    #[error("{address}: {reason}")]
    Failed {
        /// Which.
        address: String,
        /// Why.
        reason: String,
    },
}

impl BucketError {
    /// The innermost reason: what is around it repeats the request.
    pub(crate) fn of(address: &BucketAddress, error: &(dyn Error + 'static)) -> Self {
        let mut innermost = error;
        while let Some(source) = innermost.source() {
            innermost = source;
        }
        Self::Failed { address: address.to_string(), reason: innermost.to_string() }
    }
}

/// A folder in a bucket.
#[derive(Debug, Clone)]
pub struct Bucket {
    address: BucketAddress,
    client: AmazonS3,
    requests: Requests,
}

impl Bucket {
    /// The folder at this address. Nobody is asked yet.
    ///
    /// # Errors
    /// When it would be asked without encryption over a network, or the credentials aren't whole.
    pub fn open(address: BucketAddress, access: S3Access) -> Result<Self, BucketError> {
        let client = access.client(&address)?;
        let requests = Requests::new(access, address.clone())?;
        Ok(Self { address, client, requests })
    }

    /// Where it is.
    #[must_use]
    pub fn address(&self) -> &BucketAddress {
        &self.address
    }

    /// Puts an object there, in the place of one that has its name.
    ///
    /// # Errors
    /// When the bucket can't be reached, or refuses. The object may be there all the same.
    pub async fn put(&self, name: &str, bytes: impl Into<Bytes>) -> Result<(), BucketError> {
        match self.send(name, bytes.into(), HeaderMap::new()).await? {
            (200, _) => Ok(()),
            (status, text) => Err(self.requests.refused(status, &text)),
        }
    }

    /// Puts an object there if none has its name. `false`: one has.
    ///
    /// # Errors
    /// When the bucket can't be reached, or refuses. The object may be there all the same.
    pub async fn put_new(&self, name: &str, bytes: impl Into<Bytes>) -> Result<bool, BucketError> {
        let mut headers = HeaderMap::new();
        headers.insert(header::IF_NONE_MATCH, HeaderValue::from_static("*"));
        match self.send(name, bytes.into(), headers).await? {
            (200, _) => Ok(true),
            (412, _) => Ok(false),
            (status, text) => Err(self.requests.refused(status, &text)),
        }
    }

    /// A bucket with object lock takes nothing without a checksum.
    async fn send(
        &self,
        name: &str,
        body: Bytes,
        mut headers: HeaderMap,
    ) -> Result<(u16, String), BucketError> {
        let checksum = BASE64.encode(digest::digest(&digest::SHA256, &body));
        let checksum =
            HeaderValue::from_str(&checksum).map_err(|error| BucketError::of(&self.address, &error))?;
        headers.insert("x-amz-checksum-sha256", checksum);
        headers.insert("x-amz-sdk-checksum-algorithm", HeaderValue::from_static("SHA256"));
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
        let at = format!("/{}", self.path(name));
        self.requests.send(&self.client, BucketRequest { method: Method::PUT, at, headers, body }).await
    }

    /// What an object holds.
    ///
    /// # Errors
    /// [`BucketError::Missing`], and when the bucket can't be reached, or refuses.
    pub async fn get(&self, name: &str) -> Result<Bytes, BucketError> {
        self.read(name, None).await
    }

    /// What an object held when its name was first given to one.
    ///
    /// # Errors
    /// [`BucketError::Missing`], and when the bucket can't be reached, or refuses.
    pub async fn get_first(&self, first: &FirstVersion) -> Result<Bytes, BucketError> {
        self.read(&first.name, first.id.clone()).await
    }

    async fn read(&self, name: &str, version: Option<String>) -> Result<Bytes, BucketError> {
        let options = GetOptions { version, ..GetOptions::default() };
        let read = async { self.client.get_opts(&self.path(name), options).await?.bytes().await };
        read.await.map_err(|error| match error {
            object_store::Error::NotFound { .. } => BucketError::Missing(format!("{}/{name}", self.address)),
            error => BucketError::of(&self.address, &error),
        })
    }

    /// What was first put under each name in a folder and the folders in it, in order: also where something else has been put
    /// over it since, or it was taken away and the bucket keeps versions. The empty name is our own folder's.
    ///
    /// # Errors
    /// When the bucket can't be reached, or refuses.
    pub async fn first_versions(&self, folder: &str) -> Result<Vec<FirstVersion>, BucketError> {
        let (own, prefix) = (self.address.name(""), self.address.name(&within(folder, "")));
        if let Some(first) = versions::list(&self.client, &self.requests, &own, &prefix).await? {
            return Ok(first);
        }
        let names = self.names(folder).await?;
        Ok(names.iter().map(|name| FirstVersion { name: within(folder, name), id: None }).collect())
    }

    /// The names of the folders in a folder, in order: also those in which everything was taken away, where the bucket keeps
    /// versions. The empty name is our own.
    ///
    /// # Errors
    /// When the bucket can't be reached, or refuses.
    pub async fn folders(&self, folder: &str) -> Result<Vec<String>, BucketError> {
        let prefix = self.address.name(&within(folder, ""));
        if let Some(folders) = versions::folders(&self.client, &self.requests, &prefix).await? {
            return Ok(folders);
        }
        let listed = self.client.list_with_delimiter(Some(&self.path(folder))).await;
        let listed = listed.map_err(|error| BucketError::of(&self.address, &error))?;
        let last = |path: &Path| path.parts().next_back().map(|part| part.as_ref().to_owned());
        let mut names: Vec<_> = listed.common_prefixes.iter().filter_map(last).collect();
        names.sort();
        Ok(names)
    }

    /// The names of the objects in a folder, and in the folders in it, in order; the folder's own name isn't repeated.
    ///
    /// # Errors
    /// When the bucket can't be reached, or refuses.
    pub async fn names(&self, folder: &str) -> Result<Vec<String>, BucketError> {
        let folder = self.path(folder);
        let listed: Vec<_> = self
            .client
            .list(Some(&folder))
            .try_collect()
            .await
            .map_err(|error| BucketError::of(&self.address, &error))?;
        let behind = |path: &Path| {
            let parts = path.prefix_match(&folder)?;
            Some(parts.map(|part| part.as_ref().to_owned()).collect::<Vec<_>>().join("/"))
        };
        let mut names: Vec<_> = listed.iter().filter_map(|object| behind(&object.location)).collect();
        names.sort();
        Ok(names)
    }

    /// Whether what is put there can be taken away or replaced.
    ///
    /// # Errors
    /// When the bucket can't be reached, or doesn't say.
    pub async fn object_lock(&self) -> Result<ObjectLock, BucketError> {
        object_lock::read(&self.client, &self.requests).await
    }

    fn path(&self, name: &str) -> Path {
        Path::from(self.address.name(name))
    }
}

/// The name of what is called so in a folder of ours.
fn within(folder: &str, name: &str) -> String {
    if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") }
}
