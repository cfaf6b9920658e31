internal import Glibc

/// Finds TCP ports of 127.0.0.1 that nothing listens on.
enum FreePorts {
    /// Below the range from which Linux takes the ports of outgoing connections, so that none of those gets in between.
    static let range = 15000..<32000
    static let attempts = 2000

    struct NoneFree: Error, CustomStringConvertible {
        var description: String { "no free ports between \(range.lowerBound) and \(range.upperBound - 1)" }
    }

    static func take(_ count: Int) throws -> [Int] {
        var found: Set<Int> = []
        for _ in 0..<attempts {
            let port = Int.random(in: range)
            if isFree(port) { found.insert(port) }
            if found.count == count { return Array(found) }
        }
        throw NoneFree()
    }

    static func isFree(_ port: Int) -> Bool {
        guard let port = UInt16(exactly: port) else { return false }
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        // As the services do it: a port in TIME_WAIT is free.
        var one: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &one, socklen_t(MemoryLayout<Int32>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = inet_addr(PortPlan.host)
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
        } == 0
    }
}
