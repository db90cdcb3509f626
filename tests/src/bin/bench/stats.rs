//! Percentiles and shares.

use ::tests::rtp::percentile;

/// Sorted measurements.
#[derive(Debug, Clone, Default)]
pub struct Sample(Vec<f64>);

impl FromIterator<f64> for Sample {
    fn from_iter<I: IntoIterator<Item = f64>>(values: I) -> Self {
        let mut values: Vec<f64> = values.into_iter().collect();
        values.sort_by(f64::total_cmp);
        Self(values)
    }
}

impl Sample {
    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn at(&self, share: f64) -> f64 {
        percentile(&self.0, share)
    }

    /// `n | p50 | p95 | p99 | min | max`, in whole units.
    pub fn cells(&self) -> String {
        if self.0.is_empty() {
            return "0 | – | – | – | – | –".into();
        }
        let (min, max) = (self.0[0], self.0[self.0.len() - 1]);
        let (p50, p95, p99) = (self.at(0.50), self.at(0.95), self.at(0.99));
        format!("{} | {p50:.0} | {p95:.0} | {p99:.0} | {min:.0} | {max:.0}", self.0.len())
    }

    /// `p50 / p95`, in whole units.
    pub fn brief(&self) -> String {
        if self.0.is_empty() { "–".into() } else { format!("{:.0} / {:.0}", self.at(0.50), self.at(0.95)) }
    }
}

/// So many of so many.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Share {
    pub count: usize,
    pub of: usize,
}

impl Share {
    pub fn of(values: impl IntoIterator<Item = bool>) -> Self {
        values
            .into_iter()
            .fold(Self::default(), |share, is| Self { count: share.count + usize::from(is), of: share.of + 1 })
    }

    pub fn percent(self) -> f64 {
        if self.of == 0 { 0.0 } else { 100.0 * self.count as f64 / self.of as f64 }
    }

    /// Wilson's score interval for 95 %, in percent (E. B. Wilson, J. Am. Stat. Assoc. 22, 1927).
    pub fn interval(self) -> (f64, f64) {
        if self.of == 0 {
            return (0.0, 100.0);
        }
        let (n, p, z) = (self.of as f64, self.count as f64 / self.of as f64, 1.959_964);
        let centre = p + z * z / (2.0 * n);
        let spread = z * (p * (1.0 - p) / n + z * z / (4.0 * n * n)).sqrt();
        let scale = 100.0 / (1.0 + z * z / n);
        ((centre - spread) * scale, (centre + spread) * scale)
    }

    /// `count of n (percent, interval)`.
    pub fn text(self) -> String {
        if self.of == 0 {
            return "–".into();
        }
        let (low, high) = self.interval();
        format!("{} of {} ({:.1} %, {:.0}–{:.0})", self.count, self.of, self.percent(), low.max(0.0), high)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_of_the_sorted_values() {
        let sample: Sample = [300.0, 100.0, 200.0].into_iter().collect();
        assert_eq!(sample.at(0.5), 200.0);
        assert_eq!(Sample::default().brief(), "–");
    }

    #[test]
    fn wilsons_interval_of_known_shares() {
        let (low, high) = Share { count: 0, of: 40 }.interval();
        assert!(low.abs() < 1e-9 && (high - 8.76).abs() < 0.01, "{low} {high}");
        let (low, high) = Share { count: 20, of: 40 }.interval();
        assert!((low - 35.2).abs() < 0.05 && (high - 64.8).abs() < 0.05, "{low} {high}");
    }
}
