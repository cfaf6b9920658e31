internal import Cryptography
internal import Foundation
internal import ServiceAPI

struct ProposalView: Encodable {
    struct Field: Encodable {
        let name: String
        let value: String
        let provenance: String
        let source: String
    }

    let proposalId: String
    let state: String
    /// Base64. What is signed: whatever shows the proposal reads it from these bytes.
    let canonical: String
    /// Hexadecimal.
    let digest: String
    let fields: [Field]
    let needsSecondFactor: Bool
    let secondFactorReason: String
    /// Milliseconds since 1970.
    let createdMs: Int64
    let expiresMs: Int64

    init(_ proposal: ExecutionV1.Proposal) {
        proposalId = proposal.proposalId
        state = EnumName.of(proposal.state)
        canonical = Data(proposal.canonical).base64EncodedString()
        digest = Hex.encode(proposal.digest)
        fields = proposal.fields.map {
            Field(name: $0.name, value: $0.value, provenance: EnumName.of($0.provenance), source: $0.source)
        }
        needsSecondFactor = proposal.needsSecondFactor
        secondFactorReason = proposal.secondFactorReason
        createdMs = proposal.createdMs
        expiresMs = proposal.expiresMs
    }
}

struct ProposalListView: Encodable {
    let proposals: [ProposalView]
}
