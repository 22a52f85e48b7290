//! Numbers for Prometheus.

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

/// The bounds of the histograms' buckets, in seconds: from what the guard costs to what a time limit allows.
const SECONDS: [f64; 16] = [
    0.000_01, 0.000_1, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0,
    60.0,
];

/// The numbers that this process has counted.
#[derive(Clone)]
pub struct Numbers(PrometheusHandle);

impl Numbers {
    /// Counts from now on.
    ///
    /// # Errors
    /// When something counts already.
    pub fn start() -> anyhow::Result<Self> {
        let handle = PrometheusBuilder::new()
            .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS)?
            .install_recorder()?;
        Ok(Self(handle))
    }

    /// All numbers, in the text format of Prometheus.
    #[must_use]
    pub fn render(&self) -> String {
        self.0.render()
    }

    /// Folds what was measured since the last time into the histograms. Call it every few seconds: what isn't folded takes
    /// memory.
    pub fn tidy(&self) {
        self.0.run_upkeep();
    }
}

impl std::fmt::Debug for Numbers {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Numbers").finish_non_exhaustive()
    }
}
