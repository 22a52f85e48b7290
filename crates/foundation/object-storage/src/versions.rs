//! What was put under a name first. Object lock keeps that, and lets anybody who may write put something over it: another
//! version, or a marker that says that nothing is there.

use std::collections::BTreeMap;

use bytes::Bytes;
use http::{HeaderMap, Method};
use object_store::aws::AmazonS3;
use serde::Deserialize;
use url::form_urlencoded::byte_serialize;

use crate::BucketError;
use crate::request::{BucketRequest, Requests};

/// How many are listed at once: with the longest names there are, an answer is still read to its end.
const PAGE: usize = 500;

/// An object as it was put there first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FirstVersion {
    /// Its name, without that of the folder.
    pub name: String,
    /// Which of those that have this name. `None` at an S3 that has one for each name.
    pub(crate) id: Option<String>,
}

/// An answer's elements, in their order: versions and markers stand between each other.
#[derive(Deserialize)]
struct Page {
    #[serde(rename = "$value", default)]
    elements: Vec<Element>,
}

#[derive(Deserialize)]
enum Element {
    Version(Version),
    IsTruncated(bool),
    NextKeyMarker(String),
    NextVersionIdMarker(String),
    #[serde(other)]
    Other,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Version {
    key: String,
    version_id: String,
    last_modified: String,
}

/// Where the next page begins.
#[derive(Default)]
struct Marker {
    key: String,
    version: String,
}

/// Those whose whole names begin so. `None` at an S3 that knows no versions.
pub(crate) async fn list(
    client: &AmazonS3,
    requests: &Requests,
    prefix: &str,
) -> Result<Option<Vec<FirstVersion>>, BucketError> {
    let mut first: BTreeMap<String, Version> = BTreeMap::new();
    let mut marker = Some(Marker::default());
    while let Some(from) = marker.take() {
        let (status, text) = requests.send(client, page(prefix, &from)).await?;
        if status == 501 {
            return Ok(None);
        }
        if status != 200 {
            return Err(requests.refused(status, &text));
        }
        let Some((versions, next)) = parsed(&text) else {
            return Err(requests.refused(status, "<Code>with a list of versions that can't be read</Code>"));
        };
        for version in versions {
            // The newest come first; what says that it is as old is older.
            match first.get(&version.key) {
                Some(known) if known.last_modified < version.last_modified => {}
                _ => _ = first.insert(version.key.clone(), version),
            }
        }
        marker = next;
    }
    let named = |(key, version): (String, Version)| {
        let name = key.strip_prefix(prefix)?.to_owned();
        Some(FirstVersion { name, id: Some(version.version_id) })
    };
    Ok(Some(first.into_iter().filter_map(named).collect()))
}

fn page(prefix: &str, from: &Marker) -> BucketRequest {
    let escaped = |text: &str| byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20");
    let mut at = format!("?versions=&max-keys={PAGE}&prefix={}", escaped(prefix));
    for (name, value) in [("key-marker", &from.key), ("version-id-marker", &from.version)] {
        if !value.is_empty() {
            at.push_str(&format!("&{name}={}", escaped(value)));
        }
    }
    BucketRequest { method: Method::GET, at, headers: HeaderMap::new(), body: Bytes::new() }
}

fn parsed(text: &str) -> Option<(Vec<Version>, Option<Marker>)> {
    let page: Page = quick_xml::de::from_str(text).ok()?;
    let (mut versions, mut marker, mut is_truncated) = (Vec::new(), Marker::default(), false);
    for element in page.elements {
        match element {
            Element::Version(version) => versions.push(version),
            Element::IsTruncated(truncated) => is_truncated = truncated,
            Element::NextKeyMarker(key) => marker.key = key,
            Element::NextVersionIdMarker(version) => marker.version = version,
            Element::Other => {}
        }
    }
    // More that can't be asked for would be read as the end.
    if is_truncated && marker.key.is_empty() {
        return None;
    }
    Some((versions, is_truncated.then_some(marker)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A key, and the id of a version of it.
    type Named = (String, String);

    fn listed(rest: &str) -> Option<(Vec<Named>, Option<Named>)> {
        let text = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<ListVersionsResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">\
             <Name>audit</Name><Prefix/><KeyMarker/><MaxKeys>500</MaxKeys>{rest}</ListVersionsResult>"
        );
        let (versions, marker) = parsed(&text)?;
        let versions = versions.into_iter().map(|version| (version.key, version.version_id)).collect();
        Some((versions, marker.map(|marker| (marker.key, marker.version))))
    }

    #[test]
    fn versions_are_found_between_markers_and_what_is_cut_off_is_no_end() {
        let version = |key: &str, id: &str| {
            format!(
                "<Version><Key>{key}</Key><VersionId>{id}</VersionId><IsLatest>false</IsLatest><LastModified>\
                 2026-01-01T00:00:00.000Z</LastModified><ETag>&quot;e&quot;</ETag><Size>1</Size><Owner><ID>1</ID></Owner></Version>"
            )
        };
        let taken =
            "<DeleteMarker><Key>a</Key><VersionId>9</VersionId><IsLatest>true</IsLatest></DeleteMarker>";
        let both =
            format!("<IsTruncated>false</IsTruncated>{}{taken}{}", version("a", "1"), version("b", "2"));
        let pair = |key: &str, id: &str| (key.to_owned(), id.to_owned());
        assert_eq!(listed(&both), Some((vec![pair("a", "1"), pair("b", "2")], None)));
        let more = "<IsTruncated>true</IsTruncated><NextKeyMarker>a</NextKeyMarker><NextVersionIdMarker>1</NextVersionIdMarker>";
        assert_eq!(listed(more), Some((vec![], Some(pair("a", "1")))));
        assert_eq!(listed("<IsTruncated>true</IsTruncated>"), None);
        assert_eq!(listed("<Version><Key>a</Key></Version>"), None);
        assert!(parsed("<html>").is_none());
    }
}
