import NIOCore
import Testing

@testable import MeshCall

struct LogThrottleTests {
    private let start = NIODeadline.now()

    private static func cause(_ number: Int) -> LogThrottle.Cause { LogThrottle.Cause(peer: "p\(number)", reason: "OVERLOADED") }

    @Test("strangers fill the log at a bounded rate, and what is left out is counted")
    func bound() {
        let throttle = LogThrottle(linesPerSecond: 2)
        #expect((0..<5).map { _ in throttle.admit(at: start) } == [0, 0, nil, nil, nil])
        #expect(throttle.admit(at: start + .seconds(1)) == 3)
        #expect(throttle.admit(at: start + .seconds(1)) == 0)
        #expect(throttle.admit(at: start + .seconds(1)) == nil)
    }

    @Test("each peer has its own lines for each reason, and its own number of those left out")
    func apart() {
        let throttle = LogThrottle(linesPerSecond: 1)
        let causes = [("a", "OVERLOADED"), ("a", "CALLER_NOT_ALLOWED"), ("b", "OVERLOADED")].map { LogThrottle.Cause(peer: $0, reason: $1) }
        for cause in causes { #expect(throttle.admit(cause, at: start) == 0) }
        for _ in 0..<7 { #expect(throttle.admit(causes[0], at: start) == nil) }
        #expect(throttle.admit(causes[1], at: start + .seconds(1)) == 0)
        #expect(throttle.admit(causes[0], at: start + .seconds(1)) == 7)
    }

    @Test("beyond as many causes as are told apart all share the lines of one")
    func maximumCauses() {
        let throttle = LogThrottle(linesPerSecond: 1)
        let lines = (0..<1000).count { throttle.admit(Self.cause($0), at: start) != nil }
        #expect(lines == LogThrottle.maximumCauses + 1)
    }

    @Test("causes that have been quiet make room, and what they had left out is told with everybody else's")
    func quiet() {
        let throttle = LogThrottle(linesPerSecond: 1)
        for number in 0..<LogThrottle.maximumCauses {
            for _ in 0..<2 { _ = throttle.admit(Self.cause(number), at: start) }
        }
        let later = start + .seconds(2)
        #expect(throttle.admit(Self.cause(1000), at: later) == 0)
        #expect(throttle.admit(Self.cause(1000), at: later) == nil)
        #expect(throttle.admit(at: later) == LogThrottle.maximumCauses)
    }
}
