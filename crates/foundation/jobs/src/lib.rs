//! Background jobs: retried with growing pauses, run by one worker at a time, never lost and never run for ever.
//!
//! What is stored: a row for every job (`admin_jobs`), written in the transaction that wants the job done. The row
//! is the truth: who has taken the job until when, how often it failed, how often it took its worker down with it.
//! What is in Redis: the ids of due jobs, as a hint to be quick. Redis may lose them all; the scan finds the rows.
//!
//! How a job gets to run: the insert notifies the workers; the first to look marks the row as offered and pushes its
//! id into Redis; whichever worker has a free slot pops it and claims the row. Without Redis, or when Redis forgets,
//! the scan claims rows directly. Every way ends in the same claim, so a job runs once at a time whatever is doubled.
//!
//! How a job ends: done; tried again after a pause; dead after too many failures; dead after it took too many
//! workers with it. A dead job stays to be looked at and retried by an operator.

mod backoff;
mod executor;
mod job;
mod redis_queue;
mod scan;
mod schedule;
mod store;
mod worker;

pub use backoff::Backoff;
pub use job::{Job, JobContext, JobError, JobOutcome};
pub use schedule::Schedule;
pub use store::{ClaimedJob, Ending, JobStore, Lease, NewJob, Reaped, Selection, StoreError};
pub use worker::{Worker, WorkerBuilder};
