import MeshWire
import Testing

struct StreamTableTests {
    @Test("does what a dictionary does, whatever is put in and taken out", arguments: [UInt64(1), 2, 3])
    func againstDictionary(_ seed: UInt64) {
        var random = SystemRandomNumberGenerator()
        var table = StreamTable<Int>()
        var model: [UInt32: Int] = [:]
        // A narrow range makes neighbours collide, a wide one makes them wrap around.
        let range: ClosedRange<UInt32> = seed == 1 ? 1...40 : seed == 2 ? 1...4000 : (.max - 60)...(.max)
        for step in 0..<20_000 {
            let id = UInt32.random(in: range, using: &random)
            switch Int.random(in: 0..<5, using: &random) {
            case 0, 1:
                table[id] = step
                model[id] = step
            case 2:
                table[id]? += 1
                model[id]? += 1
            case 3:
                table[id] = nil
                model[id] = nil
            default:
                #expect(table.removeValue(forKey: id) == model.removeValue(forKey: id))
            }
            #expect(table.count == model.count && table[id] == model[id])
        }
        #expect(table.sortedIDs == model.keys.sorted())
        #expect(table.sortedIDs.allSatisfy { table[$0] == model[$0] })
        #expect(table.values.sorted() == model.values.sorted())
    }

    @Test("values leave the table when it is emptied")
    func releases() {
        final class Witness {}
        weak var seen: Witness?
        var table = StreamTable<Witness>()
        do {
            let witness = Witness()
            seen = witness
            table[1] = witness
        }
        #expect(seen != nil)
        table[1] = nil
        #expect(seen == nil && table.isEmpty)
    }
}
