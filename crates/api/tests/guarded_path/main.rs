//! The guarded path on a real admin database and a real Redis: what is refused and why, how fast a change acts, and
//! what goes on when a part is away.

mod changes;
mod house;
mod limits;
mod outages;
mod refusals;
