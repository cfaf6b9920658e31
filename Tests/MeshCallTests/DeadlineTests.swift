import MeshCall
import NIOCore
import Synchronization
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(1)))
struct DeadlineTests {
    /// What a call may take; where the machine is so busy that its handler has not begun by then, the next longer one.
    private static let timeouts: [Duration] = [.milliseconds(50), .milliseconds(500), .seconds(5)]

    @Test("a call that takes too long is DEADLINE_EXCEEDED and its handler is cancelled")
    func deadline() async throws {
        for timeout in Self.timeouts {
            let begun = Signal(), cancelled = Signal()
            let method = TestService.unary("Slow") { message, _ in
                begun.raise()
                await untilCancelled()
                cancelled.raise()
                return message
            }
            let channel = TestService.server([method]).channel(as: TestService.gateway)
            let error = await failure { try await channel.call("Slow", options: CallOptions(timeout: timeout)) }
            #expect(error?.code == .deadlineExceeded)
            guard begun.isRaised else { continue }
            return await cancelled.wait()
        }
        Issue.record("no handler began in time")
    }

    @Test("a stream's deadline ends it and cancels its handler")
    func streamDeadline() async throws {
        for timeout in Self.timeouts {
            let begun = Signal(), cancelled = Signal()
            let method = TestService.streaming("Slow") { _, sink, _ in
                begun.raise()
                defer { cancelled.raise() }
                try await sink.send(ByteBuffer(string: "first"))
                await untilCancelled()
            }
            let channel = TestService.server([method]).channel(as: TestService.gateway)
            let error = await failure {
                for try await _ in try await channel.stream("Slow", options: CallOptions(timeout: timeout)) {}
            }
            #expect(error?.code == .deadlineExceeded)
            guard begun.isRaised else { continue }
            return await cancelled.wait()
        }
        Issue.record("no handler began in time")
    }

    @Test("without a timeout the method's default counts, at both ends")
    func defaultDeadline() async throws {
        let method = TestService.unary(
            "Left", MethodPolicy(callers: ["gateway"], callersWithoutUser: ["gateway"], defaultDeadline: .seconds(7))
        ) {
            _, context in ByteBuffer(string: "\((context.deadline - .now) / .seconds(1))")
        }
        let channel = TestService.server([method]).channel(as: TestService.gateway)
        let reply = try await channel.unary(method.descriptor, ByteBuffer(), options: CallOptions())
        let left = try #require(Double(String(buffer: reply.message)))
        #expect(left > 5 && left <= 7)
    }

    @Test("a handler's own calls inherit what is left of its time, less a margin")
    func inherited() async throws {
        let inner = TestService.unary("Left") { _, context in ByteBuffer(string: "\((context.deadline - .now) / .milliseconds(1))") }
        let second = TestService.server([inner]).channel(as: TestService.agent.renamed("gateway"))
        let outer = TestService.unary("Outer") { _, _ in ByteBuffer(string: try await second.call("Left")) }
        let channel = TestService.server([outer]).channel(as: TestService.gateway)
        let reply = try await channel.call("Outer", options: CallOptions(timeout: .seconds(5)))
        let left = try #require(Double(reply))
        #expect(left > 1000 && left <= 4990)
    }

    @Test("a call made when no time is left fails without being sent")
    func nothingLeft() async throws {
        let context = CallContext(deadline: .now + .milliseconds(1), requestID: "r")
        let ran = Signal()
        let method = TestService.unary("Run") { message, _ in
            ran.raise()
            return message
        }
        let channel = TestService.server([method]).channel(as: TestService.gateway)
        let error = await CallContext.$current.withValue(context) { await failure { try await channel.call("Run") } }
        #expect(error?.code == .deadlineExceeded)
        #expect(!ran.isRaised)
    }

    @Test("the request id travels down the tree and is in every handler's context")
    func requestID() async throws {
        let inner = TestService.unary("ID") { _, context in ByteBuffer(string: context.requestID) }
        let second = TestService.server([inner]).channel(as: TestService.gateway)
        let outer = TestService.unary("Outer") { _, context in
            ByteBuffer(string: "\(context.requestID) \(try await second.call("ID"))")
        }
        let channel = TestService.server([outer]).channel(as: TestService.gateway)
        let options = CallOptions(metadata: [CallContext.requestIDKey: "abc-123"])
        #expect(try await channel.call("Outer", options: options) == "abc-123 abc-123")
        let made = try await channel.call("Outer").split(separator: " ")
        #expect(made.count == 2 && made[0] == made[1] && made[0].count == 16)
    }

    @Test("a request id unfit for a log line is replaced")
    func badRequestID() async throws {
        let method = TestService.unary("ID") { _, context in ByteBuffer(string: context.requestID) }
        let channel = TestService.server([method]).channel(as: TestService.gateway)
        for bad in ["", "a b", "line\nbreak", String(repeating: "x", count: 129)] {
            let reply = try await channel.call("ID", options: CallOptions(metadata: [CallContext.requestIDKey: bad]))
            #expect(reply.count == 16)
        }
    }
}

extension PeerIdentity {
    func renamed(_ name: String) -> PeerIdentity { PeerIdentity(spiffeID: spiffeID, name: name) }
}
