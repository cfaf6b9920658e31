internal import FoundationEssentials

/// What one Argon2id run costs.
public struct PasswordHashParameters: Sendable, Equatable {
    /// Memory in KiB.
    public var memoryKiB: UInt32
    /// Passes over the memory.
    public var passes: UInt32
    public var lanes: UInt32

    public init(memoryKiB: UInt32, passes: UInt32, lanes: UInt32) {
        self.memoryKiB = memoryKiB
        self.passes = passes
        self.lanes = lanes
    }

    /// OWASP's choice (ASVS 5.0 appendix C): 19 MiB, two passes, one lane.
    public static let recommended = PasswordHashParameters(memoryKiB: 19456, passes: 2, lanes: 1)

    /// What a stored hash may ask for: a changed row must not make one check cost minutes or gigabytes.
    var isAffordable: Bool {
        (8...262_144).contains(memoryKiB) && (1...16).contains(passes) && (1...4).contains(lanes) && memoryKiB >= 8 * lanes
    }
}

/// A stored password hash in the PHC string format: `$argon2id$v=19$m=19456,t=2,p=1$salt$hash`.
struct PasswordHash: Equatable {
    var parameters: PasswordHashParameters
    var salt: [UInt8]
    var output: [UInt8]

    static let saltSize = 16
    static let outputSize = 32

    var encoded: String {
        let costs = "m=\(parameters.memoryKiB),t=\(parameters.passes),p=\(parameters.lanes)"
        return "$argon2id$v=19$\(costs)$\(Self.base64(salt))$\(Self.base64(output))"
    }

    /// - Returns: nil unless `text` is an Argon2id version 1.3 hash with affordable parameters.
    init?(encoded text: String) {
        let parts = text.split(separator: "$", omittingEmptySubsequences: false)
        guard parts.count == 6, parts[0].isEmpty, parts[1] == "argon2id", parts[2] == "v=19",
            let parameters = Self.parameters(parts[3]), parameters.isAffordable,
            let salt = Self.bytes(parts[4]), (8...64).contains(salt.count),
            let output = Self.bytes(parts[5]), (16...64).contains(output.count)
        else { return nil }
        self.init(parameters: parameters, salt: salt, output: output)
    }

    init(parameters: PasswordHashParameters, salt: [UInt8], output: [UInt8]) {
        self.parameters = parameters
        self.salt = salt
        self.output = output
    }

    private static func parameters(_ text: Substring) -> PasswordHashParameters? {
        let values = text.split(separator: ",", omittingEmptySubsequences: false)
        guard values.count == 3, let memory = number(values[0], "m="), let passes = number(values[1], "t="),
            let lanes = number(values[2], "p=")
        else { return nil }
        return PasswordHashParameters(memoryKiB: memory, passes: passes, lanes: lanes)
    }

    private static func number(_ text: Substring, _ prefix: String) -> UInt32? {
        text.hasPrefix(prefix) ? UInt32(text.dropFirst(prefix.count)) : nil
    }

    /// The PHC format's Base 64: the standard alphabet without padding.
    private static func base64(_ bytes: [UInt8]) -> String {
        let padded = Data(bytes).base64EncodedString()
        return String(padded.prefix { $0 != "=" })
    }

    private static func bytes(_ text: Substring) -> [UInt8]? {
        let padding = String(repeating: "=", count: (4 - text.utf8.count % 4) % 4)
        guard let bytes = Data(base64Encoded: text + padding).map(Array.init), base64(bytes) == text else { return nil }
        return bytes
    }
}
