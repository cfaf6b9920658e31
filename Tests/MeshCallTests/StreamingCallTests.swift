import MeshCall
import MeshWire
import NIOCore
import Synchronization
import TestSupport
import Testing

struct StreamingCallTests {
    private static let join = MethodImplementation(
        TestService.descriptor("Join", .clientStreaming),
        .clientStreaming { requests, _ in
            var all: [String] = []
            for try await message in requests { all.append(String(buffer: message)) }
            return ByteBuffer(string: all.joined(separator: ","))
        })

    /// Answers each message, and once more when the client has finished.
    private static let echoAll = MethodImplementation(
        TestService.descriptor("EchoAll", .bidirectional),
        .bidirectional { requests, sink, context in
            context.response.initial = ["begins": "yes"]
            for try await message in requests { try await sink.send(message) }
            try await sink.send(ByteBuffer(string: "end"))
            context.response.trailing = ["ends": "yes"]
        })

    private func open(_ method: MethodImplementation, _ limits: ConnectionLimits = .default) async throws -> BidirectionalCall {
        try await TestService.server([method], limits: limits).channel(as: TestService.gateway)
            .bidirectional(method.descriptor, options: CallOptions())
    }

    @Test("a client's stream reaches the handler in order, empty messages too, and one reply comes back")
    func clientStreaming() async throws {
        let channel = TestService.server([Self.join]).channel(as: TestService.gateway)
        let call = try await channel.clientStreaming(Self.join.descriptor, options: CallOptions())
        for text in ["a", "", "c"] { try await call.requests.send(ByteBuffer(string: text)) }
        #expect(String(buffer: try await call.reply().message) == "a,,c")
    }

    @Test("a client that streams nothing gets the reply for nothing")
    func emptyClientStream() async throws {
        let channel = TestService.server([Self.join]).channel(as: TestService.gateway)
        let call = try await channel.clientStreaming(Self.join.descriptor, options: CallOptions())
        #expect(try await call.reply().message.readableBytes == 0)
    }

    @Test("messages go both ways in turn; after the half-close the server goes on; metadata frames the stream")
    func pingPong() async throws {
        let call = try await open(Self.echoAll)
        var replies = call.replies.makeAsyncIterator()
        for round in 0..<20 {
            try await call.requests.send(ByteBuffer(string: "\(round)"))
            #expect(try await replies.next().map { String(buffer: $0) } == "\(round)")
        }
        #expect(call.replies.metadata["begins"] == "yes")
        try await call.requests.finish()
        #expect(try await replies.next().map { String(buffer: $0) } == "end")
        #expect(try await replies.next() == nil)
        #expect(call.replies.trailers["ends"] == "yes")
    }

    @Test("finishing twice is no error, a message after the last one is")
    func afterTheLast() async throws {
        let call = try await open(Self.echoAll)
        try await call.requests.finish()
        try await call.requests.finish()
        let error = await failure { try await call.requests.send(ByteBuffer(string: "late")) }
        #expect(error?.code == .failedPrecondition || error?.reason == "CALL_ENDED")
    }

    @Test("messages longer than a window and than a frame pass both ways whole")
    func longMessages() async throws {
        let call = try await open(Self.echoAll)
        let long = ByteBuffer(repeating: 7, count: 3 << 20)
        async let sent: Void = {
            for _ in 0..<3 { try await call.requests.send(long) }
            try await call.requests.finish()
        }()
        var lengths: [Int] = []
        for try await reply in call.replies { lengths.append(reply.readableBytes) }
        try await sent
        #expect(lengths == [3 << 20, 3 << 20, 3 << 20, 3])
    }

    @Test("a handler that does not read holds its client at the window's size")
    func backPressure() async throws {
        let release = Signal()
        let lazy = MethodImplementation(
            TestService.descriptor("Lazy", .bidirectional),
            .bidirectional { requests, sink, _ in
                await release.wait()
                var count = 0
                for try await _ in requests { count += 1 }
                try await sink.send(ByteBuffer(string: "\(count)"))
            })
        let call = try await open(lazy)
        let message = ByteBuffer(repeating: 1, count: 32 << 10)
        let progress = Counter()
        let sender = Task {
            for _ in 0..<20 {
                try await call.requests.send(message)
                progress.add()
            }
            try await call.requests.finish()
        }
        // 256 KiB hold seven messages of 32 KiB and their headers whole.
        await progress.reach(7)
        // A full round trip of another call on the same connection: nothing more was let through in the meantime.
        #expect(progress.value <= 8)
        release.raise()
        try await sender.value
        var replies = call.replies.makeAsyncIterator()
        #expect(try await replies.next().map { String(buffer: $0) } == "20")
    }

    @Test("a server that answers before its client is done ends the client's stream with that answer")
    func earlyAnswer() async throws {
        let first = MethodImplementation(
            TestService.descriptor("First", .clientStreaming),
            .clientStreaming { requests, _ in
                var iterator = requests.makeAsyncIterator()
                return try await iterator.next() ?? ByteBuffer()
            })
        let server = TestService.server([first, TestService.echo])
        let channel = server.channel(as: TestService.gateway)
        let call = try await channel.clientStreaming(first.descriptor, options: CallOptions())
        let message = ByteBuffer(repeating: 1, count: 100 << 10)
        // Far more than a window: only the call's end lets the sender go on.
        let error = await failure { while true { try await call.requests.send(message) } }
        #expect(error?.reason == "CALL_ENDED")
        #expect(try await call.reply().message == message)
        #expect(try await channel.call("Echo", "still there") == "still there")
    }

    @Test("an answer that comes before the end of what the client streams could leave is the answer all the same")
    func answerBeforeTheEnd() async throws {
        let answers = Signal()
        let first = MethodImplementation(
            TestService.descriptor("First", .clientStreaming),
            .clientStreaming { _, _ in
                await answers.wait()
                return ByteBuffer(string: "enough")
            })
        let call = try await TestService.server([first]).channel(as: TestService.gateway).clientStreaming(first.descriptor, options: CallOptions())
        // Fills the stream's window but for less than the end of the stream needs: each message counts ten bytes more.
        let window = 256 << 10
        for size in [65_536, 65_536, 65_536, window - 3 * 65_546 - 10] { try await call.requests.send(ByteBuffer(repeating: 1, count: size)) }
        let reply = Task { try await call.reply().message }
        // Told apart by what a message that is too long anyway is refused for.
        let tooLong = ByteBuffer(repeating: 1, count: (4 << 20) + 1)
        while await failure({ try await call.requests.send(tooLong) })?.reason != "REQUESTS_FINISHED" { await Task.yield() }
        answers.raise()
        #expect(try await reply.value == ByteBuffer(string: "enough"))
    }

    @Test("an error while the client streams ends both halves with that error")
    func failureInTheMiddle() async throws {
        let picky = MethodImplementation(
            TestService.descriptor("Picky", .bidirectional),
            .bidirectional { requests, _, _ in
                for try await _ in requests { throw RPCError(.aborted, "Enough.", reason: "ENOUGH") }
            })
        let call = try await open(picky)
        let sending = await failure { while true { try await call.requests.send(ByteBuffer(repeating: 1, count: 50 << 10)) } }
        #expect(sending?.reason == "ENOUGH")
        let reading = await failure { for try await _ in call.replies {} }
        #expect(reading?.reason == "ENOUGH")
    }

    @Test("a client that goes away ends the handler's reading with CANCELLED")
    func cancelled() async throws {
        let ended = Signal()
        let reading = MethodImplementation(
            TestService.descriptor("Reading", .bidirectional),
            .bidirectional { requests, sink, _ in
                try await sink.send(ByteBuffer())
                let error = await failure { for try await _ in requests {} }
                if error?.code == .cancelled { ended.raise() }
            })
        let task = Task {
            let call = try await open(reading)
            for try await _ in call.replies {}
        }
        // The handler runs when its first message is there; cancelling before would prove less, not be wrong.
        task.cancel()
        _ = await task.result
        let second = Task {
            let call = try await open(reading)
            var replies = call.replies.makeAsyncIterator()
            _ = try await replies.next()
            withExtendedLifetime(call) {}
        }
        _ = await second.result
        await ended.wait()
    }

    @Test("the deadline ends a stream that nobody ends")
    func deadline() async throws {
        let channel = TestService.server([Self.echoAll]).channel(as: TestService.gateway)
        let call = try await channel.bidirectional(Self.echoAll.descriptor, options: CallOptions(timeout: .milliseconds(50)))
        let error = await failure { for try await _ in call.replies {} }
        #expect(error?.code == .deadlineExceeded)
    }

    @Test("bytes of streams that were cut off are credited: a connection serves more than its window in cut streams")
    func cutStreamsAreCredited() async throws {
        let deaf = MethodImplementation(
            TestService.descriptor("Deaf", .bidirectional),
            .bidirectional { requests, sink, _ in
                var iterator = requests.makeAsyncIterator()
                _ = try await iterator.next()
                // Returns while much waits unread.
            })
        let channel = TestService.server([deaf, Self.join]).channel(as: TestService.gateway)
        let message = ByteBuffer(repeating: 1, count: 20 << 10)
        for _ in 0..<30 {
            let call = try await channel.bidirectional(deaf.descriptor, options: CallOptions())
            for _ in 0..<8 { _ = await failure { try await call.requests.send(message) } }
            for try await _ in call.replies {}
        }
        // 30 × 160 KiB were sent over a window of 1 MiB.
        let call = try await channel.clientStreaming(Self.join.descriptor, options: CallOptions())
        for _ in 0..<40 { try await call.requests.send(ByteBuffer(repeating: 0x61, count: 20 << 10)) }
        #expect(try await call.reply().message.readableBytes == 40 * (20 << 10) + 39)
    }

    @Test("who observes a stream is told of its end before its reader learns of it")
    func observersFirst() async throws {
        let method = TestService.streaming("One") { _, sink, _ in try await sink.send(ByteBuffer()) }
        let channel = TestService.server([method]).channel(as: TestService.gateway)
        for _ in 0..<100 {
            let told = Mutex(false)
            let began = Signal()
            let replies = try await channel.stream("One").observed { _ in
                began.raise()
                // Time enough for a reader that does not wait.
                let until = ContinuousClock.now + .microseconds(200)
                while ContinuousClock.now < until {}
                told.withLock { $0 = true }
            }
            var reader = replies.makeAsyncIterator()
            _ = try await reader.next()
            await began.wait()
            #expect(try await reader.next() == nil)
            #expect(told.withLock { $0 })
        }
    }
}

/// Counts, and lets others wait for a count.
private final class Counter: Sendable {
    private let reached = AsyncStream<Int>.makeStream()
    private let count = LockedCount()

    var value: Int { count.value }

    func add() { reached.continuation.yield(count.increment()) }

    func reach(_ goal: Int) async {
        for await count in reached.stream where count >= goal { return }
    }
}

private final class LockedCount: Sendable {
    private let state = Mutex(0)

    var value: Int { state.withLock { $0 } }

    func increment() -> Int {
        state.withLock { count in
            count += 1
            return count
        }
    }
}
