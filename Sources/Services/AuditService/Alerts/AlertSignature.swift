internal import Cryptography
internal import KeyManagement
internal import Secrets
internal import Synchronization

/// Proves to the receiver that an alert comes from this log: `t=<seconds>,<key id>=<HMAC-SHA256 of "<seconds>.<body>">`, one part for the key in
/// use and one for the key before it, so that a receiver may learn of a new key at leisure.
final class AlertSignature: Sendable {
    static let header = "cryptopulse-signature"
    static let secret = "alert-webhook-key"
    /// Seconds for which alerts are signed with the key before too.
    static let usualOverlap: Int64 = 7 * 86400

    private let keys = Mutex<[(id: String, value: SecretBytes)]>([])

    static func plan(_ schedule: KeySchedule) -> StoredKeyPlan {
        StoredKeyPlan(
            kind: .webhook, secret: secret, lead: 0, overlap: schedule.overlapSeconds ?? usualOverlap, identify: StoredKey.fingerprint)
    }

    func take(_ held: HeldKeys) {
        keys.withLock { $0 = held.keys.filter { [.active, .retiring].contains($0.state) }.map { ($0.id, $0.value) } }
    }

    /// - Parameter seconds: now, since 1970.
    /// - Returns: nil while there is no key: the secret store is silent.
    func value(for body: [UInt8], at seconds: Int64) -> String? {
        let keys = keys.withLock { $0 }
        guard !keys.isEmpty else { return nil }
        let signed = Array("\(seconds).".utf8) + body
        return (["t=\(seconds)"] + keys.map { "\($0.id)=\(Hex.encode(Hashing.hmacSHA256(signed, key: $0.value.symmetricKey)))" }).joined(separator: ",")
    }
}
