import MeshCall
import MeshWire
import NIOCore
import Synchronization
import TestSupport
import Testing

struct CancellationTests {
    @Test("cancelling the caller's task cancels the handler")
    func unary() async throws {
        let entered = Signal(), cancelled = Signal()
        let method = TestService.unary("Hang") { message, _ in
            entered.raise()
            await untilCancelled()
            cancelled.raise()
            return message
        }
        let channel = TestService.server([method, TestService.echo]).channel(as: TestService.gateway)
        let caller = Task { await failure { try await channel.call("Hang") } }
        await entered.wait()
        caller.cancel()
        #expect(await caller.value?.code == .cancelled)
        await cancelled.wait()
        #expect(try await channel.call("Echo", "still here") == "still here")
    }

    @Test("cancellation goes on down the tree")
    func tree() async throws {
        let entered = Signal(), cancelled = Signal()
        let inner = TestService.unary("Hang") { message, _ in
            entered.raise()
            await untilCancelled()
            cancelled.raise()
            return message
        }
        let second = TestService.server([inner]).channel(as: TestService.gateway)
        let outer = TestService.unary("Outer") { _, _ in ByteBuffer(string: try await second.call("Hang")) }
        let channel = TestService.server([outer]).channel(as: TestService.gateway)
        let caller = Task { await failure { try await channel.call("Outer") } }
        await entered.wait()
        caller.cancel()
        await cancelled.wait()
        #expect(await caller.value?.code == .cancelled)
    }

    @Test("leaving a stream before its end cancels the handler")
    func stream() async throws {
        let cancelled = Signal()
        let method = TestService.streaming("Endless") { _, sink, _ in
            defer { cancelled.raise() }
            while true { try await sink.send(ByteBuffer(string: "x")) }
        }
        let channel = TestService.server([method]).channel(as: TestService.gateway)
        for try await _ in try await channel.stream("Endless") { break }
        await cancelled.wait()
    }

    @Test("cancelling the reader of a stream ends its wait")
    func waitingReader() async throws {
        let entered = Signal(), cancelled = Signal()
        let method = TestService.streaming("Silent") { _, _, _ in
            entered.raise()
            await untilCancelled()
            cancelled.raise()
        }
        let channel = TestService.server([method]).channel(as: TestService.gateway)
        let reader = Task { await failure { for try await _ in try await channel.stream("Silent") {} } }
        await entered.wait()
        reader.cancel()
        #expect(await reader.value?.code == .cancelled)
        await cancelled.wait()
    }

    @Test("a task cancelled before its call sends nothing")
    func cancelledBefore() async throws {
        let served = Mutex<[String]>([])
        let method = TestService.unary("Count") { message, _ in
            served.withLock { $0.append(String(buffer: message)) }
            return message
        }
        let channel = TestService.server([method]).channel(as: TestService.gateway)
        let gate = Signal()
        let caller = Task {
            await gate.wait()
            return await failure { try await channel.call("Count", "cancelled") }
        }
        caller.cancel()
        gate.raise()
        #expect(await caller.value?.code == .cancelled)
        _ = try await channel.call("Count", "next")
        #expect(served.withLock { $0 } == ["next"])
    }

    @Test("a cancelled call keeps its slot until its handler returned")
    func slots() async throws {
        let entered = Signal(), release = Signal(), done = Signal()
        let stubborn = TestService.unary("Stubborn") { message, _ in
            entered.raise()
            await release.wait()
            done.raise()
            return message
        }
        var limits = ConnectionLimits()
        limits.settings.maximumConcurrentStreams = 1
        let channel = TestService.server([stubborn, TestService.echo], limits: limits).channel(as: TestService.gateway)
        // The client learns the server's limit from its SETTINGS.
        #expect(try await channel.call("Echo", "1") == "1")
        let caller = Task { await failure { try await channel.call("Stubborn") } }
        await entered.wait()
        caller.cancel()
        #expect(await caller.value?.code == .cancelled)
        let refused = await failure { try await channel.call("Echo", "2") }
        #expect(refused?.code == .resourceExhausted)
        #expect(refused?.reason == "TOO_MANY_STREAMS")
        release.raise()
        await done.wait()
        var reply: String?
        for _ in 0..<1000 where reply == nil { reply = try? await channel.call("Echo", "3") }
        #expect(reply == "3")
    }

    @Test("calls beyond the server's limit wait for a free stream")
    func waiting() async throws {
        var limits = ConnectionLimits()
        limits.settings.maximumConcurrentStreams = 2
        let running = Mutex((now: 0, most: 0))
        let method = TestService.unary("Busy") { message, _ in
            running.withLock {
                $0.now += 1
                $0.most = max($0.most, $0.now)
            }
            for _ in 0..<5 { await Task.yield() }
            running.withLock { $0.now -= 1 }
            return message
        }
        let channel = TestService.server([method, TestService.echo], limits: limits).channel(as: TestService.gateway)
        #expect(try await channel.call("Echo") == "")
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<50 {
                group.addTask {
                    let reply = try await channel.call("Busy", "\(number)")
                    #expect(reply == "\(number)")
                }
            }
            try await group.waitForAll()
        }
        #expect(running.withLock { $0.most } <= 2)
    }

    @Test("long requests given up while they wait to be sent, or half sent, do the connection no harm")
    func queuedRequests() async throws {
        let channel = TestService.server([TestService.echo]).channel(as: TestService.gateway)
        let long = ByteBuffer(repeating: 1, count: 1 << 20)
        let callers = (0..<12).map { _ in
            Task { await failure { try await channel.unary(TestService.descriptor("Echo"), long, options: CallOptions()) } }
        }
        #expect(try await channel.call("Echo", "between") == "between")
        for (number, caller) in callers.enumerated() where number % 3 != 0 { caller.cancel() }
        for (number, caller) in callers.enumerated() {
            let code = await caller.value?.code
            #expect(code == nil || (number % 3 != 0 && code == .cancelled))
        }
        #expect(try await channel.call("Echo", "after") == "after")
    }

    @Test("a deadline in the middle of a long stream message ends the call and not the connection")
    func deadlineInMessage() async throws {
        let method = TestService.streaming("Long") { _, sink, _ in
            try await sink.send(ByteBuffer(string: "first"))
            try await sink.send(ByteBuffer(repeating: 1, count: 3 << 20))
        }
        let channel = TestService.server([method, TestService.echo]).channel(as: TestService.gateway)
        // The first message is left unread, so the second stops half way for want of credit.
        let replies = try await channel.stream("Long", options: CallOptions(timeout: .milliseconds(300)))
        let clock = ContinuousClock(), end = clock.now + .milliseconds(500)
        while clock.now < end { #expect(try await channel.call("Echo", "meanwhile") == "meanwhile") }
        let error = await failure { for try await _ in replies {} }
        #expect(error?.code == .deadlineExceeded)
        #expect(try await channel.call("Echo", "after") == "after")
    }
}
