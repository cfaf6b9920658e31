import Testing

@testable import Exchange

@Suite("Request budget")
struct RequestBudgetTests {
    private let start = ContinuousClock.now

    @Test("Reads stop at nine tenths of the limit, orders at the limit")
    func readsLeaveRoomForOrders() {
        var budget = RequestBudget(limit: 100)
        budget.note(usedWeight: 89, now: start)
        #expect(budget.wait(weight: 1, isTrading: false, now: start) == nil)
        #expect(budget.wait(weight: 2, isTrading: false, now: start) == .seconds(60))
        #expect(budget.wait(weight: 11, isTrading: true, now: start) == nil)
        #expect(budget.wait(weight: 12, isTrading: true, now: start) != nil)
    }

    @Test("A new minute is a new budget")
    func windowEnds() {
        var budget = RequestBudget(limit: 100)
        budget.note(usedWeight: 100, now: start)
        #expect(budget.wait(weight: 1, isTrading: true, now: start.advanced(by: .seconds(59))) == .seconds(1))
        #expect(budget.wait(weight: 1, isTrading: true, now: start.advanced(by: .seconds(60))) == nil)
    }

    @Test("After a refusal nothing is sent until the named time is over, orders included")
    func refusal() {
        var budget = RequestBudget(limit: 100)
        budget.noteRefusal(retryAfter: .seconds(30), now: start)
        budget.noteRefusal(retryAfter: .seconds(5), now: start)
        #expect(budget.wait(weight: 1, isTrading: true, now: start.advanced(by: .seconds(10))) == .seconds(20))
        #expect(budget.wait(weight: 1, isTrading: true, now: start.advanced(by: .seconds(30))) == nil)
    }
}
