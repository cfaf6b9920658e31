internal import MeshCall

/// An address as accounts are found by: checked for shape, in lower case.
struct EmailAddress: Equatable {
    static let longest = 254
    private static let longestLocalPart = 64

    let text: String

    /// - Throws: `RPCError` INVALID_ARGUMENT.
    init(_ input: String) throws {
        let lowered = input.lowercased()
        guard lowered.utf8.count <= Self.longest, Self.hasShape(lowered) else {
            throw RPCError(.invalidArgument, "This is not an e-mail address.", reason: "INVALID_EMAIL")
        }
        text = lowered
    }

    private static func hasShape(_ text: String) -> Bool {
        let parts = text.split(separator: "@", omittingEmptySubsequences: false)
        guard parts.count == 2, (1...longestLocalPart).contains(parts[0].utf8.count) else { return false }
        let labels = parts[1].split(separator: ".", omittingEmptySubsequences: false)
        return parts[0].utf8.allSatisfy(isVisibleASCII) && labels.count >= 2 && labels.allSatisfy(isLabel)
    }

    private static func isVisibleASCII(_ byte: UInt8) -> Bool {
        (0x21...0x7e).contains(byte)
    }

    private static func isLabel(_ label: Substring) -> Bool {
        (1...63).contains(label.utf8.count) && !label.hasPrefix("-") && !label.hasSuffix("-")
            && label.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"): true
                default: false
                }
            }
    }
}
