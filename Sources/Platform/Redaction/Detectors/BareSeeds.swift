/// Keys in hexadecimal and authenticator seeds in Base32 that no name gives away. They look like digests and order ids, so that this is only
/// for readers who need neither.
enum BareSeeds {
    /// 128 bits.
    private static let hexLength = 32
    /// 80 bits, the shortest seed in use.
    private static let base32Length = 16
    private static let groups = 4

    static func find(_ bytes: [UInt8]) -> [Range<Int>] {
        bytes.runs(where: \.isAlphanumeric).filter { isHexKey(bytes[$0]) || isSeed(bytes[$0]) } + grouped(bytes)
    }

    private static func isHexKey(_ run: ArraySlice<UInt8>) -> Bool {
        run.count >= hexLength && run.allSatisfy(\.isHex)
    }

    private static func isSeed(_ run: ArraySlice<UInt8>) -> Bool {
        run.count >= base32Length && (run.allSatisfy(isBase32) || run.allSatisfy { isBase32($0.isLower ? $0 & 0xdf : $0) && !$0.isUpper })
            && (run.count >= 2 * base32Length || run.contains(where: \.isDigit) || run.allSatisfy(\.isUpper))
    }

    private static func isBase32(_ byte: UInt8) -> Bool {
        byte.isUpper || (UInt8(ascii: "2")...UInt8(ascii: "7")).contains(byte)
    }

    /// As authenticators show them: `JBSW Y3DP EHPK 3PXP`.
    private static func grouped(_ bytes: [UInt8]) -> [Range<Int>] {
        bytes.runs { isBase32($0) || $0 == 0x20 }.compactMap { run in
            let words = bytes[run].split(separator: 0x20)
            guard words.count >= groups, words.allSatisfy({ $0.count == 4 }), bytes[run].contains(where: \.isDigit),
                let first = words.first, let last = words.last
            else { return nil }
            return first.startIndex..<last.endIndex
        }
    }
}
