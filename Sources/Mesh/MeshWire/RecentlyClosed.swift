/// The last streams that ended before the peer can have known, so that what it still sends on them is no error, as far as it had credit for it.
struct RecentlyClosed: Hashable, Sendable {
    /// By id, what the peer may still send.
    private var windows: [UInt32: ReceiveWindow] = [:]
    private var order = FIFO<UInt32>()

    /// - Parameter window: the stream's as it ended. From now on nobody gives credit for it.
    mutating func insert(_ id: UInt32, _ window: ReceiveWindow) {
        guard windows.updateValue(window, forKey: id) == nil else { return }
        order.append(id)
        if order.count > WireLimits.recentlyClosedStreams, let oldest = order.popFirst() { windows[oldest] = nil }
    }

    func contains(_ id: UInt32) -> Bool { windows[id] != nil }

    /// Charges Data that came too late. False when the peer sent more than it may; nil for a stream that is none of these.
    mutating func charge(_ id: UInt32, _ bytes: Int) -> Bool? { windows[id]?.charge(bytes) }
}
