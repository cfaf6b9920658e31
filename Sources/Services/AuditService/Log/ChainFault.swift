internal import AuditClient
internal import MeshCall

/// Why a run of records does not continue its source's chain.
enum ChainFault: Error, Sendable, Hashable {
    /// Records between the log's last one and these are missing.
    case gap(expected: UInt64, got: UInt64)
    /// A record does not name the hash of the one before it.
    case brokenLink(sequence: UInt64)
    /// The log has another record with this number.
    case conflict(sequence: UInt64)

    /// - Returns: how many of the run's records the log should have already.
    static func check(_ run: RecordRun, after link: ChainLink) throws(ChainFault) -> Int {
        guard run.firstSequence <= link.nextSequence else {
            throw .gap(expected: link.nextSequence, got: run.firstSequence)
        }
        let known = min(run.records.count, Int(clamping: link.nextSequence - run.firstSequence))
        var end = link
        for record in run.records[known...] {
            guard record.previousHash == end.lastHash else { throw .brokenLink(sequence: record.sequence) }
            end = end.following(record.bytes)
        }
        return known
    }

    private var reason: String {
        switch self {
        case .gap: "SEQUENCE_GAP"
        case .brokenLink: "CHAIN_BROKEN"
        case .conflict: "SEQUENCE_CONFLICT"
        }
    }

    private var message: String {
        switch self {
        case .gap(let expected, let got): "Record \(expected) of this chain comes next, not \(got)."
        case .brokenLink(let sequence): "Record \(sequence) does not continue the chain."
        case .conflict(let sequence): "The log has another record \(sequence) of this chain."
        }
    }

    var error: RPCError { RPCError(.failedPrecondition, message, reason: reason) }

    /// What the log says about it in its own chain.
    func event(in chain: ChainKey) -> AuditEvent {
        AuditEvent(
            actor: .service(chain.source), action: "audit.chain_broken", object: chain.source, outcome: .refused, reason: reason,
            details: ["epoch": "\(chain.epoch)", "problem": message])
    }
}
