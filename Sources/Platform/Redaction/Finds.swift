/// Places in a text that must go: in order, apart from each other.
struct Finds {
    private let ranges: [Range<Int>]

    var isEmpty: Bool { ranges.isEmpty }

    /// - Parameter found: in any order, also one over another.
    init(_ found: [Range<Int>]) {
        ranges = found.filter { !$0.isEmpty }.sorted { $0.lowerBound < $1.lowerBound }.reduce(into: []) { joined, range in
            if let last = joined.last, range.lowerBound <= last.upperBound {
                joined[joined.count - 1] = last.lowerBound..<max(last.upperBound, range.upperBound)
            } else {
                joined.append(range)
            }
        }
    }

    func replaced(in bytes: [UInt8], with mark: String) -> String {
        var kept: [UInt8] = []
        kept.reserveCapacity(bytes.count)
        var position = 0
        for range in ranges {
            kept += bytes[position..<range.lowerBound]
            kept += mark.utf8
            position = range.upperBound
        }
        kept += bytes[position...]
        return String(decoding: kept, as: UTF8.self)
    }
}
