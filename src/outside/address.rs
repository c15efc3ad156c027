//! Classifies IP addresses that must not be reached through the daemon (protection against SSRF).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Whether `address` is anything but a public unicast address: loopback, private, link-local, shared, reserved,
/// documentation, multicast, or an IPv6 form that wraps one of these.
pub fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => is_private_v4(v4),
        IpAddr::V6(v6) => is_private_v6(v6),
    }
}

/// IANA's special-purpose registry for IPv4, and multicast. Two addresses of 192.0.0.0/24 are globally reachable; no
/// shop is there.
fn is_private_v4(ip: Ipv4Addr) -> bool {
    let [a, b, c, _] = ip.octets();
    ip.is_loopback()
        || ip.is_private()
        || ip.is_link_local()
        || ip.is_multicast()
        || ip.is_documentation()
        || a == 0
        || a >= 240
        || (a == 100 && (64..128).contains(&b))
        || (a == 198 && (b == 18 || b == 19))
        || (a == 192 && b == 0 && c == 0)
        || (a == 192 && b == 88 && c == 99)
}

/// IANA's special-purpose registry for IPv6. Global unicast is 2000::/3; everything else is local, reserved or
/// multicast.
fn is_private_v6(ip: Ipv6Addr) -> bool {
    if let Some(v4) = embedded_v4(ip) {
        return is_private_v4(v4);
    }
    match ip.segments() {
        // Protocol assignments (Teredo, benchmarks, ORCHID and others), documentation, 6to4: some embed another
        // address.
        [0x2001, low, ..] => low < 0x0200 || low == 0x0db8,
        [0x2002, ..] => true,
        [0x3fff, low, ..] => low < 0x1000,
        [first, ..] => (first & 0xe000) != 0x2000,
    }
}

/// The IPv4 address that an IPv4-mapped or NAT64 (64:ff9b::/96) address reaches.
fn embedded_v4(ip: Ipv6Addr) -> Option<Ipv4Addr> {
    match ip.segments() {
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => Some(Ipv4Addr::from((u32::from(high) << 16) | u32::from(low))),
        _ => ip.to_ipv4_mapped(),
    }
}

#[cfg(test)]
mod tests {
    use super::is_private;

    // The borders of every range of both registries, and addresses that carry another one. Which of them are global is
    // what Python's `ipaddress.is_global` says, with the tables of CPython 3.14.

    /// Global there, and let through here.
    const PUBLIC: &str = "\
        1.0.0.0 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 126.255.255.255 128.0.0.0 169.253.255.255 \
        169.255.0.0 172.15.255.255 172.32.0.0 191.255.255.255 192.0.1.0 192.0.1.255 192.0.3.0 192.31.195.255 \
        192.31.196.0 192.31.196.127 192.31.196.255 192.31.197.0 192.52.192.255 192.52.193.0 192.52.193.127 \
        192.52.193.255 192.52.194.0 192.88.98.255 192.88.100.0 192.167.255.255 192.169.0.0 192.175.47.255 \
        192.175.48.0 192.175.48.127 192.175.48.255 192.175.49.0 198.17.255.255 198.20.0.0 198.51.99.255 \
        198.51.101.0 203.0.112.255 203.0.114.0 223.255.255.255 2000:: \
        2fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 3fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff \
        2000:ffff:ffff:ffff:ffff:ffff:ffff:ffff 2001:200:: 2001:db7:ffff:ffff:ffff:ffff:ffff:ffff 2001:db9:: \
        2001:ffff:ffff:ffff:ffff:ffff:ffff:ffff 2003:: 2620:4f:7fff:ffff:ffff:ffff:ffff:ffff 2620:4f:8000:: \
        2620:4f:8000:7fff:ffff:ffff:ffff:ffff 2620:4f:8000:ffff:ffff:ffff:ffff:ffff 2620:4f:8001:: \
        3ffe:ffff:ffff:ffff:ffff:ffff:ffff:ffff 3fff:1000:: ::ffff:5db8:d822 64:ff9b::5db8:d822 \
        ::ffff:101:101 64:ff9b::101:101 ::ffff:ac0f:ffff 64:ff9b::ac0f:ffff";

    /// Not global there, and refused here.
    const REFUSED: &str = "\
        0.0.0.0 0.127.255.255 0.255.255.255 10.0.0.0 10.127.255.255 10.255.255.255 100.64.0.0 100.95.255.255 \
        100.127.255.255 127.0.0.0 127.127.255.255 127.255.255.255 169.254.0.0 169.254.127.255 \
        169.254.255.255 172.16.0.0 172.23.255.255 172.31.255.255 192.0.0.0 192.0.0.127 192.0.0.255 192.0.0.8 \
        192.0.0.11 192.0.2.0 192.0.2.127 192.0.2.255 192.168.0.0 192.168.127.255 192.168.255.255 198.18.0.0 \
        198.18.255.255 198.19.255.255 198.51.100.0 198.51.100.127 198.51.100.255 203.0.113.0 203.0.113.127 \
        203.0.113.255 240.0.0.0 247.255.255.255 255.255.255.255 255.255.255.254 :: ::1 ::ffff:0:0 \
        ::ffff:7fff:ffff ::ffff:ffff:ffff 64:ff9b:1:: 64:ff9b:1:7fff:ffff:ffff:ffff:ffff \
        64:ff9b:1:ffff:ffff:ffff:ffff:ffff 100:: 100::7fff:ffff:ffff:ffff 100::ffff:ffff:ffff:ffff 2001:: \
        2001:ff:ffff:ffff:ffff:ffff:ffff:ffff 2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff \
        2001:0:7fff:ffff:ffff:ffff:ffff:ffff 2001:0:ffff:ffff:ffff:ffff:ffff:ffff 2001:1:: 2001:1::3 \
        2001:1::4 2001:1:ffff:ffff:ffff:ffff:ffff:ffff 2001:2:: 2001:2:0:7fff:ffff:ffff:ffff:ffff \
        2001:2:0:ffff:ffff:ffff:ffff:ffff 2001:2:1:: 2001:2:ffff:ffff:ffff:ffff:ffff:ffff 2001:4:: \
        2001:4:111:ffff:ffff:ffff:ffff:ffff 2001:4:113:: 2001:f:ffff:ffff:ffff:ffff:ffff:ffff 2001:10:: \
        2001:17:ffff:ffff:ffff:ffff:ffff:ffff 2001:1f:ffff:ffff:ffff:ffff:ffff:ffff 2001:40:: 2001:db8:: \
        2001:db8:7fff:ffff:ffff:ffff:ffff:ffff 2001:db8:ffff:ffff:ffff:ffff:ffff:ffff 2002:: \
        2002:7fff:ffff:ffff:ffff:ffff:ffff:ffff 2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff 3fff:: \
        3fff:7ff:ffff:ffff:ffff:ffff:ffff:ffff 3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff fc00:: \
        fcff:ffff:ffff:ffff:ffff:ffff:ffff:ffff fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff fe80:: \
        fe9f:ffff:ffff:ffff:ffff:ffff:ffff:ffff febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff ::ffff:7f00:1 \
        2002:7f00:1::1 2001:0:7f00:1:: 2001::80ff:fffe 64:ff9b:1::7f00:1 ::ffff:a00:1 2002:a00:1::1 \
        2001:0:a00:1:: 2001::f5ff:fffe 64:ff9b:1::a00:1 ::ffff:c0a8:101 2002:c0a8:101::1 2001:0:c0a8:101:: \
        2001::3f57:fefe 64:ff9b:1::c0a8:101 ::ffff:a9fe:a9fe 2002:a9fe:a9fe::1 2001:0:a9fe:a9fe:: \
        2001::5601:5601 64:ff9b:1::a9fe:a9fe ::ffff:6440:1 2002:6440:1::1 2001:0:6440:1:: 2001::9bbf:fffe \
        64:ff9b:1::6440:1 2002:c058:6301::1 2001:0:c058:6301:: 2001::3fa7:9cfe 64:ff9b:1::c058:6301 \
        2002:e000:1::1 2001:0:e000:1:: 2001::1fff:fffe 64:ff9b:1::e000:1 2002:ffff:ffff::1 \
        2001:0:ffff:ffff:: 64:ff9b:1::ffff:ffff 2002:5db8:d822::1 2001:0:5db8:d822:: 2001::a247:27dd \
        64:ff9b:1::5db8:d822 2002:101:101::1 2001:0:101:101:: 2001::fefe:fefe 64:ff9b:1::101:101 \
        2002:ac0f:ffff::1 2001:0:ac0f:ffff:: 2001::53f0:0 64:ff9b:1::ac0f:ffff ::ffff:ac10:0 2002:ac10::1 \
        2001:0:ac10:: 2001::53ef:ffff 64:ff9b:1::ac10:0";

    /// Global there and refused here: multicast, what is reserved or not assigned, 192.88.99.0/24 (once 6to4), protocol
    /// assignments, and NAT64 that carries a private address.
    const STRICTER: &str = "\
        192.0.0.9 192.0.0.10 192.88.99.0 192.88.99.127 192.88.99.255 224.0.0.0 231.255.255.255 \
        239.255.255.255 ::2 ::7fff:ffff ::ffff:ffff ::1:0:0 ::fffe:ffff:ffff ::1:0:0:0 \
        64:ff9a:ffff:ffff:ffff:ffff:ffff:ffff 64:ff9b:: 64:ff9b::7fff:ffff 64:ff9b::ffff:ffff 64:ff9b::1:0:0 \
        64:ff9b:0:ffff:ffff:ffff:ffff:ffff 64:ff9b:2:: ff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 100:0:0:1:: \
        100::1:7fff:ffff:ffff:ffff 100::1:ffff:ffff:ffff:ffff 100:0:0:2:: \
        1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 4000:: 2001:1::1 2001:1::2 2001:3:: \
        2001:3:7fff:ffff:ffff:ffff:ffff:ffff 2001:3:ffff:ffff:ffff:ffff:ffff:ffff 2001:4:112:: \
        2001:4:112:7fff:ffff:ffff:ffff:ffff 2001:4:112:ffff:ffff:ffff:ffff:ffff 2001:20:: \
        2001:27:ffff:ffff:ffff:ffff:ffff:ffff 2001:2f:ffff:ffff:ffff:ffff:ffff:ffff 2001:30:: \
        2001:37:ffff:ffff:ffff:ffff:ffff:ffff 2001:3f:ffff:ffff:ffff:ffff:ffff:ffff \
        5eff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 5f00:: 5f00:7fff:ffff:ffff:ffff:ffff:ffff:ffff \
        5f00:ffff:ffff:ffff:ffff:ffff:ffff:ffff 5f01:: fbff:ffff:ffff:ffff:ffff:ffff:ffff:ffff fe00:: \
        fe7f:ffff:ffff:ffff:ffff:ffff:ffff:ffff fec0:: fedf:ffff:ffff:ffff:ffff:ffff:ffff:ffff \
        feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ff00:: ff7f:ffff:ffff:ffff:ffff:ffff:ffff:ffff \
        ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ::7f00:1 64:ff9b::7f00:1 ::a00:1 64:ff9b::a00:1 ::c0a8:101 \
        64:ff9b::c0a8:101 ::a9fe:a9fe 64:ff9b::a9fe:a9fe ::6440:1 64:ff9b::6440:1 ::ffff:c058:6301 \
        ::c058:6301 64:ff9b::c058:6301 ::ffff:e000:1 ::e000:1 64:ff9b::e000:1 ::5db8:d822 ::101:101 \
        ::ac0f:ffff ::ac10:0 64:ff9b::ac10:0";

    #[test]
    fn every_special_purpose_range_is_refused_up_to_its_border() {
        for text in [REFUSED, STRICTER].into_iter().flat_map(str::split_whitespace) {
            assert!(is_private(text.parse().expect("an address")), "{text} must be refused");
        }
        for text in PUBLIC.split_whitespace() {
            assert!(!is_private(text.parse().expect("an address")), "{text} is public");
        }
    }

    #[test]
    fn private_addresses_are_known_in_every_dress() {
        for text in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "255.255.255.255",
            "198.18.0.1",
            "224.0.0.1",
            "::1",
            "::",
            "fe80::1",
            "fc00::1",
            "::ffff:127.0.0.1",
            "64:ff9b::7f00:1",
            "2002:7f00:1::",
            "2001:db8::1",
            "ff02::1",
        ] {
            assert!(is_private(text.parse().expect("an address")), "{text} must be refused");
        }
        for text in ["1.1.1.1", "93.184.216.34", "2606:4700::1111", "64:ff9b::101:101"] {
            assert!(!is_private(text.parse().expect("an address")), "{text} is public");
        }
    }
}
