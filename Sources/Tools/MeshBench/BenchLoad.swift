internal import MeshCall
internal import MeshRuntime
internal import NIOCore

/// Calls made from one event loop, on which everything here runs.
final class BenchLoad: @unchecked Sendable {
    private let clients: [MeshClient]
    private let executor: LoopExecutor
    private let warmUp: TimeAmount = .milliseconds(500)
    private let length: TimeAmount
    private var result = BenchResult()
    private var measureFrom = NIODeadline.now()
    private var end = NIODeadline.now()

    init(clients: [MeshClient], loop: any EventLoop, seconds: Double) {
        self.clients = clients
        executor = LoopExecutor.of(loop)
        length = .nanoseconds(Int64(seconds * 1e9))
    }

    /// One call on each connection.
    func openAll() async throws {
        for client in clients { _ = try await BenchV1.EchoClient(client).echo(BenchMessages.request) }
    }

    private func begin() {
        measureFrom = .now() + warmUp
        end = measureFrom + length
    }

    // MARK: Unary

    func unary(inflight: Int) async throws -> BenchResult {
        try await openAll()
        begin()
        await withTaskGroup(of: Void.self) { group in
            for worker in 0..<inflight {
                let client = BenchV1.EchoClient(clients[worker % clients.count])
                group.addTask(executorPreference: executor) { await self.callAgainAndAgain(client) }
            }
        }
        result.seconds = Double(length.nanoseconds) / 1e9
        return result
    }

    private func callAgainAndAgain(_ client: BenchV1.EchoClient) async {
        let request = BenchMessages.request
        var started = NIODeadline.now()
        while started < end {
            var isAnswered = true
            do {
                _ = try await client.echo(request)
            } catch {
                result.fail()
                isAnswered = false
            }
            let now = NIODeadline.now()
            result.total += 1
            if isAnswered, started >= measureFrom, now <= end { result.add(nanoseconds: (now - started).nanoseconds) }
            started = now
        }
    }

    // MARK: Stream

    func stream() async throws -> BenchResult {
        try await openAll()
        begin()
        let task = Task(executorPreference: executor) { try await self.readStream() }
        try await task.value
        return result
    }

    /// The clock is read once for this many messages.
    private static let messagesPerReading = 64

    private func readStream() async throws {
        var messages = try await BenchV1.EchoClient(clients[0]).stream(.init(count: 0, size: BenchMessages.streamedPayload)).makeAsyncIterator()
        var first: NIODeadline?
        while try await messages.next() != nil {
            result.total += 1
            guard result.total.isMultiple(of: Self.messagesPerReading) else { continue }
            let now = NIODeadline.now()
            if let first {
                result.add(messages: Self.messagesPerReading)
                result.seconds = Double((now - first).nanoseconds) / 1e9
                if now >= end { return }
            } else if now >= measureFrom {
                first = now
            }
        }
    }
}
