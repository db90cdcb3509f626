//! When a worker ends: SIGTERM, SIGINT, or its parent's end.

use std::{future::Future, io, time::Duration};

use nix::{
    sys::{prctl, signal::Signal},
    unistd::getppid,
};
use tokio::signal::unix::{SignalKind, signal};

pub(super) const PARENT_ENDED: &str = "the parent has ended";

/// Asks for SIGHUP at the parent's end.
///
/// The kernel sends it when the parent's *thread* ends that started this process, which happens to daemons in perfect
/// health; so it is but a reason to look who the parent is now.
pub(super) fn follow_parent(parent_pid: Option<i32>) -> io::Result<()> {
    if parent_pid.is_some() {
        prctl::set_pdeathsig(Signal::SIGHUP)?;
    }
    Ok(())
}

/// Resolves, with the reason, when the worker has to end. Installs its handlers before it returns.
pub(super) fn ending(parent_pid: Option<i32>) -> io::Result<impl Future<Output = &'static str>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let parent = parent_pid.map(|pid| Ok::<_, io::Error>((pid, signal(SignalKind::hangup())?))).transpose()?;
    Ok(async move {
        let orphaned = async move {
            let Some((pid, mut hangup)) = parent else {
                return std::future::pending().await;
            };
            // The interval covers a parent that ended before the signal was asked for.
            let mut look = tokio::time::interval(Duration::from_secs(1));
            while getppid().as_raw() == pid {
                tokio::select! {
                    _ = hangup.recv() => {}
                    _ = look.tick() => {}
                }
            }
        };
        tokio::select! {
            _ = terminate.recv() => "SIGTERM",
            _ = interrupt.recv() => "SIGINT",
            () = orphaned => PARENT_ENDED,
        }
    })
}
