import Testing

@testable import MeshCall

struct LoopDelayTests {
    private static let millisecond: Int64 = 1_000_000

    /// A loop whose calls take `cost` each; a turn takes what came during the one before.
    private struct Loop {
        var now: Int64 = 0
        var delay: LoopDelay
        let cost: Int64
        /// What each call has.
        let time: Int64
        /// The longest that a call waited in its turn.
        var longest: Int64 = 0
        var served = 0
        var refused = 0

        init(cost: Int64, time: Int64 = 1000 * LoopDelayTests.millisecond) {
            self.cost = cost
            self.time = time
            delay = LoopDelay(.default, now: 0)
        }

        mutating func turn(_ calls: Int, slept: Bool = false) {
            delay.turnBegins(now, slept: slept)
            let began = now
            for _ in 0..<calls {
                guard delay.admits(deadline: now + time, { now }) else {
                    refused += 1
                    continue
                }
                longest = max(longest, now - began)
                served += 1
                now += cost
            }
            _ = delay.turnEnds(now)
        }
    }

    @Test("a burst is served whole, a standing queue is cut to a few calls")
    func standingQueue() {
        var loop = Loop(cost: Self.millisecond)
        loop.turn(50, slept: true)
        #expect(loop.refused == 0)
        for _ in 0..<20 { loop.turn(25) }
        loop.longest = 0
        for _ in 0..<20 { loop.turn(25) }
        #expect(loop.refused > 0)
        // The longer of the target and a hundredth of the calls' time.
        #expect(loop.longest <= 10 * Self.millisecond)
    }

    @Test("calls with much time may wait longer, but not without end")
    func patience() {
        var loop = Loop(cost: Self.millisecond, time: 20_000 * Self.millisecond)
        for _ in 0..<40 { loop.turn(100) }
        #expect(loop.refused == 0)
        for _ in 0..<40 { loop.turn(1000) }
        #expect(loop.refused > 0)
        loop.longest = 0
        loop.turn(1000)
        #expect(loop.longest <= 200 * Self.millisecond)
    }

    @Test("in a standing queue of long calls each waits for few others, but some are served in every turn")
    func longCalls() {
        var loop = Loop(cost: 10 * Self.millisecond)
        for _ in 0..<50 { loop.turn(20) }
        (loop.longest, loop.served) = (0, 0)
        for _ in 0..<10 { loop.turn(20) }
        #expect(loop.served >= 40)
        #expect(loop.longest <= 40 * Self.millisecond)
    }

    @Test("a loop that sleeps between its turns, or finds one call in each, is never overloaded")
    func noQueue() {
        var bursts = Loop(cost: Self.millisecond)
        for _ in 0..<100 {
            bursts.turn(20, slept: true)
            bursts.now += 5 * Self.millisecond
        }
        var busy = Loop(cost: 50 * Self.millisecond)
        for _ in 0..<100 { busy.turn(1) }
        #expect(bursts.refused + busy.refused == 0)
    }

    @Test("cheap calls read the clock rarely")
    func clockReads() {
        var delay = LoopDelay(.default, now: 0)
        var reads = 0
        delay.turnBegins(0, slept: false)
        for _ in 0..<160 {
            let admitted = delay.admits(deadline: 1000 * Self.millisecond) {
                reads += 1
                return 0
            }
            #expect(admitted)
        }
        #expect(reads == 10)
    }
}
