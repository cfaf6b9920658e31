import Testing

@testable import ServiceKit

@Suite("Refusals on their way to the audit log")
struct RefusalJournalTests {
    private let start = ContinuousClock.now

    @Test("Beyond its rate a source is left out, and the next event counts what was")
    func suppression() {
        let journal = RefusalJournal(rate: RateLimit(perMinute: 60, burst: 2))
        #expect((0..<5).map { _ in journal.admit("agent", now: start) } == [0, 0, nil, nil, nil])
        #expect(journal.admit("agent", now: start + .seconds(1)) == 3)
        #expect(journal.admit("agent", now: start + .seconds(2)) == 0)
    }

    @Test("One who floods the log does not hide another")
    func apart() {
        let journal = RefusalJournal(rate: RateLimit(perMinute: 1, burst: 1))
        for _ in 0..<1000 { _ = journal.admit("agent", now: start) }
        #expect(journal.admit("gateway", now: start) == 0)
    }

    @Test("Very many sources share one rate: memory stays bounded")
    func many() {
        let journal = RefusalJournal(rate: RateLimit(perMinute: 1, burst: 1))
        let admitted = (0..<1000).count { journal.admit("source-\($0)", now: start) != nil }
        #expect(admitted == RefusalJournal.maxSources + 1)
    }

    @Test("Who has been quiet makes room for others; what is left to be told of it is told with everybody else's")
    func room() {
        var rates = RefusalRates(RateLimit(perMinute: 60, burst: 1), maximumSources: 2)
        #expect(rates.admit("ann", at: start) == 0 && rates.admit("bob", at: start) == 0 && rates.admit("bob", at: start) == nil)
        // Both are there still: the third shares the rate of everybody else, and so does the fourth.
        #expect(rates.admit("cid", at: start) == 0 && rates.admit("dan", at: start) == nil)
        let later = start + .seconds(10)
        // A place of its own; the one after it finds none, and is told with bob's and dan's.
        #expect(rates.admit("eve", at: later) == 0)
        #expect(rates.admit("bob", at: later) == 2)
    }

    @Test("What could not be told is counted in the next")
    func notTold() {
        var rates = RefusalRates(RateLimit(perMinute: 60, burst: 2), maximumSources: 2)
        #expect(rates.admit("ann", at: start) == 0)
        rates.leaveOut(1, of: "ann")
        #expect(rates.admit("ann", at: start) == 1)
    }
}
