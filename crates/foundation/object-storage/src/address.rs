//! `s3://bucket/folder`.

use std::fmt;
use std::str::FromStr;

/// A bucket, and the folder in it that is ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BucketAddress {
    bucket: String,
    folder: String,
}

/// A text that names no bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadAddress {
    /// It doesn't begin so.
    #[error("a bucket is written s3://BUCKET or s3://BUCKET/FOLDER")]
    Scheme,
    /// By S3's rules.
    #[error("the name of a bucket has 3 to 63 small letters, digits, points and hyphens")]
    Bucket,
    /// What would have to be escaped, or means something else in a path.
    #[error(
        "a folder has letters, digits, points, hyphens and underscores between its slashes, and no . or .. alone"
    )]
    Folder,
}

impl BucketAddress {
    /// The bucket.
    #[must_use]
    pub fn bucket(&self) -> &str {
        &self.bucket
    }

    /// The whole name of what is called so in our folder.
    pub(crate) fn name(&self, name: &str) -> String {
        if self.folder.is_empty() { name.to_owned() } else { format!("{}/{name}", self.folder) }
    }
}

impl FromStr for BucketAddress {
    type Err = BadAddress;

    fn from_str(text: &str) -> Result<Self, BadAddress> {
        let rest = text.strip_prefix("s3://").ok_or(BadAddress::Scheme)?;
        let (bucket, folder) = rest.split_once('/').unwrap_or((rest, ""));
        let is_small =
            |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'.' | b'-');
        if !(3..=63).contains(&bucket.len()) || !bucket.bytes().all(is_small) {
            return Err(BadAddress::Bucket);
        }
        let folder = folder.strip_suffix('/').unwrap_or(folder);
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
        let is_part = |part: &str| !matches!(part, "" | "." | "..") && part.bytes().all(is_plain);
        if folder.len() > 500 || !(folder.is_empty() || folder.split('/').all(is_part)) {
            return Err(BadAddress::Folder);
        }
        Ok(Self { bucket: bucket.to_owned(), folder: folder.to_owned() })
    }
}

impl fmt::Display for BucketAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "s3://{}", self.name_of_folder())
    }
}

impl BucketAddress {
    fn name_of_folder(&self) -> String {
        if self.folder.is_empty() { self.bucket.clone() } else { format!("{}/{}", self.bucket, self.folder) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_reads_back_and_what_is_none_says_why() {
        for text in ["s3://audit", "s3://my-company.audit/sixty", "s3://audit/a/b_c/2026"] {
            assert_eq!(text.parse::<BucketAddress>().unwrap().to_string(), text);
        }
        let slash = "s3://audit/sixty/".parse::<BucketAddress>().unwrap();
        assert_eq!(
            (slash.name("x"), slash.to_string()),
            ("sixty/x".to_owned(), "s3://audit/sixty".to_owned())
        );
        assert_eq!("s3://audit".parse::<BucketAddress>().unwrap().name("x"), "x");
        for (text, error) in [
            ("", BadAddress::Scheme),
            ("/var/anchors", BadAddress::Scheme),
            ("https://audit.s3.amazonaws.com", BadAddress::Scheme),
            ("s3://", BadAddress::Bucket),
            ("s3://Audit", BadAddress::Bucket),
            ("s3://user:password@audit", BadAddress::Bucket),
            ("s3://audit/../other", BadAddress::Folder),
            ("s3://audit//a", BadAddress::Folder),
            ("s3://audit/a?versionId=1", BadAddress::Folder),
        ] {
            assert_eq!(text.parse::<BucketAddress>(), Err(error), "{text}");
        }
    }
}
