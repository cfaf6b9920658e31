import Cryptography
import MeshCall
import ServiceAPI
import Synchronization

/// Takes every record and acknowledges it with its leaf hash.
final class TestLog: AuditV1.AuditHandler {
    let records = Mutex<[[UInt8]]>([])

    func append(_ request: AuditV1.AppendRequest, context: ServerContext) async throws -> AuditV1.AppendResponse {
        records.withLock { records in
            AuditV1.AppendResponse(
                acknowledgements: request.records.map { record in
                    records.append(record)
                    return .init(index: UInt64(records.count - 1), leafHash: MerkleTree.leafHash(record).bytes)
                })
        }
    }

    func getCheckpoint(_: AuditV1.GetCheckpointRequest, context: ServerContext) async throws -> AuditV1.Checkpoint {
        throw RPCError(.unimplemented, "No checkpoints here.")
    }

    func listRecords(_: AuditV1.ListRecordsRequest, context: ServerContext) async throws -> AuditV1.ListRecordsResponse {
        throw RPCError(.unimplemented, "No lists here.")
    }
}
