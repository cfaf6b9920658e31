import MeshCall
import MeshMessages
import MeshRuntime
import MeshTLS
import NIOCore
import TestSupport
import Testing

/// Our client in baseline against Go's ttrpc server over crypto/tls.
@Suite(
    "Stock ttrpc servers", .timeLimit(.minutes(3)),
    .enabled(if: StockTTRPC.isInstalled || StockTTRPC.isRequired, Comment(rawValue: StockTTRPC.comment)))
struct StockServerTests {
    private let authority: TestAuthority

    init() async throws { authority = try await TestAuthority.make() }

    private func withServer(
        _ protocol: MeshProtocol = .baseline, alpn: String? = nil,
        _ body: @escaping @Sendable (_ client: MeshClient, _ server: RunningProgram) async throws -> Void
    ) async throws {
        let authority = authority
        try await StockTTRPC.withServer(await authority.credentials("execution"), alpn: alpn) { port, server in
            let client = try await InteropMesh.client(of: port, authority, `protocol`)
            try await body(client, server)
            await client.close()
        }
    }

    private static func echo(_ client: MeshClient, _ body: [UInt8]) async throws {
        let response = try await InteropV1.TestClient(client).unaryCall(.init(payload: .init(body: body)))
        #expect(response.payload?.body == body)
    }

    @Test(
        "A unary call is answered, whatever either side says of ALPN",
        arguments: [(MeshProtocol.baseline, nil), (.baseline, "ttrpc"), (.baselineWithoutALPN, nil), (.baselineWithoutALPN, "ttrpc")])
    func unary(_ protocol: MeshProtocol, alpn: String?) async throws {
        try await withServer(`protocol`, alpn: alpn) { client, _ in
            _ = try await InteropV1.TestClient(client).emptyCall(InteropV1.Empty())
            try await Self.echo(client, Array("hello".utf8))
        }
    }

    @Test("A client of mesh mode does not take a server that speaks ttrpc alone", arguments: [nil, "ttrpc"])
    func meshRefusesBaseline(alpn: String?) async throws {
        try await withServer(.mesh, alpn: alpn) { client, _ in
            let error = await failure { try await Self.echo(client, []) }
            #expect(error?.code == .unavailable)
        }
    }

    @Test("A server whose name is not the expected one is refused in baseline too")
    func wrongName() async throws {
        let authority = authority
        try await StockTTRPC.withServer(await authority.credentials("audit"), alpn: nil) { port, _ in
            let client = try await InteropMesh.client(of: port, authority, .baseline)
            let error = await failure { try await Self.echo(client, []) }
            #expect(error?.code == .unavailable)
            #expect(error?.reason == "PEER_REFUSED")
            await client.close()
        }
    }

    @Test("Errors come with code and message, known and unknown")
    func errors() async throws {
        try await withServer { client, _ in
            let test = InteropV1.TestClient(client)
            for code in Int32(1)...16 {
                let error = await failure { try await test.unaryCall(.init(responseStatus: .init(code: code, message: "with \(code)"))) }
                #expect(error?.code.rawValue == code)
                #expect(error?.message == "with \(code)")
            }
            let plain = await failure { try await client.text("Fail") }
            #expect(plain?.code == .unknown)
            #expect(plain?.message == "broken")
            #expect(await failure { try await client.text("Nothing") }?.code == .unimplemented)
            let strange = MethodDescriptor(service: "no.such.Service", name: "Call", kind: .unary, policy: TestMesh.policy)
            #expect(await failure { try await client.unary(strange, ByteBuffer(), options: CallOptions()) }?.code == .unimplemented)
            try await Self.echo(client, [1])
        }
    }

    @Test("Metadata arrives, several values of one key in their order")
    func metadata() async throws {
        try await withServer { client, _ in
            var metadata: Metadata = ["x-test-one": "1"]
            metadata.append("a", for: "x-test-two")
            metadata.append("b", for: "x-test-two")
            let seen = try await client.text("Metadata", options: CallOptions(metadata: metadata))
            #expect(seen == "x-test-one=1\nx-test-two=a,b")
        }
    }

    @Test("The server is told how much time is left, and a call whose time is over ends")
    func timeouts() async throws {
        try await withServer { client, _ in
            #expect(try await client.text("TimeLeft", options: CallOptions(timeout: .seconds(60))) == "60")
            let error = await failure { try await client.text("Sleep", options: CallOptions(timeout: .milliseconds(100))) }
            #expect(error?.code == .deadlineExceeded)
            try await Self.echo(client, [1])
        }
    }

    @Test("The longest messages go both ways, and ones too long are RESOURCE_EXHAUSTED on a connection that lives on")
    func sizes() async throws {
        try await withServer { client, _ in
            let test = InteropV1.TestClient(client)
            try await Self.echo(client, [UInt8](repeating: 7, count: (4 << 20) - 1024))
            // A Response of exactly 4 MiB.
            let longest = try await test.unaryCall(.init(responseSize: (4 << 20) - 15))
            #expect(longest.payload?.body.count == (4 << 20) - 15)
            #expect(await failure { try await test.unaryCall(.init(responseSize: (4 << 20) - 14)) }?.code == .resourceExhausted)
            let error = await failure { try await test.unaryCall(.init(payload: .zeros(4 << 20))) }
            #expect(error?.reason == "REQUEST_TOO_LONG")
            try await Self.echo(client, [1])
            #expect(try await client.text("Connections") == "1")
        }
    }

    @Test("Hundreds of calls are in flight on one connection")
    func concurrency() async throws {
        try await withServer { client, _ in
            try await withThrowingTaskGroup { group in
                for caller in 0..<300 {
                    group.addTask {
                        for call in 0..<10 { try await Self.echo(client, [UInt8](repeating: UInt8(truncatingIfNeeded: caller), count: 1 + call * 97)) }
                    }
                }
                try await group.waitForAll()
            }
            #expect(try await client.text("Connections") == "1")
        }
    }

    @Test("An answer that comes after its call was given up disturbs nobody")
    func lateResponse() async throws {
        try await withServer { client, _ in
            let held = Task { try await client.text("Hold") }
            // Sent after Hold on the same connection, so Hold has arrived when this is answered.
            _ = try await client.text("Connections")
            held.cancel()
            #expect(await failure { try await held.value }?.code == .cancelled)
            _ = try await client.text("Release")
            for _ in 0..<20 { try await Self.echo(client, [1, 2, 3]) }
            #expect(try await client.text("Connections") == "1")
        }
    }

    @Test("A server that closes its connections: later calls are UNAVAILABLE", arguments: ["shutdown", "close"])
    func serverStops(command: String) async throws {
        try await withServer { client, server in
            try await Self.echo(client, [1])
            try await server.say(command)
            #expect(await server.line() == "stopped")
            let error = await failure { for _ in 0..<1000 { try await Self.echo(client, [1]) } }
            #expect(error?.code == .unavailable)
        }
    }

    @Test("A server that stops while a call runs still answers it")
    func serverStopsInFlight() async throws {
        try await withServer { client, server in
            let held = Task { try await client.text("Hold") }
            _ = try await client.text("Connections")
            try await server.say("close")
            #expect(await server.line() == "stopped")
            _ = try await client.text("Release")
            #expect(try await held.value == "")
        }
    }

    @Test("A server that dies in the middle of a call: the call is UNAVAILABLE and not run again")
    func serverDiesInFlight() async throws {
        try await withServer { client, server in
            let held = Task { try await client.text("Hold") }
            _ = try await client.text("Connections")
            try await server.say("exit")
            let error = await failure { try await held.value }
            #expect(error?.code == .unavailable)
            #expect(error?.reason == "CONNECTION_LOST")
        }
    }
}
