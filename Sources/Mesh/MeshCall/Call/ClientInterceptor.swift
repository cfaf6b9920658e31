public import NIOCore

/// Code around every call of a client.
public protocol ClientInterceptor: Sendable {
    func unary(
        _ method: MethodDescriptor, options: CallOptions, next: @Sendable (CallOptions) async throws -> UnaryReply
    ) async throws -> UnaryReply

    func serverStreaming(
        _ method: MethodDescriptor, options: CallOptions, next: @Sendable (CallOptions) async throws -> ReplyStream
    ) async throws -> ReplyStream

    func clientStreaming(
        _ method: MethodDescriptor, options: CallOptions, next: @Sendable (CallOptions) async throws -> ClientStreamingCall
    ) async throws -> ClientStreamingCall

    func bidirectional(
        _ method: MethodDescriptor, options: CallOptions, next: @Sendable (CallOptions) async throws -> BidirectionalCall
    ) async throws -> BidirectionalCall
}

extension ClientInterceptor {
    public func unary(
        _ method: MethodDescriptor, options: CallOptions, next: @Sendable (CallOptions) async throws -> UnaryReply
    ) async throws -> UnaryReply {
        try await next(options)
    }

    public func serverStreaming(
        _ method: MethodDescriptor, options: CallOptions, next: @Sendable (CallOptions) async throws -> ReplyStream
    ) async throws -> ReplyStream {
        try await next(options)
    }

    public func clientStreaming(
        _ method: MethodDescriptor, options: CallOptions, next: @Sendable (CallOptions) async throws -> ClientStreamingCall
    ) async throws -> ClientStreamingCall {
        try await next(options)
    }

    public func bidirectional(
        _ method: MethodDescriptor, options: CallOptions, next: @Sendable (CallOptions) async throws -> BidirectionalCall
    ) async throws -> BidirectionalCall {
        try await next(options)
    }
}

/// A channel whose calls go through interceptors, the first outermost.
public struct InterceptedChannel: CallChannel {
    private let channel: any CallChannel
    private let interceptors: [any ClientInterceptor]

    public init(_ channel: any CallChannel, interceptors: [any ClientInterceptor]) {
        self.channel = channel
        self.interceptors = interceptors
    }

    public func unary(_ method: MethodDescriptor, _ request: ByteBuffer, options: CallOptions) async throws -> UnaryReply {
        try await through(options, { try await $0.unary(method, options: $1, next: $2) }) {
            try await channel.unary(method, request, options: $0)
        }
    }

    public func serverStreaming(_ method: MethodDescriptor, _ request: ByteBuffer, options: CallOptions) async throws -> ReplyStream {
        try await through(options, { try await $0.serverStreaming(method, options: $1, next: $2) }) {
            try await channel.serverStreaming(method, request, options: $0)
        }
    }

    public func clientStreaming(_ method: MethodDescriptor, options: CallOptions) async throws -> ClientStreamingCall {
        try await through(options, { try await $0.clientStreaming(method, options: $1, next: $2) }) {
            try await channel.clientStreaming(method, options: $0)
        }
    }

    public func bidirectional(_ method: MethodDescriptor, options: CallOptions) async throws -> BidirectionalCall {
        try await through(options, { try await $0.bidirectional(method, options: $1, next: $2) }) {
            try await channel.bidirectional(method, options: $0)
        }
    }

    private func through<Answer>(
        _ options: CallOptions, from index: Int = 0,
        _ step: @escaping @Sendable (any ClientInterceptor, CallOptions, @Sendable (CallOptions) async throws -> Answer) async throws -> Answer,
        _ call: @escaping @Sendable (CallOptions) async throws -> Answer
    ) async throws -> Answer {
        guard index < interceptors.count else { return try await call(options) }
        return try await step(interceptors[index], options) { try await through($0, from: index + 1, step, call) }
    }
}
