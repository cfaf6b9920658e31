internal import Glibc
internal import NIOCore
internal import Synchronization

/// Connections that were given up before their client had said anything whole. They stay open for a while, and nobody serves them. Confined to its
/// event loop.
///
/// Strangers who open thousands of connections come back as soon as one is closed. Closed as fast as others come, they would have the server accept at
/// their own pace, which costs everybody else; closed at a pace of the server's, they come back at that.
final class ParkedSockets: @unchecked Sendable {
    /// How many are closed in a second, the oldest first.
    static let closedPerSecond = 1000
    private static let interval = TimeAmount.milliseconds(10)
    private static let closedPerInterval = Int(interval.nanoseconds * Int64(closedPerSecond) / 1_000_000_000)

    private let loop: any EventLoop
    private let most: Int
    private var sockets = CircularBuffer<CInt>()
    private var isClosing = false
    private var isClosed = false
    private let counted = Atomic<Int>(0)

    /// - Parameter most: sockets at once; with more there is no room.
    init(on loop: any EventLoop, most: Int) {
        self.loop = loop
        self.most = most
    }

    /// From any thread.
    var count: Int { counted.load(ordering: .relaxed) }

    /// Keeps the connection of `socket` open when its channel, which has nothing more to say, closes it.
    ///
    /// - Returns: false when it will not stay open: there is no room, or its client waits for an answer to what it has said.
    @discardableResult
    func park(_ socket: CInt) -> Bool {
        guard !isClosed, sockets.count < most, !Self.hasUnread(socket) else { return false }
        let other = fcntl(socket, F_DUPFD_CLOEXEC, 0)
        guard other >= 0 else { return false }
        Self.shrink(other)
        sockets.append(other)
        counted.add(1, ordering: .relaxed)
        closeLater()
        return true
    }

    private static func hasUnread(_ socket: CInt) -> Bool {
        var byte: UInt8 = 0
        return recv(socket, &byte, 1, CInt(MSG_PEEK | MSG_DONTWAIT)) > 0
    }

    /// What comes is read by nobody: the kernel keeps as little of it as it can (socket(7), SO_RCVBUF: not less than 2304 bytes).
    private static func shrink(_ socket: CInt) {
        var least: CInt = 0
        _ = setsockopt(socket, SOL_SOCKET, SO_RCVBUF, &least, socklen_t(MemoryLayout<CInt>.size))
    }

    private func closeLater() {
        guard !isClosing, !sockets.isEmpty else { return }
        isClosing = true
        loop.assumeIsolated().scheduleTask(in: Self.interval) {
            self.isClosing = false
            for _ in 0..<Self.closedPerInterval { self.closeOldest() }
            self.closeLater()
        }
    }

    private func closeOldest() {
        guard let oldest = sockets.popFirst() else { return }
        close(oldest)
        counted.subtract(1, ordering: .relaxed)
    }

    /// Closes all, and keeps no more open.
    func closeAll() {
        isClosed = true
        while !sockets.isEmpty { closeOldest() }
    }
}
