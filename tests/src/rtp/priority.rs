//! Threads that must be on time.

/// Wake-ups to the microsecond, and before other work where the kernel permits it: the caller must be on time even when the
/// machine under test is not.
pub(crate) fn prefer_this_thread() {
    let _ = nix::sys::prctl::set_timerslack(1);
    let parameters = libc::sched_param { sched_priority: 5 };
    // SAFETY: sched_setscheduler(2) reads the parameters it is given and concerns the calling thread only.
    let _ = unsafe { libc::sched_setscheduler(0, libc::SCHED_FIFO, &raw const parameters) };
}
