import MeshTool
package import Trading

/// A proposal as a person reads it before signing: made from its canonical bytes alone, whatever the answer says beside them.
package struct ProposalText {
    package let id: String
    /// SHA-256 of the canonical bytes, computed here. Hexadecimal.
    package let digest: String
    package let needsSecondFactor: Bool
    package let order: CanonicalOrder
    private let reason: String

    /// - Throws: `CommandError` when the bytes are not a canonical order, are another proposal's, or do not have the digest shown.
    package init(_ answer: ProposalAnswer) throws {
        let bytes = Array(answer.canonical)
        do {
            order = try CanonicalOrder(decoding: bytes)
        } catch {
            throw CommandError("what the proposal would sign is not an order: \(error)")
        }
        digest = OrderDigest(of: bytes).hex
        guard digest == answer.digest.lowercased() else { throw CommandError("the proposal's digest is not that of its bytes") }
        guard order.proposalID == answer.proposalId else { throw CommandError("the bytes are another proposal's") }
        id = answer.proposalId
        needsSecondFactor = answer.needsSecondFactor
        reason = TerminalText.line(answer.secondFactorReason)
    }

    package var text: String {
        order.displayText + (needsSecondFactor ? "\nsecond factor: \(reason)" : "")
    }

    package var line: String { order.displayLines.first ?? "" }
}
