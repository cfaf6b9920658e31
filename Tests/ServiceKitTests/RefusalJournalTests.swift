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
}
