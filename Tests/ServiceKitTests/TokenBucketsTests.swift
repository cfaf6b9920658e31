@testable import ServiceKit
import Testing

@Suite("Token buckets of many")
struct TokenBucketsTests {
    private let limit = RateLimit(perMinute: 60, burst: 1)
    private let now = ContinuousClock.now

    @Test("Each key has its own")
    func apart() {
        var buckets = TokenBuckets<String>(generationSize: 10)
        #expect(buckets.take("ada", limit, now: now) == nil)
        #expect(buckets.take("ada", limit, now: now) == .seconds(1))
        #expect(buckets.take("bob", limit, now: now) == nil)
        #expect(buckets.take("ada", limit, now: now + .seconds(1)) == nil)
    }

    @Test("Two generations are remembered and no more, and who is busy is not forgotten by the first new one")
    func bounded() {
        var buckets = TokenBuckets<Int>(generationSize: 10)
        for number in 0..<15 { #expect(buckets.take(number, limit, now: now) == nil) }
        #expect(buckets.take(0, limit, now: now) != nil)
        for number in 100..<1000 {
            #expect(buckets.take(number, limit, now: now) == nil)
            #expect(buckets.count <= 20)
        }
        #expect(buckets.take(0, limit, now: now) == nil)
    }
}
