public import Foundation
public import MeshMessages
internal import Redaction
internal import ServiceAPI

/// Makes an event into the bytes that the log keeps.
public struct RecordWriter: Sendable {
    /// Bytes of one text field; longer ones are cut. A record must stay under 64 KiB (the log's entry bundles).
    static let maxText = 512
    static let maxDetails = 32

    /// The program that says so.
    public let source: String
    /// The chain: a new database file starts a new one.
    public let epoch: UInt64

    public init(source: String, epoch: UInt64) {
        self.source = source
        self.epoch = epoch
    }

    /// The packed `Record` of an event at the end of a chain.
    public func pack(_ event: AuditEvent, at link: ChainLink, now: Date = Date()) throws(MessageError) -> [UInt8] {
        let nanoseconds = Int64(now.timeIntervalSince1970 * 1_000_000) * 1_000
        return try AuditV1.Record(
            version: 1, eventId: Self.eventID(now), source: source, epoch: epoch, sequence: link.nextSequence,
            previousHash: link.lastHash, timeUnixNs: nanoseconds, actor: Self.actor(event.actor),
            onBehalfOf: Self.clip(event.onBehalfOf ?? ""), action: Self.clip(event.action), object: Self.clip(event.object),
            outcome: event.outcome.rawValue, reason: Self.clip(event.reason), requestId: Self.clip(event.requestID),
            details: Self.details(event.details)
        ).packed()
    }

    private static func actor(_ actor: AuditActor) -> AuditV1.Actor {
        switch actor {
        case .user(let id): AuditV1.Actor(type: .user, id: clip(id))
        case .agent: AuditV1.Actor(type: .agent, id: "agent")
        case .service(let name): AuditV1.Actor(type: .service, id: clip(name))
        case .operator: AuditV1.Actor(type: .operator, id: "operator")
        }
    }

    private static func details(_ details: [String: String]) -> [AuditV1.Detail] {
        details.sorted { $0.key < $1.key }.prefix(maxDetails).map { name, value in
            AuditV1.Detail(name: clip(name), value: Redactor.isSecretName(name) ? Redactor.mark : clip(value))
        }
    }

    /// At most `maxText` bytes, cut between characters, without NUL: C strings carry the fields. Without secrets: the log is never erased.
    private static func clip(_ text: String) -> String {
        var kept = Redactor.redact(text).replacing("\0", with: "")
        guard kept.utf8.count > maxText else { return kept }
        while kept.utf8.count > maxText - 3 { kept.removeLast() }
        return kept + "…"
    }

    /// A UUID of version 7 (RFC 9562 section 5.7): milliseconds since 1970, then random bits.
    static func eventID(_ now: Date) -> String {
        var generator = SystemRandomNumberGenerator()
        let milliseconds = UInt64(max(0, now.timeIntervalSince1970 * 1_000))
        let high = (milliseconds & 0xffff_ffff_ffff) << 16 | 0x7000 | UInt64.random(in: 0...0x0fff, using: &generator)
        let low = 0x8000_0000_0000_0000 | UInt64.random(in: 0...0x3fff_ffff_ffff_ffff, using: &generator)
        let digits = Array((hex(high) + hex(low)).utf8)
        return [0..<8, 8..<12, 12..<16, 16..<20, 20..<32].map { String(decoding: digits[$0], as: UTF8.self) }.joined(separator: "-")
    }

    private static func hex(_ value: UInt64) -> String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
