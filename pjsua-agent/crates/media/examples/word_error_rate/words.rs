//! Counting what was misheard.

/// Words said, and words wrong, missing or invented.
#[derive(Clone, Copy, Default)]
pub struct Errors {
    pub words: usize,
    pub wrong: usize,
}

impl Errors {
    /// Adds a sentence: the edit distance in words.
    pub fn add(&mut self, said: &str, heard: &str) {
        let said: Vec<&str> = said.split_whitespace().collect();
        let heard: Vec<&str> = heard.split_whitespace().collect();
        let mut distances: Vec<usize> = (0..=heard.len()).collect();
        for (row, said) in said.iter().enumerate() {
            let mut diagonal = std::mem::replace(&mut distances[0], row + 1);
            for (column, heard) in heard.iter().enumerate() {
                let substituted = diagonal + usize::from(said != heard);
                diagonal = distances[column + 1];
                distances[column + 1] = substituted.min(diagonal + 1).min(distances[column] + 1);
            }
        }
        self.words += said.len();
        self.wrong += distances[heard.len()];
    }

    fn rate_percent(&self) -> f64 {
        100.0 * self.wrong as f64 / self.words as f64
    }
}

/// The rate of all, in percent, and the least and the greatest of each.
pub fn rate_and_spread(errors: &[Errors]) -> String {
    let all = Errors {
        words: errors.iter().map(|errors| errors.words).sum(),
        wrong: errors.iter().map(|errors| errors.wrong).sum(),
    };
    let rates = || errors.iter().map(Errors::rate_percent);
    let (least, greatest) = (rates().fold(f64::INFINITY, f64::min), rates().fold(0.0, f64::max));
    match errors.len() {
        1 => format!("{:.1} %", all.rate_percent()),
        _ => format!("{:.1} % ({least:.1} to {greatest:.1})", all.rate_percent()),
    }
}
