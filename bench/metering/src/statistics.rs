//! Medians and spreads.

/// Figures of one side, in the order in which they were taken.
#[derive(Default)]
pub(crate) struct Sample(Vec<f64>);

impl Sample {
    pub(crate) fn add(&mut self, figure: f64) {
        self.0.push(figure);
    }

    pub(crate) fn median(&self) -> f64 {
        quantile(&self.0, 0.5)
    }

    /// `median (least to most)`.
    pub(crate) fn spread(&self) -> String {
        format!("{:.0} ({:.0} to {:.0})", self.median(), quantile(&self.0, 0.0), quantile(&self.0, 1.0))
    }

    /// The same with a digit more.
    pub(crate) fn spread_fine(&self) -> String {
        format!("{:.1} ({:.1} to {:.1})", self.median(), quantile(&self.0, 0.0), quantile(&self.0, 1.0))
    }

    /// The ratios of each round, in which both sides met the machine in the same mood.
    pub(crate) fn ratios(&self, other: &Self) -> String {
        let ratios: Vec<_> = self.0.iter().zip(&other.0).map(|(one, another)| one / another).collect();
        format!(
            "{:.1} (median of rounds; {:.1} to {:.1})",
            quantile(&ratios, 0.5),
            quantile(&ratios, 0.0),
            quantile(&ratios, 1.0)
        )
    }
}

/// The figure below which this share of the figures lies.
pub(crate) fn quantile(figures: &[f64], share: f64) -> f64 {
    let mut sorted = figures.to_vec();
    sorted.sort_by(f64::total_cmp);
    let last = sorted.len().saturating_sub(1);
    let index = (last as f64 * share).round() as usize;
    sorted.get(index).copied().unwrap_or(f64::NAN)
}
