import MeshCall
import Testing

@testable import MeshRuntime

struct RetryBudgetTests {
    private let start = ContinuousClock.now

    private func limits(initial: Double = 0, ratio: Double = 0.2, perSecond: Double = 0, maximum: Double = 1000) -> RetryLimits {
        var limits = RetryLimits()
        limits.initialBudget = initial
        limits.budgetRatio = ratio
        limits.budgetPerSecond = perSecond
        limits.maximumBudget = maximum
        return limits
    }

    /// How many repetitions are allowed at once.
    private func allowance(_ budget: inout RetryBudget, calls: Int, at now: ContinuousClock.Instant) -> Int {
        var allowed = 0
        while allowed < 10_000, budget.withdraw(calls: calls, at: now) { allowed += 1 }
        return allowed
    }

    @Test("a fifth of the calls may be repeated, and what is used up is gone")
    func ratio() {
        var budget = RetryBudget(limits(), at: start)
        #expect(allowance(&budget, calls: 100, at: start) == 20)
        #expect(allowance(&budget, calls: 100, at: start) == 0)
        #expect(allowance(&budget, calls: 110, at: start) == 2)
    }

    @Test("without calls time alone fills it")
    func byTime() {
        var budget = RetryBudget(limits(perSecond: 10), at: start)
        #expect(allowance(&budget, calls: 0, at: start) == 0)
        #expect(allowance(&budget, calls: 0, at: start + .milliseconds(550)) == 5)
        #expect(allowance(&budget, calls: 0, at: start + .seconds(2)) == 15)
    }

    @Test("no more is saved up than the most, whatever the calls and the time")
    func maximum() {
        var budget = RetryBudget(limits(initial: 500, perSecond: 10, maximum: 50), at: start)
        #expect(budget.tokens == 50)
        #expect(allowance(&budget, calls: 1_000_000, at: start + .seconds(3600)) == 50)
    }

    @Test("a clock or a counter that seems to run backwards takes nothing away")
    func backwards() {
        var budget = RetryBudget(limits(initial: 5, perSecond: 10), at: start)
        #expect(allowance(&budget, calls: -100, at: start - .seconds(100)) == 5)
    }
}

struct RetryPolicyTests {
    private func decide(
        _ error: RPCError, mayRunTwice: Bool = true, ran: Int = 1, neverRan: Int = 0, lastNeverRan: Bool = false,
        timeLeft: Duration = .seconds(10), random: Double = 1
    ) -> RetryPolicy.Decision {
        var past = PastAttempts(mayRunTwice: mayRunTwice)
        for _ in 0..<(lastNeverRan ? ran : max(0, ran - 1)) { past.add(certainlyNotRun: false) }
        for _ in 0..<neverRan { past.add(certainlyNotRun: true) }
        if !lastNeverRan { past.add(certainlyNotRun: false) }
        return RetryPolicy(.default).decide(error, past, timeLeft: timeLeft, random: random)
    }

    private let lost = RPCError(.unavailable, "", reason: RPCError.connectionLostReason)

    @Test("a lost connection is worth another try only for a method that may run twice")
    func lostConnection() {
        #expect(decide(lost) == .again(after: .milliseconds(20), paid: true))
        #expect(decide(lost, mayRunTwice: false) == .giveUp)
    }

    @Test("a call that never ran goes elsewhere at once whatever its method, and costs no budget")
    func neverRan() {
        let gone = RPCError(.unavailable, "", reason: "CONNECTION_CLOSED")
        #expect(decide(gone, mayRunTwice: false, ran: 0, neverRan: 1, lastNeverRan: true) == .again(after: .zero, paid: false))
        #expect(decide(gone, mayRunTwice: false, ran: 0, neverRan: 2, lastNeverRan: true) == .again(after: .milliseconds(20), paid: false))
        #expect(decide(gone, mayRunTwice: false, ran: 0, neverRan: 3, lastNeverRan: true) == .giveUp)
    }

    @Test("the wait doubles and is a random part of that")
    func waits() {
        #expect(decide(lost, ran: 2) == .again(after: .milliseconds(40), paid: true))
        #expect(decide(lost, ran: 2, random: 0.5) == .again(after: .milliseconds(20), paid: true))
        #expect(decide(lost, ran: 2, random: 0) == .again(after: .zero, paid: true))
    }

    @Test("there are no more attempts than the limit says")
    func attempts() {
        #expect(decide(lost, ran: 3) == .giveUp)
    }

    @Test("a server's wish to be asked later is kept, and one that is too long is the end")
    func retryAfter() {
        let busy = RPCError(.resourceExhausted, "", retryAfter: .milliseconds(300))
        #expect(decide(busy, random: 0) == .again(after: .milliseconds(300), paid: true))
        #expect(decide(busy, random: 1) == .again(after: .milliseconds(320), paid: true))
        #expect(decide(RPCError(.unavailable, "", retryAfter: .seconds(1)), random: 0) == .again(after: .seconds(1), paid: true))
        #expect(decide(RPCError(.unavailable, "", retryAfter: .seconds(31)), timeLeft: .seconds(100)) == .giveUp)
        #expect(decide(RPCError(.unavailable, "", retryAfter: .seconds(-5)), random: 0) == .again(after: .zero, paid: true))
    }

    @Test(
        "what the service itself says is not asked for again",
        arguments: [
            RPCError(.unavailable, ""), RPCError(.resourceExhausted, ""), RPCError(.internalError, "", retryAfter: .zero),
            RPCError(.deadlineExceeded, ""), RPCError(.notFound, ""), RPCError(.unavailable, "", reason: "UNREACHABLE"),
        ])
    func final(error: RPCError) {
        #expect(decide(error) == .giveUp)
    }

    @Test("there is no other attempt that could only come too late")
    func deadline() {
        #expect(decide(RPCError(.unavailable, "", retryAfter: .seconds(5)), timeLeft: .seconds(4)) == .giveUp)
        #expect(decide(lost, timeLeft: .zero) == .giveUp)
    }
}

struct BackoffTests {
    @Test("waits grow by 1.6, within a fifth, up to the longest, and begin anew after a success")
    func grows() {
        var limits = ClientLimits()
        limits.minimumBackoff = .milliseconds(100)
        limits.maximumBackoff = .milliseconds(400)
        var backoff = Backoff(limits)
        for expected in [100.0, 160, 256, 400, 400] {
            let wait = backoff.failed() / .milliseconds(1)
            #expect((expected * 0.79...expected * 1.21).contains(wait))
        }
        backoff.succeeded()
        #expect(backoff.failed() <= .milliseconds(121))
    }
}
