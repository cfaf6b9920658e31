import MeshCall
import NIOCore

/// Gives calls without a deadline of their own a generous one: a busy test machine is not what these tests are about.
struct PatientChannel: CallChannel {
    let channel: any CallChannel

    func unary(_ method: MethodDescriptor, _ request: ByteBuffer, options: CallOptions) async throws -> UnaryReply {
        try await channel.unary(method, request, options: patient(options))
    }

    func serverStreaming(_ method: MethodDescriptor, _ request: ByteBuffer, options: CallOptions) async throws -> ReplyStream {
        try await channel.serverStreaming(method, request, options: patient(options))
    }

    func clientStreaming(_ method: MethodDescriptor, options: CallOptions) async throws -> ClientStreamingCall {
        try await channel.clientStreaming(method, options: patient(options))
    }

    func bidirectional(_ method: MethodDescriptor, options: CallOptions) async throws -> BidirectionalCall {
        try await channel.bidirectional(method, options: patient(options))
    }

    private func patient(_ options: CallOptions) -> CallOptions {
        CallOptions(timeout: options.timeout ?? .seconds(120), metadata: options.metadata)
    }
}
