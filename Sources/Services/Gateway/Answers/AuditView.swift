internal import Foundation
internal import ServiceAPI

struct AuditView: Encodable {
    struct ProvenRecord: Encodable {
        let index: UInt64
        /// The log's entry, as it stands there.
        let recordBase64: String
        /// Base64, the leaf's sibling first.
        let proof: [String]
    }

    struct Checkpoint: Encodable {
        let note: String
        let verifierKey: String
    }

    let records: [ProvenRecord]
    let checkpoint: Checkpoint

    init(_ answer: AuditV1.ListRecordsResponse) {
        records = answer.records.map { record in
            ProvenRecord(
                index: record.index, recordBase64: Data(record.record).base64EncodedString(),
                proof: record.proof.map { Data($0).base64EncodedString() })
        }
        checkpoint = Checkpoint(note: answer.checkpoint?.note ?? "", verifierKey: answer.checkpoint?.verifierKey ?? "")
    }
}
