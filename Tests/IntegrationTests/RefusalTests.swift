import Deployment
import Foundation
import GRDB
import LocalMesh
import MeshCall
import MeshMessages
import MeshRuntime
import ServiceAPI
import Testing

extension Integration {
    @Suite("Refused calls in the audit log")
    struct RefusalTests {
        @Test("The agent's attempt to sign an order off is refused, and the audit log acknowledges the record of it")
        func agentSignsOff() async throws {
            let mesh = try await SharedMesh.mesh()
            let client = try mesh.client(to: .execution, as: "agent")
            let requestID = "sign-off-\(UUID().uuidString)"
            let error = await #expect(throws: RPCError.self) {
                try await ExecutionV1.ExecutionClient(client)
                    .signOff(ExecutionV1.SignOffRequest(), options: CallOptions(metadata: ["x-request-id": requestID]))
            }
            #expect(error?.reason == "CALLER_NOT_ALLOWED")
            await client.close()
            var record: AuditV1.Record?
            try await eventually("the audit log has the record") {
                record = try acknowledged(by: .execution, of: mesh).first { $0.requestId == requestID }
                return record != nil
            }
            #expect(record?.action == "call.refused")
            #expect(record?.actor == AuditV1.Actor(type: .service, id: "agent"))
            #expect(record?.object == "/cryptopulse.execution.v1.Execution/SignOff")
            #expect(record?.reason == "CALLER_NOT_ALLOWED")
            #expect(record?.outcome == "refused")
        }

        /// A service's records that have an index in the audit log.
        private func acknowledged(by name: ServiceName, of mesh: LocalMesh) throws -> [AuditV1.Record] {
            var configuration = Configuration()
            configuration.readonly = true
            let outbox = try DatabaseQueue(path: "\(mesh.folder.data(name))/\(name.rawValue).sqlite", configuration: configuration)
            let rows = try outbox.read { db in
                try Data.fetchAll(db, sql: "SELECT record FROM audit_outbox WHERE log_index IS NOT NULL ORDER BY sequence")
            }
            return try rows.map { try AuditV1.Record(packed: Array($0)) }
        }
    }
}
