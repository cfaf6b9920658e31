import MeshCall
import MeshRuntime
import NIOCore
import Synchronization
import TestSupport
import Testing

/// Calls that handlers make on behalf of their callers, three servers deep.
@Suite(.timeLimit(.minutes(1)))
struct CallTreeTests {
    /// How the handlers of one tree fare.
    private final class Leaf: Sendable {
        let entered = Signal(), cancelled = Signal()

        /// Waits until nobody wants its answer.
        var method: MethodImplementation {
            TestMesh.unary("Work") { message, _ in
                self.entered.raise()
                await untilCancelled()
                self.cancelled.raise()
                return message
            }
        }

        var stream: MethodImplementation {
            MethodImplementation(
                TestMesh.descriptor("Watch", .serverStreaming),
                .serverStreaming { _, sink, _ in
                    try await sink.send(ByteBuffer(string: "first"))
                    self.entered.raise()
                    await untilCancelled()
                    self.cancelled.raise()
                })
        }
    }

    enum Leaving: CaseIterable, Sendable { case givesTheCallUp, closesItsConnection }

    /// Milliseconds that handlers on the way had left, the first one's first.
    private final class TimesLeft: Sendable {
        private let list = Mutex<[Double]>([])
        var all: [Double] { list.withLock { $0 } }

        func note(_ context: ServerContext) {
            list.withLock { $0.append((context.deadline - .now) / .milliseconds(1)) }
        }
    }

    /// Answers with the milliseconds that it has left.
    private static let left = TestMesh.unary("Work") { _, context in ByteBuffer(string: "\((context.deadline - .now) / .milliseconds(1))") }

    /// Passes its calls on to `next`.
    private static func relay(_ next: MeshClient, _ left: TimesLeft) -> [MethodImplementation] {
        [
            TestMesh.unary("Work") { message, context in
                left.note(context)
                return try await next.unary(TestMesh.descriptor("Work"), message, options: CallOptions()).message
            },
            MethodImplementation(
                TestMesh.descriptor("Watch", .serverStreaming),
                .serverStreaming { message, sink, _ in
                    let messages = try await next.serverStreaming(TestMesh.descriptor("Watch", .serverStreaming), message, options: CallOptions())
                    for try await one in messages { try await sink.send(one) }
                }),
        ]
    }

    /// A client of the first of three servers, each of which calls the next.
    private static func withTree(_ leaf: [MethodImplementation], _ body: (MeshClient, TimesLeft) async throws -> Void) async throws {
        let left = TimesLeft()
        let third = try await TestMesh.start(leaf)
        let thirdClient = try await third.client()
        let second = try await TestMesh.start(relay(thirdClient, left), authority: third.authority)
        let secondClient = try await second.client()
        let first = try await TestMesh.start(relay(secondClient, left), authority: third.authority)
        let client = try await first.client()
        try await body(client, left)
        for one in [client, secondClient, thirdClient] { await one.close() }
        for one in [first, second, third] { await one.stop() }
    }

    @Test("each handler has less time than its caller, though its method would give it more")
    func deadlines() async throws {
        try await Self.withTree([Self.left]) { client, left in
            let last = try #require(Double(try await client.call("Work", options: CallOptions(timeout: .seconds(5)))))
            let all = [5000] + left.all + [last]
            #expect(all.count == 4)
            #expect(zip(all, all.dropFirst()).allSatisfy { $0 > $1 }, "\(all)")
            #expect(last > 0)
        }
    }

    @Test("when the caller's time is over the handler at the bottom stops, and the caller hears of its time only")
    func timeIsOver() async throws {
        // Where the machine is so busy that the last handler has not begun by then, the next longer one.
        for timeout in [Duration.milliseconds(300), .seconds(3), .seconds(10)] {
            let leaf = Leaf()
            try await Self.withTree([leaf.method]) { client, _ in
                let error = await failure { try await client.call("Work", options: CallOptions(timeout: timeout)) }
                #expect(error?.code == .deadlineExceeded)
                if leaf.entered.isRaised { await leaf.cancelled.wait() }
            }
            if leaf.entered.isRaised { return }
        }
        Issue.record("no handler began in time")
    }

    @Test("a caller who goes away stops the handler at the bottom", arguments: Leaving.allCases)
    func callerLeaves(_ how: Leaving) async throws {
        let leaf = Leaf()
        try await Self.withTree([leaf.method]) { client, _ in
            let caller = Task { await failure { try await client.call("Work") } }
            await leaf.entered.wait()
            switch how {
            case .givesTheCallUp: caller.cancel()
            // Which waits a little for calls in flight, and this one goes on until then.
            case .closesItsConnection: await client.close()
            }
            await leaf.cancelled.wait()
            #expect([.cancelled, .unavailable].contains(await caller.value?.code))
        }
    }

    @Test("a reader who leaves a stream stops the stream at the bottom")
    func readerLeaves() async throws {
        let leaf = Leaf()
        try await Self.withTree([leaf.stream]) { client, _ in
            let watch = TestMesh.descriptor("Watch", .serverStreaming)
            for try await message in try await client.serverStreaming(watch, ByteBuffer(), options: CallOptions()) {
                #expect(String(buffer: message) == "first")
                break
            }
            await leaf.entered.wait()
            await leaf.cancelled.wait()
        }
    }
}
