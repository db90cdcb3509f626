//! The loop of the engine's thread: admit, compute one batch for all calls, hand out its tokens.

use std::{
    collections::VecDeque,
    panic::{AssertUnwindSafe, catch_unwind},
    rc::Rc,
    sync::mpsc,
    time::{Duration, Instant},
};

use llama_cpp_2::{DecodeError, context::LlamaContext, llama_batch::LlamaBatch, model::LlamaModel, token::LlamaToken};

use super::super::{Event, Replies, ReplyError};
use super::choice::Choice;
use super::job::{Job, fail, refuse};
use super::pace::Pace;
use super::prompt::Prompter;
use super::slots::{Place, Slots};
use super::{LlamaSettings, Order};

/// Tokens computed at once, at most.
pub const BATCH_TOKENS: u32 = 512;
/// Tokens of a batch that llama.cpp computes in one go. Of a step that is stopped, what was finished stays in the cache.
pub const PIECE_TOKENS: u32 = 128;
/// What `llama_decode` returns when it was stopped (llama.h).
const STOPPED: DecodeError = DecodeError::Unknown(2);
/// Requests that wait, at most, for each that is answered.
const QUEUED_PER_PLACE: usize = 8;

pub(super) struct Batcher<'model> {
    model: &'model LlamaModel,
    context: LlamaContext<'model>,
    prompter: Prompter<'model>,
    batch: LlamaBatch<'static>,
    slots: Slots<LlamaToken>,
    jobs: Vec<Option<Job>>,
    queue: VecDeque<Order>,
    /// Tokens of one call, at most.
    limit: usize,
    settings: LlamaSettings,
    may_share: bool,
    pace: Pace,
}

impl<'model> Batcher<'model> {
    pub(super) fn new(
        model: &'model LlamaModel,
        context: LlamaContext<'model>,
        settings: &LlamaSettings,
    ) -> Result<Self, ReplyError> {
        let sequences = settings.conversations() as usize;
        Ok(Self {
            model,
            context,
            prompter: Prompter::new(model)?,
            batch: LlamaBatch::new(BATCH_TOKENS as usize, 1),
            slots: slots(settings),
            jobs: (0..sequences).map(|_| None).collect(),
            queue: VecDeque::new(),
            limit: settings.context as usize,
            settings: settings.clone(),
            // A recurrent state belongs to one position; only a cache by position can be shared in part.
            may_share: !model.is_recurrent() && !model.is_hybrid(),
            pace: Pace::default(),
        })
    }

    /// Serves until the engine is dropped.
    pub(super) fn serve(&mut self, orders: &mpsc::Receiver<Order>) {
        loop {
            if self.queue.is_empty() && self.jobs.iter().all(Option::is_none) {
                match orders.recv() {
                    Ok(order) => self.queue.push_back(order),
                    Err(mpsc::RecvError) => return,
                }
            }
            while let Ok(order) = orders.try_recv() {
                self.enqueue(order);
            }
            let step = catch_unwind(AssertUnwindSafe(|| {
                self.forget_cancelled();
                self.admit();
                self.refuse_what_comes_too_late();
                self.compute();
            }));
            if step.is_err() {
                self.start_over("the engine panicked");
            }
        }
    }

    fn enqueue(&mut self, order: Order) {
        if self.queue.len() < QUEUED_PER_PLACE * self.settings.capacity as usize {
            self.queue.push_back(order);
        } else {
            fail(&order.replies, ReplyError::Busy("too many replies are waiting".to_owned()));
        }
    }

    fn forget_cancelled(&mut self) {
        self.queue.retain(|order| !order.replies.is_closed());
        for (job, slot) in self.jobs.iter_mut().zip(&mut self.slots.slots) {
            if job.as_ref().is_some_and(|job| job.replies.is_closed()) {
                (*job, slot.busy) = (None, false);
            }
        }
    }

    /// Tells those at once that would give up before their first token, because others come before them: there may be
    /// somebody else to answer.
    fn refuse_what_comes_too_late(&mut self) {
        let waiting = self.waiting();
        let wait = |at: &usize| {
            let job = self.jobs[*at].as_ref();
            let left = job.map_or(0, |job| job.prompt.len().saturating_sub(self.slots.slots[*at].tokens.len()));
            let patience = job.and_then(|job| Some(job.patience?.saturating_sub(job.since.elapsed())));
            (left, patience)
        };
        let waits: Vec<_> = waiting.iter().map(wait).collect();
        for late in self.pace.too_late(&waits) {
            let at = waiting[late];
            if let Some(job) = self.vacate(at) {
                refuse(&job.replies);
            }
        }
        let (pace, at_once) = (&self.pace, self.settings.capacity as usize);
        let mut ahead = 0;
        self.queue.retain(|order| {
            let patience = order.request.patience.map(|patience| patience.saturating_sub(order.since.elapsed()));
            let may_wait = patience.is_none_or(|patience| pace.until_placed(ahead, at_once) < patience);
            if may_wait {
                ahead += 1;
            } else {
                refuse(&order.replies);
            }
            may_wait
        });
    }

    /// Places waiting requests, in order, except that one whose call is still busy lets others pass.
    fn admit(&mut self) {
        let mut waiting = std::mem::take(&mut self.queue);
        while let Some(order) = waiting.pop_front() {
            if !order.request.reads_ahead {
                self.make_way(&order.request.call_id);
            }
            if self.slots.free(&order.request.call_id).is_none() {
                match order.request.reads_ahead {
                    true => refuse(&order.replies),
                    false => self.queue.push_back(order),
                }
                continue;
            }
            let max_tokens = match order.request.max_tokens {
                0 => self.settings.max_tokens,
                wanted => wanted,
            };
            let reserve = (max_tokens as usize).min(self.limit / 4).max(1);
            let prompt = match self.prompter.tokens(&order.request, self.limit - reserve) {
                Ok(prompt) if prompt.is_empty() => Err(ReplyError::Invalid("the prompt is empty".to_owned())),
                other => other,
            };
            let choice = || Choice::new(self.model, order.request.temperature, &order.request.json_schema);
            match prompt.and_then(|prompt| Ok((prompt, choice()?))) {
                Ok((prompt, choice)) => match self.slots.place(&order.request.call_id, &prompt, self.may_share) {
                    Some(place) => self.begin(order, prompt, choice, place, max_tokens),
                    None => self.queue.push_back(order),
                },
                Err(error) => fail(&order.replies, error),
            }
        }
    }

    /// Ends what only reads ahead as far as a request of this call has no place for it. What it has read stays in the cache.
    fn make_way(&mut self, call_id: &str) {
        while self.slots.free(call_id).is_none() {
            let is_reading = |at: &usize| self.jobs[*at].as_ref().is_some_and(|job| job.reads_ahead);
            let reading = (0..self.jobs.len()).filter(is_reading);
            let Some(at) = reading.min_by_key(|at| self.slots.slots[*at].call_id != call_id) else { return };
            if let Some(job) = self.vacate(at) {
                refuse(&job.replies);
            }
        }
    }

    /// Takes what is written in a sequence out of it; the conversation stays.
    fn vacate(&mut self, at: usize) -> Option<Job> {
        self.slots.slots[at].busy = false;
        self.jobs[at].take()
    }

    fn begin(&mut self, order: Order, prompt: Vec<LlamaToken>, choice: Choice, place: Place, max_tokens: u32) {
        let cached = self.keep(place);
        for emptied in self.slots.reserve(place.slot, prompt.len() + max_tokens as usize) {
            self.clear(emptied, 0);
        }
        let slot = &mut self.slots.slots[place.slot];
        slot.tokens.clear();
        slot.tokens.extend_from_slice(&prompt[..cached]);
        self.jobs[place.slot] = Some(Job::new(order, prompt, choice, cached, max_tokens));
    }

    /// Makes the cache hold the common beginning and nothing else; returns its length in tokens.
    fn keep(&mut self, place: Place) -> usize {
        let own = i32::try_from(place.slot).unwrap_or(i32::MAX);
        if let Some((donor, shared)) = place.donor {
            let from = i32::try_from(donor).unwrap_or(i32::MAX);
            let end = u32::try_from(shared).ok();
            self.clear(place.slot, 0);
            return match self.context.copy_kv_cache_seq(from, own, Some(0), end) {
                Ok(()) => shared,
                Err(_) => 0,
            };
        }
        if place.own > 0 && self.clear(place.slot, place.own) {
            return place.own;
        }
        self.clear(place.slot, 0);
        0
    }

    /// Empties a sequence from a position on; false when the model cannot do that in part.
    fn clear(&mut self, slot: usize, from: usize) -> bool {
        let from = u32::try_from(from).ok().filter(|from| *from > 0);
        self.context.clear_kv_cache_seq(u32::try_from(slot).ok(), from, None).unwrap_or(false)
    }

    fn compute(&mut self) {
        let held: Vec<usize> = self.slots.slots.iter().map(|slot| slot.tokens.len()).collect();
        let prompt_tokens = self.fill();
        if self.batch.n_tokens() == 0 {
            return;
        }
        let began = Instant::now();
        match self.decode(&held) {
            Ok(()) => self.pace.learn(prompt_tokens, began.elapsed()),
            Err(STOPPED) => return self.take_back(&held),
            Err(error) => {
                tracing::error!(%error, tokens = self.batch.n_tokens(), "llama.cpp cannot decode");
                return self.start_over("the engine cannot decode");
            }
        }
        for at in 0..self.jobs.len() {
            self.end_reading(at);
            let Some(row) = self.jobs[at].as_mut().and_then(|job| job.row.take()) else { continue };
            if self.continue_reply(at, row)
                && let Some(job) = self.vacate(at)
            {
                self.pace.learn_stay(job.placed.elapsed());
            }
        }
    }

    /// Ends what reads ahead and has read all.
    fn end_reading(&mut self, at: usize) {
        let read = self.slots.slots[at].tokens.len();
        let is_over = self.jobs[at].as_ref().is_some_and(|job| job.reads_ahead && job.prompt.len() == read);
        if is_over && let Some(mut job) = self.vacate(at) {
            job.finish();
        }
    }

    /// Computes the batch, but no longer than anybody waits for any of it. `held`: what the sequences held before.
    fn decode(&mut self, held: &[usize]) -> Result<(), DecodeError> {
        let in_batch = |at: &usize| self.slots.slots[*at].tokens.len() > held[*at];
        let jobs = (0..held.len()).filter(in_batch).filter_map(|at| self.jobs[at].as_ref());
        let readers: Vec<Replies> = jobs.map(|job| job.replies.clone()).collect();
        let have_gone = Rc::new(move || readers.iter().all(Replies::is_closed));
        ggml_kernels::stoppable(have_gone, || self.context.decode(&mut self.batch))
    }

    /// After a step that was stopped: what it had finished stays, for the calls' next turns; the rest is neither in the cache
    /// nor in what is known of it.
    fn take_back(&mut self, held: &[usize]) {
        for (at, &before) in held.iter().enumerate() {
            let now = self.slots.slots[at].tokens.len();
            if now == before {
                continue;
            }
            let last = i32::try_from(at).map_or(-1, |sequence| self.context.kv_cache_seq_pos_max(sequence));
            // Of a recurrent state nobody knows what it is now.
            let finished = if self.may_share { usize::try_from(last + 1).unwrap_or(0).clamp(before, now) } else { 0 };
            let kept = if finished > 0 && self.clear(at, finished) { finished } else { 0 };
            if kept == 0 {
                self.clear(at, 0);
            }
            tracing::debug!(before, kept, dropped = now - kept, "nobody waits for this step");
            self.slots.slots[at].tokens.truncate(kept);
            self.vacate(at);
        }
    }

    /// Fills the batch: first one token of each running reply, unless it is well ahead and others are waited for in
    /// silence; then pieces of prompts, of which it tells the tokens.
    fn fill(&mut self) -> usize {
        self.batch.clear();
        let somebody_waits = self.jobs.iter().flatten().any(|job| job.next.is_none() && !job.reads_ahead);
        let mut least_ahead = None;
        for (at, job) in self.jobs.iter_mut().enumerate() {
            let Some(job) = job else { continue };
            if job.next.is_none() || (somebody_waits && job.can_wait()) {
                continue;
            }
            let ahead = job.ahead();
            least_ahead = Some(least_ahead.map_or(ahead, |least: Duration| least.min(ahead)));
            if let Some(token) = job.next.take() {
                job.row = Some(self.batch.n_tokens());
                add(&mut self.batch, &mut self.slots.slots[at].tokens, at, token, true);
            }
        }
        // Somebody may come who waits.
        let least_ahead = if self.only_reads_ahead() { Some(Duration::ZERO) } else { least_ahead };
        let most = self.pace.room(least_ahead).min(BATCH_TOKENS as usize - self.jobs.len());
        let mut room = most;
        for at in self.waiting() {
            let Some(job) = &mut self.jobs[at] else { continue };
            let tokens = &mut self.slots.slots[at].tokens;
            while room > 0 && job.row.is_none() && tokens.len() < job.prompt.len() {
                let is_answered = tokens.len() + 1 == job.prompt.len() && !job.reads_ahead;
                if is_answered {
                    job.row = Some(self.batch.n_tokens());
                }
                let token = job.prompt[tokens.len()];
                add(&mut self.batch, tokens, at, token, is_answered);
                room -= 1;
            }
        }
        most - room
    }

    /// Whether nobody waits for anything, or listens to what is written.
    fn only_reads_ahead(&self) -> bool {
        self.jobs.iter().flatten().all(|job| job.reads_ahead)
    }

    /// The sequences whose prompts are not computed yet, in the order in which they shall be; those that only read ahead
    /// where there are no others at all.
    fn waiting(&self) -> Vec<usize> {
        let only_reads = self.only_reads_ahead();
        let rank = |(at, job): (usize, &Option<Job>)| {
            let job = job.as_ref().filter(|job| only_reads || !job.reads_ahead)?;
            let left = job.prompt.len().checked_sub(self.slots.slots[at].tokens.len()).filter(|left| *left > 0)?;
            Some((self.pace.rank(left, job.since.elapsed()), at))
        };
        let mut waiting: Vec<(f32, usize)> = self.jobs.iter().enumerate().filter_map(rank).collect();
        waiting.sort_by(|(left, _), (right, _)| left.total_cmp(right));
        waiting.into_iter().map(|(_, at)| at).collect()
    }

    /// Chooses a reply's next token and sends what it adds; true when the reply has ended.
    fn continue_reply(&mut self, at: usize, row: i32) -> bool {
        let Some(job) = self.jobs[at].as_mut() else { return false };
        let Some(token) = job.choice.next(&self.context, row) else {
            fail(&job.replies, ReplyError::Engine("the model has no token that the grammar allows".to_owned()));
            return true;
        };
        let vocab = self.model.vocab();
        if vocab.is_eog(token) {
            job.finish();
            return true;
        }
        job.usage.generated_tokens += 1;
        job.latest = Instant::now();
        job.begun.get_or_insert(job.latest);
        let piece = vocab.token_to_piece(token, false, None);
        let text = job.characters.push(&piece);
        let text = if job.choice.is_json() { text } else { job.spoken.push(&text) };
        if !text.is_empty() && job.replies.send(Ok(Event::Delta(text))).is_err() {
            return true;
        }
        let is_cut =
            job.usage.generated_tokens >= job.max_tokens || self.slots.slots[at].tokens.len() + 1 >= self.limit;
        if is_cut && job.choice.is_json() {
            // Half a value is of no use.
            let reason = "the JSON of the reply does not end within its bound of tokens";
            fail(&job.replies, ReplyError::Engine(reason.to_owned()));
            return true;
        }
        if is_cut || job.spoken.is_over() {
            job.finish();
            return true;
        }
        job.next = Some(token);
        false
    }

    /// Fails all running replies and empties the cache, of which nobody knows what it holds.
    fn start_over(&mut self, reason: &str) {
        for job in self.jobs.iter_mut().filter_map(Option::take) {
            fail(&job.replies, ReplyError::Engine(reason.to_owned()));
        }
        self.context.clear_kv_cache();
        self.slots = slots(&self.settings);
    }
}

/// Adds one token to the batch and to what its sequence then holds.
fn add(batch: &mut LlamaBatch<'_>, tokens: &mut Vec<LlamaToken>, slot: usize, token: LlamaToken, logits: bool) {
    let position = i32::try_from(tokens.len()).expect("a sequence is shorter than the context");
    let sequence = i32::try_from(slot).expect("there are few sequences");
    batch.add(token, position, &[sequence], logits).expect("the batch has room for what is counted against it");
    tokens.push(token);
}

fn slots(settings: &LlamaSettings) -> Slots<LlamaToken> {
    let at_once = settings.capacity as usize;
    Slots::new(settings.conversations() as usize, at_once, at_once * settings.context as usize)
}

#[cfg(test)]
mod tests;
