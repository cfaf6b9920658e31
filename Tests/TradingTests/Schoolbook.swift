import Trading

/// Arithmetic on columns of digits, as taught at school: shares nothing with the code under test.
struct Schoolbook: Equatable {
    var negative: Bool
    /// Least significant first, 40 of them after the point.
    var digits: [Int]
    static let places = 40
    static let width = 160

    init(_ text: String) {
        negative = text.hasPrefix("-")
        let parts = text.drop { $0 == "-" }.split(separator: ".")
        let fraction = parts.count == 2 ? String(parts[1]) : ""
        let column = parts[0] + fraction + String(repeating: "0", count: Schoolbook.places - fraction.count)
        digits = column.reversed().map { $0.wholeNumberValue ?? 0 }
        digits += Array(repeating: 0, count: Schoolbook.width - digits.count)
    }

    private init(negative: Bool, digits: [Int]) {
        self.negative = negative
        self.digits = digits
    }

    static func + (left: Schoolbook, right: Schoolbook) -> Schoolbook {
        if left.negative == right.negative {
            return Schoolbook(negative: left.negative, digits: carried(zip(left.digits, right.digits).map { $0 + $1 }))
        }
        let (large, small) = isLess(left.digits, right.digits) ? (right, left) : (left, right)
        return Schoolbook(negative: large.negative, digits: carried(zip(large.digits, small.digits).map { $0 - $1 }))
    }

    static func * (left: Schoolbook, right: Schoolbook) -> Schoolbook {
        var column = Array(repeating: 0, count: 2 * width)
        for (i, a) in left.digits.enumerated() where a != 0 {
            for (j, b) in right.digits.enumerated() { column[i + j] += a * b }
        }
        return Schoolbook(negative: left.negative != right.negative, digits: Array(carried(column)[places..<places + width]))
    }

    static func isLess(_ left: [Int], _ right: [Int]) -> Bool {
        for (a, b) in zip(left, right).reversed() where a != b { return a < b }
        return false
    }

    private static func carried(_ column: [Int]) -> [Int] {
        var carry = 0
        return column.map { entry in
            let sum = entry + carry
            carry = sum >= 0 ? sum / 10 : -((9 - sum) / 10)
            return sum - carry * 10
        }
    }

    /// Canonical text.
    var text: String {
        let column = digits.reversed().map(String.init).joined()
        let whole = column.dropLast(Schoolbook.places).drop { $0 == "0" }
        let fraction = String(column.suffix(Schoolbook.places).reversed().drop { $0 == "0" }.reversed())
        let body = (whole.isEmpty ? "0" : whole) + (fraction.isEmpty ? "" : "." + fraction)
        return negative && body != "0" ? "-" + body : String(body)
    }

    /// Whether a decimal of 38 digits, 18 after the point, can hold it.
    var fits: Bool {
        let parts = text.drop { $0 == "-" }.split(separator: ".")
        let fraction = parts.count == 2 ? parts[1].count : 0
        return fraction <= 18 && (parts[0] == "0" ? 0 : parts[0].count) + fraction <= 38
    }
}

/// Repeats itself: a failure can be run again from its seed.
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    /// SplitMix64.
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    /// Canonical text of a decimal in range, often at an edge.
    mutating func decimalText() -> String {
        let scale = Int.random(in: 0...18, using: &self)
        let count = Int.random(in: 1...38, using: &self)
        let palette: [Int] = [Array(0...9), [9], [0, 1], [5, 0]].randomElement(using: &self) ?? [1]
        let digits = (0..<count).map { _ in String(palette.randomElement(using: &self) ?? 1) }.joined()
        let sign = Bool.random(using: &self) ? "-" : ""
        let whole = String(digits.dropLast(min(scale, count)))
        let fraction = String(digits.suffix(min(scale, count)))
        return Schoolbook(sign + (whole.isEmpty ? "0" : whole) + "." + (fraction.isEmpty ? "0" : fraction)).text
    }
}
