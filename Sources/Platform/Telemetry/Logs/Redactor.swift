/// Takes what looks like a secret out of text on its way to a log. The last line of defence, not the first: nothing should log one.
public enum Redactor {
    public static let mark = "[redacted]"

    /// Names under which a value is a secret whatever it looks like. Compared in lower case, without `-` and `_`.
    private static let secretNames: Set<String> = [
        "authorization", "password", "passphrase", "secret", "token", "accesstoken", "refreshtoken", "agenttoken", "signofftoken", "apikey",
        "secretkey", "privatekey", "code", "totp", "cookie", "setcookie", "seed",
    ]

    /// A run of this many characters that mixes cases and digits looks like a key: 32 random bytes are 43 in Base64.
    static let keyLength = 40

    public static func isSecretName(_ name: String) -> Bool {
        secretNames.contains(name.lowercased().filter { $0 != "-" && $0 != "_" && $0 != "." })
    }

    /// Tokens (three parts beginning with `eyJ`), PEM private keys, bearer credentials, and long runs that look like keys.
    ///
    /// Lower-case hexadecimal stays: digests and ids are that.
    public static func redact(_ text: String) -> String {
        guard text.utf8.count >= 8 else { return text }
        if let pem = text.firstRange(of: /-----BEGIN [A-Z ]*PRIVATE KEY-----/) {
            return redact(String(text[..<pem.lowerBound])) + mark
        }
        return words(text).map { word in isKeyLike(word) ? mark : String(word) }.joined()
    }

    /// The text in pieces, each of characters that keys are made of, or of others.
    private static func words(_ text: String) -> [Substring] {
        var words: [Substring] = []
        var start = text.utf8.startIndex
        while start < text.utf8.endIndex {
            let kind = isKeyByte(text.utf8[start])
            let end = text.utf8[start...].firstIndex { isKeyByte($0) != kind } ?? text.utf8.endIndex
            words.append(text[start..<end])
            start = end
        }
        return words
    }

    private static func isKeyLike(_ word: Substring) -> Bool {
        if word.hasPrefix("eyJ"), word.utf8.count >= 20 { return true }
        guard word.utf8.count >= keyLength else { return false }
        let bytes = word.utf8
        return bytes.contains { (0x30...0x39).contains($0) } && bytes.contains { (0x41...0x5a).contains($0) }
            && bytes.contains { (0x61...0x7a).contains($0) }
    }

    /// Letters, digits and the marks of Base64, except `/`, which paths are full of; and the dots between a token's parts.
    private static func isKeyByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "="),
            UInt8(ascii: "."):
            true
        default: byte >= 0x80
        }
    }
}
