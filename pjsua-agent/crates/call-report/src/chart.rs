//! The time line of a call as SVG.

use std::fmt::Write;
use std::time::Duration;

use conversation::Instant;

use crate::course::{Course, Ending, Turn, samples_to_duration};
use crate::page::escaped;
use crate::terminal::clock;

const LABEL_WIDTH: f64 = 110.0;
const LANE: f64 = 26.0;
const LEVEL_LANE: f64 = 44.0;
/// Levels below it are drawn as silence: quieter than the noise of a telephone line.
const SILENCE_DBFS: f32 = -65.0;

/// A time line under construction.
pub(crate) struct Chart {
    scale: f64,
    end: Instant,
    y: f64,
    body: String,
}

impl Chart {
    /// 60 pixels a second, less for long calls: the page must stay light.
    pub(crate) fn new(duration: Duration) -> Chart {
        let seconds = duration.as_secs_f64().max(1.0);
        let scale = (24_000.0 / seconds).clamp(20.0, 60.0);
        Chart { scale, end: Instant::from(duration), y: 22.0, body: String::new() }
    }

    fn x(&self, at: Instant) -> f64 {
        LABEL_WIDTH + at.since_answer().as_secs_f64() * self.scale
    }

    fn label(&mut self, text: &str, height: f64) {
        let y = self.y + height / 2.0 + 4.0;
        let _ = write!(self.body, "<text class=\"dim\" x=\"4\" y=\"{y:.0}\">{}</text>", escaped(text));
    }

    fn bar(&mut self, class: &str, from: Instant, to: Instant, title: &str) {
        self.bar_at(class, from, to, title, (4.0, LANE - 8.0));
    }

    fn bar_at(&mut self, class: &str, from: Instant, to: Instant, title: &str, (down, height): (f64, f64)) {
        let (x, y) = (self.x(from), self.y + down);
        let width = (self.x(to) - x).max(1.5);
        let _ = write!(
            self.body,
            "<rect class=\"{class}\" x=\"{x:.1}\" y=\"{y:.0}\" width=\"{width:.1}\" height=\"{height:.0}\"><title>{}</title>\
             </rect>",
            escaped(title)
        );
    }

    fn text(&mut self, at: Instant, columns: usize, text: &str) {
        let (x, y) = (self.x(at) + 2.0, self.y + LANE - 9.0);
        let shown = escaped(&crate::terminal::clip(text, columns));
        let _ = write!(self.body, "<text x=\"{x:.1}\" y=\"{y:.0}\">{shown}<title>{}</title></text>", escaped(text));
    }

    fn columns(&self, from: Instant, to: Instant) -> usize {
        (((self.x(to) - self.x(from)) / 6.0) as usize).max(1)
    }

    /// A heading between lanes.
    pub(crate) fn heading(&mut self, text: &str) {
        self.label(text, LANE);
        self.y += LANE;
    }

    /// Loudness as an area.
    pub(crate) fn levels(&mut self, label: &str, class: &str, levels: impl Iterator<Item = (Instant, f32)>) {
        let base = self.y + LEVEL_LANE - 4.0;
        let mut path = String::new();
        let mut last = None;
        for (at, dbfs) in levels {
            let loud = f64::from((dbfs - SILENCE_DBFS).clamp(0.0, -SILENCE_DBFS) / -SILENCE_DBFS);
            let x = self.x(at);
            if last.is_none() {
                let _ = write!(path, "M{x:.0} {base:.0}");
            }
            let _ = write!(path, "L{x:.0} {:.0}", base - loud * (LEVEL_LANE - 8.0));
            last = Some(x);
        }
        let Some(last) = last else { return };
        self.label(label, LEVEL_LANE);
        let _ = write!(
            self.body,
            "<path class=\"{class}\" d=\"{path}L{last:.0} {base:.0}Z\"><title>{} from {SILENCE_DBFS} to 0 dBFS</title></path>",
            escaped(label)
        );
        self.y += LEVEL_LANE;
    }

    /// The voice detectors.
    pub(crate) fn sounds(&mut self, course: &Course) {
        self.label("caller heard", LANE);
        for sound in &course.sounds {
            let to = sound.ended.unwrap_or(self.end);
            let verdict = match (sound.confirmed, sound.dismissed) {
                (Some(at), _) => format!("speech, confirmed after {} ms", (at - sound.started).as_millis()),
                (None, Some(at)) => format!("no speech, dismissed after {} ms", (at - sound.started).as_millis()),
                (None, None) => "nobody said whether it is speech".into(),
            };
            let class = if sound.is_noise() { "hollow" } else { "caller" };
            self.bar(class, sound.started, to, &format!("{} to {}: {verdict}", clock(sound.started), clock(to)));
        }
        self.y += LANE;
    }

    /// What was understood.
    pub(crate) fn words(&mut self, course: &Course) {
        self.label("words", LANE);
        for recognition in &course.recognitions {
            for (at, text) in &recognition.partials {
                self.bar_at("caller faint", *at, *at, &format!("{} {text}", clock(*at)), (LANE - 7.0, 5.0));
            }
            if let Some((at, text)) = &recognition.transcript {
                let columns = self.columns(recognition.started, *at);
                self.text(recognition.started, columns.max(8), text);
            }
        }
        self.y += LANE;
    }

    /// The end-of-turn scores: the higher, the surer that the caller has finished.
    pub(crate) fn scores(&mut self, course: &Course) {
        if course.scores.is_empty() {
            return;
        }
        self.label("end-of-turn", LANE);
        for score in &course.scores {
            let Some((at, per_mille)) = score.answered else { continue };
            let height = (f64::from(per_mille) / 1_000.0 * (LANE - 6.0)).max(2.0);
            let title = format!(
                "{}: {:.2} after {} ms",
                clock(at),
                f64::from(per_mille) / 1_000.0,
                (at - score.asked).as_millis()
            );
            self.bar_at("model", at, at + Duration::from_millis(50), &title, (LANE - 3.0 - height, height));
        }
        self.y += LANE;
    }

    /// The agent's turns.
    pub(crate) fn turns(&mut self, course: &Course) {
        self.label("agent", LANE);
        for turn in &course.turns {
            self.turn(turn);
        }
        self.y += LANE;
    }

    fn turn(&mut self, turn: &Turn) {
        let number = turn.turn;
        if let (Some(end), Some(endpoint)) = (turn.speech_end, turn.endpoint) {
            let wait = (endpoint - end).as_millis();
            self.bar_at(
                "endpoint",
                end,
                endpoint,
                &format!("turn {number}: end of the caller's turn after {wait} ms"),
                (9.0, 8.0),
            );
            if let Some(played) = turn.played {
                let title = format!("turn {number}: {} ms until it is heard", (played - endpoint).as_millis());
                self.bar_at("model faint", endpoint, played, &title, (9.0, 8.0));
            }
        }
        if let Some(held) = turn.held {
            let to = turn.endpoint.or(turn.ended()).unwrap_or(self.end);
            let title = if turn.is_discarded() { "prepared in vain" } else { "prepared ahead" };
            self.bar_at("hollow", held, to, &format!("turn {number}: {title}"), (2.0, LANE - 5.0));
        }
        let Some(played) = turn.played else { return };
        let end = turn.ended().unwrap_or(self.end).max(played);
        let ending = match turn.ending {
            Some(Ending::Interrupted(_)) => {
                format!(", interrupted; heard: {}", turn.heard.as_deref().unwrap_or_default())
            }
            Some(Ending::Drained(_) | Ending::Dropped(_) | Ending::Discarded(_)) | None => String::new(),
        };
        self.bar("agent", played, end, &format!("turn {number} ({}): {}{ending}", turn.kind(), turn.text()));
        self.clauses(turn, played, end);
        for overlap in &turn.overlaps {
            let (to, verdict) = match overlap.judged {
                Some((at, true)) => (at, "interruption"),
                Some((at, false)) => (at, "false alarm"),
                None => (end, "undecided"),
            };
            let how = if overlap.is_ducked { "ducked" } else { "paused" };
            let title = format!("{how} for {} ms: {verdict}", (to - overlap.at).as_millis());
            self.bar_at("alarm", overlap.at, to.max(overlap.at), &title, (0.0, LANE - 2.0));
        }
    }

    /// Where one clause ends and the next begins; a filler is marked below. Pauses move what comes after them.
    fn clauses(&mut self, turn: &Turn, played: Instant, end: Instant) {
        let mut from = played;
        for clause in &turn.clauses {
            let Some(sample) = clause.end_sample else { break };
            let paused: Duration = turn
                .overlaps
                .iter()
                .filter(|overlap| !overlap.is_ducked && overlap.at < played + samples_to_duration(sample))
                .filter_map(|overlap| overlap.judged.map(|(at, _)| at - overlap.at))
                .sum();
            let to = (played + samples_to_duration(sample) + paused).min(end);
            if clause.is_filler {
                self.bar_at("voice", from, to, &format!("filler: {}", clause.text), (LANE - 7.0, 4.0));
            }
            self.bar_at("edge", to, to, &clause.text, (4.0, LANE - 8.0));
            from = to;
        }
    }

    /// Single moments: keys, failures, transfers.
    pub(crate) fn marks(&mut self, label: &str, marks: &[(Instant, String)]) {
        if marks.is_empty() {
            return;
        }
        self.label(label, LANE);
        for (at, text) in marks {
            self.bar_at("alarm", *at, *at, text, (4.0, LANE - 8.0));
            self.text(*at, 24, text);
        }
        self.y += LANE;
    }

    /// The drawing, in a box that scrolls.
    pub(crate) fn finish(self) -> String {
        let (width, height) = (self.x(self.end) + 40.0, self.y + 6.0);
        let mut grid = String::new();
        let step = if self.scale < 30.0 { 5 } else { 1 };
        let seconds = self.end.since_answer().as_secs();
        for second in (0..=seconds).step_by(step) {
            let x = self.x(Instant::from_millis(second * 1_000));
            let _ = write!(grid, "M{x:.0} 16V{height:.0}");
        }
        let mut labels = String::new();
        for second in (0..=seconds).step_by(step * 5) {
            let x = self.x(Instant::from_millis(second * 1_000));
            let _ =
                write!(labels, "<text class=\"dim\" x=\"{x:.0}\" y=\"12\">{}:{:02}</text>", second / 60, second % 60);
        }
        format!(
            "<div class=\"scroll\" tabindex=\"0\"><svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" \
             aria-label=\"Time line of the call; the same is in the table\" width=\"{width:.0}\" height=\"{height:.0}\">\
             <path class=\"grid\" d=\"{grid}\"/>{labels}{}</svg></div>\n",
            self.body
        )
    }
}
