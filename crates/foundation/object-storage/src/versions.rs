//! What was put under a name first. Object lock keeps that, and lets anybody who may write put something over it: another
//! version, or a marker that says that nothing is there.

use std::collections::{BTreeMap, BTreeSet};

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
    CommonPrefixes(CommonPrefix),
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

/// Of the names that go on behind a slash, what stands before it, and the slash.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct CommonPrefix {
    prefix: String,
}

/// What a page says.
#[derive(Default)]
struct Listed {
    versions: Vec<Version>,
    folders: Vec<String>,
    /// Where the next one begins, if there is one.
    next: Option<Marker>,
}

/// Where a page begins.
#[derive(Default)]
struct Marker {
    key: String,
    version: String,
}

/// Those whose whole names begin with `prefix`, by their names behind `own`. `None` at an S3 that knows no versions.
pub(crate) async fn list(
    client: &AmazonS3,
    requests: &Requests,
    own: &str,
    prefix: &str,
) -> Result<Option<Vec<FirstVersion>>, BucketError> {
    let mut first: BTreeMap<String, Version> = BTreeMap::new();
    let asked = format!("prefix={}", escaped(prefix));
    let knows_versions = each_page(client, requests, &asked, |listed| {
        for version in listed.versions {
            // The newest come first; what says that it is as old is older.
            match first.get(&version.key) {
                Some(known) if known.last_modified < version.last_modified => {}
                _ => _ = first.insert(version.key.clone(), version),
            }
        }
    });
    if !knows_versions.await? {
        return Ok(None);
    }
    let named = |(key, version): (String, Version)| {
        let name = key.strip_prefix(own)?.to_owned();
        Some(FirstVersion { name, id: Some(version.version_id) })
    };
    Ok(Some(first.into_iter().filter_map(named).collect()))
}

/// The folders in the one whose whole name, with a slash behind it, this is, in order: also those in which only markers are
/// left to see. `None` at an S3 that knows no versions.
pub(crate) async fn folders(
    client: &AmazonS3,
    requests: &Requests,
    prefix: &str,
) -> Result<Option<Vec<String>>, BucketError> {
    let mut names = BTreeSet::new();
    // One row for each, however much is in it.
    let asked = format!("delimiter=%2F&prefix={}", escaped(prefix));
    let knows_versions = each_page(client, requests, &asked, |listed| {
        let name = |whole: &String| Some(whole.strip_prefix(prefix)?.strip_suffix('/')?.to_owned());
        names.extend(listed.folders.iter().filter_map(name));
    });
    Ok(knows_versions.await?.then(|| names.into_iter().collect()))
}

/// Reads a listing to its end. `false` at an S3 that knows no versions.
async fn each_page(
    client: &AmazonS3,
    requests: &Requests,
    asked: &str,
    mut take: impl FnMut(Listed),
) -> Result<bool, BucketError> {
    let mut marker = Some(Marker::default());
    while let Some(from) = marker.take() {
        let (status, text) = requests.send(client, page(asked, &from)).await?;
        if status == 501 {
            return Ok(false);
        }
        if status != 200 {
            return Err(requests.refused(status, &text));
        }
        let Some(mut listed) = parsed(&text) else {
            return Err(requests.refused(status, "<Code>with a list of versions that can't be read</Code>"));
        };
        marker = listed.next.take();
        take(listed);
    }
    Ok(true)
}

fn page(asked: &str, from: &Marker) -> BucketRequest {
    let mut at = format!("?versions=&max-keys={PAGE}&{asked}");
    for (name, value) in [("key-marker", &from.key), ("version-id-marker", &from.version)] {
        if !value.is_empty() {
            at.push_str(&format!("&{name}={}", escaped(value)));
        }
    }
    BucketRequest { method: Method::GET, at, headers: HeaderMap::new(), body: Bytes::new() }
}

fn escaped(text: &str) -> String {
    byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20")
}

fn parsed(text: &str) -> Option<Listed> {
    let page: Page = quick_xml::de::from_str(text).ok()?;
    let (mut listed, mut marker, mut is_truncated) = (Listed::default(), Marker::default(), false);
    for element in page.elements {
        match element {
            Element::Version(version) => listed.versions.push(version),
            Element::CommonPrefixes(folder) => listed.folders.push(folder.prefix),
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
    listed.next = is_truncated.then_some(marker);
    Some(listed)
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
        let Listed { versions, next, .. } = parsed(&text)?;
        let versions = versions.into_iter().map(|version| (version.key, version.version_id)).collect();
        Some((versions, next.map(|marker| (marker.key, marker.version))))
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
