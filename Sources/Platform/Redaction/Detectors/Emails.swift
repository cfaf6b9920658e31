/// E-mail addresses, as people write them; not every form of RFC 5322.
enum Emails {
    private static let longestLocalPart = 64
    private static let longestDomain = 255

    static func find(_ bytes: [UInt8]) -> [Range<Int>] {
        bytes.indices.filter { bytes[$0] == UInt8(ascii: "@") }.compactMap { at in
            let start = localPart(before: at, in: bytes)
            guard start < at, let end = domain(after: at, in: bytes) else { return nil }
            return start..<end
        }
    }

    private static func localPart(before at: Int, in bytes: [UInt8]) -> Int {
        var start = at
        while start > 0, at - start < longestLocalPart, isLocal(bytes[start - 1]) { start -= 1 }
        // Not in the middle of a character of several bytes.
        while start < at, bytes[start] & 0xc0 == 0x80 { start += 1 }
        return start
    }

    private static func isLocal(_ byte: UInt8) -> Bool {
        byte.isAlphanumeric || byte >= 0x80 || byte.isOne(of: ".!#$%&*+/?^_`~-")
    }

    /// Labels with a dot between the last two; the last is of letters.
    private static func domain(after at: Int, in bytes: [UInt8]) -> Int? {
        var end = at + 1
        while end < bytes.count, end - at <= longestDomain, bytes[end].isAlphanumeric || bytes[end] >= 0x80 || bytes[end].isOne(of: ".-") { end += 1 }
        while end > at + 1, bytes[end - 1].isOne(of: ".-") { end -= 1 }
        // Nor does it end within one.
        while end < bytes.count, bytes[end] & 0xc0 == 0x80 { end += 1 }
        guard let dot = bytes[(at + 1)..<end].lastIndex(of: UInt8(ascii: ".")), dot > at + 1 else { return nil }
        let last = bytes[(dot + 1)..<end]
        return last.count >= 2 && last.allSatisfy { $0.isLetter || $0 >= 0x80 || $0 == UInt8(ascii: "-") } ? end : nil
    }
}
