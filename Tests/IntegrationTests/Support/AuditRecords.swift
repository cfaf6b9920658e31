import Deployment
import Foundation
import GRDB
import LocalMesh
import MeshMessages
import ServiceAPI

extension LocalMesh {
    /// What audit's log has, oldest first.
    func auditRecords() throws -> [AuditV1.Record] {
        var configuration = Configuration()
        configuration.readonly = true
        let queue = try DatabaseQueue(path: "\(folder.data(.audit))/audit.sqlite", configuration: configuration)
        defer { try? queue.close() }
        return try queue.read { try Data.fetchAll($0, sql: "SELECT record FROM entries ORDER BY idx") }
            .map { try AuditV1.Record(packed: Array($0)) }
    }
}
