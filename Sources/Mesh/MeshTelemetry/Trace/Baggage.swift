/// Names and values that travel with a request through every call that it causes: `baggage` of W3C Baggage.
///
/// Any peer on the way can write it, so nothing may be decided by it; and every peer on the way reads it, so nothing secret may be
/// in it.
public struct Baggage: Sendable, Equatable {
    /// Section 3.3.2: what a platform has to pass on, and what is taken here.
    public static let maximumBytes = 8192
    /// Names and values; section 3.3.2 too.
    public static let maximumMembers = 64

    private struct Member: Sendable, Equatable {
        var key: String
        /// Percent-encoded, with its properties.
        var text: String
    }

    private var members: [Member] = []

    /// Nothing.
    public init() {}

    /// - Parameter headers: the entries in their order; together they are one list.
    /// - Returns: nil when it is too long, has too many members, or one is malformed.
    public init?(_ headers: [String]) {
        guard headers.reduce(headers.count - 1, { $0 + $1.utf8.count }) <= Self.maximumBytes else { return nil }
        for member in headers.joined(separator: ",").split(separator: ",", omittingEmptySubsequences: false) {
            guard members.count < Self.maximumMembers, let read = Self.member(HeaderText.trimmed(member)) else { return nil }
            members.append(read)
        }
    }

    /// Whether there is nothing to send.
    public var isEmpty: Bool { members.isEmpty }
    /// Names in their order.
    public var keys: [String] { members.map(\.key) }

    /// The value as text. Setting nil takes the key out. What cannot be sent is not kept: a key that is no token, a member
    /// beyond the limits.
    public subscript(key: String) -> String? {
        get { members.first { $0.key == key }.map { PercentCoding.decoded($0.text.prefix { $0 != ";" }) } }
        set {
            members.removeAll { $0.key == key }
            guard let newValue, HeaderText.isToken(key[...]), members.count < Self.maximumMembers else { return }
            members.append(Member(key: key, text: PercentCoding.encoded(newValue)))
            if header.utf8.count > Self.maximumBytes { members.removeLast() }
        }
    }

    /// What is sent: values percent-encoded, properties as they came.
    public var header: String {
        members.map { "\($0.key)=\($0.text)" }.joined(separator: ",")
    }

    private static func member(_ text: Substring) -> Member? {
        guard let equals = text.firstIndex(of: "=") else { return nil }
        let key = HeaderText.trimmed(text[..<equals])
        let rest = HeaderText.trimmed(text[text.index(after: equals)...])
        let parts = rest.split(separator: ";", omittingEmptySubsequences: false).map(HeaderText.trimmed)
        guard HeaderText.isToken(key), let value = parts.first, isValue(value), parts.dropFirst().allSatisfy(isProperty) else { return nil }
        return Member(key: String(key), text: parts.joined(separator: ";"))
    }

    private static func isProperty(_ text: Substring) -> Bool {
        guard let equals = text.firstIndex(of: "=") else { return HeaderText.isToken(text) }
        return HeaderText.isToken(HeaderText.trimmed(text[..<equals])) && isValue(HeaderText.trimmed(text[text.index(after: equals)...]))
    }

    private static func isValue(_ text: Substring) -> Bool {
        text.utf8.allSatisfy(PercentCoding.isBaggageOctet) && PercentCoding.isWellFormed(text)
    }
}

enum PercentCoding {
    /// W3C Baggage, section 3.3.1.3: visible ASCII without `"`, `,`, `;` and `\`.
    static func isBaggageOctet(_ byte: UInt8) -> Bool {
        (0x21...0x7e).contains(byte) && !excluded.contains(byte)
    }

    private static let excluded = Set("\",;\\".utf8)
    private static let percent = UInt8(ascii: "%")

    static func isWellFormed(_ text: Substring) -> Bool {
        var digits = 0
        for byte in text.utf8 {
            if digits > 0 {
                guard value(of: byte) != nil else { return false }
                digits -= 1
            } else if byte == percent {
                digits = 2
            }
        }
        return digits == 0
    }

    /// Bytes that are no UTF-8 come out as U+FFFD.
    static func decoded(_ text: Substring) -> String {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            guard byte == percent else {
                bytes.append(byte)
                continue
            }
            guard let high = rest.popFirst().flatMap(value(of:)), let low = rest.popFirst().flatMap(value(of:)) else { break }
            bytes.append(high << 4 | low)
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    static func encoded(_ text: String) -> String {
        text.utf8.reduce(into: "") { result, byte in
            if isBaggageOctet(byte), byte != percent {
                result.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                result += "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
            }
        }
    }

    private static func value(of digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
        case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
        default: nil
        }
    }
}
