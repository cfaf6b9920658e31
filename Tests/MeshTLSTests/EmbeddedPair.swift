import MeshTLS
import NIOCore
import NIOEmbedded

/// Two ends without sockets, to choose how bytes are cut.
final class EmbeddedPair {
    let server = EmbeddedChannel()
    let client = EmbeddedChannel()

    convenience init(
        _ authority: TestAuthority, serverOuter: (any ChannelHandler)? = nil, serverInner: (any ChannelHandler)? = nil
    ) throws {
        try self.init(server: authority.server(), client: authority.client(), serverOuter: serverOuter, serverInner: serverInner)
    }

    init(
        server context: MeshTLSContext, client clientContext: MeshTLSContext, serverOuter: (any ChannelHandler)? = nil,
        serverInner: (any ChannelHandler)? = nil
    ) throws {
        if let serverOuter { try server.pipeline.syncOperations.addHandler(serverOuter) }
        try server.pipeline.syncOperations.addHandler(MeshTLSHandler(context))
        if let serverInner { try server.pipeline.syncOperations.addHandler(serverInner) }
        try client.pipeline.syncOperations.addHandler(MeshTLSHandler(clientContext))
        let address = try SocketAddress(ipAddress: "127.0.0.1", port: 1)
        server.connect(to: address, promise: nil)
        client.connect(to: address, promise: nil)
    }

    /// A channel and its pipeline hold each other until it is closed, for which it waits for its peer only so long.
    deinit {
        for channel in [client, server] {
            channel.close(promise: nil)
            channel.embeddedEventLoop.advanceTime(by: .hours(1))
        }
    }

    /// Carries bytes to and fro in pieces of at most `size` until there are none, or once.
    func run(by size: Int, once: Bool = false) throws {
        var moved = true
        while moved {
            moved = try carry(from: client, to: server, size)
            moved = try carry(from: server, to: client, size) || moved
            if once { return }
        }
    }

    private func carry(from: EmbeddedChannel, to: EmbeddedChannel, _ size: Int) throws -> Bool {
        var all = ByteBuffer()
        while var part = try from.readOutbound(as: ByteBuffer.self) { all.writeBuffer(&part) }
        let moved = all.readableBytes > 0
        while let piece = all.readSlice(length: min(size, all.readableBytes)), piece.readableBytes > 0 { try to.writeInbound(piece) }
        return moved
    }

    func read(_ channel: EmbeddedChannel) throws -> [UInt8] {
        var all: [UInt8] = []
        while let part = try channel.readInbound(as: ByteBuffer.self) { all += part.readableBytesView }
        return all
    }
}

final class FlushCounter: ChannelOutboundHandler {
    typealias OutboundIn = ByteBuffer
    var count = 0

    func flush(context: ChannelHandlerContext) {
        count += 1
        context.flush()
    }
}

/// Answers each piece as it comes, with a flush for each.
final class Echo: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var buffer = unwrapInboundIn(data)
        while let piece = buffer.readSlice(length: min(10, buffer.readableBytes)), piece.readableBytes > 0 {
            context.writeAndFlush(wrapOutboundOut(piece), promise: nil)
        }
    }
}

extension String {
    var buffer: ByteBuffer { ByteBuffer(string: self) }
}
