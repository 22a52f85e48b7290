//! One thing that is measured: a route of a running server.

use std::time::Duration;

use anyhow::ensure;
use serde_json::Value;

use crate::load::Round;
use crate::statistics::median;

/// A route of a running server, and what was measured there.
pub(crate) struct Subject {
    pub(crate) name: &'static str,
    pub(crate) url: String,
    /// The server's process.
    pub(crate) pid: u32,
    /// What it must answer.
    pub(crate) answer: Value,
    pub(crate) rounds: Vec<Round>,
    /// Answers that we know of, measured or not.
    pub(crate) answered: u64,
    /// The rows of usage that were written down after each round, and how long that took.
    pub(crate) handed_over: Vec<(u64, Duration)>,
}

impl Subject {
    /// Asks so many times, and compares what comes.
    pub(crate) async fn check(
        &mut self,
        client: &reqwest::Client,
        key: &str,
        times: u64,
    ) -> anyhow::Result<()> {
        for _ in 0..times {
            let response = client.get(&self.url).bearer_auth(key).send().await?;
            let status = response.status();
            let answer: Value = response.json().await?;
            ensure!(status == 200 && answer == self.answer, "{}: {status}: {answer}", self.name);
            self.answered += 1;
        }
        Ok(())
    }

    /// How much of the usage was handed over after the rounds. During a round the hand-over gives way to requests.
    pub(crate) fn what_was_left(&self) -> String {
        let rows: u64 = self.handed_over.iter().map(|(rows, _)| rows).sum();
        let time: Duration = self.handed_over.iter().map(|(_, time)| *time).sum();
        format!(
            "{}: {rows} of {} rows of usage were handed over after the rounds, in {:.1} s",
            self.name,
            self.answered,
            time.as_secs_f64()
        )
    }

    fn all(&self, of: impl Fn(&Round) -> f64) -> f64 {
        median(&self.rounds.iter().map(of).collect::<Vec<_>>())
    }

    pub(crate) fn per_second(&self) -> Vec<f64> {
        self.rounds.iter().map(Round::per_second).collect()
    }

    /// The same with the time in which nothing but the usage of the round was handed over: what can be kept up for hours.
    pub(crate) fn per_second_for_hours(&self) -> Vec<f64> {
        // Before the first round everybody is asked once, uncounted.
        let handed_over = self.handed_over.iter().skip(1);
        self.rounds.iter().zip(handed_over).map(|(round, (_, time))| round.per_second_with(*time)).collect()
    }

    pub(crate) fn row(&self) -> String {
        format!(
            "{:<44} {:>9.0} {:>8.2} {:>8.2} {:>9.1} {:>7.0} %",
            self.name,
            median(&self.per_second()),
            self.all(|round| round.p50 as f64 / 1e3),
            self.all(|round| round.p99 as f64 / 1e3),
            self.all(|round| round.server_micros),
            self.all(|round| round.load_share * 100.0),
        )
    }
}
