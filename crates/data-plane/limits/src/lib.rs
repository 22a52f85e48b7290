//! Rate limits and quotas, exact over all servers and decided in memory.
//!
//! A node leases a slice of a limit's remaining quota from Redis, atomically and in advance, and spends it without
//! asking. Redis' count includes what is leased, so all servers together never accept more than the quota; slices
//! shrink with what remains, unused ones are given back, and idle ones are recalled when somebody else runs dry, so
//! that all of it is used.
//!
//! What is kept where: how many requests were accepted is a fact, and PostgreSQL holds it (usage records). Redis
//! holds this window's count, and may lose it: it is put together again from what the nodes know and what
//! PostgreSQL counts ([`QuotaSeed`]). It may come back with an older one, too: what the nodes know is added to that. A
//! node holds what it has spent itself and what is in its hand.
//!
//! Without Redis each limit does as declared ([`OnRedisLoss`]). Nobody waits longer than
//! [`LimiterConfig::patience`], and after the first failure nobody waits at all until Redis answers again.

mod counted;
mod flow;
mod keeper;
mod limit;
mod limit_key;
mod limiter;
mod link;
mod parse;
mod policy;
mod refill;
mod seed;
mod seeding;
mod slice;
mod table;
mod verdict;
mod window;
mod word;

pub use limiter::{Health, Limiter, LimiterConfig, PendingCheck};
pub use parse::{DeclaredRate, ParseError, Rate, RouteRate, route_rates};
pub use policy::{CalendarUnit, OnRedisLoss, Period, Policy, Scope, Subject};
pub use seed::{QuotaSeed, SeedError, Span};
pub use verdict::{PolicyState, RATELIMIT, RATELIMIT_POLICY, Verdict};
