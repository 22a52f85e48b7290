//! Response times in buckets, as the roll-ups keep them: enough to say how fast nearly all answers were, for any number
//! of them together. The bounds are those of `admin_response_time_bucket`.

/// Below this many milliseconds each has a bucket of its own.
const EXACT_BELOW: i32 = 16;
/// How many buckets each doubling has above.
const PER_DOUBLING: i32 = 8;
/// The bucket without an end.
const LAST: i32 = 127;

/// How many answers there were in each bucket, from bucket 0 on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct ResponseTimes(Vec<i64>);

impl ResponseTimes {
    pub(crate) fn count(&mut self, bucket: i32, answers: i64) {
        let Ok(place) = usize::try_from(bucket.min(LAST)) else { return };
        if self.0.len() <= place {
            self.0.resize(place + 1, 0);
        }
        if let Some(count) = self.0.get_mut(place) {
            *count += answers;
        }
    }

    pub(crate) fn add(&mut self, other: &Self) {
        for (bucket, answers) in (0..).zip(&other.0) {
            self.count(bucket, *answers);
        }
    }

    /// What is left of these without the others, which are among them.
    pub(crate) fn without(&self, others: &Self) -> Self {
        let of_others = others.0.iter().copied().chain(std::iter::repeat(0));
        Self(self.0.iter().zip(of_others).map(|(all, other)| (all - other).max(0)).collect())
    }

    /// The time in which so many of a thousand answers were given: the middle of the bucket in which it lies, which is at
    /// most 6.25 % away. None when no time is known.
    pub(crate) fn percentile(&self, of_thousand: i64) -> Option<i32> {
        let all: i64 = self.0.iter().sum();
        if all == 0 {
            return None;
        }
        // The smallest time that so many answers didn't exceed, rounded up as percentile_disc does.
        let wanted = (all.saturating_mul(of_thousand) + 999) / 1000;
        let mut seen = 0;
        (0..).zip(&self.0).find_map(|(bucket, answers)| {
            seen += answers;
            (seen >= wanted.max(1)).then(|| middle(bucket))
        })
    }
}

/// The smallest time of a bucket.
fn lower_bound(bucket: i32) -> i32 {
    if bucket < EXACT_BELOW {
        return bucket;
    }
    let (doubling, part) = ((bucket - EXACT_BELOW) / PER_DOUBLING, (bucket - EXACT_BELOW) % PER_DOUBLING);
    (EXACT_BELOW << doubling) + part * ((EXACT_BELOW / PER_DOUBLING) << doubling)
}

fn middle(bucket: i32) -> i32 {
    if bucket >= LAST {
        return lower_bound(LAST);
    }
    lower_bound(bucket).midpoint(lower_bound(bucket + 1) - 1)
}

/// The smallest times of all buckets but the first, as the function in the database has them.
#[must_use]
pub fn response_time_bounds() -> Vec<i32> {
    (1..=LAST).map(lower_bound).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bucket(time: i32) -> i32 {
        (0..=LAST).rev().find(|bucket| lower_bound(*bucket) <= time).unwrap()
    }

    #[test]
    fn a_time_is_told_to_a_sixteenth() {
        for time in (0..20_000).chain([60_000, 149_999, 245_759]) {
            let told = f64::from(middle(bucket(time)));
            let time = f64::from(time);
            assert!((told - time).abs() <= time * 0.0625, "{time} is told as {told}");
        }
        assert!((0..EXACT_BELOW).all(|time| middle(bucket(time)) == time));
    }

    #[test]
    fn percentiles_are_those_of_the_answers() {
        let mut times = ResponseTimes::default();
        assert_eq!(times.percentile(500), None);
        for time in 1..=10 {
            times.count(bucket(time), 10);
        }
        assert_eq!(
            [10, 500, 501, 950, 990, 1000].map(|of| times.percentile(of).unwrap()),
            [1, 5, 6, 10, 10, 10]
        );
        let mut one = ResponseTimes::default();
        one.count(bucket(10), 10);
        let rest = times.without(&one);
        assert_eq!(rest.percentile(1000), Some(9));
        let mut again = rest;
        again.add(&one);
        assert_eq!(again, times);
    }
}
