/// The serial number of a certificate: a positive integer, unique for its issuer.
///
/// Source: RFC 5280 section 4.1.2.2.
public struct CertificateSerial: Sendable, Hashable, CustomStringConvertible {
    /// Longest number that an issuer may give.
    public static let maximumBytes = 20

    /// Big-endian, without leading zeros; one zero byte for zero.
    public let bytes: [UInt8]

    /// - Parameter bytes: big-endian; leading zeros mean nothing.
    public init(bytes: some Collection<UInt8>) {
        let significant = bytes.drop { $0 == 0 }
        self.bytes = significant.isEmpty ? [0] : Array(significant)
    }

    /// - Parameter hex: `03e1…` or `03:E1:…`, as `openssl x509 -serial` and other tools write it.
    /// - Returns: nil for anything else, and for more than `maximumBytes`.
    public init?(hex: String) {
        var digits: [UInt8] = []
        for character in hex where character != ":" {
            guard character.isASCII, let digit = character.hexDigitValue else { return nil }
            digits.append(UInt8(truncatingIfNeeded: digit))
        }
        guard !digits.isEmpty, digits.count <= Self.maximumBytes * 2 else { return nil }
        if !digits.count.isMultiple(of: 2) { digits.insert(0, at: 0) }
        self.init(bytes: stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] })
    }

    /// Lower case, two digits a byte.
    public var hex: String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    public var description: String { hex }
}
