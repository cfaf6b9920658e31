/// Payment card numbers (ISO/IEC 7812-1): 13 to 19 digits, perhaps in groups, that begin as an issuer's do and whose check digit is right
/// (Luhn). Times in milliseconds begin with 1, which no issuer of cards has.
enum CardNumbers {
    private static let lengths = 13...19

    static func find(_ bytes: [UInt8]) -> [Range<Int>] {
        bytes.runs { $0.isDigit || $0 == 0x20 || $0 == UInt8(ascii: "-") }.flatMap { run in
            candidates(bytes, run).filter { range in
                let digits = bytes[range].filter(\.isDigit).map { Int($0 - 0x30) }
                return isIssued(digits) && passesLuhn(digits) && standsAlone(range, in: bytes)
            }
        }
    }

    /// The run in pieces wherever two separators meet; groups of one piece belong together if the whole has a card's length.
    private static func candidates(_ bytes: [UInt8], _ run: Range<Int>) -> [Range<Int>] {
        var pieces: [Range<Int>] = []
        var groups: [Range<Int>] = []
        func close() {
            if let first = groups.first, let last = groups.last { pieces.append(first.lowerBound..<last.upperBound) }
            pieces += groups.filter { lengths.contains($0.count) }
            groups = []
        }
        var start: Int?
        for index in run.lowerBound...run.upperBound {
            if index < run.upperBound, bytes[index].isDigit { start = start ?? index; continue }
            if let from = start { groups.append(from..<index) } else { close() }
            start = nil
        }
        close()
        return pieces.filter { lengths.contains(bytes[$0].count(where: \.isDigit)) }
    }

    private static func isIssued(_ digits: [Int]) -> Bool {
        (3...6).contains(digits[0]) || (2221...2720).contains(digits.prefix(4).reduce(0) { $0 * 10 + $1 })
    }

    private static func passesLuhn(_ digits: [Int]) -> Bool {
        let sum = digits.reversed().enumerated().reduce(0) { sum, entry in
            guard !entry.offset.isMultiple(of: 2) else { return sum + entry.element }
            return sum + (entry.element > 4 ? entry.element * 2 - 9 : entry.element * 2)
        }
        return sum.isMultiple(of: 10)
    }

    /// Not the digits of a decimal number, an id or a date with letters.
    private static func standsAlone(_ range: Range<Int>, in bytes: [UInt8]) -> Bool {
        func joins(_ byte: UInt8?, _ beyond: UInt8?) -> Bool {
            guard let byte else { return false }
            return byte.isLetter || byte == UInt8(ascii: "_") || (byte.isOne(of: ".,-") && beyond?.isAlphanumeric == true)
        }
        let (first, end) = (range.lowerBound, range.upperBound)
        return !joins(bytes.byte(first - 1), bytes.byte(first - 2)) && !joins(bytes.byte(end), bytes.byte(end + 1))
    }
}
