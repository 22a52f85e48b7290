//! Buckets of S3, or of what speaks like it: where things are kept away from the machines that make them.
#![forbid(unsafe_code)]

mod access;
mod address;
mod bucket;
mod object_lock;
mod request;
mod versions;

pub use access::{S3Access, S3Credentials};
pub use address::{BadAddress, BucketAddress};
pub use bucket::{Bucket, BucketError};
pub use object_lock::{LockMode, ObjectLock};
pub use versions::FirstVersion;
