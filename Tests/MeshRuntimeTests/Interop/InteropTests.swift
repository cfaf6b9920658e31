import MeshCall
import MeshMessages
import MeshRuntime
import MeshTLS
import NIOCore
import TestSupport
import Testing

/// gRPC's interoperability cases, under its names, over TLS sockets: of the mesh, and of ttrpc as stock peers speak it.
@Suite("gRPC's interop cases", .timeLimit(.minutes(2)))
struct InteropTests {
    private typealias Input = InteropV1.StreamingInputCallRequest
    private typealias Output = InteropV1.StreamingOutputCallRequest

    /// Both modes: what ttrpc has no frame for is said where it differs.
    private static let protocols = [MeshProtocol.mesh, .baseline]

    private func withMesh(
        _ protocol: MeshProtocol, _ body: (_ channel: MeshClient, _ test: InteropV1.TestClient) async throws -> Void
    ) async throws {
        try await withServer(`protocol`) { _, client in try await body(client, InteropV1.TestClient(client)) }
    }

    private func withServer(_ protocol: MeshProtocol, _ body: (InteropMesh, MeshClient) async throws -> Void) async throws {
        let mesh = try await InteropMesh.start(allowsBaseline: `protocol` == .baseline)
        let client = try await mesh.client(`protocol`)
        try await body(mesh, client)
        // Whatever a case did to its call, the connection takes the next.
        _ = try await InteropV1.TestClient(client).emptyCall(InteropV1.Empty())
        #expect(mesh.server.connectionCount == 1)
        await client.close()
        await mesh.stop()
    }

    private static func request(_ response: Int32, payload: Int32) -> Output {
        Output(responseParameters: [.init(size: response)], payload: .zeros(payload))
    }

    private static func sizes(_ stream: MessageStream<InteropV1.StreamingOutputCallResponse>) async throws -> [Int] {
        var sizes: [Int] = []
        for try await response in stream { sizes.append(response.payload?.body.count ?? -1) }
        return sizes
    }

    @Test("empty_unary", arguments: protocols)
    func emptyUnary(_ protocol: MeshProtocol) async throws {
        try await withMesh(`protocol`) { _, test in
            let response = try await test.emptyCall(InteropV1.Empty())
            #expect(response == InteropV1.Empty())
        }
    }

    @Test("large_unary", arguments: protocols)
    func largeUnary(_ protocol: MeshProtocol) async throws {
        try await withMesh(`protocol`) { _, test in
            let response = try await test.unaryCall(.init(responseSize: 314_159, payload: .zeros(271_828)))
            #expect(response.payload?.body == [UInt8](repeating: 0, count: 314_159))
        }
    }

    @Test("client_streaming", arguments: protocols)
    func clientStreaming(_ protocol: MeshProtocol) async throws {
        try await withMesh(`protocol`) { _, test in
            let call = try await test.streamingInputCall()
            for size in [27_182, 8, 1828, 45_904] as [Int32] { try await call.send(Input(payload: .zeros(size))) }
            let response = try await call.response()
            #expect(response.aggregatedPayloadSize == 74_922)
            #expect(response.messages == 4)
        }
    }

    @Test("server_streaming", arguments: protocols)
    func serverStreaming(_ protocol: MeshProtocol) async throws {
        try await withMesh(`protocol`) { _, test in
            let sizes: [Int32] = [31_415, 9, 2653, 58_979]
            let stream = try await test.streamingOutputCall(Output(responseParameters: sizes.map { .init(size: $0) }))
            #expect(try await Self.sizes(stream) == sizes.map(Int.init))
        }
    }

    @Test("ping_pong", arguments: protocols)
    func pingPong(_ protocol: MeshProtocol) async throws {
        try await withMesh(`protocol`) { _, test in
            let call = try await test.fullDuplexCall()
            var responses = call.responses.makeAsyncIterator()
            for (response, payload) in [(31_415, 27_182), (9, 8), (2653, 1828), (58_979, 45_904)] as [(Int32, Int32)] {
                try await call.send(Self.request(response, payload: payload))
                #expect(try await responses.next()?.payload?.body.count == Int(response))
            }
            try await call.finish()
            #expect(try await responses.next() == nil)
        }
    }

    @Test("empty_stream", arguments: protocols)
    func emptyStream(_ protocol: MeshProtocol) async throws {
        try await withMesh(`protocol`) { _, test in
            let call = try await test.fullDuplexCall()
            try await call.finish()
            #expect(try await Self.sizes(call.responses) == [])
        }
    }

    @Test("timeout_on_sleeping_server", arguments: protocols)
    func timeoutOnSleepingServer(_ protocol: MeshProtocol) async throws {
        try await withMesh(`protocol`) { _, test in
            let error = await failure {
                let call = try await test.fullDuplexCall(options: CallOptions(timeout: .milliseconds(1)))
                // Asks for nothing, so the server answers nothing.
                try await call.send(Output(payload: .zeros(27_182)))
                _ = try await Self.sizes(call.responses)
            }
            #expect(error?.code == .deadlineExceeded)
        }
    }

    @Test("cancel_after_begin", arguments: protocols)
    func cancelAfterBegin(_ protocol: MeshProtocol) async throws {
        try await withServer(`protocol`) { mesh, client in
            let call = try await InteropV1.TestClient(client).streamingInputCall()
            await mesh.handlers.began.wait()
            // Asked for once the task is cancelled: before, the answer could be there first.
            let answer = Task {
                await untilCancelled()
                return try await call.response()
            }
            answer.cancel()
            #expect(await failure { try await answer.value }?.code == .cancelled)
            // ttrpc has no word for it.
            if `protocol` == .mesh { await mesh.handlers.cancelled.wait() }
        }
    }

    @Test("cancel_after_first_response", arguments: protocols)
    func cancelAfterFirstResponse(_ protocol: MeshProtocol) async throws {
        try await withServer(`protocol`) { mesh, client in
            let call = try await InteropV1.TestClient(client).fullDuplexCall()
            try await call.send(Self.request(31_415, payload: 27_182))
            let first = Signal()
            let reading = Task {
                var count = 0
                for try await response in call.responses {
                    count += response.payload?.body.count ?? 0
                    first.raise()
                }
                return count
            }
            await first.wait()
            reading.cancel()
            #expect(await failure { try await reading.value }?.code == .cancelled)
            #expect(await failure { try await call.send(Self.request(1, payload: 1)) }?.code == .cancelled)
            if `protocol` == .mesh { await mesh.handlers.cancelled.wait() }
        }
    }

    @Test("status_code_and_message", arguments: protocols)
    func statusCodeAndMessage(_ protocol: MeshProtocol) async throws {
        try await withMesh(`protocol`) { _, test in
            let status = InteropV1.EchoStatus(code: 2, message: "test status message")
            let unary = await failure { try await test.unaryCall(.init(responseStatus: status)) }
            let duplex = await failure {
                let call = try await test.fullDuplexCall()
                try await call.send(Output(responseStatus: status))
                try await call.finish()
                _ = try await Self.sizes(call.responses)
            }
            // After messages too.
            let streaming = await failure {
                _ = try await Self.sizes(test.streamingOutputCall(Output(responseParameters: [.init(size: 5)], responseStatus: status)))
            }
            for error in [unary, duplex, streaming] {
                #expect(error?.code == .unknown)
                #expect(error?.message == "test status message")
            }
        }
    }

    @Test("special_status_message", arguments: protocols)
    func specialStatusMessage(_ protocol: MeshProtocol) async throws {
        try await withMesh(`protocol`) { _, test in
            let message = "\t\ntest with whitespace\r\nand Unicode BMP ☺ and non-BMP 😈\t\n"
            let error = await failure { try await test.unaryCall(.init(responseStatus: .init(code: 2, message: message))) }
            #expect(error?.code == .unknown)
            #expect(error?.message == message)
        }
    }

    @Test("custom_metadata", arguments: protocols)
    func customMetadata(_ protocol: MeshProtocol) async throws {
        try await withMesh(`protocol`) { channel, _ in
            let bytes: [UInt8] = [0xab, 0xab, 0xab]
            var metadata: Metadata = [InteropService.initialKey: "test_initial_metadata_value"]
            metadata.append(bytes: bytes, for: InteropService.trailingKey)
            let options = CallOptions(metadata: metadata)
            let request = try ByteBuffer(packing: InteropV1.SimpleRequest(responseSize: 314_159, payload: .zeros(271_828)))
            let reply = try await channel.unary(InteropV1.TestMethods.unaryCall, request, options: options)
            // ttrpc knows of metadata in requests only.
            let initial = `protocol` == .mesh ? "test_initial_metadata_value" : nil
            let trailing = `protocol` == .mesh ? bytes : nil
            #expect(reply.metadata[InteropService.initialKey] == initial)
            #expect(reply.trailers.bytes(for: InteropService.trailingKey) == trailing)

            let call = try await channel.bidirectional(InteropV1.TestMethods.fullDuplexCall, options: options)
            try await call.requests.send(Self.request(314_159, payload: 271_828))
            var replies = call.replies.makeAsyncIterator()
            #expect(try await replies.next() != nil)
            #expect(call.replies.metadata[InteropService.initialKey] == initial)
            try await call.requests.finish()
            #expect(try await replies.next() == nil)
            #expect(call.replies.trailers.bytes(for: InteropService.trailingKey) == trailing)
        }
    }

    @Test("unimplemented_method", arguments: protocols)
    func unimplementedMethod(_ protocol: MeshProtocol) async throws {
        try await withMesh(`protocol`) { channel, _ in
            let error = await failure { try await channel.text("UnimplementedCall") }
            #expect(error?.code == .unimplemented)
        }
    }

    @Test("unimplemented_service", arguments: protocols)
    func unimplementedService(_ protocol: MeshProtocol) async throws {
        try await withMesh(`protocol`) { channel, _ in
            let method = MethodDescriptor(
                service: "interop.v1.UnimplementedService", name: "UnimplementedCall", kind: .unary, policy: TestMesh.policy)
            let error = await failure { try await channel.unary(method, ByteBuffer(), options: CallOptions()) }
            #expect(error?.code == .unimplemented)
        }
    }
}
