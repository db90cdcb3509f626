//! The recogniser of the what-if: the caller's words as they were recognised on the day.

use std::time::Duration;

use conversation::{Input, Instant};

use crate::course::Course;

/// Partial transcripts lag behind the sound by about one decoding step.
const PARTIAL_LAG: Duration = Duration::from_millis(250);

/// One recognition of the day.
#[derive(Clone, Debug)]
struct Spoken {
    started: Instant,
    texts: Vec<(Instant, String)>,
    /// When its final transcript was asked for, came, and what it was.
    last: Option<(Instant, Instant, String)>,
    /// Nothing of it came after this.
    over: Option<Instant>,
}

/// How far the words of the day have been used up.
#[derive(Clone, Copy, Debug, Default)]
struct Mark {
    index: usize,
    words: usize,
}

/// The recognition that runs in the replay.
#[derive(Clone, Copy, Debug)]
struct Open {
    utterance: u32,
    from: Mark,
}

/// The recogniser. All times are the record's.
#[derive(Debug)]
pub(super) struct Words {
    spoken: Vec<Spoken>,
    used: Mark,
    open: Option<Open>,
    typical: Duration,
}

impl Words {
    pub(super) fn of(day: &Course) -> Words {
        let spoken = day.recognitions.iter().map(|recognition| {
            let mut texts = recognition.partials.clone();
            let last = recognition.transcript.clone().map(|(at, text)| {
                texts.push((at, text.clone()));
                (recognition.finish_asked.unwrap_or(at), at, text)
            });
            let over = recognition.cancelled.or(last.as_ref().map(|(asked, ..)| *asked));
            Spoken { started: recognition.started, texts, last, over }
        });
        let spoken: Vec<Spoken> = spoken.collect();
        let waits = spoken.iter().filter_map(|one| one.last.as_ref()).map(|(asked, came, _)| *came - *asked);
        Words {
            typical: median(waits.collect(), Duration::from_millis(100)),
            spoken,
            used: Mark::default(),
            open: None,
        }
    }

    pub(super) fn start(&mut self, utterance: u32, at: Instant) {
        let goes_on = |one: &Spoken| one.over.is_none_or(|over| over > at);
        let index = (self.used.index..self.spoken.len()).find(|index| goes_on(&self.spoken[*index]));
        let index = index.unwrap_or(self.spoken.len());
        let words = if index == self.used.index { self.used.words } else { 0 };
        self.open = Some(Open { utterance, from: Mark { index, words } });
    }

    pub(super) fn cancel(&mut self, utterance: u32) {
        self.open.take_if(|open| open.utterance == utterance);
    }

    /// What the running recognition has understood by `at`, if one runs.
    pub(super) fn partial(&self, at: Instant) -> Option<Input> {
        let open = self.open?;
        let text = self.text(open.from, at, Duration::ZERO).0;
        let utterance = conversation::UtteranceId(open.utterance);
        (!text.is_empty()).then_some(Input::PartialTranscript { utterance, text: text.into() })
    }

    pub(super) fn open(&self) -> Option<conversation::UtteranceId> {
        self.open.map(|open| conversation::UtteranceId(open.utterance))
    }

    /// The final transcript of what was said by `at`, and how long it takes to come. `resumed` is when the caller went
    /// on after that.
    pub(super) fn finish(&mut self, utterance: u32, at: Instant, resumed: Option<Instant>) -> (String, Duration) {
        let Some(open) = self.open.take_if(|open| open.utterance == utterance) else {
            return (String::new(), self.typical);
        };
        let mut wait = self.typical;
        let mut until = at;
        for one in self.spoken.get(open.from.index..).unwrap_or_default() {
            // The day's final says no more than what had been said by now.
            if let Some((asked, came, _)) = one.last.as_ref().filter(|_| one.started <= at)
                && resumed.is_none_or(|resumed| resumed > *asked)
            {
                until = until.max(*came);
                wait = *came - *asked;
            }
        }
        let (text, used) = self.text(open.from, until, PARTIAL_LAG);
        self.used = used;
        (text, wait)
    }

    fn text(&self, from: Mark, until: Instant, lag: Duration) -> (String, Mark) {
        let mut text = Vec::new();
        let mut used = from;
        for (index, one) in self.spoken.iter().enumerate().skip(from.index) {
            if one.started > until {
                break;
            }
            let Some((at, known)) = one.texts.iter().rev().find(|(at, _)| *at <= until + lag) else { continue };
            let words: Vec<&str> = known.split_whitespace().collect();
            let skipped = if index == from.index { from.words } else { 0 };
            text.extend(words.iter().skip(skipped).copied());
            let is_whole = one.last.as_ref().is_some_and(|(_, came, _)| came == at);
            used = if is_whole { Mark { index: index + 1, words: 0 } } else { Mark { index, words: words.len() } };
        }
        (text.join(" "), used)
    }
}

/// The middle one; `otherwise` when there is none.
pub(super) fn median(mut values: Vec<Duration>, otherwise: Duration) -> Duration {
    values.sort_unstable();
    values.get(values.len() / 2).copied().unwrap_or(otherwise)
}
