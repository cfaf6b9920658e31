public import NIOCore

/// Code around every call of a client.
public protocol ClientInterceptor: Sendable {
    func unary(
        _ method: MethodDescriptor, options: CallOptions, next: @Sendable (CallOptions) async throws -> UnaryReply
    ) async throws -> UnaryReply

    func serverStreaming(
        _ method: MethodDescriptor, options: CallOptions, next: @Sendable (CallOptions) async throws -> ReplyStream
    ) async throws -> ReplyStream
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
        try await unary(method, request, options: options, from: 0)
    }

    private func unary(
        _ method: MethodDescriptor, _ request: ByteBuffer, options: CallOptions, from index: Int
    ) async throws -> UnaryReply {
        guard index < interceptors.count else { return try await channel.unary(method, request, options: options) }
        return try await interceptors[index].unary(method, options: options) {
            try await unary(method, request, options: $0, from: index + 1)
        }
    }

    public func serverStreaming(_ method: MethodDescriptor, _ request: ByteBuffer, options: CallOptions) async throws -> ReplyStream {
        try await serverStreaming(method, request, options: options, from: 0)
    }

    private func serverStreaming(
        _ method: MethodDescriptor, _ request: ByteBuffer, options: CallOptions, from index: Int
    ) async throws -> ReplyStream {
        guard index < interceptors.count else { return try await channel.serverStreaming(method, request, options: options) }
        return try await interceptors[index].serverStreaming(method, options: options) {
            try await serverStreaming(method, request, options: $0, from: index + 1)
        }
    }
}
