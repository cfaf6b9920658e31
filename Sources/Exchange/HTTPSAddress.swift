/// `https://host[:port]` and nothing else. So strict that every parser of URLs finds the same host in it.
struct HTTPSAddress: Equatable {
    /// In lower case, without the brackets of an IPv6 address.
    let host: String
    let port: Int?

    private static let scheme = "https://"

    init?(_ text: String) {
        let text = text.lowercased()
        guard text.hasPrefix(Self.scheme) else { return nil }
        var rest = text.dropFirst(Self.scheme.count)
        if rest.hasSuffix("/") { rest = rest.dropLast() }
        guard let (host, after) = rest.hasPrefix("[") ? Self.bracketed(rest) : Self.named(rest) else { return nil }
        self.host = host
        if after.isEmpty {
            port = nil
        } else {
            let digits = after.dropFirst()
            guard after.first == ":", digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int(digits), (1...65535).contains(number)
            else { return nil }
            port = number
        }
    }

    var text: String {
        Self.scheme + (host.contains(":") ? "[\(host)]" : host) + (port.map { ":\($0)" } ?? "")
    }

    private static func named(_ text: Substring) -> (String, Substring)? {
        let host = text.prefix { $0 != ":" }
        let isPlain = host.utf8.allSatisfy { byte in
            (0x61...0x7a).contains(byte) || (0x30...0x39).contains(byte) || byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".")
        }
        return !host.isEmpty && isPlain ? (String(host), text.dropFirst(host.count)) : nil
    }

    private static func bracketed(_ text: Substring) -> (String, Substring)? {
        guard let end = text.firstIndex(of: "]") else { return nil }
        let host = text[text.index(after: text.startIndex)..<end]
        let isPlain = host.utf8.allSatisfy { (0x61...0x66).contains($0) || (0x30...0x39).contains($0) || $0 == UInt8(ascii: ":") }
        return !host.isEmpty && isPlain ? (String(host), text[text.index(after: end)...]) : nil
    }
}
