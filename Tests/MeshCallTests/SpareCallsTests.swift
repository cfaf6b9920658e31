import MeshMessages
import MeshWire
import NIOCore
import Synchronization
import TestSupport
import Testing

@testable import MeshCall

/// A connection's calls use the objects of those before them.
@Suite("Calls that take another's object", .timeLimit(.minutes(1)))
struct SpareCallsTests {
    typealias Request = TestService.Check
    typealias Response = TestService.Checked

    // MARK: On a connection

    private static func frame(_ number: Int, _ service: String, _ metadata: [MeshV1.KeyValue] = []) throws -> [UInt8] {
        let request = try MeshV1.Request(
            service: TestService.name, method: "Check", payload: try Request(service: service).packed(), timeoutNano: Int64(number) * 60_000_000_000,
            metadata: metadata
        ).packed()
        return FrameHeader(length: UInt32(request.count), streamID: UInt32(2 * number - 1), type: .request).with(request)
    }

    private static let turns = 3, callsInTurn = 4

    private static func response(_ link: WireLink) async -> (header: FrameHeader, data: [UInt8])? {
        while let frame = await link.read() {
            if frame.header.type == .response { return frame }
        }
        return nil
    }

    /// Several read turns of calls, each turn answered before the next comes.
    private static func answers(
        of method: MethodImplementation, interceptors: [any ServerInterceptor] = [], _ frame: (Int) throws -> [UInt8]
    ) async throws -> [MeshV1.Response] {
        let link = WireLink([method], mode: .mesh, interceptors: interceptors)
        link.write(ControlFrame.settings(.default).encoded)
        var answers: [(id: UInt32, response: MeshV1.Response)] = []
        for turn in 0..<turns {
            link.write(try (1...callsInTurn).flatMap { try frame(turn * callsInTurn + $0) })
            while answers.count < (turn + 1) * callsInTurn, let frame = await response(link) {
                answers.append((frame.header.streamID, try MeshV1.Response(packed: frame.data)))
            }
        }
        link.hangUp()
        return answers.sorted { $0.id < $1.id }.map(\.response)
    }

    @Test("of a read turn's calls all but the first and the last are used again")
    func usedAgain() async throws {
        let method = TestService.looped { request, _ in Response(reason: request.service) }
        var limits = ConnectionLimits()
        limits.tick = .seconds(60)
        let link = WireLink([method], mode: .mesh, limits: limits)
        link.write(ControlFrame.settings(.default).encoded)
        for turn in 0..<Self.turns {
            link.write(try (1...Self.callsInTurn).flatMap { try Self.frame(turn * Self.callsInTurn + $0, "\(turn)") })
            for _ in 0..<Self.callsInTurn { #expect(await Self.response(link) != nil) }
            #expect(try await link.spareCalls() == Self.callsInTurn - 2)
        }
        link.hangUp()
    }

    @Test("a call has nothing of the one before: metadata, request id, deadline, trailers, reply; inside interceptors too", arguments: [false, true])
    func nothingLeft(_ isIntercepted: Bool) async throws {
        let method = TestService.looped { request, context in
            let number = Int(request.service) ?? 0
            // Every other call leaves as much behind as it can.
            if number.isMultiple(of: 2) { context.response.trailing.append(request.service, for: "x-number") }
            if number.isMultiple(of: 5) { throw RPCError(.aborted, request.service) }
            let minutes = (context.deadline - .now) / .seconds(60)
            return Response(reason: "\(context.metadata["x-number"] ?? "-") \(context.requestID) \(Int(minutes.rounded()))")
        }
        let answers = try await Self.answers(of: method, interceptors: isIntercepted ? [Passing()] : []) { number in
            let id = MeshV1.KeyValue(key: CallContext.requestIDKey, value: "id\(number)")
            let more = number.isMultiple(of: 2) ? [MeshV1.KeyValue(key: "x-number", value: "\(number)")] : []
            return try Self.frame(number, "\(number)", [id] + more)
        }
        try #require(answers.count == 12)
        for (number, answer) in zip(1..., answers) {
            let isEven = number.isMultiple(of: 2)
            #expect(answer.trailers.map(\.value) == (isEven ? ["\(number)"] : []))
            if number.isMultiple(of: 5) {
                #expect(answer.status?.code == StatusCode.aborted.rawValue && answer.status?.message == "\(number)")
            } else {
                let text = try Response(packed: answer.payload).reason
                #expect(text == "\(isEven ? "\(number)" : "-") id\(number) \(number)")
            }
        }
    }

    @Test("a context that a handler keeps stays that of its call, and others' objects are used again meanwhile")
    func kept() async throws {
        let kept = Mutex<[ServerContext]>([])
        let method = TestService.looped { request, context in
            if Int(request.service)?.isMultiple(of: 3) == true { kept.withLock { $0.append(context) } }
            return Response(reason: request.service)
        }
        _ = try await Self.answers(of: method) { number in
            try Self.frame(number, "\(number)", [MeshV1.KeyValue(key: "x-number", value: "\(number)")])
        }
        #expect(kept.withLock { $0.map { $0.metadata["x-number"] } } == ["3", "6", "9", "12"])
        kept.withLock { $0 = [] }
    }

    // MARK: By themselves

    private static let entry = MethodTable.Entry(TestService.looped { _, _ in Response() })

    private static func call(_ metadata: Metadata = [:]) -> ServerCall {
        ServerCall(
            streamID: 1, method: entry, metadata: metadata, deadline: .distantFuture,
            scope: PeerScope(peer: TestService.gateway, logger: LogRecorder().logger))
    }

    @Test("one that somebody has, one with streams, and more than there is room for are not kept")
    func notKept() {
        var spare = SpareCalls()
        let shared = Self.call()
        spare.keep(shared)
        let streaming = Self.call()
        streaming.inbound = .empty
        spare.keep(consume streaming)
        #expect(spare.take(of: .passUnretained(Self.entry)) == nil)
        for _ in 0..<(SpareCalls.most + 8) { spare.keep(Self.call()) }
        var taken = 0
        while spare.take(of: .passUnretained(Self.entry)) != nil { taken += 1 }
        #expect(taken == SpareCalls.most)
        withExtendedLifetime(shared) {}
    }

    @Test("one that is kept holds nothing of its call: no message, no token, no answer, no mark of its end")
    func emptied() throws {
        var spare = SpareCalls()
        let used = Self.call(["authorization": "Bearer t"])
        used.needsToken = true
        used.payload = ByteBuffer(string: "request")
        used.invocation = { _, _ in }
        used.unpack = { { _, _ in } }
        used.longRequestBytes = 7
        used.reply = .bytes(ByteBuffer(string: "answer"))
        used.principal = Principal(userID: "u1", tokenType: .access, tokenID: "t1", expiresAt: .max)
        used.parts.append(UnsafeRawBufferPointer(start: nil, count: 0))
        [1, 2].withUnsafeBytes { used.parts.append($0) }
        used.isOver = true
        used.headersSent = true
        used.over = RPCError(.cancelled, "gone")
        used.response.trailing.append("v", for: "k")
        let former = used.requestID
        spare.keep(consume used)
        let taken = spare.take(of: .passUnretained(Self.entry))
        let call = try #require(taken)
        #expect(call.metadata.isEmpty && !call.needsToken && call.payload == nil && call.invocation == nil && call.unpack == nil)
        #expect(call.longRequestBytes == 0 && !call.reply.isThere && call.principal == nil && call.parts.isEmpty)
        #expect(!call.isOver && !call.headersSent && call.over == nil && call.responseIfMade == nil && call.pass == nil && call.worker == nil)
        #expect(call.requestID != former)
    }

    @Test("one is taken for a call of its own method only, and goes when another method's call comes")
    func otherMethod() {
        let other = MethodTable.Entry(TestService.looped("Other") { _, _ in Response() })
        var spare = SpareCalls()
        spare.keep(Self.call())
        spare.keep(Self.call())
        #expect(spare.take(of: .passUnretained(other)) == nil)
        #expect(spare.take(of: .passUnretained(Self.entry)) != nil)
        #expect(spare.count == 0)
    }

    @Test("a connection on which nothing comes keeps none")
    func idle() {
        var spare = SpareCalls()
        spare.keep(Self.call())
        spare.keep(Self.call())
        _ = spare.take(of: .passUnretained(Self.entry))
        spare.timePassed()
        #expect(spare.take(of: .passUnretained(Self.entry)) != nil)
        spare.keep(Self.call())
        spare.timePassed()
        spare.timePassed()
        #expect(spare.take(of: .passUnretained(Self.entry)) == nil)
    }
}

private struct Passing: ServerInterceptor {
    func intercept(_ context: ServerContext, next: @concurrent @Sendable (ServerContext) async throws -> Void) async throws {
        try await next(context)
    }
}
