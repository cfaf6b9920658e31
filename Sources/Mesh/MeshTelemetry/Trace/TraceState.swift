/// What tracing systems keep beside a `TraceParent`: `tracestate` of W3C Trace Context Level 1, section 3.3. Passed on as it came.
public struct TraceState: Sendable, Equatable {
    /// The header's name.
    public static let headerName = "tracestate"
    /// Bytes of the header. Section 3.3.1.5 asks for at least 512.
    public static let maximumBytes = 512
    /// Section 3.3.1.1.
    public static let maximumMembers = 32

    /// As it came; several entries joined by commas.
    public let header: String

    /// - Parameter headers: the entries in their order; together they are one list.
    /// - Returns: nil when it is too long, a member is malformed, or a key stands twice.
    public init?(_ headers: [String]) {
        guard !headers.isEmpty, headers.reduce(headers.count - 1, { $0 + $1.utf8.count }) <= Self.maximumBytes else { return nil }
        let header = headers.count == 1 ? headers[0] : headers.joined(separator: ",")
        var keys = Set<Substring>()
        // Empty members are allowed.
        for member in header.split(separator: ",").map(HeaderText.trimmed) where !member.isEmpty {
            guard let key = Self.key(of: member), keys.insert(key).inserted, keys.count <= Self.maximumMembers else { return nil }
        }
        guard !keys.isEmpty else { return nil }
        self.header = header
    }

    private static func key(of member: Substring) -> Substring? {
        guard let equals = member.firstIndex(of: "=") else { return nil }
        let key = member[..<equals], value = member[member.index(after: equals)...].utf8
        guard isKey(key), (1...256).contains(value.count), value.last != UInt8(ascii: " ") else { return nil }
        // A comma cannot be: the list was split there.
        guard value.allSatisfy({ (0x20...0x7e).contains($0) && $0 != UInt8(ascii: "=") }) else { return nil }
        return key
    }

    /// `vendor` or `tenant@vendor`.
    private static func isKey(_ key: Substring) -> Bool {
        let parts = key.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2 else { return isName(key, atMost: 256, mayBeginWithDigit: false) }
        return isName(parts[0], atMost: 241, mayBeginWithDigit: true) && isName(parts[1], atMost: 14, mayBeginWithDigit: false)
    }

    private static func isName(_ name: Substring, atMost limit: Int, mayBeginWithDigit: Bool) -> Bool {
        guard let first = name.utf8.first, name.utf8.count <= limit else { return false }
        guard isLetter(first) || mayBeginWithDigit && isDigit(first) else { return false }
        return name.utf8.allSatisfy { isLetter($0) || isDigit($0) || marks.contains($0) }
    }

    private static let marks = Set("_-*/".utf8)
    private static func isLetter(_ byte: UInt8) -> Bool { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) }
    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
}

enum HeaderText {
    /// Without the blanks and tabs around it (OWS of RFC 9110, section 5.6.3).
    static func trimmed(_ text: Substring) -> Substring {
        let isBlank: (Character) -> Bool = { $0 == " " || $0 == "\t" }
        let start = text.drop(while: isBlank)
        return start.lastIndex { !isBlank($0) }.map { start[...$0] } ?? ""
    }

    /// RFC 9110, section 5.6.2.
    static func isToken(_ text: Substring) -> Bool {
        !text.isEmpty
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"): true
                default: tokenMarks.contains(byte)
                }
            }
    }

    private static let tokenMarks = Set("!#$%&'*+-.^_`|~".utf8)
}
