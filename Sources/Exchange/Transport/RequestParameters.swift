/// A request's parameters in the order they are sent and signed.
struct RequestParameters: Sendable, Equatable {
    private(set) var query = ""

    /// Appends `name=value`, the value percent-encoded. A nil value is left out.
    mutating func append(_ name: String, _ value: String?) {
        guard let value else { return }
        if !query.isEmpty { query += "&" }
        query += "\(name)=\(Self.percentEncoded(value))"
    }

    mutating func append(_ name: String, _ value: Int64?) {
        append(name, value.map { String($0) })
    }

    /// Everything but RFC 3986's unreserved characters as `%XX`, which Binance asks for before signing.
    static func percentEncoded(_ text: String) -> String {
        let digits = Array("0123456789ABCDEF")
        return text.utf8.reduce(into: "") { result, byte in
            if isUnreserved(byte) {
                result.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                result += "%\(digits[Int(byte >> 4)])\(digits[Int(byte & 15)])"
            }
        }
    }

    private static func isUnreserved(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
        case UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"): true
        default: false
        }
    }
}
