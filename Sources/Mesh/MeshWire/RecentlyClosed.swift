/// The last streams that ended before the peer can have known, so that what it still sends on them is no error.
struct RecentlyClosed: Hashable, Sendable {
    private var ids: Set<UInt32> = []
    private var order = FIFO<UInt32>()

    mutating func insert(_ id: UInt32) {
        guard ids.insert(id).inserted else { return }
        order.append(id)
        if order.count > WireLimits.recentlyClosedStreams, let oldest = order.popFirst() { ids.remove(oldest) }
    }

    func contains(_ id: UInt32) -> Bool { ids.contains(id) }
}
