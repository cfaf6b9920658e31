/// `user:password@` in an address, and the whole of an authenticator's `otpauth:` address, which holds its seed.
enum URLCredentials {
    static func find(_ bytes: [UInt8]) -> [Range<Int>] {
        var found: [Range<Int>] = []
        var index = 0
        while index < bytes.count {
            defer { index += 1 }
            guard bytes[index] == UInt8(ascii: ":"), bytes.has("://", at: index) else { continue }
            let start = index + 3
            if bytes.has("otpauth", at: index - 7) {
                let end = bytes.end(from: start) { $0.isSpace || $0.isOne(of: "\"'<>") }
                found.append(index - 7..<end)
                index = end
            } else {
                let end = bytes.end(from: start) { $0.isSpace || $0.isOne(of: "/?#\"'<>") }
                if let at = bytes[start..<end].lastIndex(of: UInt8(ascii: "@")) { found.append(start..<at) }
                index = max(index, end - 1)
            }
        }
        return found
    }
}
