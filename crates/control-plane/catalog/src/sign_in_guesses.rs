//! `admin_sign_in_guesses`: how often somebody guessed, and until when the next guess is refused unseen. In PostgreSQL, so
//! that it holds over all servers, and with Redis away.

use std::time::Duration;

use crate::{CatalogError, GenericClient, query};

/// The longest wait between two guesses, in seconds.
const LONGEST_WAIT: f64 = 900.0;

/// Takes one guess at a subject (an account, a network), before anybody looks whether it is right: guesses that are made at
/// once are each counted. The first `free` ones of a day cost nothing; each further one doubles the wait for the next.
/// Answers how long to wait instead, if it is too early.
///
/// While guesses are free there is no time from which on they are taken: `now()` of somebody who came in the same moment may
/// be a little earlier, and would have to wait for it.
///
/// # Errors
/// When the database can't be asked.
pub async fn take(
    client: &impl GenericClient,
    subject_hash: &str,
    free: i32,
) -> Result<Option<Duration>, CatalogError> {
    let sql = "insert into admin_sign_in_guesses as known (subject_hash, guesses, refused_until) values ($1, 1, '-infinity')
               on conflict (subject_hash) do update set
                   guesses = case when known.last_at < now() - interval '1 day' then 1 else known.guesses + 1 end,
                   refused_until = case
                       when known.last_at < now() - interval '1 day' or known.guesses + 1 <= $2 then '-infinity'
                       else now() + least($3, power(2, least(known.guesses - $2, 30))) * interval '1 second' end,
                   last_at = now()
               where known.refused_until <= now()
               returning guesses";
    if query::optional(client, sql, &[&subject_hash, &free, &LONGEST_WAIT]).await?.is_some() {
        return Ok(None);
    }
    let sql = "select extract(epoch from refused_until - now())::float8 from admin_sign_in_guesses where subject_hash = $1";
    let left = query::optional(client, sql, &[&subject_hash]).await?;
    let left = left.map(|row| row.try_get::<_, f64>(0)).transpose()?.unwrap_or(1.0);
    Ok(Some(Duration::from_secs_f64(left.clamp(1.0, LONGEST_WAIT))))
}

/// Forgets the guesses at a subject: one was right.
///
/// # Errors
/// When the database can't be asked.
pub async fn forget(client: &impl GenericClient, subject_hash: &str) -> Result<(), CatalogError> {
    query::execute(client, "delete from admin_sign_in_guesses where subject_hash = $1", &[&subject_hash])
        .await?;
    Ok(())
}

/// Takes one guess back, for a network from which one was right.
///
/// # Errors
/// When the database can't be asked.
pub async fn give_back(client: &impl GenericClient, subject_hash: &str) -> Result<(), CatalogError> {
    let sql = "update admin_sign_in_guesses set guesses = greatest(guesses - 1, 0) where subject_hash = $1";
    query::execute(client, sql, &[&subject_hash]).await?;
    Ok(())
}

/// Removes what a day has made meaningless; how many.
///
/// # Errors
/// When the database can't be asked.
pub async fn remove_old(client: &impl GenericClient) -> Result<u64, CatalogError> {
    let sql = "delete from admin_sign_in_guesses where last_at < now() - interval '1 day' and refused_until <= now()";
    query::execute(client, sql, &[]).await
}
