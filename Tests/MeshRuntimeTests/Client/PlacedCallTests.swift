import MeshCall
import MeshMessages
import NIOCore
import Synchronization
import TestSupport
import Testing

@testable import MeshRuntime

/// Calls of messages, which go straight to a connection that is at hand.
struct PlacedCallTests {
    private typealias Message = MeshV1.HealthCheckRequest

    private struct Counter: ClientInterceptor {
        let calls: Tally<String>

        func unary(
            _ method: MethodDescriptor, options: CallOptions, next: @concurrent @Sendable (CallOptions) async throws -> UnaryReply
        ) async throws -> UnaryReply {
            calls.add(method.name)
            return try await next(options)
        }
    }

    private static func call(_ name: String, on channel: any CallChannel) async throws -> Message {
        try await TestMesh.descriptor(name).call(Message(service: "a"), on: channel, options: CallOptions())
    }

    /// A client with a connection, and what a server of `Echo` and others answers it.
    private static func withClient(_ body: (MeshClient) async throws -> Void) async throws {
        let mesh = try await TestMesh.start([
            TestMesh.echo,
            TestMesh.unary("Refuse") { _, _ in throw RPCError(.failedPrecondition, "Not now.", reason: "NOT_NOW") },
            TestMesh.unary("Garble") { _, _ in ByteBuffer(bytes: [0xff]) },
        ])
        let client = try await mesh.client()
        #expect(try await client.call("Echo", "first") == "first")
        try await body(client)
        #expect(client.pool.callsInFlight == 0)
        await client.close()
        await mesh.stop()
    }

    @Test("an answered call is over")
    func answered() async throws {
        try await Self.withClient { client in
            let answer = try await Self.call("Echo", on: client)
            #expect(answer == Message(service: "a"))
        }
    }

    @Test("a call that is refused, or whose answer is malformed, is over", arguments: [("Refuse", "NOT_NOW"), ("Garble", "MALFORMED_RESPONSE")])
    func failed(_ method: String, _ reason: String) async throws {
        try await Self.withClient { client in
            let error = await failure { try await Self.call(method, on: client) }
            #expect(error?.reason == reason)
        }
    }

    @Test("a call whose task was cancelled before is over, and was not made")
    func cancelled() async throws {
        try await Self.withClient { client in
            let error = await Task {
                withUnsafeCurrentTask { $0?.cancel() }
                return await failure { try await Self.call("Echo", on: client) }
            }.value
            #expect(error?.code == .cancelled)
        }
    }

    @Test("interceptors see every call of a client that is at hand")
    func intercepted() async throws {
        let calls = Tally<String>()
        try await Self.withClient { client in
            let channel = InterceptedChannel(client, interceptors: [Counter(calls: calls)])
            let answer = try await Self.call("Echo", on: channel)
            #expect(answer == Message(service: "a"))
        }
        #expect(calls["Echo"] == 1)
    }
}
