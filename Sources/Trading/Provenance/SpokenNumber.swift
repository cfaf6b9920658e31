/// Reads numbers as people type them, and only those that can be read in one way.
enum SpokenNumber {
    private static let words: [String: Int64] = [
        "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10,
    ]

    /// `one` to `ten`.
    static func word(_ word: String) -> Decimal? { words[word].map { Decimal($0) } }

    /// `0.5`, `.5`, `0,5`, `1,50`, `1,500.25`, `1,234,567`. Nil for `1,500` (thousands, or a decimal comma?), `1.2.3`, `1,2,3`, `007`.
    static func read(_ text: String) -> Decimal? {
        let points = text.utf8.count { $0 == UInt8(ascii: ".") }
        let commas = text.utf8.count { $0 == UInt8(ascii: ",") }
        switch (points, commas) {
        case (0, 0), (1, 0): return plain(text)
        case (0, 1): return decimalComma(text)
        case (0, 2...), (1, 1...): return thousands(text)
        default: return nil
        }
    }

    private static func plain(_ text: String) -> Decimal? {
        let full = text.hasPrefix(".") ? "0" + text : text
        guard !full.hasPrefix("0") || full == "0" || full.hasPrefix("0.") else { return nil }
        return try? Decimal(plain: full)
    }

    private static func decimalComma(_ text: String) -> Decimal? {
        let parts = text.split(separator: ",", omittingEmptySubsequences: false)
        let couldBeThousands = parts[1].utf8.count == 3 && parts[0] != "0"
        return couldBeThousands ? nil : plain(parts[0] + "." + parts[1])
    }

    private static func thousands(_ text: String) -> Decimal? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        let groups = parts[0].split(separator: ",", omittingEmptySubsequences: false)
        guard let first = groups.first, (1...3).contains(first.utf8.count), groups.dropFirst().allSatisfy({ $0.utf8.count == 3 }) else {
            return nil
        }
        return plain(groups.joined() + (parts.count == 2 ? "." + parts[1] : ""))
    }
}
