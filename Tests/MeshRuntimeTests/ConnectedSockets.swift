import Glibc

/// Sockets of this process that are connected to a port or by it.
enum ConnectedSockets {
    /// What TCP options the ends of all connections have, in order. One end may have two descriptors for a while: a connection is handed over.
    ///
    /// - Parameter names: of `tcp(7)`.
    static func options(_ names: [CInt], port: Int) -> [[CInt]] {
        var found: [[Int]: [CInt]] = [:]
        for descriptor in ProcessFiles.descriptors {
            guard let own = Self.port(of: descriptor, getsockname), let peer = Self.port(of: descriptor, getpeername), own == port || peer == port
            else { continue }
            found[[own, peer]] = names.map { option($0, descriptor) }
        }
        return found.values.sorted { $0.lexicographicallyPrecedes($1) }
    }

    private static func port(
        of descriptor: CInt, _ name: (CInt, UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> CInt
    ) -> Int? {
        var address = sockaddr_in(), length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { name(descriptor, $0, &length) }
        }
        return result == 0 && address.sin_family == sa_family_t(AF_INET) ? Int(UInt16(bigEndian: address.sin_port)) : nil
    }

    private static func option(_ name: CInt, _ descriptor: CInt) -> CInt {
        var value: CInt = 0, length = socklen_t(MemoryLayout<CInt>.size)
        return getsockopt(descriptor, CInt(IPPROTO_TCP), name, &value, &length) == 0 ? value : -1
    }
}
