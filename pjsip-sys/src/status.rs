use std::fmt;

use crate::shim;

/// A `pj_status_t` other than `PJ_SUCCESS`.
///
/// Values below 70,000 do not occur; 70,000 and up are PJLIB's, 120,000 plus `errno` the operating system's, 170,000 and
/// up PJSIP's, 220,000 and up PJMEDIA's.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Status(pub i32);

impl Status {
    /// `PJ_ENOTFOUND`: what was named does not exist, for instance a call that has ended.
    pub const NOT_FOUND: Status = Status(70_006);
    /// `PJ_ENOMEM`: an allocation failed, in C or in C++.
    pub const NO_MEMORY: Status = Status(70_007);
    /// `PJ_EINVALIDOP`: not possible in the present state.
    pub const INVALID_OPERATION: Status = Status(70_013);
    /// `PJ_ECANCELLED`: given up on purpose.
    pub const CANCELLED: Status = Status(70_014);
    /// `PJ_EUNKNOWN`: an exception without a status crossed the fence.
    pub const UNKNOWN: Status = Status(70_001);
    /// `PJSIP_EBUSY`: the registration has a transaction under way.
    pub const BUSY: Status = Status(171_001);

    /// `Ok` for `PJ_SUCCESS`.
    ///
    /// # Errors
    ///
    /// Any other value, as itself.
    pub fn check(status: i32) -> Result<(), Status> {
        if status == 0 { Ok(()) } else { Err(Status(status)) }
    }

    /// The upstream name of the code, if it is one that this crate names.
    pub fn name(self) -> Option<&'static str> {
        Some(match self {
            Status::NOT_FOUND => "PJ_ENOTFOUND",
            Status::NO_MEMORY => "PJ_ENOMEM",
            Status::INVALID_OPERATION => "PJ_EINVALIDOP",
            Status::CANCELLED => "PJ_ECANCELLED",
            Status::UNKNOWN => "PJ_EUNKNOWN",
            Status::BUSY => "PJSIP_EBUSY",
            _ => return None,
        })
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = [0_u8; 256];
        // SAFETY: the buffer is writable for the length passed; the function writes a NUL-terminated text into it.
        let len = unsafe { shim::agent_strerror(self.0, text.as_mut_ptr().cast(), text.len()) };
        let text = String::from_utf8_lossy(&text[..len.min(text.len() - 1)]);
        // Upstream's words end in the code's name already.
        f.write_str(&text)
    }
}

impl fmt::Debug for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.write_str(name),
            None => write!(f, "Status({})", self.0),
        }
    }
}

impl std::error::Error for Status {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_known_code_has_its_upstream_name_and_words() {
        assert_eq!(Status::NO_MEMORY.to_string(), "Not enough memory (PJ_ENOMEM)");
    }

    #[test]
    fn an_exception_in_cpp_becomes_a_status_and_a_text() {
        let mut text = [0_u8; 128];
        for (kind, status, words) in [
            (0, Status::INVALID_OPERATION, "a pj::Error"),
            (1, Status::NO_MEMORY, "out of memory"),
            (2, Status::UNKNOWN, "unknown type"),
        ] {
            // SAFETY: no preconditions; that no exception leaves it is what is tested.
            let result = unsafe { shim::agent_fence_throw(kind) };
            // SAFETY: the buffer is writable for the length passed.
            let len = unsafe { shim::agent_last_error(text.as_mut_ptr().cast(), text.len()) };
            assert_eq!(Status::check(result), Err(status));
            let said = String::from_utf8_lossy(&text[..len]);
            assert!(said.contains(words), "{said}");
        }
    }
}
