/// Values whose name says that they are secret: `signature=…` of a signed URL, `"password": "…"`, `X-MBX-APIKEY: …`, `Bearer …`.
enum NamedValues {
    private static let longestName = 64

    /// Compared in lower case, without `-`, `_` and `.`.
    private static let names: Set<String> = [
        "authorization", "proxyauthorization", "cookie", "setcookie", "password", "passphrase", "passwd", "pwd", "secret", "token", "apikey",
        "signature", "sig", "seed", "privatekey", "secretkey", "accesskey", "listenkey", "credential", "xamzcredential",
    ]
    /// A name that ends so is secret too: `refresh_token`, `X-Amz-Signature`, `client_secret`.
    private static let endings = ["password", "passphrase", "secret", "token", "apikey", "signature", "privatekey", "secretkey", "seed"]
    /// Their values may have spaces: everything up to the line's end goes.
    private static let wholeLine: Set<String> = ["authorization", "proxyauthorization", "cookie", "setcookie"]
    /// Secret when the value is as long as a one-time code: an error's code is not.
    static let codes: Set<String> = ["code", "otp", "totp", "pin", "onetimecode"]

    static func find(_ bytes: [UInt8]) -> [Range<Int>] {
        assigned(bytes) + bearers(bytes)
    }

    static func normalised(_ name: ArraySlice<UInt8>) -> String {
        String(decoding: name.filter { !$0.isOne(of: "-_.") }.map(\.lowercased), as: UTF8.self)
    }

    static func isSecret(_ name: String) -> Bool {
        names.contains(name) || endings.contains { name.hasSuffix($0) }
    }

    // MARK: - name=value, name: value

    private static func assigned(_ bytes: [UInt8]) -> [Range<Int>] {
        var found: [Range<Int>] = []
        var index = 0
        while index < bytes.count {
            defer { index += 1 }
            guard bytes[index].isOne(of: "=:"), let name = name(before: index, in: bytes) else { continue }
            let (secret, code) = (isSecret(name), codes.contains(name))
            guard secret || code, let value = value(after: index, of: name, in: bytes) else { continue }
            // A value is passed over: no text makes this look at it twice.
            index = max(index, value.upperBound - 1)
            if secret ? !isWord(bytes, value, after: name) : isCode(bytes[value]) { found.append(value) }
        }
        return found
    }

    /// What stands before the mark, perhaps in quotes or escaped quotes.
    private static func name(before mark: Int, in bytes: [UInt8]) -> String? {
        var end = mark
        while end > 0, mark - end < 3, bytes[end - 1].isOne(of: "\"' \\") { end -= 1 }
        var start = end
        while start > 0, end - start < longestName, bytes[start - 1].isAlphanumeric || bytes[start - 1].isOne(of: "-_.") { start -= 1 }
        return start < end ? normalised(bytes[start..<end]) : nil
    }

    private static func value(after mark: Int, of name: String, in bytes: [UInt8]) -> Range<Int>? {
        var start = mark + 1
        while start < bytes.count, start - mark <= 2, bytes[start] == 0x20 { start += 1 }
        if bytes.has("\\\"", at: start) { start += 1 }
        let quote = bytes.byte(start).flatMap { $0.isOne(of: "\"'") ? $0 : nil }
        if quote != nil { start += 1 }
        guard start < bytes.count, !bytes.has("[redacted]", at: start) else { return nil }
        let end =
            if let quote {
                bytes.end(from: start) { $0 == quote }
            } else if wholeLine.contains(name) {
                bytes.end(from: start) { $0.isOne(of: "\r\n\"") }
            } else {
                bytes.end(from: start) { $0.isSpace || $0.isOne(of: "&,;\"'()[]{}<>|") }
            }
        return start < end ? start..<end : nil
    }

    /// `token: expired` is a sentence. A password may be a word.
    private static func isWord(_ bytes: [UInt8], _ value: Range<Int>, after name: String) -> Bool {
        guard bytes.byte(value.lowerBound - 1) == 0x20, !name.hasPrefix("pass"), !name.hasPrefix("pwd") else { return false }
        return value.count < 20 && bytes[value].allSatisfy { $0.isLower || $0.isOne(of: ".-") }
    }

    private static func isCode(_ value: ArraySlice<UInt8>) -> Bool {
        (value.count == 6 || value.count == 8) && value.allSatisfy(\.isDigit)
    }

    // MARK: - Bearer

    private static func bearers(_ bytes: [UInt8]) -> [Range<Int>] {
        bytes.runs { $0.isLetter }.compactMap { word in
            let isScheme = (word.count == 6 && bytes.has("earer", at: word.lowerBound + 1)) || (word.count == 5 && bytes.has("asic", at: word.lowerBound + 1))
            guard isScheme, bytes.byte(word.upperBound) == 0x20 else { return nil }
            let end = bytes.end(from: word.upperBound + 1) { !($0.isAlphanumeric || $0.isOne(of: "-_.~+/=")) }
            let value = word.upperBound + 1..<end
            return value.count >= 8 && bytes[value].contains { $0.isDigit || $0.isUpper } ? value : nil
        }
    }
}
