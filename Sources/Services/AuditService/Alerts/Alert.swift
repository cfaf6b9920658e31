internal import FoundationEssentials
internal import ServiceAPI

/// A record of the log that somebody should know of now.
struct Alert: Sendable, Equatable {
    enum Severity: String, Sendable, Encodable {
        case warning, critical
    }

    let index: UInt64
    let severity: Severity
    let record: AuditV1.Record

    /// nil for a record that is no news to anybody.
    init?(_ record: AuditV1.Record, at index: UInt64) {
        guard let severity = Self.severity(of: record) else { return nil }
        self.index = index
        self.severity = severity
        self.record = record
    }

    private static let warnings: Set<String> = [
        "keys.nearly_due", "keys.revoked", "keys.rotation_requested", "identity.revoked", "identity.reinstated", "kill_switch.set",
        "exchange_key.refused",
    ]
    private static let critical: Set<String> = [
        "keys.overdue", "keys.refused", "order.cancel_failed", "exchange_key.not_destroyed", "auth.refresh_reuse", "audit.chain_broken",
    ]

    private static func severity(of record: AuditV1.Record) -> Severity? {
        if critical.contains(record.action) { return .critical }
        if warnings.contains(record.action) { return .warning }
        // A secret store that refuses or alarms; that it is away is the log's business.
        return record.action.hasPrefix("secrets.") && record.outcome != "ok" ? .critical : nil
    }

    /// As it is sent, JSON. Nothing in it that the log may not hold: no personal data, no secret.
    func body(environment: String, origin: String) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return Array(
            try encoder.encode(
                Body(
                    environment: environment, origin: origin, index: index, severity: severity, time_unix_ms: record.timeUnixNs / 1_000_000,
                    source: record.source, action: record.action, object: record.object, outcome: record.outcome, reason: record.reason,
                    details: Dictionary(record.details.map { ($0.name, $0.value) }) { first, _ in first })))
    }

    private struct Body: Encodable {
        let environment: String
        let origin: String
        let index: UInt64
        let severity: Severity
        let time_unix_ms: Int64
        let source: String
        let action: String
        let object: String
        let outcome: String
        let reason: String
        let details: [String: String]
    }
}
