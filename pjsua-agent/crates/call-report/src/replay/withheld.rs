//! Stand-ins for the words of a journal without transcripts.

use std::collections::BTreeMap;

use conversation::{Action, Input, Settings, Spoken, TurnId, Wording};
use redaction::withheld_length;

use crate::journal::{Step, What};

/// Words that no language's rules know.
const SOMETHING: &str = "lorem ipsum dolor";

/// The same steps with something in place of what was said: as many clauses of the same length, and words wherever
/// there were some.
pub(super) fn with_stand_ins(steps: &[Step]) -> Vec<Step> {
    let mut asked = BTreeMap::new();
    let mut filled = Vec::with_capacity(steps.len());
    for step in steps {
        let mut step = step.clone();
        match &mut step.what {
            What::Input(Input::ReplyDelta { .. }) => continue,
            What::Input(
                Input::PartialTranscript { text, .. }
                | Input::FinalTranscript { text, .. }
                | Input::PreResponse { text, .. },
            ) => {
                // Older journals have a length of 0.
                let is_empty = text.is_empty() || withheld_length(text) == Some(0);
                *text = if is_empty { Spoken::default() } else { SOMETHING.into() };
            }
            What::Input(Input::SettingsChanged { settings }) => **settings = with_phrases_of(settings, settings),
            What::Action(Action::StartReply { turn, opening }) => {
                asked.insert(*turn, ());
                opening.clear();
            }
            What::Action(Action::Speak { turn, text, .. }) => {
                *text = clause(withheld_length(text).unwrap_or(text.chars().count()));
                if asked.contains_key(turn) {
                    let delta = Input::ReplyDelta { turn: *turn, text: format!("{} ", text.as_str()).into() };
                    let said = said_before(&filled, *turn);
                    let at = filled.get(said).map_or(step.at, |end| end.at);
                    filled.insert(said, Step { at, what: What::Input(delta) });
                }
            }
            What::Input(_) | What::Action(_) | What::Timeout(_) => {}
        }
        filled.push(step);
    }
    filled
}

/// Where the words of `turn` belong that are spoken behind `steps`: before the end of what the model says, if that is why
/// they are spoken.
fn said_before(steps: &[Step], turn: TurnId) -> usize {
    let is_its_end = |step: &Step| match &step.what {
        What::Input(Input::ReplyDone { turn: of } | Input::ToolCall { turn: of, .. }) => *of == turn,
        _ => false,
    };
    let cause = steps.iter().rposition(|step| matches!(step.what, What::Input(_) | What::Timeout(_)));
    cause.filter(|at| is_its_end(&steps[*at])).unwrap_or(steps.len())
}

/// `settings` with stand-ins for those phrases that are withheld in `recorded`.
pub(super) fn with_phrases_of(recorded: &Settings, settings: &Settings) -> Settings {
    let mut settings = settings.clone();
    for ((_, recorded), (_, wording)) in recorded.phrases.iter().zip(settings.phrases.iter_mut()) {
        let lengths: Vec<Option<usize>> = recorded.iter().map(|text| withheld_length(text)).collect();
        if lengths.iter().all(Option::is_none) {
            continue;
        }
        let mut stand_ins =
            recorded.iter().zip(lengths).map(|(text, length)| length.map_or_else(|| text.clone(), clause));
        match wording {
            Wording::One(one) => *one = stand_ins.next().unwrap_or_default(),
            Wording::AnyOf(list) => *list = stand_ins.collect(),
        }
    }
    settings
}

fn clause(chars: usize) -> Spoken {
    let mut words: String = SOMETHING.chars().chain([' ']).cycle().take(chars.saturating_sub(1).max(1)).collect();
    if words.ends_with(' ') {
        words.pop();
        words.push('x');
    }
    words.push('.');
    words.into()
}
