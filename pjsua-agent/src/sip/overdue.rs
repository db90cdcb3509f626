//! How long a call may wait for what: each state has its bound, so that no line is held for nothing. Pure.

use std::time::{Duration, Instant};

use crate::leg::Wait;

/// RFC 3261 timers F and H, kept by PJSIP.
const LONGEST_TRANSACTION: Duration = Duration::from_secs(32);

/// How long each [`Wait`] may last.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Daemons answer at once or refuse; this is for an owner that does neither.
    pub answer: Duration,
    /// From the answer on.
    pub media: Duration,
    /// While the negotiated direction lets us expect RTP.
    pub rtp: Duration,
    /// While it does not.
    pub hold: Duration,
    /// From the REFER to its last NOTIFY. The conversation has a shorter one of its own, after which it talks on.
    pub transfer: Duration,
    /// For anything to come in on a TCP connection on which a request waits for its answer; then the connection is replaced.
    pub stream: Duration,
    /// Longer than an unacknowledged 200 or an unanswered BYE may take.
    pub end: Duration,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            answer: Duration::from_secs(30),
            media: Duration::from_secs(20),
            rtp: Duration::from_secs(60),
            hold: Duration::from_secs(600),
            transfer: Duration::from_secs(300),
            // By then the request itself is given up.
            stream: LONGEST_TRANSACTION,
            end: Duration::from_secs(40),
        }
    }
}

impl Bounds {
    fn of(&self, wait: Wait) -> Duration {
        match wait {
            Wait::Answer => self.answer,
            Wait::Media => self.media,
            Wait::Rtp => self.rtp,
            Wait::Hold => self.hold,
            Wait::Transfer => self.transfer,
            Wait::Peer => LONGEST_TRANSACTION,
            Wait::End => self.end,
        }
    }
}

/// A call's audio stream as it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Media {
    /// None was negotiated, or it is inactive.
    None,
    /// One side is not to send anything.
    Held,
    /// RTP packets received so far.
    Flowing(u64),
}

/// What a call waits for, and since when.
#[derive(Clone, Copy, Debug)]
pub(super) struct Watch {
    wait: Wait,
    since: Instant,
    packets: u64,
}

impl Watch {
    /// Of an INVITE that just came in.
    pub(super) fn new(now: Instant) -> Self {
        Self { wait: Wait::Answer, since: now, packets: 0 }
    }

    /// 200 was sent.
    pub(super) fn answered(&mut self, now: Instant) {
        self.begin(Wait::Media, now);
    }

    /// BYE, or the refusal, was asked for.
    pub(super) fn ending(&mut self, now: Instant) {
        if self.wait != Wait::End {
            self.begin(Wait::End, now);
        }
    }

    /// Takes the state of its audio. What has waited too long, if something has; it is said once.
    pub(super) fn check(&mut self, media: Media, now: Instant, bounds: &Bounds) -> Option<Wait> {
        let next = match (self.wait, media) {
            (Wait::Answer | Wait::Transfer | Wait::Peer | Wait::End, _) => self.wait,
            (Wait::Media, Media::None) => Wait::Media,
            (_, Media::None | Media::Held) => Wait::Hold,
            (_, Media::Flowing(packets)) => {
                if packets != self.packets {
                    self.packets = packets;
                    self.since = now;
                }
                Wait::Rtp
            }
        };
        if next != self.wait {
            self.begin(next, now);
        }
        let is_overdue = now.saturating_duration_since(self.since) >= bounds.of(self.wait);
        if is_overdue {
            self.since = now;
        }
        is_overdue.then_some(self.wait)
    }

    fn begin(&mut self, wait: Wait, now: Instant) {
        (self.wait, self.since) = (wait, now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn bounds() -> Bounds {
        let of = |seconds| seconds * SECOND;
        Bounds {
            answer: of(5),
            media: of(6),
            rtp: of(10),
            hold: of(20),
            transfer: of(7),
            end: of(8),
            ..Bounds::default()
        }
    }

    /// The first second at which something is overdue, when the audio is `media` from `start` on.
    fn overdue(watch: &mut Watch, start: Instant, from: u32, media: Media) -> Option<(u32, Wait)> {
        (from..100).find_map(|s| watch.check(media, start + s * SECOND, &bounds()).map(|wait| (s, wait)))
    }

    #[test]
    fn a_call_that_nobody_answers_is_overdue() {
        let start = Instant::now();
        assert_eq!(overdue(&mut Watch::new(start), start, 0, Media::None), Some((5, Wait::Answer)));
    }

    #[test]
    fn an_answered_call_without_media_is_overdue() {
        let start = Instant::now();
        let mut watch = Watch::new(start);
        watch.answered(start + 4 * SECOND);
        assert_eq!(overdue(&mut watch, start, 4, Media::None), Some((10, Wait::Media)));
    }

    #[test]
    fn silence_counts_only_while_packets_are_due() {
        let start = Instant::now();
        let mut watch = Watch::new(start);
        watch.answered(start);
        let mut at = |seconds: u32, media| watch.check(media, start + seconds * SECOND, &bounds());
        assert_eq!(at(0, Media::Flowing(0)), None);
        assert_eq!(at(9, Media::Flowing(0)), None);
        assert_eq!(at(10, Media::Flowing(5)), None, "a packet came");
        assert_eq!(at(19, Media::Flowing(5)), None);
        assert_eq!(at(20, Media::Held), None, "on hold");
        assert_eq!(at(39, Media::Held), None);
        assert_eq!(at(39, Media::Flowing(5)), None, "resumed");
        assert_eq!(at(48, Media::Flowing(5)), None);
        assert_eq!(at(49, Media::Flowing(5)), Some(Wait::Rtp));
    }

    #[test]
    fn a_hold_without_end_is_overdue_whichever_way_it_is_said() {
        for media in [Media::Held, Media::None] {
            let start = Instant::now();
            let mut watch = Watch::new(start);
            watch.answered(start);
            watch.check(Media::Flowing(1), start, &bounds());
            assert_eq!(overdue(&mut watch, start, 1, media), Some((21, Wait::Hold)), "{media:?}");
        }
    }

    #[test]
    fn an_end_that_does_not_come_is_overdue_and_audio_changes_nothing() {
        let start = Instant::now();
        let mut watch = Watch::new(start);
        watch.answered(start);
        watch.ending(start + SECOND);
        watch.ending(start + 2 * SECOND);
        assert_eq!(watch.check(Media::Flowing(9), start + 8 * SECOND, &bounds()), None);
        assert_eq!(watch.check(Media::Flowing(10), start + 9 * SECOND, &bounds()), Some(Wait::End));
        assert_eq!(watch.check(Media::Flowing(10), start + 10 * SECOND, &bounds()), None, "said once");
    }
}
