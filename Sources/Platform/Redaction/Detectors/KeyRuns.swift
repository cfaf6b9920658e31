/// Long runs of characters that look like chance: API keys of Binance's 64 characters, 32 random bytes in Base64 (43 characters), keys in DER.
///
/// Lower-case hexadecimal stays: digests and ids are that.
enum KeyRuns {
    static let minimumLength = 40
    private static let binanceKeyLength = 64
    /// Of 100 neighbours, how many differ in kind (capital, small, digit): 62 in random Base64, about 20 in words of a path.
    private static let randomChanges = 35

    static func find(_ bytes: [UInt8]) -> [Range<Int>] {
        bytes.runs(where: isTokenByte).filter { isMixed(bytes[$0]) }
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
    }

    private static func isBinanceKey(_ run: ArraySlice<UInt8>) -> Bool {
        run.count == binanceKeyLength && run.contains(where: \.isUpper) && run.contains(where: \.isLower)
    }

    private static func looksRandom(_ run: ArraySlice<UInt8>) -> Bool {
        guard run.count >= minimumLength, run.contains(where: \.isUpper), run.contains(where: \.isLower) else { return false }
        let pairs = zip(run, run.dropFirst()).filter { $0.isAlphanumeric && $1.isAlphanumeric }
        let changes = pairs.count { kind($0) != kind($1) }
        return pairs.count >= minimumLength * 3 / 4 && changes * 100 >= pairs.count * randomChanges
    }

    private static func kind(_ byte: UInt8) -> Int { byte.isDigit ? 0 : byte.isUpper ? 1 : 2 }
}
