use super::{Act, Acts, Filter, Grounds, Unspoken};

const ALL: Acts = Acts { transfer: true, hang_up: true };

/// In one piece, and character by character: both must give the same.
fn filtered(text: &str, acts: Acts) -> (String, Option<Act>, Vec<Unspoken>) {
    let whole = run(&[text], acts);
    let characters: Vec<String> = text.chars().map(String::from).collect();
    let pieces: Vec<&str> = characters.iter().map(String::as_str).collect();
    let streamed = run(&pieces, acts);
    assert_eq!(whole.0, streamed.0, "in one piece and in many: {text:?}");
    assert_eq!(whole.1, streamed.1, "{text:?}");
    whole
}

fn run(pieces: &[&str], acts: Acts) -> (String, Option<Act>, Vec<Unspoken>) {
    let mut filter = Filter::new("en", acts);
    let mut spoken: String = pieces.iter().map(|piece| filter.push(piece)).collect();
    spoken += &filter.finish();
    let spoken = spoken.split_whitespace().collect::<Vec<_>>().join(" ");
    (spoken, filter.act(), filter.unspoken().collect())
}

fn spoken(text: &str) -> String {
    filtered(text, Acts::default()).0
}

#[test]
fn an_answer_is_spoken_as_it_is() {
    for answer in [
        "We are open from 9 a.m. to 5 p.m., Monday to Friday. Anything else?",
        "It costs 3.50 dollars (tax included); that's 2 < 3, and [sic] fine.",
        "Write to info_desk@example.com or call 555-0100.",
        "Yes. Yes. Of course. Of course.",
        "User accounts: we have three kinds.",
        "I should be able to help. One moment.",
        "Monday from 9 a.m. to 5 p.m., Tuesday from 9 a.m. to 5 p.m., Wednesday from 9 a.m. to 5 p.m., Sunday closed.",
        "On Monday, we are open from nine until six. On Tuesday, we are open from nine until six.",
        "It is -5 degrees. Press <return> now.",
    ] {
        let expected = answer;
        assert_eq!(spoken(answer), expected);
    }
}

#[test]
fn a_clause_is_not_held_back_once_its_end_is_known() {
    let mut filter = Filter::new("en", ALL);
    assert_eq!(filter.push("We open"), "");
    assert_eq!(filter.push(" at nine."), "");
    assert_eq!(filter.push(" And"), "We open at nine. ");
    assert_eq!(filter.finish(), "And");
}

#[test]
fn thoughts_are_never_spoken() {
    for text in [
        "<think>The caller wants hours. I should be brief.</think>\n\nWe open at nine.",
        "<thinking>\nHours? [TRANSFER]\n</thinking>We open at nine.",
        "[THINK]Hours.[/THINK] We open at nine.",
        "I should be brief.\n</think>\n\nWe open at nine.",
        "Okay, the user wants to know the hours. They are in the prompt.\n\nWe open at nine.",
        "<|channel|>analysis<|message|>Hours.<|end|><|start|>assistant<|channel|>final<|message|>We open at nine.",
        "<reasoning>a < b</reasoning>We open at nine.",
    ] {
        assert_eq!(filtered(text, ALL).0, "We open at nine.", "{text:?}");
        assert_eq!(filtered(text, ALL).1, None, "{text:?}");
    }
    assert_eq!(spoken("<think>It never ends"), "");
    assert_eq!(spoken("The user is asking about hours.\nWe open at nine."), "We open at nine.");
}

#[test]
fn another_speakers_part_ends_the_reply() {
    for text in [
        "We open at nine.\nUser: And on Sunday?\nAgent: Closed.",
        "We open at nine. Caller: And on Sunday?",
        "We open at nine.<|im_end|>\n<|im_start|>user\nAnd on Sunday?",
        "We open at nine.</s>[INST] And",
        "Assistant: We open at nine.\n\n**Human:** and",
        "<|im_start|>assistant\nWe open at nine.<|eot_id|>x",
    ] {
        assert_eq!(spoken(text), "We open at nine.", "{text:?}");
    }
    let mut filter = Filter::new("en", ALL);
    filter.push("We open at nine. User: and");
    assert!(filter.is_over());
}

#[test]
fn json_code_and_calls_are_not_spoken() {
    for text in [
        "{\"name\": \"lookup\", \"arguments\": {\"id\": \"a}b\"}} We open at nine.",
        "```json\n{\"a\": 1}\n```\nWe open at nine.",
        "<tool_call>{\"name\": \"x\"}</tool_call>We open at nine.",
        "[{\"a\": [1, 2]}] We open at nine.",
        "lookup_order(id=45, name=\"x\") We open at nine.",
        "transfer_to_human We open at nine.",
        "We open at `nine`.",
        "We open at **nine**.",
        "# We open at nine.",
        "We open at [nine](https://example.com/hours).",
    ] {
        assert_eq!(spoken(text), "We open at nine.", "{text:?}");
    }
    assert_eq!(spoken("{\"answer\": \"never closed"), "");
    assert_eq!(spoken("Write to <info@example.com>."), "Write to info@example.com.");
}

#[test]
fn a_marker_acts_if_it_may_and_is_never_spoken() {
    for (text, act) in [
        ("One moment. [TRANSFER]", Act::Transfer),
        ("One moment. [TRANSFER_CALL] and more", Act::Transfer),
        ("One moment. [Hang Up]", Act::HangUp),
        ("One moment. [END_CALL: done]", Act::HangUp),
    ] {
        assert_eq!((&*filtered(text, ALL).0, filtered(text, ALL).1), ("One moment.", Some(act)), "{text}");
        assert_eq!(filtered(text, Acts::default()).1, None);
    }
    assert_eq!(spoken("One moment. [LOOKUP_ORDER] It is there."), "One moment. It is there.");
}

#[test]
fn what_was_said_is_not_said_again() {
    let text = "We are open on Monday. We are open on Monday. Call us.";
    assert_eq!(spoken(text), "We are open on Monday. Call us.");
    let circles = "We sell tea and mugs. ".repeat(20);
    assert_eq!(spoken(&circles), "We sell tea and mugs.");
    let mut filter = Filter::new("en", ALL);
    filter.push(&circles);
    assert!(filter.is_over(), "nobody generates on");
}

#[test]
fn nothing_is_said_three_times() {
    assert_eq!(spoken("No, no, not at all."), "No, no, not at all.");
    assert_eq!(spoken(&format!("No, {}", "no, ".repeat(20))), "No, no,");
    assert_eq!(spoken("I'm sorry, I'm sorry. I'm sorry."), "I'm sorry, I'm sorry.");
    assert_eq!(
        spoken("I'm sorry. We are closed. I'm sorry. I'm sorry. Goodbye."),
        "I'm sorry. We are closed. I'm sorry. Goodbye."
    );
    let days = "On Monday, from nine to five, on Tuesday, from nine to five, on Friday, from nine to five.";
    assert_eq!(spoken(days), days);
}

#[test]
fn a_voice_is_given_only_letters_that_it_knows() {
    assert_eq!(filtered("我们九点开门。", ALL), (String::new(), None, vec![Unspoken::ForeignScript]));
    assert_eq!(spoken("Мы открываемся в девять. We open at nine."), "We open at nine.");
    assert_eq!(spoken("Our café is called Ωmega."), "Our café is called Ωmega.");
    let mut filter = Filter::new("ru", ALL);
    assert_eq!(filter.push("Мы открываемся в девять. "), "Мы открываемся в девять. ");
}

#[test]
fn a_reply_is_held_to_its_sources() {
    let grounds = Grounds::new("en", ["We open at nine. The teapot is thirty five dollars."]);
    let mut filter = Filter::new("en", ALL).held_to(grounds);
    let mut spoken = filter.push("We open at 9. The vase is fifty dollars. The teapot is $35. ");
    spoken += &filter.finish();
    assert_eq!(spoken.trim(), "We open at 9.");
    assert_eq!(filter.unspoken().collect::<Vec<_>>(), [Unspoken::Unfounded]);
}
