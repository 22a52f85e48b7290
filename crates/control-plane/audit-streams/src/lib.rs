//! The audit log told to others as it is written: to an HTTPS endpoint, a bucket of S3, or a syslog server.
//!
//! A stream has a cursor in each chain of the log. A chain has no gaps and its rows commit in order, so that nothing is
//! left out, whenever it commits; what was sent when the worker died is sent again. Whoever listens tells rows apart by
//! their ids, and can check by chain, place and hash that it has them all.

mod delivery;
mod endpoint;
mod manage;
mod senders;
mod told;

pub use delivery::{AuditDelivery, OpenBucket};
pub use endpoint::{BadEndpoint, Endpoint};
pub use manage::{AuditStreams, NewStreamRequest, StreamChanges, StreamWithLag};
