import MeshCall
import MeshMessages
import MeshWire
import NIOCore
import Synchronization
import TestSupport
import Testing

/// Unary methods as generated code has them: one loop for all calls of a method that come in a read turn.
@Suite("Calls of one method in a loop", .timeLimit(.minutes(1)))
struct UnaryRunTests {
    typealias Request = TestService.Check
    typealias Response = TestService.Checked

    /// Says what it was asked.
    private static let echo = TestService.looped { request, _ in
        if request.service == "fail" { throw RPCError(.aborted, "no") }
        if request.service == "NUL" { return Response(reason: "\0") }
        return Response(reason: request.service)
    }

    private static func frame(_ number: Int, _ payload: [UInt8], of method: String = "Check") throws -> [UInt8] {
        let request = try MeshV1.Request(service: TestService.name, method: method, payload: payload, timeoutNano: 60_000_000_000).packed()
        return FrameHeader(length: UInt32(request.count), streamID: UInt32(2 * number - 1), type: .request).with(request)
    }

    private static func frames(_ services: [String]) throws -> [UInt8] {
        try zip(1..., services).flatMap { number, service in try frame(number, Request(service: service).packed()) }
    }

    /// Status code and text of each answer, by call.
    private static func answers(_ methods: [MethodImplementation], _ frames: [UInt8], _ count: Int, behind jobs: Int = 0) async throws -> [String] {
        let link = WireLink(methods, mode: .mesh)
        link.write(ControlFrame.settings(.default).encoded + frames, behind: jobs)
        var answers: [(id: UInt32, text: String)] = []
        while answers.count < count, let frame = await link.read() {
            guard frame.header.type == .response else { continue }
            let response = try MeshV1.Response(packed: frame.data)
            answers.append((frame.header.streamID, "\(response.status?.code ?? 0) \(try Response(packed: response.payload).reason)"))
        }
        link.hangUp()
        return answers.sorted { $0.id < $1.id }.map(\.text)
    }

    @Test("each is answered by itself: replies, failures, what cannot be packed")
    func mixed() async throws {
        #expect(try await Self.answers([Self.echo], Self.frames(["a", "fail", "NUL", "b"]), 4) == ["0 a", "10 ", "13 ", "0 b"])
    }

    @Test("a malformed request is refused, and those beside it are not")
    func malformed() async throws {
        let frames = try Self.frames(["a"]) + Self.frame(2, [0x0a, 0xff]) + Self.frame(3, Request(service: "c").packed())
        #expect(try await Self.answers([Self.echo], frames, 3) == ["0 a", "3 ", "0 c"])
    }

    @Test("too many malformed requests end the connection")
    func flood() async throws {
        let link = WireLink([Self.echo], mode: .mesh)
        link.write(ControlFrame.settings(.default).encoded)
        for number in 1...(WireLimits.refusalsPerInterval + 1) { link.write(try Self.frame(number, [0x0a, 0xff])) }
        let all = await link.readAll()
        #expect(all.last?.header.type == .goAway)
    }

    @Test("calls of two methods take turns in the order of their coming")
    func twoMethods() async throws {
        let order = Mutex<[String]>([])
        let methods = ["A", "B"].map { name in
            TestService.looped(name) { request, _ in
                order.withLock { $0.append(name + request.service) }
                return Response(reason: name)
            }
        }
        let frames = try zip(1..., ["A", "A", "B", "A"]).flatMap { number, name in
            try Self.frame(number, Request(service: "\(number)").packed(), of: name)
        }
        #expect(try await Self.answers(methods, frames, 4) == ["0 A", "0 A", "0 B", "0 A"])
        #expect(order.withLock { $0 } == ["A1", "A2", "B3", "A4"])
    }

    @Test("one that waits does not hold up those behind it, however much the loop has to do", arguments: [0, 1500, 5000])
    func waiting(jobs: Int) async throws {
        let gate = Signal()
        let method = TestService.looped { request, _ in
            if request.service == "wait" { await gate.wait() } else { gate.raise() }
            return Response(reason: request.service)
        }
        #expect(try await Self.answers([method], Self.frames(["wait", "go"]), 2, behind: jobs) == ["0 wait", "0 go"])
    }

    @Test("a handler that leaves the loop is answered all the same")
    func leaving() async throws {
        let elsewhere = Elsewhere()
        let method = TestService.looped { request, _ in Response(reason: await elsewhere.say(request.service)) }
        #expect(try await Self.answers([method], Self.frames(["a", "b"]), 2) == ["0 a!", "0 b!"])
    }

    @Test("a token that is needed is asked for before the message is looked at")
    func token() async throws {
        let policy = MethodPolicy(callers: ["gateway"], tokens: [.access])
        let frames = try Self.frame(1, [0x0a, 0xff]) + Self.frame(2, Request(service: "b").packed())
        let answers = try await Self.answers([TestService.looped("Check", policy) { _, _ in Response(reason: "ran") }], frames, 2)
        #expect(answers == ["16 ", "16 "])
    }

    @Test("in interceptors each call has a handler's run of its own")
    func interceptors() async throws {
        let channel = TestService.server([Self.echo], interceptors: [Counting()]).channel(as: TestService.gateway)
        let reply = try await channel.unary(Self.echo.descriptor, ByteBuffer(packing: Request(service: "a")), options: CallOptions())
        #expect(try Response(unpacking: reply.message).reason == "a")
    }
}

private actor Elsewhere {
    func say(_ text: String) -> String { text + "!" }
}

private struct Counting: ServerInterceptor {
    func intercept(_ context: ServerContext, next: @concurrent @Sendable (ServerContext) async throws -> Void) async throws {
        try await next(context)
    }
}
