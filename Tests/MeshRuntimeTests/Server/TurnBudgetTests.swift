@testable import MeshRuntime
import NIOCore
import Testing

struct TurnBudgetTests {
    private func at(_ microseconds: Int64) -> NIODeadline { .uptimeNanoseconds(1_000_000_000) + .microseconds(microseconds) }

    @Test("reads are cut after one took too long, where others wait, and no more once one was quick")
    func dense() {
        var budget = TurnBudget()
        #expect(!budget.cuts(1 << 16, isShared: true))
        budget.begin(at: at(0))
        #expect(!budget.isSpent(at: at(49)) && budget.isSpent(at: at(50)))
        budget.end(at: at(51), isComplete: true)
        #expect(budget.cuts(1 << 16, isShared: true))
        #expect(!budget.cuts(1 << 16, isShared: false) && !budget.cuts(TurnBudget.piece, isShared: true))
        // The parts of one read count together, the pauses between them do not.
        budget.begin(at: at(100))
        budget.end(at: at(140), isComplete: false)
        budget.begin(at: at(9000))
        budget.end(at: at(9040), isComplete: true)
        #expect(budget.cuts(1 << 16, isShared: true))
        budget.begin(at: at(10_000))
        budget.end(at: at(10_020), isComplete: true)
        #expect(!budget.cuts(1 << 16, isShared: true))
    }

    @Test("a loop is shared from the moment another connection reads, for a while")
    func sharing() {
        let sharing = LoopSharing(), one = Reader(), other = Reader()
        #expect(!sharing.reads(ObjectIdentifier(one), at: at(0)) && !sharing.reads(ObjectIdentifier(one), at: at(1)))
        #expect(sharing.reads(ObjectIdentifier(other), at: at(2)) && sharing.reads(ObjectIdentifier(other), at: at(90_000)))
        #expect(!sharing.reads(ObjectIdentifier(other), at: at(100_003)))
    }

    private final class Reader {}
}
