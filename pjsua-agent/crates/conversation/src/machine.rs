//! The machine's outside, and which part of it handles what.

use std::collections::VecDeque;

use crate::barge_in::Moment;
use crate::endpointing::LearntPauses;
use crate::history::History;
use crate::reply::Reply;
use crate::state::State;
use crate::timers::Timers;
use crate::{Action, Entry, Input, Instant, Settings, Stage, Timer, TurnId, UtteranceId};

/// The turn-taking of one call.
///
/// Mutate it with [`handle_input`](Self::handle_input) or [`handle_timeout`](Self::handle_timeout),
/// then carry out what [`poll_action`](Self::poll_action) gives until it gives nothing, then wait
/// for the next input or until [`poll_timeout`](Self::poll_timeout). The same inputs at the same
/// times give the same actions.
#[derive(Clone, Debug, PartialEq)]
pub struct Conversation {
    state: State,
    core: Core,
}

/// What outlives a state.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Core {
    pub(crate) settings: Settings,
    pub(crate) now: Instant,
    pub(crate) timers: Timers,
    pub(crate) actions: VecDeque<Action>,
    pub(crate) history: History,
    /// The turn that was cut short, until it is known where.
    pub(crate) flushing: Option<Reply>,
    /// The coming turn, which has begun with a filler while the caller's words are awaited.
    pub(crate) bridge: Option<Reply>,
    pub(crate) turns: u32,
    pub(crate) utterances: u32,
    pub(crate) pause_count: u32,
    pub(crate) pauses: LearntPauses,
    /// The first silent moment after the caller's last words.
    pub(crate) silent_since: Instant,
    /// All that the agent's last turn said or was going to say.
    pub(crate) last_said: String,
    /// The caller asked to wait.
    pub(crate) holding: bool,
    /// The workers have no room for what may be thrown away.
    pub(crate) busy: bool,
    /// When the silent caller is to be prompted; noise does not put it off.
    pub(crate) no_input_at: Instant,
    pub(crate) prompts_said: u32,
    /// Times in a row that nothing was understood.
    pub(crate) misheard: u32,
    /// What is being answered was understood well enough to end the call for it.
    pub(crate) said_for_certain: bool,
    /// Turns in a row that a worker failed.
    pub(crate) failed_turns: u32,
    pub(crate) transfer: TransferRecord,
    /// The call's time was up while it was closing already.
    pub(crate) overdue: bool,
}

/// What became of the wish to be transferred.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TransferRecord {
    Untried,
    Asked,
    Failed,
}

impl Conversation {
    /// A call that has not been answered yet.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        let core = Core {
            settings,
            now: Instant::ZERO,
            timers: Timers::default(),
            actions: VecDeque::new(),
            history: History::default(),
            flushing: None,
            bridge: None,
            turns: 0,
            utterances: 0,
            pause_count: 0,
            pauses: LearntPauses::default(),
            silent_since: Instant::ZERO,
            last_said: String::new(),
            holding: false,
            busy: false,
            no_input_at: Instant::ZERO,
            prompts_said: 0,
            misheard: 0,
            said_for_certain: true,
            failed_turns: 0,
            transfer: TransferRecord::Untried,
            overdue: false,
        };
        Self { state: State::Unanswered, core }
    }

    /// Tells the machine what happened at `now`; deadlines that have passed by then count after it.
    ///
    /// Time does not run backwards: an earlier `now` than the last one is taken for the last one.
    pub fn handle_input(&mut self, input: Input, now: Instant) {
        self.core.now = self.core.now.max(now);
        self.step(|core, state| core.take_input(state, input));
        self.handle_timeout(now);
    }

    /// Tells the machine that it is `now`.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.core.now = self.core.now.max(now);
        while let Some(timer) = self.core.timers.take_due(self.core.now) {
            self.step(|core, state| core.expire(state, timer));
        }
    }

    fn step(&mut self, step: impl FnOnce(&mut Core, State) -> State) {
        let state = std::mem::replace(&mut self.state, State::Ended);
        self.state = step(&mut self.core, state);
    }

    /// The next thing to do; `None` when everything was given out.
    pub fn poll_action(&mut self) -> Option<Action> {
        self.core.actions.pop_front()
    }

    /// When [`handle_timeout`](Self::handle_timeout) has to be called, and why; `None` while only
    /// an input can change anything.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<(Instant, Timer)> {
        self.core.timers.next()
    }

    /// What was said so far, in order. The agent's text is what the caller heard and, for the
    /// running turn, what he is going to hear if nothing comes between.
    #[must_use]
    pub fn history(&self) -> &[Entry] {
        self.core.history.entries()
    }

    /// `unanswered`, `listening`, `endpointing`, `replying`, `speaking`, `overlap`, `closing` or
    /// `ended`.
    #[must_use]
    pub fn state_name(&self) -> &'static str {
        self.state.name()
    }

    /// What the caller has been understood to say while he still speaks; empty when he does not.
    #[must_use]
    pub fn said_so_far(&self) -> String {
        match &self.state {
            State::Hearing(hearing) => hearing.text_so_far(),
            _ => String::new(),
        }
    }

    /// The agent's turn that is being prepared or spoken.
    #[must_use]
    pub fn turn(&self) -> Option<TurnId> {
        self.state.reply().map(|reply| reply.turn)
    }

    /// What the call was begun with.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.core.settings
    }
}

impl Core {
    fn take_input(&mut self, state: State, input: Input) -> State {
        match input {
            Input::CallAnswered => self.call_answered(state),
            Input::SpeechStarted => self.speech_started(state),
            Input::SpeechConfirmed => self.speech_confirmed(state),
            Input::SpeechDismissed => self.speech_dismissed(state),
            Input::EndOfTurnScore { pause, per_mille } => self.end_of_turn_score(state, pause, per_mille),
            Input::PreResponse { turn, text } => self.pre_response(state, turn, &text),
            Input::WorkersBusy { busy } => {
                self.busy = busy;
                state
            }
            Input::SpeechEnded { silence } => self.speech_ended(state, silence),
            Input::PartialTranscript { utterance, text } => self.partial_transcript(state, utterance, &text),
            Input::FinalTranscript { utterance, text, confidence_per_mille } => {
                self.final_transcript(state, utterance, &text, confidence_per_mille)
            }
            Input::ReplyDelta { turn, text } => self.reply_delta(state, turn, &text),
            Input::ReplyAct { turn, act } => self.reply_act(state, turn, act),
            Input::ReplyDone { turn } => self.reply_done(state, turn),
            Input::ClauseReady { turn, clause, end_sample } => self.clause_ready(state, turn, clause, end_sample),
            Input::PlayoutProgress { turn, sample } => self.playout_progress(state, turn, sample),
            Input::PlayoutDrained { turn } => self.playout_drained(state, turn),
            Input::PlayoutFlushed { turn, sample } => self.playout_flushed(state, turn, sample),
            Input::Dtmf { digit } => self.key_pressed(state, digit),
            Input::WorkerFailed { stage: Stage::Stt, utterance, .. } => self.recogniser_failed(state, utterance),
            Input::WorkerFailed { stage: Stage::Llm, turn, .. } => self.model_failed(state, turn),
            Input::WorkerFailed { stage: Stage::Tts, turn, .. } => self.voice_failed(state, turn),
            Input::SettingsChanged { settings } => {
                self.settings = *settings;
                self.without_draft(state)
            }
            Input::TransferSucceeded => self.transfer_succeeded(state),
            Input::TransferFailed { code: _ } => self.transfer_failed(state),
            Input::CallEnded => self.call_ended(state),
        }
    }

    fn expire(&mut self, state: State, timer: Timer) -> State {
        match timer {
            Timer::Endpoint | Timer::Utterance => self.utterance_over(state),
            Timer::Score => self.score_again(state),
            Timer::Speculation => self.speculation_due(state),
            Timer::PreResponse => self.without_opening(state),
            Timer::Filler => self.reply_is_late(state),
            Timer::Transcript => self.transcript_overdue(state),
            Timer::Reply => self.model_failed(state, None),
            Timer::Overlap if matches!(state, State::Overlap { .. }) => self.judge(state, Moment::LimitReached),
            Timer::Overlap => self.judge(state, Moment::BackchannelLimitReached),
            Timer::Keys => self.keys_complete(state),
            Timer::Playout => self.playout_stalled(state),
            Timer::NoInput => self.caller_is_silent(state),
            Timer::Transfer => self.transfer_failed(state),
            Timer::CallLimit => self.time_is_up(state),
        }
    }

    pub(crate) fn act(&mut self, action: Action) {
        self.actions.push_back(action);
    }

    pub(crate) fn next_turn(&mut self) -> TurnId {
        self.turns += 1;
        TurnId(self.turns)
    }

    pub(crate) fn next_utterance(&mut self) -> UtteranceId {
        self.utterances += 1;
        UtteranceId(self.utterances)
    }
}
