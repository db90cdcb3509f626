//! A batcher with real models, step by step.

use std::{path::PathBuf, sync::Once};

use llama_cpp_2::{llama_backend::LlamaBackend, model::params::LlamaModelParams};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use super::super::{LlamaSettings, context_params, log};
use super::*;
use crate::args::KvCache;
use crate::engines::{Event, Message, Request, Role};

type Events = UnboundedReceiver<Result<Event, ReplyError>>;

fn smollm() -> LlamaModel {
    static SELECTED: Once = Once::new();
    SELECTED.call_once(|| {
        log::to_tracing();
        ggml_kernels::select(None).unwrap();
    });
    let store = model_store::Store::open_default().unwrap();
    let path = store.path("smollm2-135m").unwrap_or_else(|error| panic!("{error} (or: pjsua-agent models pull)"));
    LlamaModel::load_from_file(backend(), path, &LlamaModelParams::default()).unwrap()
}

/// One a process, as long as it lives.
fn backend() -> &'static LlamaBackend {
    static BACKEND: std::sync::OnceLock<LlamaBackend> = std::sync::OnceLock::new();
    BACKEND.get_or_init(|| LlamaBackend::init().unwrap())
}

fn batcher(model: &LlamaModel) -> Batcher<'_> {
    let settings = LlamaSettings {
        model: PathBuf::new(),
        context: 1_024,
        capacity: 2,
        threads: 1,
        gpu_layers: Some(0),
        gpu: None,
        kv_cache: KvCache::F16,
        max_tokens: 8,
    };
    let context = model.new_context(backend(), context_params(&settings, PIECE_TOKENS)).unwrap();
    Batcher::new(model, context, &settings).unwrap()
}

/// A request with a prompt of about six tokens a repetition.
fn ask(batcher: &mut Batcher<'_>, call_id: &str, repetitions: usize) -> Events {
    order(batcher, call_id, repetitions, false)
}

/// Orders a prompt like that of [`ask`] to be read ahead.
fn read_ahead(batcher: &mut Batcher<'_>, call_id: &str, repetitions: usize) -> Events {
    order(batcher, call_id, repetitions, true)
}

fn order(batcher: &mut Batcher<'_>, call_id: &str, repetitions: usize, reads_ahead: bool) -> Events {
    let (replies, events) = unbounded_channel();
    let text = format!("Please write this down: {}", "one apple and two pears, ".repeat(repetitions));
    let messages = vec![Message { role: Role::Caller, text }];
    let request = Request { call_id: call_id.to_owned(), messages, max_tokens: 6, reads_ahead, ..Request::default() };
    batcher.enqueue(Order { request, replies, since: Instant::now() });
    batcher.admit();
    events
}

/// Computes until nothing is left; what was said, and the tokens of the prompt that came from the cache.
fn reply(batcher: &mut Batcher<'_>, mut events: Events) -> (String, u32) {
    let mut text = String::new();
    while batcher.jobs.iter().any(Option::is_some) {
        batcher.compute();
    }
    loop {
        match events.try_recv().unwrap().unwrap() {
            Event::Delta(more) => text.push_str(&more),
            Event::Act(_) => {}
            Event::Done(usage) => return (text, usage.cached_tokens),
        }
    }
}

/// The tokens of a sequence, as llama.cpp and as the batcher know them.
fn held(batcher: &Batcher<'_>, at: usize) -> (usize, usize) {
    let last = batcher.context.kv_cache_seq_pos_max(i32::try_from(at).unwrap());
    (usize::try_from(last + 1).unwrap(), batcher.slots.slots[at].tokens.len())
}

fn place_of(batcher: &Batcher<'_>, call_id: &str) -> usize {
    batcher.slots.slots.iter().position(|slot| slot.call_id == call_id).unwrap()
}

#[test]
fn a_step_that_nobody_waits_for_is_stopped_and_the_next_reply_is_the_same_as_ever() {
    let model = smollm();
    let mut fresh = batcher(&model);
    let events = ask(&mut fresh, "call", 40);
    let expected = reply(&mut fresh, events);
    assert!(!expected.0.is_empty());

    let mut batcher = batcher(&model);
    drop(ask(&mut batcher, "call", 40));
    batcher.compute();
    let at = place_of(&batcher, "call");
    assert_eq!(held(&batcher, at), (0, 0), "the first operation was the last");
    assert!(batcher.jobs.iter().all(Option::is_none) && !batcher.slots.slots[at].busy);
    let events = ask(&mut batcher, "call", 40);
    assert_eq!(reply(&mut batcher, events), expected);
}

#[test]
fn what_was_finished_before_stays_for_the_calls_next_turn() {
    let model = smollm();
    let mut batcher = batcher(&model);
    let events = ask(&mut batcher, "call", 60);
    batcher.compute();
    let at = place_of(&batcher, "call");
    let (before, known) = held(&batcher, at);
    assert!(before > 0 && before == known);
    drop(events);
    batcher.compute();
    assert_eq!(held(&batcher, at), (before, before));
    let events = ask(&mut batcher, "call", 60);
    assert_eq!(reply(&mut batcher, events).1 as usize, before);
}

#[test]
fn the_pieces_of_a_step_that_were_finished_stay_too() {
    let model = smollm();
    let mut batcher = batcher(&model);
    for _ in 0..30 {
        batcher.pace.learn(500, Duration::from_secs(1));
    }
    let events = ask(&mut batcher, "call", 60);
    // Gone as soon as the first piece is done: its operations are counted by a step that is not stopped.
    let held_before: Vec<usize> = batcher.slots.slots.iter().map(|slot| slot.tokens.len()).collect();
    let tokens = batcher.fill();
    assert!(tokens > 2 * PIECE_TOKENS as usize, "{tokens}");
    let asked = Rc::new(std::cell::Cell::new(0));
    let counting = {
        let asked = Rc::clone(&asked);
        move || {
            asked.set(asked.get() + 1);
            false
        }
    };
    ggml_kernels::stoppable(Rc::new(counting), || batcher.context.decode(&mut batcher.batch)).unwrap();
    let operations = asked.get();
    let pieces = tokens.div_ceil(PIECE_TOKENS as usize);
    batcher.start_over("the test goes on");
    drop(events);

    let _events = ask(&mut batcher, "call", 60);
    assert_eq!(batcher.fill(), tokens);
    let left = std::cell::Cell::new(operations / pieces + operations / pieces / 2);
    let one_and_a_half = move || {
        left.set(left.get().saturating_sub(1));
        left.get() == 0
    };
    let stopped = ggml_kernels::stoppable(Rc::new(one_and_a_half), || batcher.context.decode(&mut batcher.batch));
    assert_eq!(stopped, Err(STOPPED));
    batcher.take_back(&held_before);
    let at = place_of(&batcher, "call");
    assert_eq!(held(&batcher, at), (PIECE_TOKENS as usize, PIECE_TOKENS as usize));
}

#[test]
fn a_step_goes_on_while_one_of_its_callers_waits() {
    let model = smollm();
    let mut fresh = batcher(&model);
    let events = ask(&mut fresh, "stays", 3);
    let expected = reply(&mut fresh, events);

    let mut batcher = batcher(&model);
    drop(ask(&mut batcher, "goes", 3));
    let events = ask(&mut batcher, "stays", 3);
    batcher.compute();
    let (goes, stays) = (place_of(&batcher, "goes"), place_of(&batcher, "stays"));
    for at in [goes, stays] {
        let (cached, known) = held(&batcher, at);
        assert!(cached > 0 && cached == known);
    }
    batcher.forget_cancelled();
    assert_eq!(reply(&mut batcher, events).0, expected.0);
}

#[test]
fn what_was_read_ahead_is_not_computed_again() {
    let model = smollm();
    let mut batcher = batcher(&model);
    let reading = read_ahead(&mut batcher, "one", 10);
    assert_eq!(reply(&mut batcher, reading), (String::new(), 0), "nothing is said");
    let (read, known) = held(&batcher, place_of(&batcher, "one"));
    assert_eq!(read, known);
    let asked = ask(&mut batcher, "one", 12);
    let (said, cached) = reply(&mut batcher, asked);
    assert!(!said.is_empty());
    // The end of the message and the head of the reply are others.
    assert!(cached as usize + 10 > read, "{cached} of {read}");
}

#[test]
fn who_waits_comes_before_what_is_read_ahead() {
    let model = smollm();
    let mut batcher = batcher(&model);
    let mut reading = read_ahead(&mut batcher, "one", 100);
    let asked = ask(&mut batcher, "two", 5);
    batcher.compute();
    let place = place_of(&batcher, "one");
    assert_eq!(batcher.slots.slots[place].tokens.len(), 0, "another's reply comes first");
    reply(&mut batcher, asked);
    assert!(held(&batcher, place).0 > 0, "then it is read");
    assert!(matches!(reading.try_recv(), Ok(Ok(Event::Done(_)))));
}

#[test]
fn a_request_of_the_call_ends_its_reading() {
    let model = smollm();
    let mut batcher = batcher(&model);
    let mut reading = read_ahead(&mut batcher, "one", 100);
    batcher.compute();
    let (read, _) = held(&batcher, place_of(&batcher, "one"));
    assert!(read > 0);
    let asked = ask(&mut batcher, "one", 100);
    assert!(matches!(reading.try_recv(), Ok(Err(ReplyError::Busy(_)))));
    let (_, cached) = reply(&mut batcher, asked);
    assert_eq!(cached as usize, read, "what it had read is used");
}

#[test]
fn no_place_is_kept_from_those_who_wait() {
    let model = smollm();
    let mut batcher = batcher(&model);
    let _one = read_ahead(&mut batcher, "one", 100);
    let _two = read_ahead(&mut batcher, "two", 100);
    let mut third = read_ahead(&mut batcher, "three", 100);
    assert!(matches!(third.try_recv(), Ok(Err(ReplyError::Busy(_)))), "two places, both taken");
    let asked = ask(&mut batcher, "four", 5);
    assert!(!reply(&mut batcher, asked).0.is_empty());
}
