//! Which IP addresses a tenant's request must never reach.
//!
//! Forms that carry an IPv4 address inside an IPv6 one are judged by the inner address, because the kernel or a
//! translator on the way would deliver to it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Why an address is out of bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs, reason = "the messages say it")]
pub enum Forbidden {
    #[error("unspecified or \"this network\"")]
    Unspecified,
    #[error("loopback")]
    Loopback,
    #[error("link-local")]
    LinkLocal,
    #[error("private network")]
    Private,
    #[error("carrier-grade NAT")]
    SharedNat,
    #[error("multicast")]
    Multicast,
    #[error("documentation")]
    Documentation,
    #[error("reserved")]
    Reserved,
}

/// The IPv4 address behind an IPv4-mapped one; any other address as it is.
pub(crate) fn canonical(address: IpAddr) -> IpAddr {
    address.to_canonical()
}

/// Why `address` is not on the public internet; `None` when it is.
pub fn forbidden(address: IpAddr) -> Option<Forbidden> {
    match canonical(address) {
        IpAddr::V4(v4) => forbidden_v4(v4),
        IpAddr::V6(v6) => forbidden_v6(v6),
    }
}

fn forbidden_v4(address: Ipv4Addr) -> Option<Forbidden> {
    match address.octets() {
        [0, ..] => Some(Forbidden::Unspecified),
        [127, ..] => Some(Forbidden::Loopback),
        [169, 254, ..] => Some(Forbidden::LinkLocal),
        [10, ..] | [172, 16..=31, ..] | [192, 168, ..] => Some(Forbidden::Private),
        [100, 64..=127, ..] => Some(Forbidden::SharedNat),
        [192, 0, 2, _] | [198, 51, 100, _] | [203, 0, 113, _] => Some(Forbidden::Documentation),
        // Protocol assignments, 6to4 relays, benchmarking.
        [192, 0, 0, _] | [192, 88, 99, _] | [198, 18..=19, ..] => Some(Forbidden::Reserved),
        [224..=239, ..] => Some(Forbidden::Multicast),
        [240..=255, ..] => Some(Forbidden::Reserved),
        _ => None,
    }
}

fn forbidden_v6(address: Ipv6Addr) -> Option<Forbidden> {
    let segments = address.segments();
    match segments {
        [0, 0, 0, 0, 0, 0, 0, 0] => Some(Forbidden::Unspecified),
        [0, 0, 0, 0, 0, 0, 0, 1] => Some(Forbidden::Loopback),
        // NAT64's well-known prefix: on an IPv6-only network even public names resolve to it.
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => forbidden_v4(embedded(high, low)),
        [0xfe80..=0xfebf, ..] => Some(Forbidden::LinkLocal),
        [0xfc00..=0xfdff, ..] | [0xfec0..=0xfeff, ..] => Some(Forbidden::Private),
        [0xff00..=0xffff, ..] => Some(Forbidden::Multicast),
        [0x2001, 0x0db8, ..] | [0x3fff, 0..=0x0fff, ..] => Some(Forbidden::Documentation),
        // Teredo, ORCHID, benchmarking and other protocol assignments; 6to4.
        [0x2001, 0..=0x01ff, ..] | [0x2002, ..] => Some(Forbidden::Reserved),
        // ISATAP carries an IPv4 address in its interface identifier.
        [0x2000..=0x3fff, _, _, _, 0 | 0x0200, 0x5efe, high, low] => forbidden_v4(embedded(high, low)),
        [0x2000..=0x3fff, ..] => None,
        // Everything outside the global unicast block, IPv4-compatible and local NAT64 included.
        _ => Some(Forbidden::Reserved),
    }
}

fn embedded(high: u16, low: u16) -> Ipv4Addr {
    Ipv4Addr::from(u32::from(high) << 16 | u32::from(low))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn addresses_outside_the_public_internet_are_forbidden() {
        let table = [
            ("0.0.0.0", Forbidden::Unspecified),
            ("0.1.2.3", Forbidden::Unspecified),
            ("10.0.0.1", Forbidden::Private),
            ("100.64.0.1", Forbidden::SharedNat),
            ("100.127.255.255", Forbidden::SharedNat),
            ("127.0.0.1", Forbidden::Loopback),
            ("127.255.255.254", Forbidden::Loopback),
            ("169.254.169.254", Forbidden::LinkLocal),
            ("172.16.0.1", Forbidden::Private),
            ("172.31.255.255", Forbidden::Private),
            ("192.0.0.8", Forbidden::Reserved),
            ("192.0.2.1", Forbidden::Documentation),
            ("192.88.99.1", Forbidden::Reserved),
            ("192.168.1.1", Forbidden::Private),
            ("198.18.0.1", Forbidden::Reserved),
            ("198.19.255.255", Forbidden::Reserved),
            ("198.51.100.7", Forbidden::Documentation),
            ("203.0.113.7", Forbidden::Documentation),
            ("224.0.0.1", Forbidden::Multicast),
            ("239.255.255.255", Forbidden::Multicast),
            ("240.0.0.1", Forbidden::Reserved),
            ("255.255.255.255", Forbidden::Reserved),
            ("::", Forbidden::Unspecified),
            ("::1", Forbidden::Loopback),
            ("::127.0.0.1", Forbidden::Reserved),
            ("::ffff:127.0.0.1", Forbidden::Loopback),
            ("::ffff:10.0.0.1", Forbidden::Private),
            ("::ffff:169.254.169.254", Forbidden::LinkLocal),
            ("64:ff9b::10.0.0.1", Forbidden::Private),
            ("64:ff9b::169.254.169.254", Forbidden::LinkLocal),
            ("64:ff9b:1::808:808", Forbidden::Reserved),
            ("100::1", Forbidden::Reserved),
            ("2001::1", Forbidden::Reserved),
            ("2001:20::1", Forbidden::Reserved),
            ("2001:db8::1", Forbidden::Documentation),
            ("2002:7f00:1::", Forbidden::Reserved),
            ("2600::5efe:10.0.0.1", Forbidden::Private),
            ("3fff::1", Forbidden::Documentation),
            ("5f00::1", Forbidden::Reserved),
            ("fc00::1", Forbidden::Private),
            ("fd12:3456::1", Forbidden::Private),
            ("fe80::1", Forbidden::LinkLocal),
            ("fec0::1", Forbidden::Private),
            ("ff02::1", Forbidden::Multicast),
        ];
        for (text, reason) in table {
            assert_eq!(forbidden(text.parse().unwrap()), Some(reason), "{text}");
        }
    }

    #[test]
    fn public_addresses_are_allowed() {
        for text in [
            "1.1.1.1",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "172.15.255.255",
            "172.32.0.0",
            "192.0.1.1",
            "198.17.255.255",
            "223.255.255.255",
            "2001:200::1",
            "2606:4700::1111",
            "64:ff9b::1.1.1.1",
            "::ffff:1.1.1.1",
        ] {
            assert_eq!(forbidden(text.parse().unwrap()), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn an_ipv4_address_is_judged_alike_in_every_form(bits: u32) {
            let plain = Ipv4Addr::from(bits);
            let [a, b, c, d] = plain.octets();
            let (high, low) = (u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d]));
            let expected = forbidden(plain.into());
            prop_assert_eq!(forbidden(plain.to_ipv6_mapped().into()), expected);
            prop_assert_eq!(forbidden(Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, high, low).into()), expected);
        }
    }
}
