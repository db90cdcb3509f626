//! What becomes of a packet.

use std::time::Duration;

/// How the delay of packets varies.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Jitter {
    /// Not at all.
    None,
    /// Between nothing and this much more, each as likely.
    Uniform(Duration),
    /// More by the absolute value of a normal distribution with this standard deviation, at most four of them.
    Normal(Duration),
}

/// What a network does to packets; probabilities are between 0 and 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Impairment {
    /// Probability of loss.
    pub loss: f64,
    /// What every packet takes.
    pub delay: Duration,
    /// What some take in addition.
    pub jitter: Jitter,
    /// Probability that a packet takes a slower way, on which others overtake it.
    pub reorder: f64,
    /// How much slower that way is.
    pub detour: Duration,
    /// Probability that a packet arrives twice.
    pub duplicate: f64,
}

/// Where a packet goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Caller to agent.
    FromCaller = 0,
    /// Agent to caller.
    ToCaller = 1,
}

/// What becomes of one packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fate {
    /// It never arrives.
    pub lost: bool,
    /// The time it takes.
    pub delay: Duration,
    /// It may be overtaken.
    pub reordered: bool,
    /// A copy of it arrives 1 ms later.
    pub duplicated: bool,
}

impl Impairment {
    /// A perfect network.
    pub const NONE: Self = Self {
        loss: 0.0,
        delay: Duration::ZERO,
        jitter: Jitter::None,
        reorder: 0.0,
        detour: Duration::ZERO,
        duplicate: 0.0,
    };

    /// Decides about packet `number` of a direction; always the same for the same seed.
    pub fn fate(&self, seed: u64, direction: Direction, number: u64) -> Fate {
        let draw = |which: u64| uniform(seed, direction, number, which);
        let reordered = draw(1) < self.reorder;
        let extra = match self.jitter {
            Jitter::None => Duration::ZERO,
            Jitter::Uniform(most) => most.mul_f64(draw(2)),
            Jitter::Normal(deviation) => {
                // Box and Muller, 1958.
                let radius = (-2.0 * (1.0 - draw(2)).ln()).sqrt();
                let normal = radius * (std::f64::consts::TAU * draw(3)).cos();
                deviation.mul_f64(normal.abs().min(4.0))
            }
        };
        Fate {
            lost: draw(0) < self.loss,
            delay: self.delay + extra + if reordered { self.detour } else { Duration::ZERO },
            reordered,
            duplicated: draw(4) < self.duplicate,
        }
    }
}

/// Between 0 and 1, from a hash of its arguments (SplitMix64, Steele, Lea and Flood, 2014): no state, so nothing depends on the
/// order of events.
fn uniform(seed: u64, direction: Direction, number: u64, which: u64) -> f64 {
    let mut hash = mix(seed);
    for part in [direction as u64, number, which] {
        hash = mix(hash ^ part);
    }
    (hash >> 11) as f64 / (1_u64 << 53) as f64
}

fn mix(value: u64) -> u64 {
    let mut z = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BAD: Impairment = Impairment {
        loss: 0.05,
        delay: Duration::from_millis(20),
        jitter: Jitter::Uniform(Duration::from_millis(60)),
        reorder: 0.03,
        detour: Duration::from_millis(45),
        duplicate: 0.01,
    };

    fn fates(impairment: &Impairment, seed: u64, direction: Direction) -> Vec<Fate> {
        (0..20_000).map(|number| impairment.fate(seed, direction, number)).collect()
    }

    #[test]
    fn the_same_seed_decides_alike_and_another_seed_or_direction_differently() {
        let once = fates(&BAD, 7, Direction::FromCaller);
        assert_eq!(once, fates(&BAD, 7, Direction::FromCaller));
        for other in [fates(&BAD, 8, Direction::FromCaller), fates(&BAD, 7, Direction::ToCaller)] {
            let same = once.iter().zip(&other).filter(|(a, b)| a.lost && b.lost).count();
            // Of 1,000 lost packets each, 5 % coincide.
            assert!((20..90).contains(&same), "{same}");
        }
    }

    #[test]
    fn shares_are_as_asked() {
        let fates = fates(&BAD, 1, Direction::ToCaller);
        let share = |is: fn(&Fate) -> bool| fates.iter().filter(|fate| is(fate)).count() as f64 / fates.len() as f64;
        assert!((share(|fate| fate.lost) - 0.05).abs() < 0.005);
        assert!((share(|fate| fate.reordered) - 0.03).abs() < 0.005);
        assert!((share(|fate| fate.duplicated) - 0.01).abs() < 0.003);
    }

    #[test]
    fn uniform_jitter_stays_in_its_range_and_fills_it() {
        let fates = fates(&BAD, 1, Direction::ToCaller);
        let delays: Vec<Duration> = fates.iter().filter(|fate| !fate.reordered).map(|fate| fate.delay).collect();
        let (least, most) = (delays.iter().min().unwrap(), delays.iter().max().unwrap());
        assert!(*least >= Duration::from_millis(20) && *least < Duration::from_millis(21), "{least:?}");
        assert!(*most <= Duration::from_millis(80) && *most > Duration::from_millis(79), "{most:?}");
    }

    #[test]
    fn normal_jitter_has_its_deviation() {
        let normal = Impairment { jitter: Jitter::Normal(Duration::from_millis(10)), ..Impairment::NONE };
        let delays = fates(&normal, 3, Direction::FromCaller);
        let square: f64 = delays.iter().map(|fate| (fate.delay.as_secs_f64() * 1e3).powi(2)).sum();
        let deviation = (square / delays.len() as f64).sqrt();
        assert!((deviation - 10.0).abs() < 0.3, "{deviation}");
        assert!(delays.iter().all(|fate| fate.delay <= Duration::from_millis(40)));
    }

    #[test]
    fn a_perfect_network_does_nothing() {
        let untouched = Fate { lost: false, delay: Duration::ZERO, reordered: false, duplicated: false };
        assert!(fates(&Impairment::NONE, 1, Direction::FromCaller).iter().all(|fate| *fate == untouched));
    }
}
