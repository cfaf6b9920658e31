internal import MeshCall

/// What a new password must be: long, and not one that everybody tries first. No rules on its composition
/// (OWASP ASVS 5.0, 6.2.1 to 6.2.5).
enum PasswordRules {
    static let shortest = 12
    static let longest = 256
    /// A character may be many bytes long; this bounds what is hashed.
    static let longestInBytes = 2048

    /// The commonest passwords that are long enough, compared in lower case.
    private static let common: Set<String> = [
        "123123123123", "1234567890123", "12345678901234", "123456789012", "123456789012345", "1234567890123456", "1q2w3e4r5t6y",
        "1qaz2wsx3edc", "administrator", "abcdefghijkl", "basketball12", "bitcoin123456", "changeme1234", "changemeplease",
        "correcthorsebatterystaple", "cryptocurrency", "cryptopulse123", "cryptopulse1234", "football1234", "iloveyou1234",
        "iloveyouforever", "letmein12345", "letmeinplease", "masterpassword", "mypassword123", "password1234", "password12345",
        "password123456", "passwordpassword", "p@ssw0rd1234", "qazwsxedcrfv", "qwerty123456", "qwertyqwerty", "qwertyuiop12",
        "qwertyuiop123", "qwertyuiopasdf", "qwertyuiopasdfghjkl", "q1w2e3r4t5y6", "superman1234", "thisisapassword", "trustno1trustno1",
        "welcome12345", "welcometothejungle", "whatever1234", "zaq12wsxcde3",
    ]

    /// - Throws: `RPCError` INVALID_ARGUMENT that says what to change.
    static func check(_ password: String, for email: EmailAddress) throws {
        guard password.count >= shortest else {
            throw refusal("A password needs at least \(shortest) characters.", "PASSWORD_TOO_SHORT")
        }
        try checkBearable(password)
        let lowered = password.lowercased()
        guard !common.contains(lowered), Set(lowered).count > 3, lowered != email.text else {
            throw refusal("This password is among the first that anybody would try.", "PASSWORD_TOO_COMMON")
        }
    }

    /// For sign-in, where only the size matters.
    static func checkBearable(_ password: String) throws {
        guard password.count <= longest, password.utf8.count <= longestInBytes else {
            throw refusal("A password has at most \(longest) characters.", "PASSWORD_TOO_LONG")
        }
    }

    private static func refusal(_ message: String, _ reason: String) -> RPCError {
        RPCError(.invalidArgument, message, reason: reason)
    }
}
