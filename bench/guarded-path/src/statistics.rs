//! Medians and spreads.

pub(crate) fn median(numbers: &[f64]) -> f64 {
    let mut sorted = numbers.to_vec();
    sorted.sort_by(f64::total_cmp);
    match sorted.len() {
        0 => f64::NAN,
        length if length % 2 == 1 => sorted[length / 2],
        length => f64::midpoint(sorted[length / 2 - 1], sorted[length / 2]),
    }
}

/// The ratio round by round, in which both sides met the machine in the same mood: its median, and from where to where.
pub(crate) fn ratios(one: &[f64], another: &[f64]) -> (f64, f64, f64) {
    let ratios: Vec<_> = one.iter().zip(another).map(|(one, another)| one / another).collect();
    let least = ratios.iter().copied().fold(f64::INFINITY, f64::min);
    let most = ratios.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    (median(&ratios), least, most)
}
