public import CoreMetrics
public import Logging
public import MeshCall
public import Tracing
internal import Instrumentation
internal import NIOCore

/// Traces, counts, times and logs the calls that a client makes to one peer.
///
/// A call carries the trace and the baggage of the call being served (W3C Trace Context and Baggage). With a tracer it is a span of
/// kind client, which lasts until the answer's end; without one the trace is passed on as it came.
public final class ClientTelemetry: ClientInterceptor {
    private let peer: String
    private let address: (host: String, port: Int)?
    private let tracer: (any Tracer)?
    private let metrics: CallMetrics
    private let logger: Logger?

    /// - Parameters:
    ///   - peer: the name that its certificate must carry.
    ///   - address: host and port as they were given to the client, for spans.
    ///   - tracer: nil for the one in use where a call is made, if any.
    ///   - metrics: where the series are; the process's by default, so set that up first.
    ///   - logger: asked whether debug lines are wanted: then each finished call is one. Nil for none.
    public init(
        peer: String, address: (host: String, port: Int)? = nil, tracer: (any Tracer)? = nil,
        metrics: any MetricsFactory = MetricsSystem.factory, logger: Logger? = nil
    ) {
        self.peer = peer
        self.address = address
        self.tracer = tracer
        self.metrics = CallMetrics(.client, metrics)
        self.logger = logger
    }

    /// The span ends with the answer.
    public func unary(
        _ method: MethodDescriptor, options: CallOptions, next: @concurrent @Sendable (CallOptions) async throws -> UnaryReply
    ) async throws -> UnaryReply {
        let (call, options) = begin(method, options)
        let reply = try await opened(call, options, next)
        ended(call, nil)
        return reply
    }

    /// The span ends with the stream.
    public func serverStreaming(
        _ method: MethodDescriptor, options: CallOptions, next: @concurrent @Sendable (CallOptions) async throws -> ReplyStream
    ) async throws -> ReplyStream {
        let (call, options) = begin(method, options)
        return try await opened(call, options, next).observed { self.ended(call, $0) }
    }

    /// The span ends with the answer.
    public func clientStreaming(
        _ method: MethodDescriptor, options: CallOptions, next: @concurrent @Sendable (CallOptions) async throws -> ClientStreamingCall
    ) async throws -> ClientStreamingCall {
        let (call, options) = begin(method, options)
        return try await opened(call, options, next).observed { self.ended(call, $0) }
    }

    /// The span ends when the server has ended its half.
    public func bidirectional(
        _ method: MethodDescriptor, options: CallOptions, next: @concurrent @Sendable (CallOptions) async throws -> BidirectionalCall
    ) async throws -> BidirectionalCall {
        let (call, options) = begin(method, options)
        let opened = try await opened(call, options, next)
        return BidirectionalCall(requests: opened.requests, replies: opened.replies.observed { self.ended(call, $0) })
    }

    private struct Call: Sendable {
        let method: MethodDescriptor
        let began: NIODeadline
        let span: CallSpan?
    }

    private func begin(_ method: MethodDescriptor, _ options: CallOptions) -> (Call, CallOptions) {
        metrics.callBegan()
        var options = options
        let span = propagate(method, &options.metadata)
        return (Call(method: method, began: .now(), span: span), options)
    }

    private func propagate(_ method: MethodDescriptor, _ metadata: inout Metadata) -> CallSpan? {
        guard let instruments = Instruments.inUse(tracer) else {
            if let context = ServiceContext.current { metadata.add(context) }
            return nil
        }
        let span = CallSpan(method, .client, peer: peer, in: ServiceContext.current ?? .topLevel, with: instruments)
        if let address {
            span.add("server.address", address.host)
            span.add("server.port", Int64(address.port))
        }
        instruments.inject(span.context, into: &metadata)
        metadata.add(span.context)
        return span
    }

    private func opened<Answer>(
        _ call: Call, _ options: CallOptions, _ next: @concurrent @Sendable (CallOptions) async throws -> Answer
    ) async throws -> Answer {
        do {
            return try await next(options)
        } catch {
            ended(call, error)
            throw error
        }
    }

    private func ended(_ call: Call, _ error: (any Error)?) {
        let duration = (NIODeadline.now() - call.began).nanoseconds
        let outcome = error.map { CallOutcome($0) } ?? .ok
        metrics.callEnded(call.method, outcome.code, peer: peer, after: duration)
        call.span?.end(outcome, isError: outcome.isClientError)
        guard let logger, logger.logLevel <= .debug else { return }
        logger.debug(
            "call made",
            metadata: [
                "method": "\(call.method.path)", "peer": "\(peer)", "code": "\(outcome.code)", "microseconds": "\(duration / 1000)",
                "request_id": "\(CallContext.current?.requestID ?? "-")",
            ])
    }
}
