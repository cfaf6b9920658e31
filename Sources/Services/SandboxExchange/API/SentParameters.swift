/// The parameters of a request, from its query string and its form body, exactly as they were sent.
struct SentParameters: Sendable {
    /// Most parameters taken in one request.
    private static let maximumCount = 60

    /// Decoded. Where a name stands in both places, the query's value.
    let values: [String: String]
    /// What a signature covers: query and body as received, one after the other, without the `signature` parameters.
    let signedPayload: String

    /// - Throws: `ExchangeFault` when a name stands twice in one place.
    init(query: String, body: String) throws {
        let inQuery = try Self.parse(query)
        let inBody = try Self.parse(body)
        values = inBody.values.merging(inQuery.values) { _, inQuery in inQuery }
        signedPayload = inQuery.unsigned + inBody.unsigned
    }

    private static func parse(_ text: String) throws -> (values: [String: String], unsigned: String) {
        var values: [String: String] = [:]
        var unsigned: [Substring] = []
        let pairs = text.split(separator: "&")
        guard pairs.count <= maximumCount else { throw ExchangeFault.tooManyParameters }
        for pair in pairs {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = decode(parts[0], plusIsSpace: true)
            // Some clients send base64 in a form without escaping its plus signs.
            let value = parts.count == 2 ? decode(parts[1], plusIsSpace: name != "signature") : ""
            guard values.updateValue(value, forKey: name) == nil else { throw ExchangeFault.duplicateValues }
            if name != "signature" { unsigned.append(pair) }
        }
        return (values, unsigned.joined(separator: "&"))
    }

    /// `application/x-www-form-urlencoded`: `%XX`, and `+` for a space. Anything malformed stays as it is.
    static func decode(_ text: Substring, plusIsSpace: Bool) -> String {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "+") where plusIsSpace: bytes.append(UInt8(ascii: " "))
            case UInt8(ascii: "%"):
                let digits = rest.prefix(2)
                if digits.count == 2, let value = UInt8(Substring(digits), radix: 16) {
                    bytes.append(value)
                    rest = rest.dropFirst(2)
                } else {
                    bytes.append(byte)
                }
            default: bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
