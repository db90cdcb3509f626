//! The networks that calls may come from, as an operator writes them.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

/// Why a string is no network: completes a sentence that begins with the string.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}; allowed: an IP address, or a network such as 10.0.0.0/8")]
pub struct BadNetwork(String);

/// An IP network: `10.0.0.0/8`, `2001:db8::/32`, or one address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    /// Its first address
    pub address: IpAddr,
    /// Leading bits that count: 0 to 32, or to 128
    pub prefix: u8,
}

impl Network {
    /// Whether `address` belongs to it. An IPv4 address mapped into IPv6 counts as IPv4.
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(net), IpAddr::V4(peer)) => {
                let differing = u32::from(net) ^ u32::from(peer);
                differing.checked_shr(32 - u32::from(self.prefix)).unwrap_or(0) == 0
            }
            (IpAddr::V6(net), IpAddr::V6(peer)) => {
                let differing = u128::from(net) ^ u128::from(peer);
                differing.checked_shr(128 - u32::from(self.prefix)).unwrap_or(0) == 0
            }
            _ => false,
        }
    }
}

impl FromStr for Network {
    type Err = BadNetwork;

    fn from_str(text: &str) -> Result<Self, BadNetwork> {
        let bad = |wrong: String| Err(BadNetwork(wrong));
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let Ok(address) = address.parse::<IpAddr>() else { return bad("has no IP address".into()) };
        let longest = if address.is_ipv4() { 32 } else { 128 };
        let prefix = match prefix.map(str::parse) {
            None => longest,
            Some(Ok(prefix)) if prefix <= longest => prefix,
            Some(_) => return bad(format!("has a prefix that is not 0 to {longest}")),
        };
        // A shift by the whole width, for a prefix of 0, is `None`: no bit counts.
        let first = match address {
            IpAddr::V4(v4) => {
                let mask = u32::MAX.checked_shl(32 - u32::from(prefix)).unwrap_or(0);
                IpAddr::V4(Ipv4Addr::from(u32::from(v4) & mask))
            }
            IpAddr::V6(v6) => {
                let mask = u128::MAX.checked_shl(128 - u32::from(prefix)).unwrap_or(0);
                IpAddr::V6(Ipv6Addr::from(u128::from(v6) & mask))
            }
        };
        if first == address {
            Ok(Network { address, prefix })
        } else {
            bad(format!("has bits set behind its prefix (did you mean {first}/{prefix}?)"))
        }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    #[test]
    fn a_network_contains_its_addresses_and_no_others() {
        let net: Network = "10.1.0.0/16".parse().expect("a network");
        assert!(net.contains(ip("10.1.255.3")) && net.contains(ip("::ffff:10.1.2.3")));
        assert!(!net.contains(ip("10.2.0.1")) && !net.contains(ip("::1")));
        let one: Network = "192.0.2.7".parse().expect("an address is a network");
        assert!(one.contains(ip("192.0.2.7")) && !one.contains(ip("192.0.2.6")));
        let all: Network = "0.0.0.0/0".parse().expect("everything");
        assert!(all.contains(ip("203.0.113.9")) && !all.contains(ip("2001:db8::1")));
        let v6: Network = "2001:db8::/32".parse().expect("an IPv6 network");
        assert!(v6.contains(ip("2001:db8:1::5")) && !v6.contains(ip("2001:db9::")));
        assert!("::/0".parse::<Network>().expect("all of IPv6").contains(ip("::1")));
    }

    #[test]
    fn a_network_with_bits_behind_its_prefix_is_refused_with_the_right_one() {
        let error = "10.1.2.3/16".parse::<Network>().expect_err("bits behind").to_string();
        assert!(error.contains("10.1.0.0/16"), "{error}");
        for text in ["10.0.0.0/33", "::1/129", "10.0.0/8", "localhost", "10.0.0.0/x", ""] {
            assert!(text.parse::<Network>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_network_is_written_as_it_is_read() {
        for (text, written) in [
            ("10.0.0.0/8", "10.0.0.0/8"),
            ("192.0.2.7", "192.0.2.7/32"),
            ("2001:db8::/32", "2001:db8::/32"),
            ("::1", "::1/128"),
        ] {
            let network: Network = text.parse().unwrap();
            assert_eq!(network.to_string(), written);
            assert_eq!(written.parse(), Ok(network));
        }
    }
}
