internal import Crypto

/// Time-based one-time codes (RFC 6238) as authenticator apps make them: HMAC-SHA1, 30-second steps, 6 digits.
public struct TOTP: Sendable {
    /// Seconds.
    public static let period: Int64 = 30
    /// Bytes of a fresh seed: the length of SHA-1's output, which RFC 4226 section 4 recommends.
    public static let seedSize = 20
    /// A code one step early or late is taken, for clocks that differ and people who type slowly.
    public static let window: Int64 = 1

    private let seed: SymmetricKey
    private let digits: Int

    /// - Parameters:
    ///   - seed: shared with the person's authenticator; at least 16 bytes (RFC 4226 section 4).
    ///   - digits: 6 to 8.
    public init(seed: [UInt8], digits: Int = 6) {
        self.seed = SymmetricKey(data: seed)
        self.digits = min(max(digits, 6), 8)
    }

    /// The step that contains a moment given in seconds since 1970.
    public static func step(at seconds: Int64) -> Int64 {
        max(seconds, 0) / period
    }

    /// HOTP (RFC 4226 section 5.3) with the step as counter.
    public func code(atStep step: Int64) -> String {
        let counter = withUnsafeBytes(of: UInt64(bitPattern: step).bigEndian, Array.init)
        let mac = Array(HMAC<Insecure.SHA1>.authenticationCode(for: counter, using: seed))
        let offset = Int(mac[mac.count - 1] & 0x0f)
        let truncated = mac[offset..<offset + 4].reduce(UInt32(0)) { $0 << 8 | UInt32($1) } & 0x7fff_ffff
        let modulus = (0..<digits).reduce(UInt32(1)) { value, _ in value * 10 }
        let text = String(truncated % modulus)
        return String(repeating: "0", count: digits - text.count) + text
    }

    /// The step whose code `candidate` is. Storing it and asking only for later ones makes each code good once.
    ///
    /// - Parameters:
    ///   - seconds: now, since 1970.
    ///   - lastUsed: the step of the last code that was taken; this one and earlier ones no longer match.
    /// - Returns: nil when no step in the window matches.
    public func matchingStep(for candidate: String, at seconds: Int64, after lastUsed: Int64? = nil) -> Int64? {
        let bytes = Array(candidate.utf8)
        let now = Self.step(at: seconds)
        var match: Int64?
        // Every step is tried whatever matched before: the time taken says nothing about which.
        for step in max(now - Self.window, 0)...(now + Self.window)
        where Hashing.equalInConstantTime(Array(code(atStep: step).utf8), bytes) && step > lastUsed ?? -1 {
            match = match ?? step
        }
        return match
    }

    /// The `otpauth://` URI that an authenticator app reads from a QR code (Key URI Format of Google Authenticator).
    public static func enrolmentURI(issuer: String, account: String, seed: [UInt8]) -> String {
        "otpauth://totp/\(escaped(issuer)):\(escaped(account))?secret=\(Base32.encode(seed))&issuer=\(escaped(issuer))"
            + "&algorithm=SHA1&digits=6&period=\(period)"
    }

    /// Percent-encodes all but RFC 3986's unreserved characters.
    private static func escaped(_ text: String) -> String {
        text.utf8.reduce(into: "") { result, byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
                UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"):
                result.append(Character(UnicodeScalar(byte)))
            default:
                result += "%" + Hex.encode([byte]).uppercased()
            }
        }
    }
}
