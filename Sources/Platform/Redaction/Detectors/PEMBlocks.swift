/// Private keys in PEM (RFC 7468), whatever their kind; a block without an end takes the rest of the text with it.
enum PEMBlocks {
    private static let longestLabel = 64

    static func find(_ bytes: [UInt8]) -> [Range<Int>] {
        var found: [Range<Int>] = []
        var index = 0
        while index < bytes.count {
            guard bytes[index] == UInt8(ascii: "-"), let body = privateKeyBody(bytes, index) else {
                index += 1
                continue
            }
            let end = endOfBlock(bytes, body)
            found.append(index..<end)
            index = end
        }
        return found
    }

    /// Where the block's contents begin, when a private key's block begins here.
    private static func privateKeyBody(_ bytes: [UInt8], _ start: Int) -> Int? {
        guard bytes.has("-----BEGIN ", at: start) else { return nil }
        let label = start + 11
        let end = bytes[..<min(bytes.count, label + longestLabel)].end(from: label) { $0 == UInt8(ascii: "-") }
        return bytes.has("-----", at: end) && bytes.has("PRIVATE KEY", at: end - 11) ? end + 5 : nil
    }

    private static func endOfBlock(_ bytes: [UInt8], _ body: Int) -> Int {
        var index = body
        while index < bytes.count, !bytes.has("-----END ", at: index) { index += 1 }
        guard index < bytes.count else { return index }
        let label = index + 9
        let dashes = bytes.end(from: label) { $0 == UInt8(ascii: "-") }
        return bytes.has("-----", at: dashes) ? dashes + 5 : bytes.count
    }
}

extension ArraySlice<UInt8> {
    fileprivate func end(from start: Int, where ends: (UInt8) -> Bool) -> Int {
        var index = start
        while index < endIndex, !ends(self[index]) { index += 1 }
        return index
    }
}
