internal import FoundationEssentials
internal import Secrets

/// What Vault answers, as far as it is read here.
struct VaultReply<Contents: Decodable & Sendable>: Decodable, Sendable {
    var data: Contents?
    var auth: VaultAuth?
}

struct VaultAuth: Decodable, Sendable {
    var client_token: String
    /// Seconds; 0 for a token that does not end.
    var lease_duration: Int64
    var renewable: Bool
}

/// For answers whose data nobody reads.
struct VaultNothing: Codable, Sendable {}

struct VaultKVData: Codable, Sendable {
    /// Bytes in base64, as this driver writes them.
    var base64: String?
    /// Text, as people write it: `bao kv put … value=…`.
    var value: String?
}

struct VaultKVMetadata: Decodable, Sendable {
    struct Version: Decodable, Sendable {
        var created_time: String
        var deletion_time: String
        var destroyed: Bool

        var isGone: Bool { destroyed || !deletion_time.isEmpty }
    }

    var current_version: Int
    var versions: [String: Version]
    var custom_metadata: [String: String]?
}

enum VaultReplyReader {
    static func read<Contents>(_ reply: StoreHTTPClient.Reply, as type: Contents.Type) throws(SecretStoreError.Cause) -> VaultReply<Contents> {
        if reply.body.isEmpty { return VaultReply(data: nil, auth: nil) }
        do {
            return try JSONDecoder().decode(VaultReply<Contents>.self, from: Data(reply.body))
        } catch {
            throw .unavailable("its answer was not understood")
        }
    }

    /// What a status means. Vault's own messages are kept short and stripped to one line; they name paths, not values.
    static func cause(_ reply: StoreHTTPClient.Reply) -> SecretStoreError.Cause {
        let said = try? JSONDecoder().decode(Words.self, from: Data(reply.body))
        let errors = said?.errors ?? []
        let words = errors.first.map(Self.line) ?? "no reason given"
        switch reply.status {
        case 400 where words.contains("check-and-set"): return .conflict(words)
        case 400, 405: return .unusable(words)
        case 401, 403: return .denied(words)
        // Of a secret that is not there Vault says so without a word more; what something on the way answers says nothing of secrets.
        case 404 where !(said?.isVaults ?? false): return .unavailable("status 404, and not from the store")
        case 404 where !(said?.warnings ?? []).isEmpty: return .unavailable("status 404: \(said?.warnings?.first.map(Self.line) ?? words)")
        case 404 where errors.isEmpty: return .notFound
        // Nothing answers for the path: no engine is mounted there.
        case 404: return .unusable(words)
        // 412: a standby that has not seen this token's write yet. 472, 473: standbys that do not answer. 503: sealed.
        default: return .unavailable("status \(reply.status): \(words)")
        }
    }

    private struct Words: Decodable {
        var errors, warnings: [String]?
        var request_id: String?

        /// Every answer of Vault's has one or the other.
        var isVaults: Bool { errors != nil || request_id != nil }
    }

    private static func line(_ text: String) -> String {
        String(text.split(whereSeparator: \.isNewline).joined(separator: " ").prefix(200))
    }
}
