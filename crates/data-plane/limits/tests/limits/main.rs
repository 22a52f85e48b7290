//! Limits over a real Redis: exact over several nodes, whatever becomes of Redis and of the nodes.

mod exact;
mod headers;
mod isolation;
mod lifecycle;
mod loss;
mod nodes;
mod seeds;
mod sliding;
