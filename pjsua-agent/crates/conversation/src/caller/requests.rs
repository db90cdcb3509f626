//! What needs no model: "hello?", "say that again", "one moment please".

use crate::Spoken;
use crate::call::Call;
use crate::language::{Language, Request};
use crate::next::Next;
use crate::reply::spoken;

/// Answers the caller's words: with a phrase where they ask for nothing but attention, else with the model's reply.
pub(super) fn answer(call: &mut Call, text: &str) -> Next {
    match Language::of(&call.settings.language).request(text) {
        Request::Hello => answer_with(call, text, call.settings.phrases.hello_answer.clone()),
        Request::Repeat => answer_with(call, text, call.turns.last_said.clone().into()),
        Request::Wait => {
            call.caller.holding = true;
            answer_with(call, text, call.settings.phrases.hold_answer.clone())
        }
        Request::None => Next::Ask(text.into()),
    }
}

fn answer_with(call: &mut Call, text: &str, phrase: Spoken) -> Next {
    if spoken(&phrase).is_none() {
        return Next::Ask(text.into());
    }
    call.caller_said(text);
    Next::Say(phrase)
}
