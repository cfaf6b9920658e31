/// Takes what looks like a secret or like personal data out of text that leaves a process: log lines, errors for callers, audit detail,
/// what a language model is sent. The last line of defence, not the first: nothing should put such things there.
///
/// Time is linear in the text's length, whatever the text.
public enum Redactor {
    public static let mark = "[redacted]"
    /// Bytes that are looked at; what comes after them does not go out at all.
    public static let maximumBytes = 256 << 10

    /// Who reads the text.
    public enum Audience: Sendable {
        /// Programs and operators: digests and order ids stay, which look like a hexadecimal key or a Base32 seed. Those go by their names
        /// only (`secret=…`, `otpauth:`).
        case operators
        /// Somebody else's machine, which has no use for either: long hexadecimal and Base32 goes too.
        case languageModel
    }

    /// The text with `mark` in place of each find.
    public static func redact(_ text: String, for audience: Audience = .operators) -> String {
        var bytes = Array(text.utf8.prefix(maximumBytes))
        let isCut = text.utf8.count > maximumBytes
        if isCut { dropBrokenCharacter(&bytes) }
        let finds = Finds(detectors(for: audience).flatMap { $0(bytes) })
        guard !finds.isEmpty || isCut else { return text }
        return finds.replaced(in: bytes, with: mark) + (isCut ? mark : "")
    }

    /// Whether a value under this name is a secret whatever it looks like.
    public static func isSecretName(_ name: String) -> Bool {
        let plain = NamedValues.normalised(Array(name.utf8)[...])
        return NamedValues.isSecret(plain) || NamedValues.codes.contains(plain)
    }

    typealias Detector = ([UInt8]) -> [Range<Int>]

    private static func detectors(for audience: Audience) -> [Detector] {
        let always: [Detector] = [
            PEMBlocks.find, KeyRuns.find, TokenPrefixes.find, NamedValues.find, URLCredentials.find, Emails.find, PhoneNumbers.find,
            CardNumbers.find, BankAccounts.find,
        ]
        switch audience {
        case .operators: return always
        case .languageModel: return always + [BareSeeds.find]
        }
    }

    /// The cut may go through a character of several bytes.
    private static func dropBrokenCharacter(_ bytes: inout [UInt8]) {
        while let last = bytes.last, last & 0xc0 == 0x80 { bytes.removeLast() }
        if let last = bytes.last, last >= 0xc0 { bytes.removeLast() }
    }
}
