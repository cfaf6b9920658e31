internal import NIOCore

/// Half of an in-process connection: what is sent here arrives at the other half in a later turn of the same event loop.
final class InProcessLink: FrameLink, @unchecked Sendable {
    // Confined to the loop.
    private let loop: any EventLoop
    private weak var other: InProcessLink?
    weak var receiver: (any FrameReceiver)?
    private var underway = 0
    private var isClosed = false

    /// Bytes underway beyond which the sender is asked to wait.
    private static let highWater = 256 << 10

    private init(_ loop: any EventLoop) {
        self.loop = loop
    }

    static func pair(on loop: any EventLoop) -> (InProcessLink, InProcessLink) {
        let (one, two) = (InProcessLink(loop), InProcessLink(loop))
        one.other = two
        two.other = one
        return (one, two)
    }

    var isWritable: Bool { !isClosed && underway < Self.highWater }

    func send(_ bytes: ByteBuffer) {
        guard !isClosed else { return }
        underway += bytes.readableBytes
        loop.execute { self.deliver(bytes) }
    }

    private func deliver(_ bytes: ByteBuffer) {
        if let receiver = other?.receiver {
            receiver.received(bytes)
            receiver.readCompleted()
        }
        let wasWritable = isWritable
        underway -= bytes.readableBytes
        if !wasWritable, isWritable { receiver?.writabilityChanged() }
    }

    func close() {
        guard !isClosed else { return }
        isClosed = true
        loop.execute { [self] in
            other?.peerClosed()
            receiver?.linkClosed(nil)
        }
    }

    private func peerClosed() {
        isClosed = true
        receiver?.linkClosed(nil)
    }
}
