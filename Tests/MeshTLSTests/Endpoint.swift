import MeshTLS
import NIOCore
import NIOPosix
import Testing

/// What happens at one end, in order.
enum TLSEvent: Sendable {
    case handshake(TLSHandshakeCompleted)
    case bytes(ByteBuffer)
    case failed(any Error)
    case inputClosed
    case inactive
}

/// Passes on what the TLS handler fires.
private final class Recorder: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    private let events: AsyncStream<TLSEvent>.Continuation

    init(_ events: AsyncStream<TLSEvent>.Continuation) { self.events = events }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if let completed = event as? TLSHandshakeCompleted { events.yield(.handshake(completed)) }
        if case ChannelEvent.inputClosed = event { events.yield(.inputClosed) }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) { events.yield(.bytes(unwrapInboundIn(data))) }
    func errorCaught(context: ChannelHandlerContext, error: any Error) { events.yield(.failed(error)) }

    func channelInactive(context: ChannelHandlerContext) {
        events.yield(.inactive)
        events.finish()
    }
}

/// One end of a real connection on loopback.
struct Endpoint: Sendable {
    let channel: any Channel
    let events: AsyncStream<TLSEvent>

    /// Everything until the connection is gone.
    func remaining() async -> [TLSEvent] {
        var seen: [TLSEvent] = []
        for await event in events { seen.append(event) }
        return seen
    }

    func handshake() async throws -> TLSHandshakeCompleted {
        for await event in events {
            if case .handshake(let completed) = event { return completed }
            if case .failed(let error) = event { throw error }
        }
        throw ChannelError.eof
    }

    /// The next `count` bytes.
    func bytes(_ count: Int) async throws -> [UInt8] {
        var received: [UInt8] = []
        for await event in events {
            switch event {
            case .bytes(let buffer): received += buffer.readableBytesView
            case .failed(let error): throw error
            default: break
            }
            if received.count >= count { return received }
        }
        throw ChannelError.eof
    }

    func send(_ text: String) async throws { try await channel.writeAndFlush(ByteBuffer(string: text)) }

    /// Starts without waiting.
    func write(_ buffer: ByteBuffer) -> EventLoopFuture<Void> { channel.writeAndFlush(buffer) }
    func close() -> EventLoopFuture<Void> { channel.close() }
}

extension [TLSEvent] {
    /// The only error, if there is exactly one.
    var error: MeshTLSError? {
        let errors = compactMap { if case .failed(let error) = $0 { error as? MeshTLSError } else { nil } }
        return errors.count == 1 ? errors.first : nil
    }

    var handshakes: Int { count { if case .handshake = $0 { true } else { false } } }
    var received: [UInt8] { flatMap { if case .bytes(let buffer) = $0 { [UInt8](buffer.readableBytesView) } else { [UInt8]() } } }
    var errors: Int { count { if case .failed = $0 { true } else { false } } }
}

/// A listener on a free port whose accepted connections come out of a stream.
struct Listener: Sendable {
    let channel: any Channel
    let accepted: AsyncStream<Endpoint>
    var port: Int { channel.localAddress?.port ?? 0 }

    static func start(_ context: MeshTLSContext, halfClosure: Bool = false, autoRead: Bool = true) async throws -> Listener {
        let (accepted, continuation) = AsyncStream.makeStream(of: Endpoint.self)
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelOption(.allowRemoteHalfClosure, value: halfClosure)
            .childChannelOption(.autoRead, value: autoRead)
            .childChannelInitializer { child in
                child.eventLoop.makeCompletedFuture { continuation.yield(try endpoint(child, context)) }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        return Listener(channel: channel, accepted: accepted)
    }

    func next() async throws -> Endpoint {
        for await endpoint in accepted { return endpoint }
        throw ChannelError.eof
    }

    func connect(_ context: MeshTLSContext) async throws -> Endpoint {
        try await dial(port, context)
    }

    /// Both ends of a new connection.
    func pair(_ client: MeshTLSContext) async throws -> (server: Endpoint, client: Endpoint) {
        let client = try await connect(client)
        return (try await next(), client)
    }
}

func endpoint(_ channel: any Channel, _ context: MeshTLSContext) throws -> Endpoint {
    let (events, continuation) = AsyncStream.makeStream(of: TLSEvent.self)
    try channel.pipeline.syncOperations.addHandlers([MeshTLSHandler(context), Recorder(continuation)])
    return Endpoint(channel: channel, events: events)
}

func dial(_ port: Int, _ context: MeshTLSContext) async throws -> Endpoint {
    try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
        .connect(host: "127.0.0.1", port: port) { channel in
            channel.eventLoop.makeCompletedFuture { try endpoint(channel, context) }
        }
}

/// A plain TCP connection, for peers that don't speak TLS.
func dialPlain(_ port: Int) async throws -> any Channel {
    try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton).connect(host: "127.0.0.1", port: port).get()
}
