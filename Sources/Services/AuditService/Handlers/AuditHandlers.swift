internal import Logging
internal import MeshCall
internal import ServiceAPI

/// The log's RPCs.
struct AuditHandlers: AuditV1.AuditHandler {
    static let maxListed: UInt32 = 200
    static let defaultListed: UInt32 = 50

    private let log: AuditLog
    private let queue: AppendQueue

    init(_ log: AuditLog) {
        self.log = log
        queue = AppendQueue { await log.commit($0) }
    }

    func append(_ request: AuditV1.AppendRequest, context: ServerContext) async throws -> AuditV1.AppendResponse {
        let run = try RecordRun(request.records)
        guard run.chain.source == context.peer.name else {
            context.logger.warning(
                "records of another source refused", metadata: ["peer": "\(context.peer.name)", "source": "\(run.chain.source)"])
            throw RPCError(.permissionDenied, "A service appends to its own chain only.", reason: "WRONG_SOURCE")
        }
        return AuditV1.AppendResponse(acknowledgements: try await queue.append(run))
    }

    func getCheckpoint(_ request: AuditV1.GetCheckpointRequest, context: ServerContext) async throws -> AuditV1.Checkpoint {
        message(try await log.checkpoint())
    }

    func listRecords(_ request: AuditV1.ListRecordsRequest, context: ServerContext) async throws -> AuditV1.ListRecordsResponse {
        let user = try context.user()
        let limit = request.limit == 0 ? Self.defaultListed : request.limit
        guard limit <= Self.maxListed else {
            throw RPCError(.invalidArgument, "limit is 1 to \(Self.maxListed).")
        }
        let before = request.beforeIndex == 0 ? nil : request.beforeIndex
        let (records, checkpoint) = try await log.records(
            of: user.userID, before: before, object: request.object, limit: Int(limit))
        return AuditV1.ListRecordsResponse(records: records, checkpoint: message(checkpoint))
    }

    private func message(_ checkpoint: SignedCheckpoint) -> AuditV1.Checkpoint {
        AuditV1.Checkpoint(note: checkpoint.note, verifierKey: log.verifierKey)
    }
}
