import Foundation
import MeshCall
import MeshMessages
import MeshRuntime
import MeshTLS
import NIOCore
import Synchronization
import TestSupport
import Testing

/// Our client in baseline against a server of Python's standard library (Interop/Python), which checks every frame that it gets: calls of all four
/// kinds, where the packaged stock server knows unary ones only.
@Suite("A ttrpc server of Python's standard library", .timeLimit(.minutes(3)), .enabled(if: isPython || isCI, "SKIP: there is no python3"))
struct PythonServerTests {
    private typealias Input = InteropV1.StreamingInputCallRequest
    private typealias Output = InteropV1.StreamingOutputCallRequest

    /// Fails where the server saw anything that ttrpc does not have, but for `violations`.
    private func withServer(
        _ protocol: MeshProtocol = .baseline, alpn: String? = "ttrpc", connections: Int = 1, violations: [String] = [],
        _ body: @escaping @Sendable (_ client: MeshClient, _ test: InteropV1.TestClient) async throws -> Void
    ) async throws {
        let authority = try await TestAuthority.make()
        let credentials = try await authority.credentials("execution")
        let script = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Python/ttrpc_server.py").path
        let arguments = [
            "-B", "-E", "-s", script, "--cert", credentials.certificateChainPath, "--key", credentials.privateKeyPath, "--roots",
            credentials.trustRootsPath,
        ]
        let said = Mutex<[String]>([])
        try await RunningProgram.with("python3", arguments + (alpn.map { ["--alpn", $0] } ?? [])) { server in
            let greeting = try #require(await server.line())
            let port = try #require(greeting.split(separator: " ").last.flatMap { Int($0) })
            let client = try await InteropMesh.client(of: port, authority, `protocol`)
            try await body(client, InteropV1.TestClient(client))
            await client.close()
            try await server.end()
            while let line = await server.line() { said.withLock { $0.append(line) } }
        }
        #expect(said.withLock { $0 } == violations.map { "violation: \($0)" } + ["served \(connections) connections"])
    }

    private static func sizes(_ stream: MessageStream<InteropV1.StreamingOutputCallResponse>) async throws -> [Int] {
        var sizes: [Int] = []
        for try await response in stream { sizes.append(response.payload?.body.count ?? 0) }
        return sizes
    }

    private static func texts(_ stream: MessageStream<InteropV1.StreamingOutputCallResponse>) async throws -> [String] {
        var texts: [String] = []
        for try await response in stream { texts.append(String(decoding: response.payload?.body ?? [], as: UTF8.self)) }
        return texts
    }

    /// A method of the server that is not in proto/interop.
    private static func stream(_ name: String, _ client: MeshClient) async throws -> MessageStream<InteropV1.StreamingOutputCallResponse> {
        try await InteropMesh.descriptor(name, .serverStreaming).stream(InteropV1.Empty(), on: client, options: CallOptions())
    }

    @Test(
        "unary calls, short, long and failing, whatever either side says of ALPN",
        arguments: [(MeshProtocol.baseline, "ttrpc"), (.baseline, nil), (.baselineWithoutALPN, nil)] as [(MeshProtocol, String?)])
    func unary(_ protocol: MeshProtocol, alpn: String?) async throws {
        try await withServer(`protocol`, alpn: alpn) { client, test in
            _ = try await test.emptyCall(InteropV1.Empty())
            for size in [1, 300_000, (4 << 20) - 64] as [Int32] {
                #expect(try await test.unaryCall(.init(payload: .zeros(size))).payload?.body.count == Int(size))
            }
            for code in Int32(1)...16 {
                let error = await failure { try await test.unaryCall(.init(responseStatus: .init(code: code, message: "with \(code)"))) }
                #expect(error?.code.rawValue == code)
                #expect(error?.message == "with \(code)")
            }
            #expect(await failure { try await client.text("Nothing") }?.code == .unimplemented)
        }
    }

    @Test("a stream of answers: ended by itself, by its last message, by a status after messages; empty messages are messages")
    func serverStreaming() async throws {
        try await withServer { client, test in
            for sizes in [[31_415, 1, 2653, 58_979], [], [0, 0]] as [[Int32]] {
                let stream = try await test.streamingOutputCall(Output(responseParameters: sizes.map { .init(size: $0) }))
                #expect(try await Self.sizes(stream) == sizes.map(Int.init))
            }
            #expect(try await Self.texts(Self.stream("CloseWithMessage", client)) == ["first", "last"])
            let failing = Output(responseParameters: [.init(size: 5), .init(size: 6)], responseStatus: .init(code: 9, message: "enough"))
            var seen: [Int] = []
            let error = await failure {
                for try await response in try await test.streamingOutputCall(failing) { seen.append(response.payload?.body.count ?? -1) }
            }
            #expect(seen == [5, 6])
            #expect(error?.code == .failedPrecondition)
            #expect(error?.message == "enough")
        }
    }

    @Test("a stream of requests: some messages, none, empty ones; its end is a frame of its own")
    func clientStreaming() async throws {
        try await withServer { _, test in
            for sizes in [[27_182, 8, 1828, 45_904], [], [0, 0, 0]] as [[Int32]] {
                let call = try await test.streamingInputCall()
                for size in sizes { try await call.send(size == 0 ? Input() : Input(payload: .zeros(size))) }
                let response = try await call.response()
                #expect(response.aggregatedPayloadSize == sizes.reduce(0, +))
                #expect(response.messages == Int32(sizes.count))
            }
        }
    }

    @Test("both ways at once: in turn, one side after the other, on many streams together, and ended by a status")
    func bidirectional() async throws {
        try await withServer { _, test in
            let call = try await test.fullDuplexCall()
            var responses = call.responses.makeAsyncIterator()
            for size in [31_415, 9, 2653, 58_979] as [Int32] {
                try await call.send(Output(responseParameters: [.init(size: size)]))
                #expect(try await responses.next()?.payload?.body.count == Int(size))
            }
            try await call.finish()
            #expect(try await responses.next() == nil)
            try await withThrowingTaskGroup { group in
                for stream in 1...10 {
                    group.addTask {
                        let call = try await test.fullDuplexCall()
                        let sizes = (1...20).map { $0 * stream }
                        for size in sizes { try await call.send(Output(responseParameters: [.init(size: Int32(size))])) }
                        try await call.finish()
                        #expect(try await Self.sizes(call.responses) == sizes)
                    }
                }
                try await group.waitForAll()
            }
            let failing = try await test.fullDuplexCall()
            try await failing.send(Output(responseStatus: .init(code: 2, message: "test status message")))
            #expect(await failure { try await Self.sizes(failing.responses) }?.message == "test status message")
            _ = try await test.emptyCall(InteropV1.Empty())
        }
    }

    @Test("metadata and the time that is left reach the server, of a unary call")
    func metadata() async throws {
        try await withServer { client, _ in
            var metadata: Metadata = ["x-test-one": "1"]
            metadata.append("a", for: "x-test-two")
            metadata.append("b", for: "x-test-two")
            #expect(try await client.text("Metadata", options: CallOptions(metadata: metadata)) == "x-test-one=1\nx-test-two=a,b")
            let left = try #require(Int64(try await client.text("TimeLeft", options: CallOptions(timeout: .seconds(60)))))
            #expect((50_000_000_000...60_000_000_000).contains(left))
        }
    }

    @Test("an OK status, unknown fields and flags, a frame in pieces, and frames that nobody asked for disturb nobody")
    func oddities() async throws {
        try await withServer { client, test in
            for _ in 0..<3 { #expect(try await client.text("Odd") == "odd") }
            _ = try await test.emptyCall(InteropV1.Empty())
        }
    }

    @Test("calls that are given up are forgotten: nothing is sent, and what comes late is dropped")
    func givenUp() async throws {
        try await withServer { client, test in
            let held = Task { try await client.text("Hold") }
            // Sent after it on the same connection: when this is answered the other has arrived.
            _ = try await test.emptyCall(InteropV1.Empty())
            held.cancel()
            #expect(await failure { try await held.value }?.code == .cancelled)
            #expect(await failure { try await client.text("Hold", options: CallOptions(timeout: .milliseconds(20))) }?.code == .deadlineExceeded)
            for try await response in try await Self.stream("Forever", client) {
                #expect(response.payload?.body == Array("first".utf8))
                break
            }
            _ = try await client.text("Release")
            _ = try await test.emptyCall(InteropV1.Empty())
        }
    }

    @Test("a server that hangs up: the call is lost, and the next one is made on a new connection")
    func hangsUp() async throws {
        try await withServer(connections: 2) { client, test in
            let error = await failure { try await client.text("HangUp") }
            #expect(error?.code == .unavailable)
            #expect(error?.reason == RPCError.connectionLostReason)
            _ = try await test.emptyCall(InteropV1.Empty())
        }
    }

    @Test("answers that nobody reads are bounded: streams that find no room are RESOURCE_EXHAUSTED, and the connection goes on")
    func unread() async throws {
        try await withServer { _, test in
            let request = Output(responseParameters: [.init(size: 1 << 20), .init(size: 1 << 20)])
            var streams: [MessageStream<InteropV1.StreamingOutputCallResponse>] = []
            for _ in 0..<12 { streams.append(try await test.streamingOutputCall(request)) }
            // Answered behind all of them.
            _ = try await test.emptyCall(InteropV1.Empty())
            var whole = 0, refused = 0
            for stream in streams {
                do {
                    #expect(try await Self.sizes(stream) == [1 << 20, 1 << 20])
                    whole += 1
                } catch let error as RPCError {
                    #expect(error.code == .resourceExhausted)
                    refused += 1
                }
            }
            // 16 MiB hold the messages of seven and one more.
            #expect((whole, refused) == (7, 5))
        }
    }

    @Test("what a client does against the rules is seen")
    func canary() async throws {
        try await withServer(violations: ["StreamingInputCall with flags 0"]) { client, _ in
            // Of another kind than the server has it.
            let error = await failure { try await client.text("StreamingInputCall", options: CallOptions(timeout: .milliseconds(50))) }
            #expect(error?.code == .deadlineExceeded)
        }
    }
}

private let isCI = ProcessInfo.processInfo.environment["CI"] == "true"
private let isPython = isProgram("python3")
