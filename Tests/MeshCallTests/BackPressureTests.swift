import MeshCall
import MeshWire
import NIOCore
import Synchronization
import TestSupport
import Testing

struct BackPressureTests {
    /// A method that sends messages of 1000 bytes for ever and counts what it sent.
    private func flood(_ sent: Signal, _ count: Counter) -> MethodImplementation {
        TestService.streaming("Flood") { _, sink, _ in
            while true {
                try await sink.send(ByteBuffer(repeating: 7, count: 1000))
                count.add()
                if count.value == 100 { sent.raise() }
            }
        }
    }

    private final class Counter: Sendable {
        private let count = Mutex(0)
        var value: Int { count.withLock { $0 } }
        func add() { count.withLock { $0 += 1 } }
    }

    @Test("a reader that does not read holds its sender at the window's size, and other calls go on")
    func slowReader() async throws {
        let sent = Signal(), count = Counter()
        let channel = TestService.server([flood(sent, count), TestService.echo]).channel(as: TestService.gateway)
        let replies = try await channel.stream("Flood")
        await sent.wait()
        for number in 0..<200 { #expect(try await channel.call("Echo", "\(number)") == "\(number)") }
        // 256 KiB of window hold 259 messages of 1010 bytes with their headers.
        #expect(count.value <= 260)
        var reader = replies.makeAsyncIterator()
        for _ in 0..<1000 { #expect(try await reader.next()?.readableBytes == 1000) }
        #expect(count.value >= 1000 && count.value <= 1000 + 260)
    }

    @Test("a smaller window, announced by the client, holds fewer")
    func smallWindow() async throws {
        let sent = Signal(), count = Counter()
        let server = TestService.server([flood(sent, count), TestService.echo])
        var limits = ConnectionLimits()
        limits.settings.initialStreamWindow = 8192
        let channel = server.channel(as: TestService.gateway, limits: limits)
        let replies = try await channel.stream("Flood")
        var reader = replies.makeAsyncIterator()
        for _ in 0..<300 { #expect(try await reader.next() != nil) }
        for _ in 0..<50 { #expect(try await channel.call("Echo") == "") }
        #expect(count.value <= 300 + 9)
    }

    @Test("credit of a cancelled stream goes back to the connection, so later streams are not starved")
    func creditOfCancelled() async throws {
        let count = Counter()
        let channel = TestService.server([flood(Signal(), count)]).channel(as: TestService.gateway)
        // Each cancelled stream leaves up to 256 KiB unread; the connection's window is 1 MiB.
        for _ in 0..<30 {
            var reader = try await channel.stream("Flood").makeAsyncIterator()
            for _ in 0..<5 { #expect(try await reader.next() != nil) }
        }
        var reader = try await channel.stream("Flood").makeAsyncIterator()
        for _ in 0..<2000 { #expect(try await reader.next() != nil) }
    }

    @Test("a short message before a long one does not hold the long one up")
    func shortBeforeLong() async throws {
        let method = TestService.streaming("Mixed") { _, sink, _ in
            for _ in 0..<3 {
                try await sink.send(ByteBuffer(string: "short"))
                try await sink.send(ByteBuffer(repeating: 1, count: 2 << 20))
            }
        }
        let channel = TestService.server([method, TestService.echo]).channel(as: TestService.gateway)
        let replies = try await channel.stream("Mixed")
        for _ in 0..<50 { #expect(try await channel.call("Echo") == "") }
        var sizes: [Int] = []
        for try await message in replies { sizes.append(message.readableBytes) }
        #expect(sizes == [5, 2 << 20, 5, 2 << 20, 5, 2 << 20])
    }

    /// A method that sends `count` messages of 1000 bytes and, unless it `ends`, stays.
    private func burst(_ count: Int, ends: Bool) -> MethodImplementation {
        TestService.streaming("Burst") { _, sink, _ in
            for _ in 0..<count { try await sink.send(ByteBuffer(repeating: 7, count: 1000)) }
            if !ends { await untilCancelled() }
        }
    }

    private let patient = CallOptions(timeout: .seconds(10))

    /// A stream of 60 messages whose Response has arrived, all of it unread.
    private func finishedBurst(_ channel: any CallChannel) async throws -> ReplyStream {
        let replies = try await channel.stream("Burst", options: patient)
        // What is answered later arrives later.
        for _ in 0..<5 { #expect(try await channel.call("Echo") == "") }
        return replies
    }

    @Test("messages read only after the Response came give their credit back")
    func readAfterTheEnd() async throws {
        let channel = TestService.server([burst(60, ends: true), TestService.echo]).channel(as: TestService.gateway)
        for _ in 0..<41 {
            var count = 0
            for try await message in try await finishedBurst(channel) { count += message.readableBytes / 1000 }
            #expect(count == 60)
        }
    }

    @Test("a stream left unread after its Response came gives its credit back")
    func leftAfterTheEnd() async throws {
        let channel = TestService.server([burst(60, ends: true), TestService.echo]).channel(as: TestService.gateway)
        for _ in 0..<40 {
            var reader = try await finishedBurst(channel).makeAsyncIterator()
            #expect(try await reader.next() != nil)
        }
        var count = 0
        for try await _ in try await channel.stream("Burst", options: patient) { count += 1 }
        #expect(count == 60)
    }

    @Test("many live streams read to their last message do not hold the connection's window")
    func liveStreams() async throws {
        let channel = TestService.server([burst(100, ends: false)]).channel(as: TestService.gateway)
        let complete = try await withThrowingTaskGroup(of: ReplyStream.self) { group in
            for _ in 0..<30 {
                group.addTask {
                    let replies = try await channel.stream("Burst", options: patient)
                    var reader = replies.makeAsyncIterator()
                    for _ in 0..<100 { #expect(try await reader.next() != nil) }
                    return replies
                }
            }
            // Kept open until all have been read.
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(complete.count == 30)
    }
}
