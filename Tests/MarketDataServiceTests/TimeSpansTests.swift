import Testing

@testable import MarketDataService

@Suite("Spans of candles")
struct TimeSpansTests {
    @Test("Neighbouring and overlapping ranges join, others stay apart")
    func insert() {
        var spans = TimeSpans()
        spans.insert(0...100, step: 10)
        spans.insert(200...300, step: 10)
        #expect(spans.ranges == [0...100, 200...300])
        spans.insert(110...190, step: 10)
        #expect(spans.ranges == [0...300])
        spans.insert(320...400, step: 10)
        #expect(spans.ranges == [0...300, 320...400])
        spans.insert(50...350, step: 10)
        #expect(spans.ranges == [0...400])
    }

    @Test("Gaps are what is missing, at both ends and between")
    func gaps() {
        let spans = TimeSpans([100...200, 300...400])
        #expect(spans.gaps(in: 0...500, step: 10) == [0...90, 210...290, 410...500])
        #expect(spans.gaps(in: 120...180, step: 10).isEmpty)
        #expect(spans.gaps(in: 150...310, step: 10) == [210...290])
        #expect(TimeSpans().gaps(in: 0...10, step: 10) == [0...10])
    }

    @Test("After the gaps of any range are filled it has none")
    func property() {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<200 {
            var spans = TimeSpans()
            for _ in 0..<8 {
                let first = Int64.random(in: 0...50, using: &random)
                spans.insert(first...Int64.random(in: first...60, using: &random), step: 1)
            }
            let first = Int64.random(in: 0...60, using: &random)
            let range = first...Int64.random(in: first...70, using: &random)
            for gap in spans.gaps(in: range, step: 1) {
                #expect(spans.ranges.allSatisfy { !$0.overlaps(gap) })
                spans.insert(gap, step: 1)
            }
            #expect(spans.gaps(in: range, step: 1).isEmpty)
            #expect(zip(spans.ranges, spans.ranges.dropFirst()).allSatisfy { $0.upperBound + 1 < $1.lowerBound })
        }
    }
}
