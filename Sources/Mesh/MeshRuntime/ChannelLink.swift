internal import MeshCall
internal import NIOCore

/// A TLS channel as a connection's link. Confined to the channel's event loop.
final class ChannelLink: FrameLink {
    private let channel: any Channel
    /// As the channel last said: it changes with what is written here, and else only in the way of `writabilityChanged`. Asked for every frame.
    @exclusivity(unchecked) private(set) var isWritable: Bool

    let descriptor: CInt?

    init(_ channel: any Channel) {
        self.channel = channel
        isWritable = channel.isWritable
        descriptor = try? channel.pipeline.syncOperations.withUnsafeTransportIfAvailable(of: CInt.self) { $0 }
    }

    func writabilityChanged() {
        isWritable = channel.isWritable
    }

    func send(_ bytes: ByteBuffer) {
        channel.writeAndFlush(bytes, promise: nil)
        isWritable = channel.isWritable
    }

    /// The TLS handler sends what is queued and close_notify first.
    func close() {
        channel.close(promise: nil)
    }
}
