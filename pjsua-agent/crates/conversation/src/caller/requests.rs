//! What needs no model: "hello?", "say that again", "one moment please".

use crate::call::Call;
use crate::language::{Language, Request};
use crate::next::Next;
use crate::reply::spoken;

/// Answers the caller's words: with a phrase where they ask for nothing but attention, else with the model's reply.
pub(super) fn answer(call: &mut Call, text: &str) -> Next {
    match Language::of(&call.settings.language).request(text) {
        Request::Hello => answer_with(call, text, call.settings.hello_answer.clone()),
        Request::Repeat => answer_with(call, text, call.turns.last_said.clone()),
        Request::Wait => {
            call.caller.holding = true;
            answer_with(call, text, call.settings.hold_answer.clone())
        }
        Request::None => Next::Ask(text.to_owned()),
    }
}

fn answer_with(call: &mut Call, text: &str, phrase: String) -> Next {
    if spoken(&phrase).is_none() {
        return Next::Ask(text.to_owned());
    }
    call.caller_said(text);
    Next::Say(phrase)
}
