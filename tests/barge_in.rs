//! The caller talks over the agent: it stops, and remembers only what was heard.

#![allow(clippy::unwrap_used, reason = "a step that fails is a test that fails")]

use std::time::Duration;

use conversation::Action;
use tests::caller::Caller;
use tests::rtp::{Codec, WireTime};
use tests::scene::{self, ANSWER_PAUSE, PATIENCE};
use tests::speech::{Speech, Voice};

const LIMIT: Duration = Duration::from_millis(300);

/// Lets the long answer run for `heard`, talks over it, and gives the time from the first audible packet of the caller to the
/// arrival of the agent's last audible one, with the moments of question and stop.
fn interrupt(caller: &Caller, heard: Duration, words: &Speech) -> (Duration, WireTime, WireTime) {
    let question = Speech::new(Voice::Rms, "please tell me the history of your shop").unwrap();
    let asked = caller.rtp().say_and_wait(&question).unwrap();
    let first = caller.rtp().wait_audible(asked.end, PATIENCE).unwrap();
    caller.rtp().wait_audible_for(heard, asked.end, Duration::from_secs(30)).unwrap();
    let said = caller.rtp().say_and_wait(words).unwrap();
    // None: the agent was between two sentences when the caller began.
    let stopped = tests::until("the agent should stop", Duration::from_secs(20), || {
        let quiet_since = caller.rtp().heard(|heard| heard.last_audible().filter(|&last| last > said.onset));
        match quiet_since {
            Some(_) => caller.rtp().heard(|heard| heard.fell_silent(said.onset, Duration::from_millis(250))),
            None => (WireTime::now().since(said.onset) > Duration::from_secs(1)).then_some(said.onset),
        }
    })
    .unwrap();
    (stopped.since(said.onset), first, stopped)
}

/// How many of the story's words were heard. They are not counted, for a recogniser writes two for one; it is the beginning
/// of the story that is most like what was recognised.
fn words_heard(recognised: &str, agent: &str) -> usize {
    let words = |text: &str| -> Vec<String> {
        text.split_whitespace().map(|word| word.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase()).collect()
    };
    let story = words(&agent[agent.find("Our shop").unwrap()..]);
    let recognised = words(recognised);
    (0..=story.len()).min_by_key(|&count| strsim::generic_levenshtein(&recognised, &story[..count].to_vec())).unwrap()
}

#[test]
fn talking_over_a_long_answer_stops_it_within_300_ms_on_the_wire() {
    let (daemon, dir) = scene::direct("barge-in", |_| {}).unwrap();
    let words = Speech::new(Voice::Rms, "what are your opening hours on saturday").unwrap();
    for (number, heard) in [1_500, 2_600, 3_700, 5_200].into_iter().enumerate() {
        let caller = scene::call_directly(&daemon, Codec::Pcmu, &dir.join(format!("caller-{number}"))).unwrap();
        scene::hear_greeting(&caller).unwrap();
        let (delay, first, stopped) = interrupt(&caller, Duration::from_millis(heard), &words);
        // The interruption is a question, and it is answered.
        let after = stopped + Duration::from_millis(500);
        caller.rtp().wait_finished(after, ANSWER_PAUSE, Duration::from_secs(30)).unwrap();
        caller.rtp().recording().write(&dir.join(format!("call-{number}.wav"))).unwrap();
        let story = tests::recognise::words(caller.rtp().recording().agent_between(first, stopped)).unwrap();
        let journal = scene::hang_up(&caller, &daemon).unwrap();
        eprintln!("stopped {} ms after the caller's onset, heard: {story}", delay.as_millis());
        assert!(delay <= LIMIT, "stopped after {} ms", delay.as_millis());

        let history = journal.history();
        let told = history.iter().position(|entry| !entry.by_caller && entry.text.starts_with("Our shop")).unwrap();
        let remembered = &history[told].text;
        let whole = std::fs::read_to_string(tests::paths::repository().join("tests/agents/shop.toml")).unwrap();
        let whole = whole.replace("\\\n", "");
        assert!(whole.contains(remembered.trim_end_matches(|c: char| !c.is_alphanumeric())), "{remembered}");
        let (heard, kept) = (words_heard(&story, &whole), remembered.split_whitespace().count());
        assert!(heard.abs_diff(kept) <= 3, "heard {heard} words, remembers {kept}: {remembered}");
        assert!(
            history[told + 1].by_caller && history[told + 1].text.to_lowercase().contains("opening hours"),
            "{history:?}"
        );
        assert!(!history[told + 2].by_caller && history[told + 2].text.contains("nine in the morning"), "{history:?}");
    }
}

#[test]
fn the_greeting_can_be_talked_over_too() {
    let (daemon, dir) = scene::direct("barge-in-greeting", |_| {}).unwrap();
    let caller = scene::call_directly(&daemon, Codec::Pcmu, &dir.join("caller")).unwrap();
    let start = caller.rtp().wait_audible(WireTime::BEGINNING, PATIENCE).unwrap();
    caller.rtp().wait_audible_for(Duration::from_millis(700), start, PATIENCE).unwrap();
    let answer = scene::ask(&caller, "what are your opening hours on saturday").unwrap();
    let words = scene::understand(&caller, &answer).unwrap();
    assert!(words.contains("afternoon"), "{words}");
    scene::hang_up(&caller, &daemon).unwrap();
}

#[test]
fn a_cough_pauses_the_agent_but_does_not_end_its_answer() {
    let (daemon, dir) = scene::direct("barge-in-cough", |_| {}).unwrap();
    let caller = scene::call_directly(&daemon, Codec::Pcmu, &dir.join("caller")).unwrap();
    scene::hear_greeting(&caller).unwrap();
    let asked = caller
        .rtp()
        .say_and_wait(&Speech::new(Voice::Rms, "what are your opening hours on saturday").unwrap())
        .unwrap();
    caller.rtp().wait_audible_for(Duration::from_millis(800), asked.end, PATIENCE).unwrap();
    caller.rtp().say_and_wait(&Speech::noise(Duration::from_millis(120), 10).unwrap()).unwrap();
    let first = caller.rtp().wait_audible(asked.end, PATIENCE).unwrap();
    let last = caller.rtp().wait_finished(asked.end, Duration::from_millis(1_200), Duration::from_secs(30)).unwrap();
    caller.rtp().recording().write(&dir.join("call.wav")).unwrap();
    let words = tests::recognise::words(caller.rtp().recording().agent_between(first, last)).unwrap();
    assert!(words.contains("afternoon"), "{words}");
    let journal = scene::hang_up(&caller, &daemon).unwrap();
    let actions: Vec<_> = journal.actions().collect();
    assert!(!actions.iter().any(|action| matches!(action, Action::FlushPlayout { .. })), "{actions:?}");
}
