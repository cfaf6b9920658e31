internal import Glibc
internal import NIOCore

/// Where peers come from: an IPv4 address, or the first half of an IPv6 one, as whoever has one has 2^64 of them (RFC 4291 section 2.5.4).
struct PeerAddress: Hashable {
    private let bytes: [UInt8]

    /// - Returns: nil for what is no IP address.
    init?(_ address: SocketAddress?) {
        guard let text = address?.ipAddress else { return nil }
        var all = [UInt8](repeating: 0, count: 16)
        if inet_pton(AF_INET, text, &all) == 1 {
            bytes = Array(all[..<4])
        } else if inet_pton(AF_INET6, text, &all) == 1 {
            // An IPv4 address behind ::ffff:0:0/96 (RFC 4291 section 2.5.5.2).
            let isMapped = all[..<10].allSatisfy { $0 == 0 } && all[10] == 0xff && all[11] == 0xff
            bytes = Array(isMapped ? all[12...] : all[..<8])
        } else {
            return nil
        }
    }
}
