internal import Cryptography
internal import Foundation

/// A token with which one service enrols once: 256 random bits. auth knows their SHA-256.
struct JoinToken {
    private static let size = 32

    let text: String
    let hash: [UInt8]

    static func fresh() -> JoinToken {
        let bytes = SecureRandom.bytes(size)
        return JoinToken(text: Base64URL.encode(bytes), hash: Hashing.sha256(bytes))
    }

    /// - Returns: nil for what can't be one.
    init?(_ text: String) {
        guard text.utf8.count < 64, let bytes = Base64URL.decode(text), bytes.count == Self.size else { return nil }
        self.text = text
        hash = Hashing.sha256(bytes)
    }

    private init(text: String, hash: [UInt8]) {
        self.text = text
        self.hash = hash
    }
}

/// What is known of a join token.
struct JoinTokenGrant: Sendable, Equatable {
    let service: String
    /// Seconds since 1970.
    let expiresAt: Int64
}

/// Join tokens that whoever deploys auth has made beside it: a file with their hashes, read at each enrolment. It is how the first
/// services come in, before anybody has a certificate to ask for a token with.
struct DeployedJoinTokens: Sendable {
    private struct Content: Decodable {
        struct Token: Decodable {
            var sha256: String
            var service: String
            var expiresAt: Int64
        }

        var tokens: [Token]
    }

    static let fileName = "join-tokens.json"
    /// Bytes.
    static let maximumSize = 1 << 20

    let path: String

    /// nil when the file does not name such a token, or there is none that can be read.
    func grant(of token: JoinToken) -> JoinTokenGrant? {
        guard let file = FileHandle(forReadingAtPath: path) else { return nil }
        defer { try? file.close() }
        guard let data = try? file.read(upToCount: Self.maximumSize + 1), data.count <= Self.maximumSize,
            let content = try? JSONDecoder().decode(Content.self, from: data)
        else { return nil }
        let wanted = Hex.encode(token.hash)
        return content.tokens.first { $0.sha256 == wanted }.map { JoinTokenGrant(service: $0.service, expiresAt: $0.expiresAt) }
    }
}

/// Who may have a mesh certificate from auth. auth makes its own.
enum MeshMembers {
    static let names: Set<String> = ["gateway", "agent", "market-data", "execution", "audit", "operator"]
}
