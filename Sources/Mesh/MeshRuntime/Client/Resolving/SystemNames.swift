internal import Glibc

/// The system's resolver: `getaddrinfo` (RFC 3493).
enum SystemNames {
    /// All IPv4 and IPv6 addresses of a name, in their text form. Takes as long as it takes.
    static func lookUp(_ host: String) throws(ResolutionFailed) -> [String] {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        let code = getaddrinfo(host, nil, &hints, &list)
        guard code == 0 else { throw failure(host, code) }
        defer { freeaddrinfo(list) }
        return sequence(first: list) { $0?.pointee.ai_next }.prefix { $0 != nil }.compactMap { $0.flatMap(numericHost) }
    }

    /// - Parameter code: of `getaddrinfo`, not 0.
    static func failure(_ host: String, _ code: Int32) -> ResolutionFailed {
        ResolutionFailed(host: host, reason: String(cString: gai_strerror(code)), isTemporary: !isDefinite(code))
    }

    /// The name is said not to exist, or to have no address. Servers that do not answer, or answer SERVFAIL, are EAI_AGAIN, refusals EAI_FAIL; both,
    /// and a process short of memory or files, say nothing of the name.
    private static func isDefinite(_ code: Int32) -> Bool {
        // Glibc's EAI_NODATA and EAI_ADDRFAMILY, which its header shows to GNU sources only.
        [EAI_NONAME, -5, -9].contains(code)
    }

    private static func numericHost(_ info: UnsafeMutablePointer<addrinfo>) -> String? {
        var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
        let code = getnameinfo(info.pointee.ai_addr, info.pointee.ai_addrlen, &text, socklen_t(text.count), nil, 0, NI_NUMERICHOST)
        guard code == 0 else { return nil }
        return String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}

extension MeshEndpoint {
    /// The host is an IP address, not a name.
    var isNumeric: Bool {
        var v4 = in_addr(), v6 = in6_addr()
        return inet_pton(AF_INET, host, &v4) == 1 || inet_pton(AF_INET6, host, &v6) == 1
    }
}
