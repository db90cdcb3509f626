//! The SIP thread: owns PJSUA2, carries out commands, turns what PJSIP reports into events.

mod commands;

use std::os::fd::OwnedFd;
use std::os::unix::net::UnixDatagram;
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use pjsip_sys::Status;
use sip_gate::Gate;
use tokio::sync::mpsc::UnboundedSender;
use tracing::{debug, warn};

pub(super) use commands::Command;

use super::account::{Answer, Registration, Step};
use super::ffi::{self, Endpoint, StartClock};
use super::inbox::{Happening, Inbox};
use super::names::Resolver;
use super::overdue::Bounds;
use super::transfer::Transfer;
use super::{Shared, SipConfig, SipEvent, SipHandle, Srtp, StartError, bring_up};
use crate::leg::{LegEvent, LegId, Wait};

/// While there are calls, keys that came by RTP wait for the SIP thread no longer than this.
const BUSY_POLL: Duration = Duration::from_millis(20);
const IDLE_POLL: Duration = Duration::from_millis(200);
const BOUNDS_CHECK: Duration = Duration::from_secs(1);
/// For BYEs and the last REGISTERs to be answered.
const SHUTDOWN_LIMIT: Duration = Duration::from_secs(2);
/// PJSUA counts a call as ended when its BYE is sent; this is for the answer, or one retransmission.
const BYE_GRACE: Duration = Duration::from_millis(600);
/// For the bridge to let go of the last ports.
const RELEASE_LIMIT: Duration = Duration::from_millis(500);

/// PJSUA is a singleton.
static RUNNING: AtomicBool = AtomicBool::new(false);

/// Starts the thread and waits until it listens.
pub(super) fn spawn(
    config: SipConfig,
    tick: Box<dyn Fn() + Send + Sync>,
    events: UnboundedSender<SipEvent>,
) -> Result<(SipHandle, JoinHandle<()>), StartError> {
    config.validate()?;
    if RUNNING.swap(true, Ordering::AcqRel) {
        return Err(StartError::AlreadyRunning);
    }
    let started = start_thread(config, tick, events);
    if started.is_err() {
        RUNNING.store(false, Ordering::Release);
    }
    started
}

fn start_thread(
    config: SipConfig,
    tick: Box<dyn Fn() + Send + Sync>,
    events: UnboundedSender<SipEvent>,
) -> Result<(SipHandle, JoinHandle<()>), StartError> {
    // Not bounded, since who commands may not wait and a hang-up may not be lost: a call makes a handful in its life.
    let (commands, inbox) = crossbeam_channel::unbounded();
    let (wake, woken) = UnixDatagram::pair()?;
    wake.set_nonblocking(true)?;
    woken.set_nonblocking(true)?;
    let shared = Arc::new(Shared::default());
    let wake = Arc::new(wake);
    let handle = SipHandle { commands, wake: Arc::clone(&wake), shared: Arc::clone(&shared) };
    let (ready, outcome) = mpsc::sync_channel(1);
    let thread = std::thread::Builder::new().name("sip".into()).spawn(move || {
        let built = SipThread::build(&config, (wake, woken.into()), inbox, events, shared, tick);
        match built {
            Ok(thread) => {
                // The receiver waits in `start_thread`.
                let _ = ready.send(Ok(()));
                thread.run();
                RUNNING.store(false, Ordering::Release);
            }
            Err(error) => {
                let _ = ready.send(Err(error));
            }
        }
    })?;
    match outcome.recv() {
        Ok(Ok(())) => Ok((handle, thread)),
        Ok(Err(error)) => {
            let _ = thread.join();
            Err(error)
        }
        Err(_) => Err(StartError::Thread(std::io::Error::other("it panicked"))),
    }
}

/// An account that registers.
pub(super) struct Account {
    /// PJSUA's.
    pub(super) index: i32,
    pub(super) name: String,
    pub(super) registration: Registration,
}

struct SipThread {
    endpoint: Endpoint,
    inbox: Rc<Inbox>,
    accounts: Vec<Account>,
    commands: crossbeam_channel::Receiver<Command>,
    events: UnboundedSender<SipEvent>,
    shared: Arc<Shared>,
    bounds: Bounds,
    next_check: Instant,
    resolver: Resolver,
}

impl SipThread {
    fn build(
        config: &SipConfig,
        (wake, woken): (Arc<UnixDatagram>, OwnedFd),
        commands: crossbeam_channel::Receiver<Command>,
        events: UnboundedSender<SipEvent>,
        shared: Arc<Shared>,
        tick: Box<dyn Fn() + Send + Sync>,
    ) -> Result<Self, StartError> {
        let gate = Gate::new(config.trusted.clone(), config.srtp != Srtp::Off, config.max_calls);
        let inbox = Rc::new(Inbox::new(gate));
        let receiver: Rc<dyn ffi::Receiver> = inbox.clone();
        let mut endpoint =
            Endpoint::create(&config.user_agent, config.max_calls, config.log_level.min(5), woken, receiver)?;
        bring_up::set_codecs(&endpoint, &config.codecs)?;
        let listeners = bring_up::listen(&endpoint, config)?;
        let directs = bring_up::add_direct_accounts(&endpoint, config, &listeners)?;
        let (accounts, owners) = bring_up::add_accounts(&endpoint, config, &listeners)?;
        {
            let inner = &mut *inbox.inner.borrow_mut();
            inner.accounts = accounts.iter().map(|account| (account.index, account.name.clone())).collect();
            (inner.gate.directs, inner.gate.owners) = (directs, owners);
        }
        endpoint.start()?;
        endpoint.start_clock(Arc::clone(&shared), tick).map_err(|e| match e {
            StartClock::Library(error) => StartError::Library(error),
            StartClock::Thread(error) => StartError::Thread(error),
        })?;
        let (bounds, next_check, resolver) = (config.bounds, Instant::now(), Resolver::new(&config.listen, wake));
        Ok(Self { endpoint, inbox, accounts, commands, events, shared, bounds, next_check, resolver })
    }

    fn run(mut self) {
        while self.take_commands() {
            let now = Instant::now();
            self.step_registrations(now);
            self.resolver.take(&self.endpoint);
            self.step_transfers(now);
            self.check_bounds(now);
            self.endpoint.poll(self.time_to_wait(now));
            self.pass_on_happenings();
        }
        self.shut_down();
    }

    /// `false`: it is time to shut down.
    fn take_commands(&mut self) -> bool {
        loop {
            match self.commands.try_recv() {
                Ok(Command::Shutdown) | Err(crossbeam_channel::TryRecvError::Disconnected) => return false,
                Ok(command) => self.carry_out(command),
                Err(crossbeam_channel::TryRecvError::Empty) => return true,
            }
        }
    }

    fn step_registrations(&mut self, now: Instant) {
        for account in &mut self.accounts {
            let Some(step) = account.registration.step(now) else { continue };
            let Err(error) = self.endpoint.register(account.index, step == Step::Register) else { continue };
            if error.status == Status::BUSY {
                account.registration.busy(now);
                continue;
            }
            debug!(account = account.name, %error, ?step, "REGISTER not sent");
            let answer = Answer { status: error.status.0, code: 0, reason: error.detail, expires: Duration::ZERO };
            if let Some(state) = account.registration.answered(&answer, now, rand::random()) {
                // The receiver may have gone; then nobody wants to know.
                let _ = self.events.send(SipEvent::Registration { account: account.name.clone(), state });
            }
        }
    }

    fn step_transfers(&self, now: Instant) {
        let (mut done, mut overdue) = (Vec::new(), Vec::new());
        for call in self.inbox.inner.borrow_mut().calls.iter() {
            if call.transfer.hang_up_at().is_some_and(|at| at <= now) {
                call.transfer = Transfer::None;
                done.push(call.id);
            } else if call.transfer.is_overdue(now) {
                call.transfer = Transfer::None;
                overdue.push(call.id);
            }
        }
        for call in done {
            self.hang_up(call, None);
        }
        for call in overdue {
            warn!(call = call.0, "{}", Wait::Transfer);
            self.send(SipEvent::Overdue { leg: call, wait: Wait::Transfer });
            self.send_of(call, LegEvent::Transfer { code: 408, done: true });
        }
    }

    fn check_bounds(&mut self, now: Instant) {
        if now < self.next_check {
            return;
        }
        self.next_check = now + BOUNDS_CHECK;
        self.endpoint.drop_dead_streams(self.bounds.stream);
        let slots: Vec<(LegId, i32)> = self.inbox.inner.borrow_mut().calls.iter().map(|c| (c.id, c.slot)).collect();
        for (id, slot) in slots {
            let (media, stats) = self.endpoint.media(slot);
            let (overdue, report) = match self.inbox.inner.borrow_mut().calls.get(id) {
                Some(call) => {
                    (call.watch.check(media, now, &self.bounds), stats.and_then(|stats| call.rtp.note(stats, now)))
                }
                None => (None, None),
            };
            if let Some(stats) = report {
                self.send_of(id, LegEvent::Rtp(stats));
            }
            if let Some(wait) = overdue {
                self.end_overdue(id, slot, wait);
            }
        }
    }

    fn end_overdue(&self, call: LegId, slot: i32, wait: Wait) {
        warn!(call = call.0, "{wait}; ending the call");
        self.send(SipEvent::Overdue { leg: call, wait });
        if wait != Wait::End {
            return self.hang_up(call, Some(wait));
        }
        if let Some(call) = self.inbox.inner.borrow_mut().calls.get(call) {
            call.overdue = call.overdue.or(Some(wait));
        }
        if let Err(error) = self.endpoint.abandon(slot) {
            warn!(call = call.0, %error, "could not abandon; the call is forgotten");
            self.inbox.forget(slot);
        }
    }

    fn time_to_wait(&self, now: Instant) -> Duration {
        let inner = self.inbox.inner.borrow();
        if !inner.happenings.is_empty() || !self.commands.is_empty() || self.resolver.has_answers() {
            return Duration::ZERO;
        }
        let most = if inner.calls.len() == 0 { IDLE_POLL } else { BUSY_POLL };
        let due = self.accounts.iter().filter_map(|account| account.registration.deadline()).min();
        due.map_or(most, |at| at.saturating_duration_since(now).min(most))
    }

    fn pass_on_happenings(&mut self) {
        let now = Instant::now();
        loop {
            let happening = self.inbox.inner.borrow_mut().happenings.pop_front();
            match happening {
                None => break,
                Some(Happening::Event(event)) => self.send(event),
                Some(Happening::Resolve { lookup, host }) => {
                    self.resolver.look_up(lookup, host, &self.endpoint);
                }
                Some(Happening::Registration { account, answer }) => self.registration_answered(account, &answer, now),
                Some(Happening::Transfer { call, code, done }) => {
                    let passed = match self.inbox.inner.borrow_mut().calls.get(call) {
                        Some(call) => call.transfer.report(code, done, now),
                        None => false,
                    };
                    if passed {
                        self.send_of(call, LegEvent::Transfer { code, done });
                    }
                }
            }
        }
        self.shared.calls.store(self.inbox.inner.borrow().calls.len(), Ordering::Relaxed);
    }

    fn registration_answered(&mut self, index: i32, answer: &Answer, now: Instant) {
        let Some(account) = self.accounts.iter_mut().find(|account| account.index == index) else { return };
        if let Some(state) = account.registration.answered(answer, now, rand::random()) {
            debug!(account = account.name, ?state, "registration");
            let account = account.name.clone();
            self.send(SipEvent::Registration { account, state });
        }
    }

    fn send_of(&self, leg: LegId, event: LegEvent) {
        self.send(SipEvent::Leg { leg, event });
    }

    fn send(&self, event: SipEvent) {
        // The receiver may have gone; then nobody wants to know.
        let _ = self.events.send(event);
    }

    fn shut_down(mut self) {
        self.inbox.inner.borrow_mut().gate.refuse_new_calls(Duration::from_secs(30));
        self.accounts.iter_mut().for_each(|account| account.registration.take_back(Instant::now()));
        let calls: Vec<LegId> = self.inbox.inner.borrow_mut().calls.iter().map(|call| call.id).collect();
        let had_calls = !calls.is_empty();
        for call in calls {
            self.hang_up(call, None);
        }
        let now = Instant::now();
        let at_least = if had_calls { now + BYE_GRACE } else { now };
        while Instant::now() < at_least || (Instant::now() < now + SHUTDOWN_LIMIT && !self.is_quiet()) {
            self.step_registrations(Instant::now());
            self.resolver.take(&self.endpoint);
            self.endpoint.poll(BUSY_POLL);
            self.pass_on_happenings();
        }
        self.pass_on_happenings();
        let until = Instant::now() + RELEASE_LIMIT;
        while Instant::now() < until && self.endpoint.live_ports() > 0 {
            self.endpoint.poll(BUSY_POLL);
        }
        let left: Vec<LegId> = self.inbox.inner.borrow_mut().calls.iter().map(|call| call.id).collect();
        self.endpoint.stop_clock();
        drop(self.endpoint);
        for call in left {
            let (code, reason) = (503, "Shutting down".to_owned());
            let event = LegEvent::Ended { code, reason, by_peer: false, overdue: None };
            let _ = self.events.send(SipEvent::Leg { leg: call, event });
        }
        self.shared.calls.store(0, Ordering::Relaxed);
    }

    fn is_quiet(&self) -> bool {
        self.inbox.inner.borrow().calls.len() == 0 && self.accounts.iter().all(|account| account.registration.is_off())
    }
}
