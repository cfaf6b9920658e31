import Secrets
@testable import SecretStores
import Synchronization
import Testing

@Suite("Requests to a store are repeated within their deadline", .timeLimit(.minutes(1)))
struct StoreLimitsTests {
    private static let limits = StoreLimits(
        deadline: .milliseconds(400), attempt: .milliseconds(50), firstBackoff: .milliseconds(10), longestBackoff: .milliseconds(40))

    private final class Attempts: Sendable {
        private let count = Mutex(0)
        var all: Int { count.withLock { $0 } }
        func next() -> Int { count.withLock { $0 += 1; return $0 } }
    }

    @Test("What passes by itself is tried again until it has passed")
    func passes() async throws {
        let attempts = Attempts()
        let value = try await Self.limits.repeating {
            let attempt = attempts.next()
            guard attempt == 3 else { throw SecretStoreError.Cause.unavailable("attempt \(attempt)") }
            return attempt
        }
        #expect(value == 3 && attempts.all == 3)
    }

    @Test("What does not pass ends with the last cause, and no attempt is begun that could outlast the deadline")
    func deadline() async throws {
        let attempts = Attempts()
        let started = ContinuousClock.now
        let cause = await #expect(throws: SecretStoreError.Cause.self) {
            try await Self.limits.repeating { throw SecretStoreError.Cause.unavailable("attempt \(attempts.next())") }
        }
        #expect(attempts.all > 3 && cause == .unavailable("attempt \(attempts.all)"))
        #expect(ContinuousClock.now - started < .seconds(5))
    }

    @Test("What trying again cannot cure is not tried again")
    func lasting() async throws {
        let attempts = Attempts()
        await #expect(throws: SecretStoreError.Cause.denied("no")) {
            try await Self.limits.repeating {
                _ = attempts.next()
                throw SecretStoreError.Cause.denied("no")
            }
        }
        #expect(attempts.all == 1)
    }

    @Test("Who is cancelled does not wait for the next attempt")
    func cancelled() async throws {
        var patient = Self.limits
        (patient.deadline, patient.firstBackoff, patient.longestBackoff) = (.seconds(3600), .seconds(600), .seconds(600))
        let (begun, hasBegun) = AsyncStream<Void>.makeStream()
        let task = Task { [patient] in
            try await patient.repeating {
                hasBegun.yield()
                throw SecretStoreError.Cause.unavailable("away")
            }
        }
        for await _ in begun { break }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
    }

    @Test("Requests of one operation share its time: when it is over each is tried once more at most, and none goes over the network")
    func operation() async throws {
        let attempts = Attempts()
        let (started, end) = (ContinuousClock.now, ContinuousClock.now + .milliseconds(200))
        try await StoreOperation.$end.withValue(end) {
            for _ in 0..<100 {
                await #expect(throws: SecretStoreError.Cause.self) {
                    try await Self.limits.repeating { throw SecretStoreError.Cause.unavailable("attempt \(attempts.next())") }
                }
            }
            #expect(ContinuousClock.now - started < .seconds(10) && attempts.all < 150)
            // Nobody listens there, and nobody asks whether.
            let client = try StoreHTTPClient(try StoreAddress("http://127.0.0.1:1"), rootsPath: nil, limits: Self.limits)
            try await ContinuousClock().sleep(until: end)
            let cause = await #expect(throws: SecretStoreError.Cause.self) { try await client.send(.init(path: "/")) }
            #expect("\(cause as Any)".contains("within the operation's time"))
        }
    }
}
