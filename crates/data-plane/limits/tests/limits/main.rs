//! Limits over a real Redis: exact over several nodes, whatever becomes of Redis and of the nodes.

#![expect(clippy::unwrap_used, clippy::cast_precision_loss, reason = "a failed set-up fails the test")]

mod exact;
mod headers;
mod isolation;
mod lifecycle;
mod loss;
mod nodes;
mod older;
mod seeds;
mod skew;
mod sliding;
