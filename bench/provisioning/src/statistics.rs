//! Medians and spreads.

use std::fmt;
use std::time::Duration;

/// Times of one side, in seconds, in the order in which they were taken.
#[derive(Default)]
pub(crate) struct Sample(Vec<f64>);

impl Sample {
    pub(crate) fn add(&mut self, time: Duration) {
        self.0.push(time.as_secs_f64());
    }

    pub(crate) fn median(&self) -> f64 {
        median(&self.0)
    }

    /// The ratios of each round, in which both sides met the machine in the same mood.
    pub(crate) fn ratios(&self, other: &Self) -> String {
        let ratios: Vec<_> = self.0.iter().zip(&other.0).map(|(one, another)| one / another).collect();
        format!("{:.3} (median), {:.3} to {:.3}", median(&ratios), least(&ratios), most(&ratios))
    }
}

impl fmt::Display for Sample {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(times) = self;
        let (least, most) = (least(times) * 1e3, most(times) * 1e3);
        write!(formatter, "median {:.0} ms, {least:.0} to {most:.0} ms", self.median() * 1e3)
    }
}

pub(crate) fn median(numbers: &[f64]) -> f64 {
    let mut sorted = numbers.to_vec();
    sorted.sort_by(f64::total_cmp);
    match sorted.len() {
        0 => f64::NAN,
        length if length % 2 == 1 => sorted[length / 2],
        length => f64::midpoint(sorted[length / 2 - 1], sorted[length / 2]),
    }
}

fn least(numbers: &[f64]) -> f64 {
    numbers.iter().copied().fold(f64::INFINITY, f64::min)
}

fn most(numbers: &[f64]) -> f64 {
    numbers.iter().copied().fold(f64::NEG_INFINITY, f64::max)
}
