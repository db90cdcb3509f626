//! What C calls: each function is a fence that no panic crosses, and copies before it hands on.

use std::ffi::{c_char, c_int, c_void};
use std::net::{IpAddr, SocketAddr};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;
use std::time::Duration;

use pjsip_sys::shim;
use sip_gate::{Challenge, Dialog, Origin, Parsed, Verdict};

use super::super::{Transport, log_line};
use super::{Context, Event, IS_MEDIA_CLOCK, Receiver};
use crate::leg::FramePort;

/// # Safety
///
/// `text` must point to as many readable bytes as it says, for as long as `'a`.
unsafe fn bytes<'a>(text: shim::agent_str) -> &'a [u8] {
    if text.len == 0 {
        return &[];
    }
    // SAFETY: the caller's promise; the length is not zero, so that the pointer is not null.
    unsafe { std::slice::from_raw_parts(text.ptr.cast(), text.len) }
}

/// # Safety
///
/// As for [`bytes`], during the call.
unsafe fn string(text: shim::agent_str) -> String {
    // SAFETY: the caller's promise.
    String::from_utf8_lossy(unsafe { bytes(text) }).into_owned()
}

/// # Safety
///
/// As for [`bytes`], during the call.
unsafe fn ip(text: shim::agent_str) -> Option<IpAddr> {
    // SAFETY: the caller's promise.
    let ip: IpAddr = std::str::from_utf8(unsafe { bytes(text) }).ok()?.parse().ok()?;
    Some(ip.to_canonical())
}

/// # Safety
///
/// As for [`bytes`], during the call.
unsafe fn socket_address(address: shim::agent_str, port: u16) -> Option<SocketAddr> {
    // SAFETY: the caller's promise.
    unsafe { ip(address) }.map(|ip| SocketAddr::new(ip, port))
}

/// The fence: no panic enters C++. 0, or 1 after one.
fn fence(body: impl FnOnce()) -> c_int {
    catch_unwind(AssertUnwindSafe(body)).is_err().into()
}

/// # Safety
///
/// `user` must be what [`Endpoint::create`] passed, and its endpoint must live.
unsafe fn receiver<'a>(user: *mut c_void) -> &'a dyn Receiver {
    // SAFETY: it points to the `Context` that the endpoint keeps; nobody has it mutably.
    &*unsafe { &*user.cast::<Context>() }.receiver
}

pub(super) unsafe extern "C" fn on_message(
    user: *mut c_void,
    message: *const shim::agent_message,
    verdict: *mut shim::agent_verdict,
) -> c_int {
    fence(|| {
        // SAFETY: the shim passes valid structures; `data` is PJSIP's receive buffer, which nobody reads meanwhile.
        let (message, out, data) = unsafe {
            let message = &*message;
            (message, &mut *verdict, std::slice::from_raw_parts_mut(message.data, message.len))
        };
        // SAFETY: as above.
        let source = unsafe { socket_address(message.source_ip, message.source_port) };
        let source = source.unwrap_or(SocketAddr::from(([0, 0, 0, 0], 0)));
        let transport = match message.transport {
            shim::agent_transport::AGENT_TRANSPORT_TCP => Transport::Tcp,
            _ => Transport::Udp,
        };
        let origin = Origin { source, transport, local_port: message.local_port };
        // SAFETY: PJSIP's reading lies in its pool and in the buffer, in bytes before the body.
        let parsed = unsafe { parsed(message) };
        // SAFETY: `user` is the context of a living endpoint.
        match unsafe { receiver(user) }.judge(data, &parsed, origin) {
            Verdict::Pass => {}
            Verdict::Admit { account } => out.account = account,
            Verdict::Refuse(refusal) => {
                out.code = refusal.code.into();
                out.retry_after_s = c_int::try_from(refusal.retry_after_s).unwrap_or(c_int::MAX);
                out.accept = refusal.accept.map_or(ptr::null(), std::ffi::CStr::as_ptr);
                for (to, from) in out.reason[..63].iter_mut().zip(refusal.reason.bytes()) {
                    *to = from as c_char;
                }
            }
        }
    })
}

/// # Safety
///
/// As for [`bytes`]: the message's reading must live as long as `'a`.
unsafe fn parsed<'a>(message: &shim::agent_message) -> Parsed<'a> {
    let reading = &message.reading;
    let number = |value: i64| u32::try_from(value).ok();
    let dialog = Dialog {
        has_call: message.has_call != 0,
        remote_cseq: number(message.remote_cseq),
        awaits_ack: number(message.awaits_ack),
    };
    // SAFETY: the caller's promise.
    unsafe {
        Parsed {
            method: bytes(reading.method),
            call_id: bytes(reading.call_id),
            from_tag: bytes(reading.from_tag),
            to_tag: bytes(reading.to_tag),
            cseq: reading.cseq,
            cseq_method: bytes(reading.cseq_method),
            is_repeated: reading.is_repeated != 0,
            has_replaces: reading.has_replaces != 0,
            has_transaction: message.has_transaction != 0,
            cancels: message.cancels != 0,
            dialog: (message.has_dialog != 0).then_some(dialog),
        }
    }
}

pub(super) unsafe extern "C" fn on_registration(
    user: *mut c_void,
    account: c_int,
    status: c_int,
    code: c_int,
    reason: shim::agent_str,
    expires_s: u32,
    source_ip: shim::agent_str,
    source_port: u16,
) -> c_int {
    fence(|| {
        // SAFETY: the strings are valid during the call.
        let (reason, source) = unsafe { (string(reason), socket_address(source_ip, source_port)) };
        let expires = Duration::from_secs(expires_s.into());
        // SAFETY: `user` is the context of a living endpoint.
        unsafe { receiver(user) }.note(Event::Registration { account, status, code, reason, expires, source });
    })
}

pub(super) unsafe extern "C" fn on_incoming(
    user: *mut c_void,
    account: c_int,
    slot: c_int,
    invite: *const shim::agent_message,
) -> c_int {
    fence(|| {
        // SAFETY: the message is valid during the call.
        let (source, invite) = unsafe {
            let invite = &*invite;
            let data = std::slice::from_raw_parts(invite.data, invite.len).to_vec();
            (socket_address(invite.source_ip, invite.source_port), data)
        };
        let source = source.unwrap_or(SocketAddr::from(([0, 0, 0, 0], 0)));
        // SAFETY: `user` is the context of a living endpoint.
        unsafe { receiver(user) }.note(Event::Incoming { account, slot, invite, source });
    })
}

pub(super) unsafe extern "C" fn on_media(
    user: *mut c_void,
    slot: c_int,
    active: c_int,
    codec: shim::agent_str,
    clock_rate_hz: u32,
    remote: shim::agent_str,
) -> c_int {
    fence(|| {
        // SAFETY: the strings are valid during the call.
        let (codec, remote) = unsafe { (string(codec), string(remote)) };
        // SAFETY: `user` is the context of a living endpoint.
        unsafe { receiver(user) }.note(Event::Media { slot, active: active != 0, codec, clock_rate_hz, remote });
    })
}

pub(super) unsafe extern "C" fn on_dtmf(user: *mut c_void, slot: c_int, digit: c_char) -> c_int {
    fence(|| {
        let digit = char::from(digit as u8);
        // SAFETY: `user` is the context of a living endpoint.
        unsafe { receiver(user) }.note(Event::Dtmf { slot, digit });
    })
}

pub(super) unsafe extern "C" fn on_info(
    user: *mut c_void,
    slot: c_int,
    content_type: shim::agent_str,
    body: shim::agent_str,
    code: *mut c_int,
) -> c_int {
    fence(|| {
        // SAFETY: type and body are valid during the call; `user` is the context of a living endpoint.
        let (kind, body, receiver) = unsafe { (string(content_type), bytes(body), receiver(user)) };
        let answer = receiver.info(slot, &kind, body);
        // SAFETY: the shim passes a valid place.
        unsafe { *code = answer.into() };
    })
}

pub(super) unsafe extern "C" fn on_challenge(
    user: *mut c_void,
    challenge: *const shim::agent_challenge,
    answer: *mut c_int,
) -> c_int {
    fence(|| {
        // SAFETY: the shim passes a valid structure, whose strings live during the call.
        let (challenge, realms, source, sent_to) = unsafe {
            let challenge = &*challenge;
            let realms = match challenge.realm_count {
                0 => &[],
                count => std::slice::from_raw_parts(challenge.realms, count),
            };
            let realms: Vec<String> = realms.iter().map(|realm| string(*realm)).collect();
            (challenge, realms, ip(challenge.source_ip), ip(challenge.sent_to_ip))
        };
        let Some(source) = source else { return };
        let is_register = challenge.is_register != 0;
        let challenge = Challenge { account: challenge.account, is_register, source, sent_to, realms: &realms };
        // SAFETY: `user` is the context of a living endpoint; `answer` is a valid place.
        unsafe { *answer = receiver(user).challenge(&challenge).into() };
    })
}

pub(super) unsafe extern "C" fn on_resolve(user: *mut c_void, lookup: u64, host: shim::agent_str) -> c_int {
    fence(|| {
        // SAFETY: the string is valid during the call; `user` is the context of a living endpoint.
        let (host, receiver) = unsafe { (string(host), receiver(user)) };
        receiver.note(Event::Resolve { lookup, host });
    })
}

pub(super) unsafe extern "C" fn on_transfer(user: *mut c_void, slot: c_int, code: c_int, done: c_int) -> c_int {
    fence(|| {
        // SAFETY: `user` is the context of a living endpoint.
        unsafe { receiver(user) }.note(Event::Transfer { slot, code, done: done != 0 });
    })
}

pub(super) unsafe extern "C" fn on_ended(
    user: *mut c_void,
    slot: c_int,
    code: c_int,
    reason: shim::agent_str,
    by_peer: c_int,
) -> c_int {
    fence(|| {
        // SAFETY: the string is valid during the call.
        let reason = unsafe { string(reason) };
        // SAFETY: `user` is the context of a living endpoint.
        unsafe { receiver(user) }.note(Event::Ended { slot, code, reason, by_peer: by_peer != 0 });
    })
}

pub(super) unsafe extern "C" fn on_log(level: c_int, line: *const c_char, length: usize) {
    // Writing a log allocates and may block.
    if IS_MEDIA_CLOCK.get() {
        return;
    }
    fence(|| {
        // SAFETY: PJLIB's line is valid during the call.
        let line = unsafe { string(shim::agent_str { ptr: line, len: length }) };
        let line = line.trim();
        match log_line::level(level) {
            tracing::Level::ERROR => tracing::error!(target: "pjsip", "{}", log_line::redacted(line)),
            tracing::Level::WARN => tracing::warn!(target: "pjsip", "{}", log_line::redacted(line)),
            tracing::Level::DEBUG => tracing::debug!(target: "pjsip", "{line}"),
            _ => tracing::trace!(target: "pjsip", "{line}"),
        }
    });
}

/// Boxed twice, since a C pointer is thin.
pub(super) fn frames(port: Box<dyn FramePort>) -> shim::agent_frames {
    let user = Box::into_raw(Box::new(port)).cast();
    shim::agent_frames { user, get: Some(get_frame), put: Some(put_frame), release: Some(release_frames) }
}

unsafe extern "C" fn get_frame(user: *mut c_void, samples: *mut i16) -> c_int {
    fence(|| {
        // SAFETY: `user` comes from `frames` and was not released; `samples` is a whole frame (agent_shim.hpp). The bridge
        // calls both halves from the media clock thread alone.
        let (port, samples) =
            unsafe { (&mut *user.cast::<Box<dyn FramePort>>(), &mut *samples.cast::<media::Samples>()) };
        port.get_frame(samples);
    })
}

unsafe extern "C" fn put_frame(user: *mut c_void, samples: *const i16) -> c_int {
    fence(|| {
        // SAFETY: as in `get_frame`.
        let (port, samples) = unsafe { (&mut *user.cast::<Box<dyn FramePort>>(), &*samples.cast::<media::Samples>()) };
        port.put_frame(samples);
    })
}

unsafe extern "C" fn release_frames(user: *mut c_void) {
    fence(|| {
        // SAFETY: made by `frames`; the shim calls this once, after the last get and put.
        drop(unsafe { Box::from_raw(user.cast::<Box<dyn FramePort>>()) });
    });
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

    use pjsip_sys::Status;

    use super::*;

    struct Counting {
        frames: Arc<AtomicU32>,
        dropped: Arc<AtomicBool>,
        panic_at: u32,
    }

    impl FramePort for Counting {
        fn put_frame(&mut self, _: &media::Samples) {
            let frame = self.frames.fetch_add(1, Ordering::Relaxed);
            assert!(frame != self.panic_at, "on purpose, in the middle of a call");
        }

        fn get_frame(&mut self, samples: &mut media::Samples) {
            samples.fill(7);
        }
    }

    impl Drop for Counting {
        fn drop(&mut self) {
            self.dropped.store(true, Ordering::Relaxed);
        }
    }

    fn exercise(panic_at: u32) -> (Result<(), Status>, u32, bool) {
        let (count, dropped) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicBool::new(false)));
        let port = Counting { frames: Arc::clone(&count), dropped: Arc::clone(&dropped), panic_at };
        let frames = frames(Box::new(port));
        // SAFETY: `frames` is handed over; the shim calls and releases it as the bridge would.
        let status = Status::check(unsafe { shim::agent_fence_frames(&frames, 5) });
        (status, count.load(Ordering::Relaxed), dropped.load(Ordering::Relaxed))
    }

    #[test]
    fn the_bridge_calls_both_halves_and_releases_the_port_once() {
        assert_eq!(exercise(u32::MAX), (Ok(()), 5, true));
    }

    #[test]
    fn a_port_that_panics_is_silenced_and_the_process_lives() {
        assert_eq!(exercise(2), (Err(Status::CANCELLED), 3, true));
    }
}
