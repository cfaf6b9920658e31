internal import Glibc
internal import NIOCore
internal import NIOPosix
internal import Synchronization

/// Connections that were given up before their clients had sent one complete TLS record. They stay open for a while, and nobody serves them. One for the
/// process, confined to the event loop that accepts.
///
/// Strangers who open thousands of connections and wait come back as soon as one is closed. Closed as fast as others come, they would have the server
/// accept at their own pace, which costs everybody else; closed at a pace of the server's, they come back at that. It does not slow those who close their
/// connections themselves: they are seen off at once, as whoever says something is, who may be a client in good faith and had better try again.
final class ParkedSockets: @unchecked Sendable {
    static let shared = ParkedSockets(on: HandshakeLoop.group.next(), most: 16_384, descriptors: DescriptorLimit.raised)

    /// How many are closed in a second, the oldest first.
    static let closedPerSecond = 1000
    private static let interval = TimeAmount.milliseconds(10)
    private static let closedPerInterval = Int(interval.nanoseconds * Int64(closedPerSecond) / 1_000_000_000)
    /// How many are looked at in an interval, one after the other and then again: each of the most that there are within 80 ms.
    private static let looksPerInterval = 2048
    /// A connection that was closed before its turn. Ignored by poll(2).
    private static let closed: CInt = -1

    private let loop: any EventLoop
    private let most: Int
    private let descriptors: Int
    /// The oldest first.
    private var sockets = CircularBuffer<CInt>()
    private var nextLook = 0
    private var isScheduled = false
    private let open = Atomic<Int>(0)

    /// - Parameters:
    ///   - most: sockets at once.
    ///   - descriptors: how many the process may have. Those with the highest numbers, a quarter, are not taken.
    init(on loop: any EventLoop, most: Int, descriptors: Int) {
        self.loop = loop
        self.most = most
        self.descriptors = descriptors
    }

    /// From any thread.
    var count: Int { open.load(ordering: .relaxed) }

    /// Keeps the connection of `socket` open when its channel, which has nothing more to say, closes it.
    ///
    /// - Returns: false when it will not stay open: there is no room, or its client has said something, or is gone.
    @discardableResult
    func park(_ socket: CInt) -> Bool {
        guard sockets.count < most, Self.isSilent(socket), let own = duplicate(socket) else { return false }
        sockets.append(own)
        open.add(1, ordering: .relaxed)
        closeLater()
        return true
    }

    private static func isSilent(_ socket: CInt) -> Bool {
        var byte: UInt8 = 0
        return recv(socket, &byte, 1, CInt(MSG_PEEK | MSG_DONTWAIT)) < 0 && errno == EAGAIN
    }

    private func duplicate(_ socket: CInt) -> CInt? {
        // The lowest number that is free: it says how many are taken.
        let own = fcntl(socket, F_DUPFD_CLOEXEC, 0)
        guard own >= 0 else { return nil }
        guard Int(own) < descriptors / 4 * 3 else {
            close(own)
            return nil
        }
        // What comes until it is closed takes memory of the kernel's (socket(7), SO_RCVBUF): 33 KB at most were seen, 128 KB without this.
        var least: CInt = 0
        _ = setsockopt(own, SOL_SOCKET, SO_RCVBUF, &least, socklen_t(MemoryLayout<CInt>.size))
        return own
    }

    /// A connection was accepted as `socket`: where descriptors become few, those that are parked make room for more.
    func makeRoom(for socket: CInt) {
        guard Int(socket) >= descriptors / 8 * 7 else { return }
        for _ in 0..<2 { closeOldest() }
    }

    // MARK: Closing

    private func closeLater() {
        guard !isScheduled, !sockets.isEmpty else { return }
        isScheduled = true
        loop.assumeIsolated().scheduleTask(in: Self.interval) {
            self.isScheduled = false
            self.intervalPassed()
            self.closeLater()
        }
    }

    /// Closes what is due after one interval.
    func intervalPassed() {
        closeHeard()
        for _ in 0..<Self.closedPerInterval { closeOldest() }
    }

    private func closeOldest() {
        while let oldest = sockets.popFirst() {
            nextLook = max(0, nextLook - 1)
            guard oldest != Self.closed else { continue }
            return end(oldest)
        }
    }

    /// Those whose clients have said something, or are gone.
    private func closeHeard() {
        if nextLook >= sockets.count { nextLook = 0 }
        let range = nextLook..<min(nextLook + Self.looksPerInterval, sockets.count)
        var looks = range.map { pollfd(fd: sockets[offset: $0], events: Int16(POLLIN), revents: 0) }
        nextLook = range.upperBound
        guard poll(&looks, nfds_t(looks.count), 0) > 0 else { return }
        for (position, look) in zip(range, looks) where look.revents != 0 {
            sockets[offset: position] = Self.closed
            end(look.fd)
        }
    }

    private func end(_ socket: CInt) {
        close(socket)
        open.subtract(1, ordering: .relaxed)
    }
}
