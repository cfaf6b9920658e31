import Crypto
import Cryptography
import Foundation
import MeshMessages
import ServiceAPI
import Testing

@testable import PulseCommands

@Suite("Verifying one's audit records")
struct AuditProofTests {
    private let signer = NoteSigner(name: "log.example/log1", key: Curve25519.Signing.PrivateKey())

    /// A log of two records and what the gateway would answer about the first.
    private func answer() throws -> (AuditAnswer, NoteVerifier) {
        let signer = try #require(signer)
        let entries = try ["order.intent", "order.sent"].map { try AuditV1.Record(source: "execution", action: $0, object: "o-1", outcome: "ok").packed() }
        let leaves = entries.map { MerkleTree.leafHash($0) }
        let checkpoint = Checkpoint(origin: signer.name, size: 2, root: MerkleTree.root(of: leaves))
        let record = AuditAnswer.ProvenRecord(index: 0, recordBase64: Data(entries[0]), proof: [Data(leaves[1].bytes)])
        return (
            AuditAnswer(
                records: [record],
                checkpoint: .init(note: try signer.sign(checkpoint.text).serialized, verifierKey: signer.verifier.verifierKey)),
            signer.verifier
        )
    }

    @Test("A record that is in the log is proven")
    func proven() throws {
        let (answer, verifier) = try answer()
        let proof = try AuditProof.verify(answer, trusting: verifier)
        #expect(proof.records.map(\.action) == ["order.intent"])
        #expect(proof.size == 2)
    }

    @Test("A changed record, index or proof is not")
    func changed() throws {
        let (answer, verifier) = try answer()
        for change: (inout AuditAnswer.ProvenRecord) -> Void in [
            { $0.recordBase64.append(0) }, { $0.index = 1 }, { $0.proof = [] }, { $0.proof[0][0] ^= 1 }, { $0.proof.append(Data(count: 3)) },
        ] {
            var damaged = answer
            change(&damaged.records[0])
            #expect(throws: CommandError.self) { try AuditProof.verify(damaged, trusting: verifier) }
        }
    }

    @Test("A checkpoint signed by another key is not the log's")
    func otherKey() throws {
        let stranger = try #require(NoteSigner(name: "log.example/log1", key: Curve25519.Signing.PrivateKey()))
        #expect(throws: CommandError.self) { try AuditProof.verify(answer().0, trusting: stranger.verifier) }
    }
}
