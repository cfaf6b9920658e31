/// Long runs of characters that look like chance: API keys of Binance's 64 characters, 32 random bytes in Base64 (43 characters), keys in DER.
///
/// Lower-case hexadecimal stays: digests and ids are that.
enum KeyRuns {
    static let minimumLength = 40
    private static let binanceKeyLength = 64
    /// Of 100 neighbours, how many differ in kind (capital, small, digit): 62 in random Base64, about 20 in words of a path or of a dotted name.
    private static let randomChanges = 25
    /// The same where `/` may stand, as paths do.
    private static let randomChangesOfPaths = 35

    static func find(_ bytes: [UInt8]) -> [Range<Int>] {
        bytes.runs(where: isTokenByte).flatMap { withoutUUIDs($0, bytes) }.filter { isMixed(bytes[$0]) }
            + bytes.runs(where: isBase64Byte).filter { looksRandom(bytes[$0]) }
            + bytes.runs(where: \.isAlphanumeric).filter { isBinanceKey(bytes[$0]) }
    }

    /// Letters, digits and the marks of both Base64 alphabets except `/`, which paths are full of; and the dots between a token's parts.
    private static func isTokenByte(_ byte: UInt8) -> Bool {
        byte.isAlphanumeric || byte.isOne(of: "+-_=.")
    }

    private static func isBase64Byte(_ byte: UInt8) -> Bool {
        byte.isAlphanumeric || byte.isOne(of: "+/=")
    }

    private static func isMixed(_ run: ArraySlice<UInt8>) -> Bool {
        run.count >= minimumLength && run.contains(where: \.isDigit) && run.contains(where: \.isUpper) && run.contains(where: \.isLower)
            && changes(in: run) >= randomChanges
    }

    /// What is left of a run when its UUIDs (RFC 9562) are cut out: ids of requests and the like are made of them.
    private static func withoutUUIDs(_ run: Range<Int>, _ bytes: [UInt8]) -> [Range<Int>] {
        var rest: [Range<Int>] = []
        var (start, index) = (run.lowerBound, run.lowerBound)
        while index + uuidLength <= run.upperBound {
            guard isUUID(bytes[index..<index + uuidLength]) else {
                index += 1
                continue
            }
            rest.append(start..<index)
            index += uuidLength
            start = index
        }
        return rest + [start..<run.upperBound]
    }

    private static let uuidLength = 36

    private static func isUUID(_ text: ArraySlice<UInt8>) -> Bool {
        text.enumerated().allSatisfy { [8, 13, 18, 23].contains($0.offset) ? $0.element == UInt8(ascii: "-") : $0.element.isHex }
    }

    private static func isBinanceKey(_ run: ArraySlice<UInt8>) -> Bool {
        run.count == binanceKeyLength && run.contains(where: \.isUpper) && run.contains(where: \.isLower)
    }

    private static func looksRandom(_ run: ArraySlice<UInt8>) -> Bool {
        guard run.count >= minimumLength, run.contains(where: \.isUpper), run.contains(where: \.isLower) else { return false }
        let neighbours = run.count - 1 - 2 * run.count { !$0.isAlphanumeric }
        return neighbours >= minimumLength / 2 && changes(in: run) >= randomChangesOfPaths
    }

    /// Of 100 neighbours that are both letters or digits, how many differ in kind.
    private static func changes(in run: ArraySlice<UInt8>) -> Int {
        var (pairs, changes) = (0, 0)
        for (left, right) in zip(run, run.dropFirst()) where left.isAlphanumeric && right.isAlphanumeric {
            pairs += 1
            if kind(left) != kind(right) { changes += 1 }
        }
        return pairs == 0 ? 0 : changes * 100 / pairs
    }

    private static func kind(_ byte: UInt8) -> Int { byte.isDigit ? 0 : byte.isUpper ? 1 : 2 }
}
