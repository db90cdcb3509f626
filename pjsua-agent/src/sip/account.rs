//! One account's registration: when to send a REGISTER, and what its answer means. Pure; time and chance are arguments.

use std::time::{Duration, Instant};

use super::{AccountConfig, RegistrationState};

/// A REGISTER is given up after 32 s (RFC 3261 timer F), and its registrar's name after 30 s (three servers, each asked twice
/// for 5 s, by the system's defaults); an answer later than this never comes.
const LOST: Duration = Duration::from_secs(70);

const BUSY_RETRY: Duration = Duration::from_millis(250);

/// What the SIP thread has to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Register,
    Unregister,
}

/// The outcome of a REGISTER, as PJSUA reports it.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    /// 0, or a `pj_status_t`: nothing was sent, or no answer could be had.
    pub(super) status: i32,
    pub(super) code: u16,
    pub(super) reason: String,
    /// Zero: not (or no longer) registered.
    pub(super) expires: Duration,
}

#[derive(Debug)]
pub(super) struct Registration {
    settings: Settings,
    state: State,
    /// Failures in a row.
    failures: u32,
}

#[derive(Debug)]
struct Settings {
    refresh_max: Duration,
    retry_min: Duration,
    retry_max: Duration,
    retry_refused: Duration,
}

#[derive(Debug, PartialEq, Eq)]
enum State {
    /// REGISTER is due at this time: the first, a refresh or a retry.
    Due(Instant),
    /// Sent; taken for lost at this time.
    Asked(Instant),
    /// The REGISTER that takes it back was asked for but not sent, which is due at this time.
    TakingBack(Instant),
    /// That was sent.
    Leaving,
    /// We do not want to be registered.
    Off,
}

impl Registration {
    pub(super) fn new(config: &AccountConfig, now: Instant) -> Self {
        let settings = Settings {
            refresh_max: config.refresh_max,
            retry_min: config.retry_min,
            retry_max: config.retry_max.max(config.retry_min),
            retry_refused: config.retry_refused,
        };
        Self { settings, state: State::Due(now), failures: 0 }
    }

    /// When [`Registration::step`] has something to say.
    pub(super) fn deadline(&self) -> Option<Instant> {
        match self.state {
            State::Due(at) | State::Asked(at) | State::TakingBack(at) => Some(at),
            State::Leaving | State::Off => None,
        }
    }

    /// What is to be done now.
    pub(super) fn step(&mut self, now: Instant) -> Option<Step> {
        match self.state {
            State::Due(at) | State::Asked(at) if at <= now => {
                self.state = State::Asked(now + LOST);
                Some(Step::Register)
            }
            State::TakingBack(at) if at <= now => {
                self.state = State::Leaving;
                Some(Step::Unregister)
            }
            State::Due(_) | State::Asked(_) | State::TakingBack(_) | State::Leaving | State::Off => None,
        }
    }

    /// Takes the registration back with the next step.
    pub(super) fn take_back(&mut self, now: Instant) {
        if !matches!(self.state, State::TakingBack(_) | State::Leaving | State::Off) {
            self.state = State::TakingBack(now);
        }
    }

    /// The step could not be taken, since an earlier REGISTER waits for its answer. One that renews has its answer coming;
    /// the one that takes back is tried again, or the earlier one would stay in force.
    pub(super) fn busy(&mut self, now: Instant) {
        if self.state == State::Leaving {
            self.state = State::TakingBack(now + BUSY_RETRY);
        }
    }

    /// Whether nothing more is to be sent or awaited.
    pub(super) fn is_off(&self) -> bool {
        self.state == State::Off
    }

    /// Takes an answer, or the failure to send. `chance` is uniform in 0 to 1. `None`: nothing to report. What comes while
    /// none is waited for says the same thing once more: PJSUA reports a REGISTER that could not be sent in two ways.
    pub(super) fn answered(&mut self, answer: &Answer, now: Instant, chance: f64) -> Option<RegistrationState> {
        match self.state {
            State::Off => return None,
            State::Leaving => {
                self.state = State::Off;
                return Some(RegistrationState::Unregistered);
            }
            // The answer to a REGISTER sent before; it is taken back all the same.
            State::TakingBack(_) | State::Due(_) => return None,
            State::Asked(_) => {}
        }
        if answer.status == 0 && (200..300).contains(&answer.code) && !answer.expires.is_zero() {
            self.failures = 0;
            self.state = State::Due(now + self.refresh_after(answer.expires));
            return Some(RegistrationState::Registered { expires: answer.expires });
        }
        // 401 and 407 reach us only when credentials were sent or none fits the challenge; 403 is what Asterisk and others
        // send for a known user with a wrong password.
        let wrong_password = matches!(answer.code, 401 | 403 | 407);
        let retry_in = self.retry_after(wrong_password, chance);
        self.failures = self.failures.saturating_add(1);
        self.state = State::Due(now + retry_in);
        let code = if answer.code == 0 || (200..300).contains(&answer.code) { 503 } else { answer.code };
        Some(RegistrationState::Failed { code, reason: answer.reason.clone(), wrong_password, retry_in })
    }

    fn refresh_after(&self, expires: Duration) -> Duration {
        (expires / 2).min(self.settings.refresh_max).max(Duration::from_secs(1))
    }

    /// Doubles with each failure; the last half of it is left to chance, so that many clients do not come back at once.
    fn retry_after(&self, wrong_password: bool, chance: f64) -> Duration {
        let full = if wrong_password {
            self.settings.retry_refused
        } else {
            let factor = 2_u32.saturating_pow(self.failures.min(16));
            self.settings.retry_min.saturating_mul(factor).min(self.settings.retry_max)
        };
        full.mul_f64(0.5 + 0.5 * chance.clamp(0.0, 1.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn account() -> (Registration, Instant) {
        let now = Instant::now();
        (Registration::new(&AccountConfig::new("desk", "sip:a@b", "sip:b", "a", "p"), now), now)
    }

    fn ok(seconds: u64) -> Answer {
        Answer { status: 0, code: 200, reason: "OK".into(), expires: Duration::from_secs(seconds) }
    }

    fn failed(code: u16) -> Answer {
        Answer { status: 0, code, reason: "no".into(), expires: Duration::ZERO }
    }

    #[test]
    fn it_registers_at_once_and_waits_for_the_answer() {
        let (mut registration, now) = account();
        assert_eq!(registration.step(now), Some(Step::Register));
        assert_eq!(registration.step(now + SECOND), None);
    }

    #[test]
    fn it_is_renewed_after_half_its_time_but_often_enough_to_notice_a_restart() {
        for (expires, refresh) in [(300, 20), (30, 15), (1, 1)] {
            let (mut registration, now) = account();
            registration.step(now);
            let state = registration.answered(&ok(expires), now, 0.5);
            assert_eq!(state, Some(RegistrationState::Registered { expires: Duration::from_secs(expires) }));
            assert_eq!(registration.deadline(), Some(now + refresh * SECOND));
            assert_eq!(registration.step(now + refresh * SECOND), Some(Step::Register));
        }
    }

    #[test]
    fn failures_double_the_delay_up_to_its_limit() {
        let (mut registration, mut now) = account();
        for seconds in [1, 2, 4, 8, 15, 15] {
            assert_eq!(registration.step(now), Some(Step::Register));
            let state = registration.answered(&failed(408), now, 1.0);
            let retry_in = Duration::from_secs(seconds);
            let expected =
                RegistrationState::Failed { code: 408, reason: "no".into(), wrong_password: false, retry_in };
            assert_eq!(state, Some(expected));
            assert_eq!(registration.step(now + retry_in - Duration::from_millis(1)), None);
            now += retry_in;
        }
        registration.step(now);
        registration.answered(&ok(300), now, 0.0);
        now += 20 * SECOND;
        registration.step(now);
        let state = registration.answered(&failed(503), now, 0.0);
        assert!(
            matches!(state, Some(RegistrationState::Failed { retry_in, .. }) if retry_in == SECOND / 2),
            "starts over"
        );
    }

    #[test]
    fn refused_credentials_are_reported_once_per_back_off() {
        for code in [401, 403, 407] {
            let (mut registration, now) = account();
            registration.step(now);
            let state = registration.answered(&failed(code), now, 1.0);
            assert!(
                matches!(state, Some(RegistrationState::Failed { wrong_password: true, retry_in, .. }) if retry_in == 60 * SECOND)
            );
            assert_eq!(registration.step(now + 59 * SECOND), None);
            assert_eq!(registration.step(now + 60 * SECOND), Some(Step::Register));
        }
    }

    #[test]
    fn a_registrar_that_cannot_be_reached_is_a_503() {
        let (mut registration, now) = account();
        registration.step(now);
        let answer = Answer { status: 120_111, code: 0, reason: "Connection refused".into(), expires: Duration::ZERO };
        assert!(matches!(registration.answered(&answer, now, 0.0), Some(RegistrationState::Failed { code: 503, .. })));
    }

    #[test]
    fn a_failure_that_is_reported_twice_counts_once() {
        let (mut registration, now) = account();
        registration.step(now);
        let first = registration.answered(&failed(503), now, 1.0);
        assert!(matches!(first, Some(RegistrationState::Failed { retry_in: SECOND, .. })));
        assert_eq!(registration.answered(&failed(502), now, 1.0), None);
        assert_eq!(registration.deadline(), Some(now + SECOND));
    }

    #[test]
    fn an_answer_that_never_comes_does_not_stop_it() {
        let (mut registration, now) = account();
        registration.step(now);
        assert_eq!(registration.step(now + LOST), Some(Step::Register));
    }

    #[test]
    fn it_is_taken_back_when_the_answer_to_an_earlier_register_has_come() {
        let (mut registration, now) = account();
        registration.step(now);
        registration.take_back(now);
        assert_eq!(registration.step(now), Some(Step::Unregister));
        registration.busy(now);
        assert_eq!((registration.step(now), registration.is_off()), (None, false));
        assert_eq!(registration.answered(&ok(300), now, 0.0), None, "that of the earlier one");
        assert_eq!(registration.step(now + BUSY_RETRY), Some(Step::Unregister));
    }

    #[test]
    fn it_is_taken_back_once_and_stays_so() {
        let (mut registration, now) = account();
        registration.step(now);
        registration.answered(&ok(300), now, 0.0);
        registration.take_back(now);
        assert_eq!(registration.step(now), Some(Step::Unregister));
        assert_eq!(registration.answered(&failed(503), now, 0.0), Some(RegistrationState::Unregistered));
        assert!(registration.is_off());
        registration.take_back(now);
        assert_eq!((registration.step(now), registration.deadline()), (None, None));
    }
}
