//! What needs no model: "hello?", "say that again", "one moment please".

use crate::clauses;
use crate::language::{Language, Request};
use crate::machine::Core;
use crate::state::State;

impl Core {
    /// Answers the caller's words, by itself where they ask for nothing but attention.
    pub(crate) fn answer(&mut self, text: &str) -> State {
        match Language::of(&self.settings.language).request(text) {
            Request::Hello => self.answer_with(text, self.settings.hello_answer.clone()),
            Request::Repeat => self.answer_with(text, self.last_said.clone()),
            Request::Wait => {
                self.holding = true;
                self.answer_with(text, self.settings.hold_answer.clone())
            }
            Request::None => self.ask_model(text),
        }
    }

    fn answer_with(&mut self, text: &str, phrase: String) -> State {
        if clauses::spoken(&phrase).is_none() {
            return self.ask_model(text);
        }
        self.caller_said(text);
        self.say(phrase)
    }
}
