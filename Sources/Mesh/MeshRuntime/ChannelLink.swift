internal import MeshCall
internal import NIOCore

/// A TLS channel as a connection's link. Confined to the channel's event loop.
final class ChannelLink: FrameLink {
    private let channel: any Channel

    let descriptor: CInt?

    init(_ channel: any Channel) {
        self.channel = channel
        descriptor = try? channel.pipeline.syncOperations.withUnsafeTransportIfAvailable(of: CInt.self) { $0 }
    }

    var isWritable: Bool { channel.isWritable }

    func send(_ bytes: ByteBuffer) {
        channel.writeAndFlush(bytes, promise: nil)
    }

    /// The TLS handler sends what is queued and close_notify first.
    func close() {
        channel.close(promise: nil)
    }
}
