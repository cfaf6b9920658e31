package import Cryptography
import MeshMessages
import MeshTool
import ServiceAPI

/// A person's records, each shown to be in the log that a signed checkpoint names.
package struct AuditProof {
    package struct Record {
        package let index: UInt64
        package let action: String
        package let object: String
        package let summary: String
    }

    package let size: UInt64
    /// Hexadecimal.
    package let root: String
    package let records: [Record]

    /// - Throws: `CommandError` that names the first record whose proof does not hold, or what is wrong with the checkpoint.
    package static func verify(_ answer: AuditAnswer, trusting verifier: NoteVerifier) throws -> AuditProof {
        let checkpoint: Checkpoint
        do {
            checkpoint = try Checkpoint(note: answer.checkpoint.note, verifiedBy: verifier)
        } catch {
            throw CommandError("the log's checkpoint is not signed by the log's key: \(error)")
        }
        let records = try answer.records.map { try record($0, in: checkpoint) }
        return AuditProof(size: checkpoint.size, root: checkpoint.root.description, records: records)
    }

    private static func record(_ proven: AuditAnswer.ProvenRecord, in checkpoint: Checkpoint) throws -> Record {
        let proof = proven.proof.compactMap(MerkleHash.init)
        guard proof.count == proven.proof.count else { throw CommandError("record \(proven.index): the proof holds something else than hashes") }
        do {
            try MerkleTree.verifyInclusion(
                of: MerkleTree.leafHash(proven.recordBase64), index: proven.index, size: checkpoint.size, proof: proof, root: checkpoint.root)
        } catch {
            throw CommandError("record \(proven.index) is not in the log: \(error)")
        }
        let record = try AuditV1.Record(packed: Array(proven.recordBase64))
        let summary = "\(record.source)  \(record.action)  \(record.object)  \(record.outcome)\(record.reason.isEmpty ? "" : " (\(record.reason))")"
        return Record(index: proven.index, action: record.action, object: record.object, summary: TerminalText.line(summary))
    }
}
