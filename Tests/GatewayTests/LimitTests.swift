@testable import Gateway
import ServiceAPI
import ServiceKit
import Synchronization
import Testing

@Suite("Rate limits", .timeLimit(.minutes(1)))
struct LimitTests {
    private final class TestClock: Sendable {
        private let moment = Mutex(ContinuousClock.now)
        var now: ContinuousClock.Instant { moment.withLock { $0 } }
        func advance(_ duration: Duration) { moment.withLock { $0 += duration } }
    }

    @Test("A burst passes, the next must wait, and time brings tokens back")
    func bucket() throws {
        let clock = TestClock()
        let limiter = RateLimiter(overrides: ["chats-per-account": RateLimit(perMinute: 60, burst: 3)], now: { clock.now })
        for _ in 0..<3 { try limiter.take(.chatsPerAccount, for: "ada") }
        let refused = #expect(throws: RateLimited.self) { try limiter.take(.chatsPerAccount, for: "ada") }
        #expect(refused?.retryAfter == .seconds(1))
        try limiter.take(.chatsPerAccount, for: "bob")
        clock.advance(.seconds(1))
        try limiter.take(.chatsPerAccount, for: "ada")
        #expect(throws: RateLimited.self) { try limiter.take(.chatsPerAccount, for: "ada") }
        clock.advance(.seconds(3600))
        for _ in 0..<3 { try limiter.take(.chatsPerAccount, for: "ada") }
        #expect(throws: RateLimited.self) { try limiter.take(.chatsPerAccount, for: "ada") }
    }

    @Test("Very many subjects don't make it grow, and a busy one is not forgotten by them at once")
    func bounded() throws {
        let limiter = RateLimiter(overrides: ["requests-per-address": RateLimit(perMinute: 1, burst: 1)])
        try limiter.take(.requestsPerAddress, for: "busy")
        for number in 0..<RateLimiter.generationSize { try limiter.take(.requestsPerAddress, for: "\(number)") }
        #expect(throws: RateLimited.self) { try limiter.take(.requestsPerAddress, for: "busy") }
    }

    @Test("One person's limit is 429 with Retry-After, is audited, and leaves others alone")
    func perAccount() async throws {
        let gateway = TestGateway(limits: ["requests-per-account": RateLimit(perMinute: 1, burst: 2)])
        try await gateway.test { (client) async throws in
            for _ in 0..<2 { #expect(try await client.get("/v1/orders").status == 200) }
            let refused = try await client.get("/v1/orders")
            #expect(refused.status == 429)
            #expect(refused.error["reason"] == "RATE_LIMITED")
            let wait = try #require(refused.header("retry-after").flatMap(Int.init))
            #expect((1...60).contains(wait))
            #expect(try await client.get("/v1/orders", token: "access:bob").status == 200)
            for await record in gateway.records {
                #expect(record.action == "rate.limited")
                #expect(record.object == "requests-per-account")
                #expect(record.actor?.id == "ada")
                break
            }
        }
    }

    @Test("Guessing at one account is limited whoever guesses, and in whatever spelling")
    func signIn() async throws {
        try await TestGateway(limits: ["sign-ins-per-account": RateLimit(perMinute: 1, burst: 2)]).test { (client) async throws in
            for email in ["a@b.c", "A@B.C"] {
                let body = #"{"email":"\#(email)","password":"p","code":"0"}"#
                #expect(try await client.post("/v1/sign-in", body, token: nil).status == 401)
            }
            #expect(try await client.post("/v1/sign-in", #"{"email":"a@B.c","password":"p","code":"0"}"#, token: nil).status == 429)
            #expect(try await client.post("/v1/sign-in", #"{"email":"x@b.c","password":"p","code":"0"}"#, token: nil).status == 401)
        }
    }

    @Test("An address's limit holds for everything")
    func perAddress() async throws {
        try await TestGateway(limits: ["requests-per-address": RateLimit(perMinute: 1, burst: 1)]).test { (client) async throws in
            #expect(try await client.get("/healthz").status == 200)
            #expect(try await client.get("/nothing").status == 429)
        }
    }

    @Test(
        "Clients are told apart by IPv4 address or IPv6 /64",
        arguments: [
            ("192.0.2.7", "192.0.2.7"), ("::ffff:192.0.2.7", "192.0.2.7"), ("2001:db8::1", "2001:db8:0:0/64"),
            ("2001:db8::ffff:1", "2001:db8:0:0/64"),
        ])
    func addresses(address: String, key: String) {
        #expect(AddressKey.of(address) == key)
    }
}
