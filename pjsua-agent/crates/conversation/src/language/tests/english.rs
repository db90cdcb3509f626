use super::*;
use Completeness::{Complete, Incomplete, Open};

#[test]
fn a_trailing_function_word_is_incomplete() {
    are(
        "en",
        Incomplete,
        &[
            "and",
            "i'd like a large pizza and",
            "yes but",
            "i can't come because",
            "so if",
            "is it the red one or",
            "i'd like to change the",
            "i need a",
            "this is about my",
            "can i have your",
            "it's an",
            "i'd like to speak to",
            "i'm calling about",
            "i live in",
            "the delivery is for",
            "it was sent from",
            "the meeting is at",
            "i'd like to",
            "i want to",
            "i need to",
            "my order number is",
            "my number is",
            "my name is",
            "it is",
            "the problem is",
            "what are",
            "what is the",
            "how do i",
            "where can i",
            "can you",
            "could you please",
            "can you tell me the",
            "can you tell me",
            "can you tell me when",
            "do you have",
            "i was wondering",
            "so i",
            "then we",
            "i think that",
            "i don't want the",
            "i'm",
            "they're",
            "i've",
            "i would",
            "you have to",
            "it's not",
            "i'm looking for",
            "i'm looking",
            "i want",
            "give me",
            "let me",
            "as soon as",
            "in order to",
            "more than",
            "a lot of",
            "what kind of",
            "how many",
            "what time",
            "mister",
            "please send it to",
        ],
    );
}

#[test]
fn a_filler_at_the_end_is_incomplete() {
    are(
        "en",
        Incomplete,
        &[
            "um",
            "uh",
            "and uh",
            "yes um",
            "i need um",
            "Um,",
            "well",
            "so",
            "okay so",
            "well uh",
            "actually",
            "i want a table for uh",
            "erm",
            "hmm",
            "my order number",
            "my email address",
            "Well...",
        ],
    );
}

#[test]
fn a_comma_a_dash_and_an_ellipsis_are_incomplete() {
    are(
        "en",
        Incomplete,
        &[
            "I ordered a teapot,",
            "I ordered a teapot...",
            "I ordered a teapot…",
            "I ordered a teapot -",
            "Yes,",
            "I ordered a teapot —",
            "What are your opening hours, ",
        ],
    );
}

#[test]
fn a_full_stop_does_not_make_an_ending_whole() {
    are(
        "en",
        Incomplete,
        &["I'd like to.", "My order number is.", "I want the.", "And.", "Because.", "Can I have the?", "Um."],
    );
}

#[test]
fn whole_questions_are_complete() {
    are(
        "en",
        Complete,
        &[
            "what are your opening hours",
            "what's the price of the blue teapot",
            "where is my order",
            "how do i get there",
            "how much is the large bowl",
            "when do you open",
            "when do you close on saturday",
            "what time do you open tomorrow",
            "can you tell me when the shop opens",
            "do you have parking",
            "do you take credit cards",
            "are you open on sunday",
            "is there a bus stop",
            "can i pay by card",
            "could you call me back tomorrow",
            "will it arrive today",
            "hi what are your opening hours",
            "okay and where are you located",
            "what is this for",
            "who am i speaking to",
            "can you tell me what your opening hours are",
            "do you know what time it is",
            "how long does it take",
            "did you get my letter",
            "why is my parcel late",
            "what about saturday",
            "how about tomorrow",
            "is the shop open today",
            "i ordered a teapot last week when will it arrive",
            "you're open on sunday aren't you",
            "it's free isn't it",
            "that's thirty five dollars right",
            "WHAT ARE YOUR OPENING HOURS",
            "whats your address",
            "which of the bowls is cheaper",
            "would you recommend the green vase",
            "how can i cancel my order",
            "what happens to my deposit",
        ],
    );
}

#[test]
fn short_answers_and_commands_are_complete() {
    are(
        "en",
        Complete,
        &[
            "yes",
            "no",
            "yes please",
            "no thank you",
            "Yes!",
            "nope",
            "yeah sure",
            "okay",
            "of course",
            "that's all",
            "that's right",
            "i don't know",
            "i think so",
            "not yet",
            "goodbye",
            "bye bye",
            "okay bye",
            "thank you very much",
            "thanks goodbye",
            "thank you for your help",
            "have a nice day",
            "stop",
            "please stop",
            "cancel",
            "speak to a person",
            "i'd like to speak to a person",
            "can i speak to someone please",
            "operator",
            "help",
            "can you help me",
            "never mind",
            "talk to a human",
            "um yes",
            "well no",
            "yes i do",
            "nothing else thanks",
            "i want to speak to the manager",
        ],
    );
}

#[test]
fn a_sentence_with_its_mark_or_a_please_is_complete() {
    are(
        "en",
        Complete,
        &[
            "I'd like to book a table.",
            "My teapot is broken!",
            "The blue one?",
            "I would like a table for two please",
            "Is it this one?",
            "What is this for?",
            "a table for two at seven please",
            "I lost my card. Can you help?",
            "That's what I'm looking for.",
            "four five oh one please",
            "At 10 p.m.",
        ],
    );
}

#[test]
fn other_sentences_are_open() {
    are(
        "en",
        Open,
        &[
            "",
            "  ",
            "...",
            "i'd like to book a table",
            "my teapot is broken",
            "the blue one",
            "i ordered it last week",
            "i'd love to",
            "i'm calling about my order",
            "that's what i'm looking for",
            "turn it on",
            "when does the shop",
            "sorry",
            "what",
            "why",
            "hold on",
            "please",
            "hi",
            "good morning",
            "[noise]",
            "when does the train",
        ],
    );
}
