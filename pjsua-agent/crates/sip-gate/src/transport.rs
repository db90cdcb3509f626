//! By what SIP travels.

/// A transport of SIP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// A message a datagram.
    Udp,
    /// A stream of messages; each tells its length.
    Tcp,
}
