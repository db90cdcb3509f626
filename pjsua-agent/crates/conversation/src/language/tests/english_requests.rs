use super::*;

#[test]
fn a_check_whether_anybody_is_there_is_a_hello() {
    ask_for(
        "en",
        Request::Hello,
        &[
            "hello",
            "hello?",
            "Hello, hello?",
            "are you there",
            "um hello",
            "is anybody there",
            "can you hear me",
            "hello can you hear me",
            "Hello? Are you still there?",
            "sorry are you there",
            "okay hello",
            "anyone there please",
        ],
    );
}

#[test]
fn asking_again_is_a_repeat() {
    ask_for(
        "en",
        Request::Repeat,
        &[
            "sorry",
            "Sorry?",
            "pardon",
            "what",
            "excuse me",
            "say that again",
            "could you repeat that please",
            "sorry what",
            "what did you say",
            "i didn't catch that",
            "I’m sorry, I didn’t catch that.",
            "come again",
            "could you please repeat that",
            "um can you say that again",
            "sorry could you say that again please",
            "one more time please",
            "pardon me",
            "okay say it again",
            "i can't hear you",
            "what was that again",
        ],
    );
}

#[test]
fn asking_to_wait_is_a_wait() {
    ask_for(
        "en",
        Request::Wait,
        &[
            "one moment please",
            "hold on",
            "just a second",
            "let me check",
            "wait a minute",
            "hang on let me get my card",
            "wait",
            "wait wait",
            "Hold on, please.",
            "yes one moment",
            "okay let me see",
            "sorry just a sec",
            "um hold on a second",
            "one second let me grab my glasses",
            "give me a minute please",
            "bear with me",
            "hang on i need to find my order number",
            "let me just find my card",
            "just a moment while i look for the letter",
            "can you hold on a second",
        ],
    );
}

#[test]
fn what_asks_more_is_no_request() {
    ask_for(
        "en",
        Request::None,
        &[
            "",
            "hold on i have a question about my order",
            "hello i'd like to book a table",
            "what are your opening hours",
            "sorry i don't want that",
            "wait no the blue one",
            "excuse me where are you",
            "let me get the chicken burger",
            "what did you say about the price",
            "one moment i want to ask about my order and",
            "yes",
            "no sorry",
            "wait stop",
            "hang on let me get my card and then",
            "can you hear me and my wife",
            "say",
            "one",
            "i need to find my order",
            "are you there on sunday",
            "just a second hand teapot",
            "please",
            "um",
        ],
    );
}

#[test]
fn questions_are_told_from_statements() {
    are_questions(
        "en",
        true,
        &[
            "what are your opening hours",
            "are you open",
            "is it free",
            "you close at six don't you",
            "The blue one?",
            "what",
            "and where are you",
            "i ordered a teapot when will it arrive",
            "can you help me",
            "could i speak to someone please",
            "do you know if it is open",
            "I have a question. How much is it?",
            "it's free right",
            "how much is it, please",
            "why",
            "is the shop",
            "what are",
            "Are you there? Thank you.",
            "who do i",
            "may i ask something",
        ],
    );
    are_questions(
        "en",
        false,
        &[
            "",
            "i'd like to book a table",
            "yes",
            "my number is four",
            "i don't know what it costs",
            "right",
            "do not call me",
            "have a nice day",
            "the shop is closed",
            "What time is it? I'm late.",
            "tell me the price",
            "goodbye",
            "...",
        ],
    );
}

#[test]
fn listeners_sounds_are_backchannels() {
    let backchannels = Language::of("en-US").backchannels;
    for phrase in ["uh huh", "aha", "a huh", "huh", "mhm", "mm hmm", "okay", "i see", "got it", "yeah", "right", "sure"]
    {
        assert!(backchannels.contains(&phrase), "{phrase}");
    }
}
