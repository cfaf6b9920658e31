import Foundation
import Logging
import MeshCall
import MeshMessages
import MeshTelemetry
import MeshTool
import NIOCore
import Synchronization
import Testing

/// Every kind of call against a server in this process, with the health messages.
@Suite("Calling a method by its layouts")
struct DynamicCallTests {
    private static let peer = PeerIdentity(spiffeID: "spiffe://development.cryptopulse.internal/operator", name: "operator")

    private static let guide = CallGuide(
        command: "tool", caller: "operator", unreachable: "switch it on", servers: { _ in nil }, target: { _ in nil })

    private static func method(_ kind: MethodDescriptor.Kind, callers: [String] = ["operator"], tokens: [TokenType] = []) -> MethodReflection {
        let descriptor = MethodDescriptor(
            service: "test.v1.Test", name: "Ask", kind: kind,
            policy: MethodPolicy(callers: callers, callersWithoutUser: tokens.isEmpty ? callers : [], tokens: tokens, defaultDeadline: .seconds(30)))
        return MethodReflection(descriptor, request: MeshV1.HealthCheckRequest.layout, response: MeshV1.HealthCheckResponse.layout)
    }

    private static func answer(_ bytes: ByteBuffer) throws -> ByteBuffer {
        let request = try MeshV1.HealthCheckRequest(unpacking: bytes)
        return try ByteBuffer(packing: MeshV1.HealthCheckResponse(status: .serving, reason: request.service))
    }

    private func run(
        _ method: MethodReflection, _ body: MethodImplementation.Body, _ input: CallInput, options: CallOptions = CallOptions(),
        output: MessageJSONOptions = MessageJSONOptions()
    ) async throws -> [String] {
        let service = ServiceDefinition(name: "test.v1.Test", methods: [MethodImplementation(method.method, body)])
        let server = InProcessServer(services: [service], authenticator: nil, logger: Logger(label: "test"))
        let shown = Shown()
        try await DynamicCall(method, options: options, output: output, guide: Self.guide).run(on: server.channel(as: Self.peer), input) { shown.add($0) }
        return shown.lines
    }

    private final class Shown: Sendable {
        private let state = Mutex<[String]>([])
        var lines: [String] { state.withLock { $0 } }
        func add(_ line: String) { state.withLock { $0.append(line) } }
    }

    private static func serving(_ reason: String) -> String {
        #"{"status":"SERVING_STATUS_SERVING","reason":"\#(reason)"}"#
    }

    // MARK: - Kinds

    @Test("Unary: JSON in, JSON out; no message is an empty one")
    func unary() async throws {
        let body = MethodImplementation.Body.unary { bytes, _ in try Self.answer(bytes) }
        #expect(try await run(Self.method(.unary), body, CallInput([#"{"service":"a"}"#])) == [Self.serving("a")])
        #expect(try await run(Self.method(.unary), body, CallInput([])) == [#"{"status":"SERVING_STATUS_SERVING"}"#])
        let full = MessageJSONOptions(includesDefaults: true, isIndented: true)
        #expect(
            try await run(Self.method(.unary), body, CallInput([]), output: full)
                == ["{\n  \"status\": \"SERVING_STATUS_SERVING\",\n  \"reason\": \"\"\n}"])
    }

    @Test("Server streaming: a line each")
    func serverStreaming() async throws {
        let body = MethodImplementation.Body.serverStreaming { bytes, sink, _ in
            for _ in 0..<3 { try await sink.send(try Self.answer(bytes)) }
        }
        let lines = try await run(Self.method(.serverStreaming), body, CallInput([#"{"service":"s"}"#]))
        #expect(lines == [Self.serving("s"), Self.serving("s"), Self.serving("s")])
    }

    @Test("Client streaming: a message an argument, or a JSON value")
    func clientStreaming() async throws {
        let body = MethodImplementation.Body.clientStreaming { requests, _ in
            var all = ""
            for try await bytes in requests { all += try MeshV1.HealthCheckRequest(unpacking: bytes).service }
            return try ByteBuffer(packing: MeshV1.HealthCheckResponse(status: .serving, reason: all))
        }
        let texts = [#"{"service":"a"}"#, "{}", #"{"service":"b"}"#]
        #expect(try await run(Self.method(.clientStreaming), body, CallInput(texts)) == [Self.serving("ab")])
        let pipe = Pipe()
        // Empty lines are none, and the last one has no end.
        try pipe.fileHandleForWriting.write(contentsOf: Data(texts.joined(separator: "\n\n").utf8))
        try pipe.fileHandleForWriting.close()
        #expect(try await run(Self.method(.clientStreaming), body, CallInput(documentsOf: pipe.fileHandleForReading)) == [Self.serving("ab")])
    }

    @Test("White space is no message: files whose lines end in CR LF are taken as others are")
    func blankLines() async throws {
        let pipe = Pipe()
        try pipe.fileHandleForWriting.write(contentsOf: Data("{}\r\n\r\n{}\r\n \t\r\n  ".utf8))
        try pipe.fileHandleForWriting.close()
        let shown = try await run(Self.method(.bidirectional), Self.echo, CallInput(documentsOf: pipe.fileHandleForReading))
        #expect(shown == [#"{"status":"SERVING_STATUS_SERVING"}"#, #"{"status":"SERVING_STATUS_SERVING"}"#])
    }

    private static let echo = MethodImplementation.Body.bidirectional { requests, sink, _ in
        for try await bytes in requests { try await sink.send(try Self.answer(bytes)) }
    }

    @Test("A message may stand on several lines, and the next one begin where it ends")
    func severalLines() async throws {
        let pipe = Pipe()
        try pipe.fileHandleForWriting.write(contentsOf: Data("{\n  \"service\": \"a\"\n}{\"service\":\"b\"}\n\n{\n}".utf8))
        try pipe.fileHandleForWriting.close()
        let shown = try await run(Self.method(.bidirectional), Self.echo, CallInput(documentsOf: pipe.fileHandleForReading))
        #expect(shown == [Self.serving("a"), Self.serving("b"), #"{"status":"SERVING_STATUS_SERVING"}"#])
    }

    @Test(
        "Bidirectional: each message is answered before the next is written: it is sent at its last byte", .timeLimit(.minutes(1)),
        arguments: ["\n", ""])
    func bidirectional(end: String) async throws {
        let pipe = Pipe()
        let method = Self.method(.bidirectional)
        let server = InProcessServer(
            services: [ServiceDefinition(name: "test.v1.Test", methods: [MethodImplementation(method.method, Self.echo)])], authenticator: nil,
            logger: Logger(label: "test"))
        let (shown, show) = AsyncStream.makeStream(of: String.self)
        let call = Task {
            try await DynamicCall(method, guide: Self.guide).run(on: server.channel(as: Self.peer), CallInput(documentsOf: pipe.fileHandleForReading)) { show.yield($0) }
        }
        var lines = shown.makeAsyncIterator()
        for name in ["a", "b", "c"] {
            try pipe.fileHandleForWriting.write(contentsOf: Data("{\"service\":\"\(name)\"}\(end)".utf8))
            #expect(await lines.next() == Self.serving(name))
        }
        try pipe.fileHandleForWriting.close()
        try await call.value
    }

    @Test("Bidirectional: a server that is done waits for no more lines; neither does a call that fails", .timeLimit(.minutes(1)))
    func serverEndsFirst() async throws {
        let (quiet, other) = (Pipe(), Pipe())
        let done = MethodImplementation.Body.bidirectional { _, sink, _ in try await sink.send(try Self.answer(ByteBuffer())) }
        // Nobody ever writes into the pipe, and it stays open.
        #expect(try await run(Self.method(.bidirectional), done, CallInput(documentsOf: quiet.fileHandleForReading)).count == 1)
        let failing = MethodImplementation.Body.bidirectional { _, _, _ in throw RPCError(.aborted, "No more.") }
        let error = await #expect(throws: MeshCommandError.self) {
            try await run(Self.method(.bidirectional), failing, CallInput(documentsOf: other.fileHandleForReading))
        }
        #expect(error?.message == "ABORTED: No more.")
        try quiet.fileHandleForWriting.close()
        try other.fileHandleForWriting.close()
    }

    @Test("Client streaming: an early answer or refusal is heard while the input stays quiet, and while it flows", .timeLimit(.minutes(1)))
    func earlyEnd() async throws {
        let method = Self.method(.clientStreaming)
        let refusing = MethodImplementation.Body.clientStreaming { _, _ in throw RPCError(.resourceExhausted, "No more.", reason: "FULL") }
        let answering = MethodImplementation.Body.clientStreaming { requests, _ in
            var iterator = requests.makeAsyncIterator()
            return try Self.answer(try await iterator.next() ?? ByteBuffer())
        }
        // They stay open, and nobody writes more.
        let (quiet, once) = (Pipe(), Pipe())
        let error = await #expect(throws: MeshCommandError.self) {
            try await run(method, refusing, CallInput(documentsOf: quiet.fileHandleForReading))
        }
        #expect(error?.message == "RESOURCE_EXHAUSTED (FULL): No more.")
        try once.fileHandleForWriting.write(contentsOf: Data(#"{"service":"a"}"#.utf8))
        #expect(try await run(method, answering, CallInput(documentsOf: once.fileHandleForReading)) == [Self.serving("a")])
        let many = CallInput((0..<10_000).map { #"{"service":"\#($0)"}"# })
        #expect(try await run(method, answering, many) == [Self.serving("0")])
        try quiet.fileHandleForWriting.close()
        try once.fileHandleForWriting.close()
    }

    @Test("Client streaming: a caller whom no policy names is told so before the first message", .timeLimit(.minutes(1)))
    func earlyRefusal() async throws {
        let pipe = Pipe()
        let body = MethodImplementation.Body.clientStreaming { _, _ in ByteBuffer() }
        let error = await #expect(throws: MeshCommandError.self) {
            try await run(Self.method(.clientStreaming, callers: ["gateway"]), body, CallInput(documentsOf: pipe.fileHandleForReading))
        }
        #expect(error?.message.hasPrefix("PERMISSION_DENIED (CALLER_NOT_ALLOWED): ") == true)
        try pipe.fileHandleForWriting.close()
    }

    @Test(
        "Bidirectional: a wrong message ends the call while the input stays open, and says which", .timeLimit(.minutes(1)),
        arguments: [
            ("{}\n{\"servic\":1}", #"mesh.v1.HealthCheckRequest has no field "servic"; it has service"#),
            ("{}{]", "line 1, byte 2: expected a name in quotes"), ("{},{}", "line 1, byte 1: expected a value"),
            ("{}\n{\n\"service\":\"a}\n", "line 2, byte 14: expected '\"', or an escape instead of a control character"),
        ])
    func wrongMessage(text: String, problem: String) async throws {
        let pipe = Pipe()
        try pipe.fileHandleForWriting.write(contentsOf: Data(text.utf8))
        let error = await #expect(throws: MeshCommandError.self) {
            try await run(Self.method(.bidirectional), Self.echo, CallInput(documentsOf: pipe.fileHandleForReading))
        }
        #expect(error?.message == "message 2: mesh.v1.HealthCheckRequest: \(problem)")
        try pipe.fileHandleForWriting.close()
    }

    @Test("What the input breaks off in is the last message's error; one that is too long is given up, and says which")
    func brokenOff() async throws {
        let (broken, endless) = (Pipe(), Pipe())
        try broken.fileHandleForWriting.write(contentsOf: Data("{}{\"service\":".utf8))
        try broken.fileHandleForWriting.close()
        let error = await #expect(throws: MeshCommandError.self) {
            try await run(Self.method(.bidirectional), Self.echo, CallInput(documentsOf: broken.fileHandleForReading))
        }
        #expect(error?.message == "message 2: mesh.v1.HealthCheckRequest: line 1, byte 12: the text ends where a value should be")
        let writer = Thread {
            let piece = Data(repeating: 0x61, count: 1 << 20)
            // Until its reader has enough of it.
            while (try? endless.fileHandleForWriting.write(contentsOf: piece)) != nil {}
        }
        signal(SIGPIPE, SIG_IGN)
        try endless.fileHandleForWriting.write(contentsOf: Data("{}\"".utf8))
        writer.start()
        let tooLong = await #expect(throws: MeshCommandError.self) {
            try await run(Self.method(.bidirectional), Self.echo, CallInput(documentsOf: endless.fileHandleForReading))
        }
        #expect(tooLong?.message == "message 2: more than \(MessageLimits.maxJSONBytes) bytes")
        try endless.fileHandleForReading.close()
    }

    // MARK: - Failures

    private static let answering = MethodImplementation.Body.unary { bytes, _ in try answer(bytes) }

    @Test("A status is shown as CODE (REASON): message")
    func status() async throws {
        let error = await #expect(throws: MeshCommandError.self) {
            try await run(Self.method(.unary), .unary { _, _ in throw RPCError(.failedPrecondition, "Not now.", reason: "BUSY") }, CallInput([]))
        }
        guard case .failed("FAILED_PRECONDITION (BUSY): Not now.") = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test("What else a failed call says is shown too, a line each: when to try again, details, trailers")
    func particulars() async throws {
        let detail = try StatusDetail(MeshV1.HealthCheckRequest(service: "a"))
        let failing = MethodImplementation.Body.unary { _, _ in
            throw RPCError(
                .resourceExhausted, "Later.", reason: "BUSY", retryAfter: .milliseconds(250),
                details: [detail, StatusDetail(typeURL: "type.example/Byte", value: [1])], trailers: ["x-shard": "7", "x-shard": "8"])
        }
        let error = await #expect(throws: MeshCommandError.self) { try await run(Self.method(.unary), failing, CallInput([])) }
        #expect(
            error?.message == """
                RESOURCE_EXHAUSTED (BUSY): Later.
                retry after 0.25 seconds
                detail type.googleapis.com/mesh.v1.HealthCheckRequest CgFh
                detail type.example/Byte AQ==
                trailer x-shard: 7
                trailer x-shard: 8
                """)
    }

    @Test("What a server says of a failure commands no terminal and makes no lines of its own")
    func hostileStatus() async throws {
        let failing = MethodImplementation.Body.unary { _, _ in
            throw RPCError(
                .aborted, "\u{1b}]0;owned\u{7}Sorry.\r\nretry after never\u{202e}", reason: "A\u{9b}31m",
                details: [StatusDetail(typeURL: "type.example/\u{1b}[2J", value: [])], trailers: ["x-shard": "7\u{1b}[8m"])
        }
        let error = await #expect(throws: MeshCommandError.self) { try await run(Self.method(.unary), failing, CallInput([])) }
        let message = try #require(error?.message)
        #expect(message.hasPrefix(#"ABORTED (A\u009b31m): \u001b]0;owned\u0007Sorry.\u000d\u000aretry after never\u202e"# + "\n"), "\(message)")
        #expect(message.contains(#"detail type.example/\u001b[2J "#) && message.contains(#"trailer x-shard: 7\u001b[8m"#), "\(message)")
        #expect(message == TerminalText.lines(message))
    }

    @Test("A refused caller learns who may call; a call without its token, which token it is")
    func hints() async throws {
        let refused = await #expect(throws: MeshCommandError.self) {
            try await run(Self.method(.unary, callers: ["gateway", "agent"]), Self.answering, CallInput([]))
        }
        #expect(
            refused?.message.hasPrefix("PERMISSION_DENIED (CALLER_NOT_ALLOWED): ") == true
                && refused?.message.hasSuffix("\nyou call as operator; the policy of /test.v1.Test/Ask lets gateway, agent call it") == true, "\(refused?.message ?? "")")
        let tokenless = await #expect(throws: MeshCommandError.self) {
            try await run(Self.method(.unary, tokens: [.access, .agent]), Self.answering, CallInput([]))
        }
        #expect(tokenless?.message.contains("of type at+jwt or agent+jwt: give one by --token-file") == true, "\(tokenless?.message ?? "")")
    }

    @Test("A wrong message is the user's fault and never sent; so are two where one is taken")
    func wrongMessages() async throws {
        for texts in [["{"], [#"{"service":1}"#], ["{}", "{}"]] {
            let error = await #expect(throws: MeshCommandError.self) { try await run(Self.method(.unary), Self.answering, CallInput(texts)) }
            guard case .usage = error else {
                Issue.record("\(String(describing: error))")
                return
            }
        }
    }

    @Test("Headers, the token and the time reach the call; a token among the arguments is refused")
    func wishes() async throws {
        let file = FileManager.default.temporaryDirectory.appending(path: "token-\(UUID().uuidString)")
        try Data(" abc.def \n".utf8).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        let options = try CallWishes(["X-Trace: a:b ", "x-trace:c"], file.path, 1.5).options()
        #expect(options.timeout == .milliseconds(1500))
        #expect(options.metadata.values(for: "x-trace") == ["a:b", "c"] && options.metadata["authorization"] == "Bearer abc.def")
        let place = TraceParent.makeRoot().sampled(true)
        #expect(try CallWishes(trace: place).options().metadata["traceparent"] == place.header)
        let wrong: [CallWishes] = [
            CallWishes(["nocolon"]), CallWishes([":v"]), CallWishes(["a b:c"]), CallWishes(["Authorization: Bearer x"]),
            CallWishes([], file.path + "-not-there"), CallWishes([], "/dev/null"), CallWishes([], nil, 0), CallWishes([], nil, .infinity),
            CallWishes([], nil, .nan), CallWishes(["TraceParent: \(place.header)"], trace: place),
        ]
        #expect(try CallWishes(["traceparent: \(place.header)"]).options().metadata.values(for: "traceparent") == [place.header])
        for wishes in wrong { #expect(throws: MeshCommandError.self) { try wishes.options() } }
        let seen = MethodImplementation.Body.unary { _, context in
            try ByteBuffer(packing: MeshV1.HealthCheckResponse(reason: context.metadata.values(for: "x-trace").joined(separator: "+")))
        }
        #expect(try await run(Self.method(.unary), seen, CallInput([]), options: CallWishes(["x-trace:a", "x-trace:b"]).options()) == [#"{"reason":"a+b"}"#])
    }
}
