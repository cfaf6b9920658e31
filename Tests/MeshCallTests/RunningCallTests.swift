import MeshCall
import MeshMessages
import MeshWire
import NIOCore
import Synchronization
import TestSupport
import Testing

/// The handlers of a read turn share a task: what one of them leaves running must not see the next one's call.
@Suite("Handlers that share a task", .timeLimit(.minutes(1)))
struct RunningCallTests {
    private static func requests(_ method: String, _ ids: [String]) throws -> [UInt8] {
        try zip(1..., ids).flatMap { number, id in
            let request = try MeshV1.Request(
                service: TestService.name, method: method, timeoutNano: 60_000_000_000,
                metadata: [MeshV1.KeyValue(key: CallContext.requestIDKey, value: id)]
            ).packed()
            return FrameHeader(length: UInt32(request.count), streamID: UInt32(2 * number - 1), type: .request).with(request)
        }
    }

    private static func answers(of method: MethodImplementation, to ids: [String]) async throws -> [String] {
        let link = WireLink([method], mode: .mesh)
        link.write(ControlFrame.settings(.default).encoded + (try requests(method.descriptor.name, ids)))
        var answers: [String] = []
        while answers.count < ids.count, let frame = await link.read() {
            guard frame.header.type == .response else { continue }
            answers.append(String(decoding: try MeshV1.Response(packed: frame.data).payload, as: UTF8.self))
        }
        link.hangUp()
        return answers
    }

    @Test("each sees its own call, in its child tasks too")
    func own() async throws {
        let method = TestService.unary("ID") { _, _ in
            async let child = CallContext.current?.requestID
            let own = CallContext.current?.requestID
            let ids = [own, await child]
            return ByteBuffer(string: ids.map { $0 ?? "-" }.joined(separator: " "))
        }
        #expect(try await Self.answers(of: method, to: ["a", "b", "c"]).sorted() == ["a a", "b b", "c c"])
    }

    @Test("a task that outlives its handler keeps its handler's call")
    func outliving() async throws {
        let left = Mutex<[Task<String?, Never>]>([])
        let gate = Signal()
        let method = TestService.unary("Leave") { _, context in
            left.withLock { tasks in
                tasks.append(
                    Task {
                        await gate.wait()
                        return CallContext.current?.requestID
                    })
            }
            return ByteBuffer(string: CallContext.current?.requestID ?? "-")
        }
        #expect(try await Self.answers(of: method, to: ["a", "b", "c"]) == ["a", "b", "c"])
        gate.raise()
        var seen: [String?] = []
        for task in left.withLock({ $0 }) { seen.append(await task.value) }
        #expect(seen == ["a", "b", "c"])
    }

    @Test("a context that was kept stays with its call")
    func kept() async throws {
        let kept = Mutex<[CallContext]>([])
        let method = TestService.unary("Keep") { _, _ in
            if let context = CallContext.current { kept.withLock { $0.append(context) } }
            return ByteBuffer()
        }
        _ = try await Self.answers(of: method, to: ["a", "b", "c"])
        #expect(kept.withLock { $0.map(\.requestID) } == ["a", "b", "c"])
        // A call knows its method, and this one's handler knows the kept contexts.
        kept.withLock { $0 = [] }
    }

    @Test("as long as nobody keeps their context they run in one task")
    func oneTask() async throws {
        let tasks = Mutex<Set<Int>>([])
        let method = TestService.unary("Task") { _, _ in
            tasks.withLock { tasks in withUnsafeCurrentTask { if let task = $0 { tasks.insert(task.hashValue) } } }
            return ByteBuffer()
        }
        _ = try await Self.answers(of: method, to: ["a", "b", "c"])
        #expect(tasks.withLock { $0.count } == 1)
    }

    @Test("who checks a token is not inside the call")
    func authenticator() async throws {
        let seen = Mutex<[Bool]>([])
        let authenticator = ContextRecorder { seen.withLock { $0.append(CallContext.current == nil) } }
        let method = TestService.unary("Guarded", MethodPolicy(callers: ["gateway"], tokens: [.access])) { _, _ in
            ByteBuffer(string: CallContext.current == nil ? "outside" : "inside")
        }
        let channel = TestService.server([method], authenticator: authenticator).channel(as: TestService.gateway)
        #expect(try await channel.call("Guarded", options: CallOptions(metadata: ["authorization": "Bearer t"])) == "inside")
        #expect(seen.withLock { $0 } == [true])
    }
}

/// Takes any token and tells that it was asked.
private struct ContextRecorder: TokenAuthenticator {
    let asked: @Sendable () -> Void

    func authenticate(bearer token: String, accepting accepted: [TokenType]) async throws -> Principal {
        asked()
        return Principal(userID: "u1", tokenType: .access, tokenID: "t1", expiresAt: .max)
    }
}
