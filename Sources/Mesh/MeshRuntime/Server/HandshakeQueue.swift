/// Handshakes under way, oldest first. A pure value; every operation takes constant time, amortised.
struct HandshakeQueue<Element> {
    private var waiting: [UInt64: Element] = [:]
    private var oldest: UInt64 = 0
    private var next: UInt64 = 0

    var count: Int { waiting.count }

    /// - Returns: the ticket to leave with.
    mutating func enter(_ element: Element) -> UInt64 {
        defer { next &+= 1 }
        waiting[next] = element
        return next
    }

    /// It came to an end. Does nothing for one that left before.
    mutating func leave(_ ticket: UInt64) {
        waiting[ticket] = nil
    }

    /// Takes out the one that has waited longest.
    mutating func removeOldest() -> Element? {
        while oldest < next {
            defer { oldest += 1 }
            if let element = waiting.removeValue(forKey: oldest) { return element }
        }
        return nil
    }
}
