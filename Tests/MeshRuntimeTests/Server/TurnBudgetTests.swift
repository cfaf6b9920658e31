@testable import MeshRuntime
import NIOCore
import Testing

struct TurnBudgetTests {
    private func at(_ microseconds: Int64) -> NIODeadline { .uptimeNanoseconds(1_000_000_000) + .microseconds(microseconds) }

    private let long = 1 << 16

    /// A read of `long` bytes, in parts that last from the first to the second microsecond.
    private func read(_ budget: inout TurnBudget, _ parts: (from: Int64, to: Int64)...) {
        for (index, part) in parts.enumerated() {
            budget.begin(at: at(part.from), bytes: index == 0 ? long : 0)
            budget.end(at: at(part.to), isComplete: index == parts.count - 1)
        }
    }

    @Test("a part may take fifty microseconds, counted from its first bytes")
    func spent() {
        var budget = TurnBudget()
        budget.begin(at: at(0), bytes: 1)
        budget.begin(at: at(40), bytes: 1)
        #expect(!budget.isSpent(at: at(49)) && budget.isSpent(at: at(50)))
    }

    @Test("reads are cut where others wait, until one has shown that it takes no time")
    func unknown() {
        var budget = TurnBudget()
        #expect(budget.cuts(long, isShared: true) && !budget.isDense)
        #expect(!budget.cuts(long, isShared: false) && !budget.cuts(TurnBudget.short, isShared: true))
        // A short one shows nothing.
        budget.begin(at: at(0), bytes: TurnBudget.short)
        budget.end(at: at(1), isComplete: true)
        #expect(budget.cuts(long, isShared: true))
        read(&budget, (10, 50))
        #expect(!budget.cuts(long, isShared: true) && !budget.isDense)
    }

    @Test("what may be read uncut follows from how long the last read took, in all its parts and without the pauses")
    func dense() {
        var budget = TurnBudget()
        read(&budget, (0, 40), (9000, 9060))
        #expect(!budget.cuts(long / 2, isShared: true) && budget.cuts(long / 2 + 1, isShared: true) && !budget.isDense)
        read(&budget, (10_000, 10_400))
        #expect(budget.cuts(long / 8 + 1, isShared: true) && budget.isDense)
        read(&budget, (20_000, 20_020))
        #expect(!budget.cuts(long, isShared: true))
    }

    @Test("little reads are little also where a large buffer was in use before")
    func little() {
        var pool = NIOPooledRecvBufferAllocator(capacity: 1, recvAllocator: FixedSizeRecvByteBufferAllocator(capacity: 1 << 16))
        func room() -> Int { pool.buffer(allocator: ByteBufferAllocator()) { $0.writableBytes }.1 }
        #expect(room() == 1 << 16)
        pool.recvAllocator = LittleReads()
        for _ in 0..<3 {
            pool.record(actualReadBytes: 100)
            #expect(room() == TurnBudget.littleRead)
        }
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
