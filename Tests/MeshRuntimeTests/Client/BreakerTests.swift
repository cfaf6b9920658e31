import MeshCall
import Testing

@testable import MeshRuntime

struct BreakerTests {
    private let start = ContinuousClock.now

    private static let limits: BreakerLimits = {
        var limits = BreakerLimits()
        limits.consecutiveFailures = 3
        limits.failureRate = 0.5
        limits.minimumCalls = 10
        limits.window = .seconds(10)
        limits.ejection = .seconds(1)
        limits.maximumEjection = .seconds(4)
        limits.probes = 2
        limits.neededProbes = 2
        return limits
    }()

    /// A breaker that an expectation may change.
    private final class Box {
        var breaker: Breaker

        init(_ breaker: Breaker) {
            self.breaker = breaker
        }

        var state: Breaker.State { breaker.state }
        var isClosed: Bool { breaker.isClosed }
        var takesProbe: Bool { breaker.takesProbe }
        var opensUntil: ContinuousClock.Instant? { breaker.opensUntil }
        func observe(answers: Int, at now: ContinuousClock.Instant) { breaker.observe(answers: answers, at: now) }
        func advance(to now: ContinuousClock.Instant) -> Bool { breaker.advance(to: now) }
        /// Those that were begun, the latest last.
        var probes: [Breaker.Probe] = []

        func beginProbe(at now: ContinuousClock.Instant) -> Bool {
            guard let probe = breaker.beginProbe(at: now) else { return false }
            probes.append(probe)
            return true
        }

        /// The latest ends; or an older one.
        func probeEnded(_ outcome: CallOutcome, _ probe: Breaker.Probe? = nil, at now: ContinuousClock.Instant) {
            guard let probe = probe ?? probes.last else { return }
            breaker.probeEnded(probe, outcome, at: now)
        }
        func failed(answers: Int, mayOpen: Bool, at now: ContinuousClock.Instant) -> Bool {
            breaker.failed(answers: answers, mayOpen: mayOpen, at: now)
        }
    }

    private func breaker() -> Box { Box(Breaker(Self.limits, at: start)) }

    /// Fails until it opens.
    private func opened(_ breaker: Box, at now: ContinuousClock.Instant, answers: Int = 0) {
        for _ in 0..<Self.limits.consecutiveFailures { _ = breaker.failed(answers: answers, mayOpen: true, at: now) }
    }

    @Test("failures in a row open it, and not one before")
    func consecutive() {
        let breaker = breaker()
        #expect(!breaker.failed(answers: 0, mayOpen: true, at: start))
        #expect(!breaker.failed(answers: 0, mayOpen: true, at: start))
        #expect(breaker.isClosed)
        #expect(breaker.failed(answers: 0, mayOpen: true, at: start))
        #expect(breaker.state == .open(until: start + .seconds(1)))
    }

    @Test("an answer in between begins the row anew")
    func interrupted() {
        let breaker = breaker()
        for answers in 1...4 { #expect(!breaker.failed(answers: answers, mayOpen: true, at: start)) }
        #expect(breaker.isClosed)
    }

    @Test("half of the calls failing opens it once there are enough, though never three in a row")
    func rate() {
        let breaker = breaker()
        var calls = 0
        while breaker.isClosed, calls < 100 {
            calls += 2
            _ = breaker.failed(answers: calls / 2, mayOpen: true, at: start)
        }
        #expect(calls == Self.limits.minimumCalls)
    }

    @Test("a tenth of the calls failing does not open it")
    func lowRate() {
        let breaker = breaker()
        for answers in stride(from: 9, to: 2000, by: 9) { _ = breaker.failed(answers: answers, mayOpen: true, at: start) }
        #expect(breaker.isClosed)
    }

    @Test("old answers do not hide new failures")
    func oldAnswers() {
        let breaker = breaker()
        breaker.observe(answers: 1_000_000, at: start)
        let later = start + .seconds(20)
        var answers = 1_000_000
        for _ in 0..<10 where breaker.isClosed {
            answers += 1
            _ = breaker.failed(answers: answers, mayOpen: true, at: later)
        }
        #expect(!breaker.isClosed)
    }

    @Test("it stays closed while too many other addresses are left alone, and opens as soon as it may")
    func mayNotOpen() {
        let breaker = breaker()
        for _ in 0..<20 { #expect(!breaker.failed(answers: 0, mayOpen: false, at: start)) }
        #expect(breaker.isClosed)
        #expect(breaker.failed(answers: 0, mayOpen: true, at: start))
    }

    @Test("after its time it lets a bounded number of probes through, and closes when enough are answered")
    func probes() {
        let breaker = breaker()
        opened(breaker, at: start)
        #expect(!breaker.advance(to: start + .milliseconds(999)))
        #expect(!breaker.beginProbe(at: start))
        #expect(breaker.advance(to: start + .seconds(1)))
        #expect(breaker.beginProbe(at: start))
        #expect(breaker.beginProbe(at: start))
        #expect(!breaker.beginProbe(at: start))
        breaker.probeEnded(.answered, at: start + .seconds(1))
        #expect(!breaker.isClosed)
        #expect(breaker.beginProbe(at: start))
        breaker.probeEnded(.answered, at: start + .seconds(1))
        #expect(breaker.isClosed)
    }

    @Test("a probe that says nothing makes room for another")
    func neutralProbe() {
        let breaker = breaker()
        opened(breaker, at: start)
        _ = breaker.advance(to: start + .seconds(1))
        for _ in 0..<10 {
            #expect(breaker.beginProbe(at: start))
            breaker.probeEnded(.neutral, at: start + .seconds(1))
        }
        #expect(breaker.takesProbe)
    }

    @Test("each failed probe doubles the time, up to the longest")
    func growingTime() {
        let breaker = breaker()
        opened(breaker, at: start)
        var now = start
        for seconds in [1, 2, 4, 4] {
            #expect(breaker.opensUntil == now + .seconds(seconds))
            now += .seconds(seconds)
            #expect(breaker.advance(to: now))
            #expect(breaker.beginProbe(at: start))
            breaker.probeEnded(.failed, at: now)
        }
    }

    @Test("after a long good time the next ejection is short again")
    func forgiven() {
        let breaker = breaker()
        opened(breaker, at: start)
        var now = start + .seconds(1)
        _ = breaker.advance(to: now)
        _ = breaker.beginProbe(at: start)
        breaker.probeEnded(.failed, at: now)
        now += .seconds(2)
        _ = breaker.advance(to: now)
        for _ in 0..<2 {
            _ = breaker.beginProbe(at: start)
            breaker.probeEnded(.answered, at: now)
        }
        #expect(breaker.isClosed)
        let soon = Box(breaker.breaker)
        opened(soon, at: now)
        #expect(soon.opensUntil == now + .seconds(4))
        now += .seconds(60)
        opened(breaker, at: now)
        #expect(breaker.opensUntil == now + .seconds(1))
    }

    @Test("what was sent before it opened changes nothing")
    func stragglers() {
        let breaker = breaker()
        opened(breaker, at: start)
        #expect(!breaker.failed(answers: 0, mayOpen: true, at: start + .milliseconds(500)))
        #expect(breaker.opensUntil == start + .seconds(1))
        breaker.probeEnded(.answered, at: start)
        #expect(breaker.opensUntil == start + .seconds(1))
    }

    @Test("a probe that does not end gives others their try after a while")
    func endlessProbe() {
        let breaker = breaker()
        opened(breaker, at: start)
        let now = start + .seconds(1)
        _ = breaker.advance(to: now)
        #expect(breaker.beginProbe(at: now) && breaker.beginProbe(at: now + .seconds(2)) && !breaker.takesProbe)
        _ = breaker.advance(to: now + .seconds(11))
        #expect(!breaker.takesProbe)
        _ = breaker.advance(to: now + .seconds(12))
        #expect(breaker.takesProbe)
        let old = breaker.probes
        #expect(breaker.beginProbe(at: now + .seconds(12)) && breaker.beginProbe(at: now + .seconds(12)) && !breaker.takesProbe)
        // How those of before end says nothing any more.
        for outcome in [CallOutcome.neutral, .answered, .failed] { for probe in old { breaker.probeEnded(outcome, probe, at: now + .seconds(13)) } }
        #expect(!breaker.isClosed && breaker.opensUntil == nil && !breaker.takesProbe)
        for _ in 0..<2 { breaker.probeEnded(.answered, at: now + .seconds(13)) }
        #expect(breaker.isClosed)
    }

    @Test("a lost connection fails a probe, and says nothing as one of many other calls' errors")
    func lostConnection() {
        let lost = RPCError(.unavailable, "lost", reason: RPCError.connectionLostReason)
        #expect(CallOutcome(lost, failures: [], isProbe: true) == .failed)
        #expect(CallOutcome(lost, failures: [14]) == .neutral)
    }
}
