//! The end of the daemon: signals, the systemd watchdog, and the bounded drain.

use std::io;
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::task::JoinHandle;
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};
use tracing::{info, warn};

use crate::app::App;

/// How long BYEs may take once the drain's time is up.
const BYE_BOUND: Duration = Duration::from_secs(3);

/// SIGTERM, SIGINT and SIGHUP.
pub struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hang_up: Signal,
}

/// What a signal asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Request {
    /// To end; the signal's name.
    End(&'static str),
    /// To read the configuration again.
    Reload,
}

impl Signals {
    /// Takes over these signals.
    ///
    /// # Errors
    /// When the process cannot install a handler.
    pub fn new() -> io::Result<Signals> {
        Ok(Signals {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hang_up: signal(SignalKind::hangup())?,
        })
    }

    /// What the next signal asks for.
    pub async fn next(&mut self) -> Request {
        tokio::select! {
            _ = self.terminate.recv() => Request::End("SIGTERM"),
            _ = self.interrupt.recv() => Request::End("SIGINT"),
            _ = self.hang_up.recv() => Request::Reload,
        }
    }

    /// The name of the next signal that asks to end; a SIGHUP waits for [`Signals::next`].
    pub async fn next_end(&mut self) -> &'static str {
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
        }
    }
}

/// Unregisters, refuses new calls, lets calls end within `bound`, ends the rest with BYE, and stops every part.
/// A second signal cuts the waiting short.
pub async fn drain(app: App, bound: Duration, mut signals: Signals) {
    let started = Instant::now();
    app.refuse_new_calls();
    tokio::select! {
        drained = timeout(bound, app.idle()) => match drained {
            Ok(()) => info!(seconds = started.elapsed().as_secs_f32(), "all calls ended by themselves"),
            Err(_) => warn!(calls = app.calls(), seconds = bound.as_secs(), "drain_timeout passed; ending the calls that are left"),
        },
        signal = signals.next_end() => warn!(signal, calls = app.calls(), "told again; ending the calls that are left"),
    }
    app.hang_up_all();
    if timeout(BYE_BOUND, app.idle()).await.is_err() {
        warn!(calls = app.calls(), "calls did not end in time; their peers will notice by themselves");
    }
    app.shutdown().await;
}

/// Feeds systemd's watchdog as long as the audio thread's heartbeat moves.
pub struct Watchdog(Option<JoinHandle<()>>);

impl Watchdog {
    /// Starts to feed if systemd asked for it (`WatchdogSec=`); `heartbeat` counts the audio thread's ticks.
    pub fn start(heartbeat: impl Fn() -> u64 + Send + 'static) -> Watchdog {
        let mut micros = 0;
        if !sd_notify::watchdog_enabled(false, &mut micros) || micros == 0 {
            return Watchdog(None);
        }
        // sd_watchdog_enabled(3) advises half of the interval.
        let mut ticks = interval(Duration::from_micros(micros) / 2);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Watchdog(Some(tokio::spawn(async move {
            let mut last = None;
            loop {
                ticks.tick().await;
                let now = Some(heartbeat());
                if now == last {
                    warn!("the audio thread stands still; the watchdog is not fed");
                    continue;
                }
                last = now;
                if let Err(error) = sd_notify::notify(false, &[sd_notify::NotifyState::Watchdog]) {
                    warn!(%error, "systemd could not be notified");
                }
            }
        })))
    }

    /// Stops feeding.
    pub fn stop(self) {
        if let Some(task) = self.0 {
            task.abort();
        }
    }
}
