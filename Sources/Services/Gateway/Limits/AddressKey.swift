internal import Glibc

/// What stands for one client among addresses: an IPv4 address, or the /64 that one IPv6 customer is given at least.
enum AddressKey {
    static func of(_ address: String?) -> String {
        guard let address else { return "none" }
        var parsed = in6_addr()
        guard inet_pton(AF_INET6, address, &parsed) == 1 else { return address }
        let bytes = withUnsafeBytes(of: &parsed) { Array($0) }
        // ::ffff:a.b.c.d is an IPv4 client on a socket that takes both.
        let isMapped = bytes.prefix(10).allSatisfy { $0 == 0 } && bytes[10] == 0xff && bytes[11] == 0xff
        if isMapped { return bytes.suffix(4).map { "\($0)" }.joined(separator: ".") }
        let groups = stride(from: 0, to: 8, by: 2).map { String(UInt16(bytes[$0]) << 8 | UInt16(bytes[$0 + 1]), radix: 16) }
        return groups.joined(separator: ":") + "/64"
    }
}
