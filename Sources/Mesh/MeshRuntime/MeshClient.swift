public import Logging
public import MeshCall
public import MeshTLS
public import NIOCore
internal import Synchronization

/// Calls one mesh peer. Connects when a call needs it and again after the connection is lost.
///
/// A call that cannot be sent fails with UNAVAILABLE, and so does a call whose connection is lost; such a call is made again only
/// when it certainly never ran or when its method may run twice.
public final class MeshClient: CallChannel {
    private let connector: ClientConnector
    private let limits: ClientLimits

    /// - Parameter tls: from `MeshTLSContext.meshClient`, which says who the peer must be.
    public init(
        host: String, port: Int, tls: MeshTLSContext, eventLoopGroup: any EventLoopGroup, logger: Logger,
        limits: ClientLimits = .default
    ) {
        connector = ClientConnector(host: host, port: port, tls: tls, group: eventLoopGroup, logger: logger, limits: limits)
        self.limits = limits
    }

    deinit {
        connector.abandon()
    }

    public func unary(_ method: MethodDescriptor, _ request: ByteBuffer, options: CallOptions) async throws -> UnaryReply {
        let outgoing = try OutgoingCall(method, request, options)
        return try await attempt(outgoing, mayRunTwice: method.policy.idempotency != .none) { try await $0.unary(outgoing) }
    }

    public func serverStreaming(_ method: MethodDescriptor, _ request: ByteBuffer, options: CallOptions) async throws -> ReplyStream {
        let outgoing = try OutgoingCall(method, request, options)
        return try await attempt(outgoing, mayRunTwice: false) { try await $0.serverStreaming(outgoing) }
    }

    public func clientStreaming(_ method: MethodDescriptor, options: CallOptions) async throws -> ClientStreamingCall {
        let outgoing = try OutgoingCall(method, ByteBuffer(), options)
        return try await attempt(outgoing, mayRunTwice: false) { try await $0.clientStreaming(outgoing) }
    }

    public func bidirectional(_ method: MethodDescriptor, options: CallOptions) async throws -> BidirectionalCall {
        let outgoing = try OutgoingCall(method, ByteBuffer(), options)
        return try await attempt(outgoing, mayRunTwice: false) { try await $0.bidirectional(outgoing) }
    }

    private func attempt<Output>(
        _ outgoing: OutgoingCall, mayRunTwice: Bool, _ send: (ClientConnection) async throws -> Output
    ) async throws -> Output {
        var attempts = 0
        while true {
            attempts += 1
            let mayGoOn = attempts < limits.maximumAttempts && outgoing.deadline > .now
            do {
                return try await send(try await connector.connection(by: outgoing.deadline))
            } catch let error as CallNotRun {
                guard mayGoOn else { throw error.error }
            } catch let error as RPCError where error.reason == RPCError.connectionLostReason {
                guard mayGoOn, mayRunTwice else { throw error }
            }
        }
    }

    /// Takes no more calls, waits a little for those in flight, closes.
    public func close() async {
        await connector.close()
    }
}
