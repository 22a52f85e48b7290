//! Many changes at once are told as few: each topic at most twice a second, and what is too much to name as "something
//! about it".

use std::collections::BTreeMap;
use std::time::Duration;

use domain::news::{News, Topic};
use tokio::time::Instant;

/// What is written together is told together.
const GATHER: Duration = Duration::from_millis(20);
/// The least time between two tellings.
const PAUSE: Duration = Duration::from_millis(500);
/// How many changes of one topic are named in one telling.
const NAMED: usize = 3;

/// What changed since the last telling.
#[derive(Default)]
pub(super) struct Burst {
    pending: BTreeMap<Topic, Vec<News>>,
    due: Option<Instant>,
    told_at: Option<Instant>,
}

impl Burst {
    pub(super) fn add(&mut self, news: News, now: Instant) {
        let pending = self.pending.entry(news.topic).or_default();
        if !pending.iter().any(|known| covers(known, &news)) {
            pending.push(news);
            shorten(pending);
        }
        let earliest = self.told_at.map_or(now, |told| told + PAUSE);
        self.due.get_or_insert_with(|| earliest.max(now + GATHER));
    }

    /// When what there is should be told; `None` when there is nothing.
    pub(super) fn due(&self) -> Option<Instant> {
        self.due
    }

    /// What there is to tell; nothing is left.
    pub(super) fn take(&mut self, now: Instant) -> Vec<News> {
        self.due = None;
        self.told_at = Some(now);
        std::mem::take(&mut self.pending).into_values().flatten().collect()
    }
}

/// Whether who heard the one has nothing to learn from the other.
fn covers(known: &News, news: &News) -> bool {
    let of_customer = known.customer.is_none() || known.customer == news.customer;
    of_customer && (known.id.is_none() || known.id == news.id)
}

/// What is too much to name is told as something about the customer, or about several.
fn shorten(pending: &mut Vec<News>) {
    if pending.len() <= NAMED {
        return;
    }
    let Some(first) = pending.first().copied() else { return };
    let customer = first.customer.filter(|_| pending.iter().all(|news| news.customer == first.customer));
    *pending = vec![News { topic: first.topic, customer, id: None }];
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn key(customer: Uuid) -> News {
        News { topic: Topic::ApiKeys, customer: Some(customer), id: Some(Uuid::now_v7()) }
    }

    #[test]
    fn the_first_is_told_at_once_and_the_next_after_a_pause() {
        let (mut burst, start) = (Burst::default(), Instant::now());
        assert_eq!(burst.due(), None);
        burst.add(News::of(Topic::Usage), start);
        assert_eq!(burst.due(), Some(start + GATHER));
        burst.add(News::of(Topic::Usage), start + GATHER / 2);
        assert_eq!(burst.due(), Some(start + GATHER), "the first doesn't wait for the others");
        assert_eq!(burst.take(start + GATHER), [News::of(Topic::Usage)]);
        assert_eq!(burst.due(), None);
        burst.add(News::of(Topic::Usage), start + GATHER * 2);
        assert_eq!(burst.due(), Some(start + GATHER + PAUSE));
        burst.take(start + GATHER + PAUSE);
        let later = start + PAUSE * 10;
        burst.add(News::of(Topic::Usage), later);
        assert_eq!(burst.due(), Some(later + GATHER));
    }

    #[test]
    fn a_flood_is_few_news_and_none_is_lost() {
        let (mut burst, now) = (Burst::default(), Instant::now());
        let (acme, other) = (Uuid::now_v7(), Uuid::now_v7());
        let few = [key(acme), key(acme), key(other)];
        for news in few.iter().chain(&few) {
            burst.add(*news, now);
        }
        burst.add(News::of(Topic::Usage), now);
        let mut told = burst.take(now);
        assert_eq!(told.pop(), Some(News::of(Topic::Usage)));
        assert_eq!(told, few);

        (0..1000).for_each(|_| burst.add(key(acme), now));
        assert_eq!(burst.take(now), [News { topic: Topic::ApiKeys, customer: Some(acme), id: None }]);
        (0..1000).for_each(|_| burst.add(key(acme), now));
        burst.add(key(other), now);
        let told = burst.take(now);
        assert!(told.len() <= NAMED && told.iter().any(|news| news.customer == Some(other)), "{told:?}");
        (0..1000).for_each(|_| burst.add(key(Uuid::now_v7()), now));
        assert_eq!(burst.take(now), [News::of(Topic::ApiKeys)]);
    }
}
