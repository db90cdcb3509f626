//! A call that is given inputs and time, and judged by the model after each; the fuzz target drives the same.

use std::time::Duration;

use conversation::{Action, Conversation, Input, Instant, Settings};

use crate::model::Model;

pub struct Call {
    pub conversation: Conversation,
    pub model: Model,
    pub now: Instant,
    /// The newest pause that was scored.
    pub pauses: u32,
}

impl Call {
    pub fn new(settings: Settings) -> Self {
        let model = Model::new(settings.human);
        Self { conversation: Conversation::new(settings), model, now: Instant::ZERO, pauses: 0 }
    }

    pub fn drain(&mut self) {
        while let Some(action) = self.conversation.poll_action() {
            if let Action::ScoreEndOfTurn { pause, .. } = action {
                self.pauses = pause.0;
            }
            self.model.action(&action);
        }
        self.model.at_rest(&self.conversation, self.now);
    }

    /// Time passes; a `late` shell handles no timeout in it.
    pub fn wait(&mut self, span: Duration, late: bool) {
        let until = self.now + span;
        while let Some((deadline, _)) = self.conversation.poll_timeout()
            && deadline <= until
            && !late
        {
            self.now = deadline;
            self.conversation.handle_timeout(deadline);
            self.drain();
        }
        self.now = until;
    }

    /// What it goes on with when the caller speaks another language.
    pub fn settings_in(&self, german: bool) -> Box<Settings> {
        let settings = self.conversation.settings().clone();
        let (language, hello_answer) = if german { ("de", "Ja, ich bin da.") } else { ("en", "Yes, I'm here.") };
        Box::new(settings.with(|it| {
            it.language = language.into();
            it.phrases.hello_answer = hello_answer.into();
        }))
    }

    pub fn give(&mut self, input: Input) {
        self.model.input(&input);
        self.conversation.handle_input(input, self.now);
        self.drain();
    }
}
