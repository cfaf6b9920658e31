import AsyncHTTPClient
import Deployment
import Foundation
import LocalMesh
import MeshCall
import MeshMessages
import MeshRuntime
import NIOCore
import NIOFoundationCompat
import ServiceAPI
import Testing

extension Integration {
    @Suite("A service's metrics page")
    struct MetricsTests {
        /// The lines of `/metrics`, without comments.
        private func series(_ name: ServiceName, of mesh: LocalMesh) async throws -> [String] {
            let answer = try await mesh.https.execute(
                HTTPClientRequest(url: "http://\(mesh.ports.health(name))/metrics"), timeout: .seconds(10))
            #expect(answer.status.code == 200)
            let page = String(buffer: try await answer.body.collect(upTo: 4 << 20))
            return page.split(separator: "\n").map(String.init).filter { !$0.hasPrefix("#") }
        }

        private func value(_ name: String, _ labels: [String], in series: [String]) -> Double? {
            let line = series.first { line in line.hasPrefix(name) && labels.allSatisfy(line.contains) }
            return line?.split(separator: " ").last.flatMap { Double($0) }
        }

        @Test("Calls are counted and timed by method, code and peer; connections and refusals are counted")
        func server() async throws {
            let mesh = try await SharedMesh.mesh()
            let labels = [#"service="mesh.v1.Health""#, #"method="Check""#, #"code="OK""#, #"peer="agent""#]
            let before = try await series(.execution, of: mesh)
            let client = try mesh.client(to: .execution, as: "agent")
            for _ in 0..<3 { _ = try await MeshV1.HealthClient(client).check(MeshV1.HealthCheckRequest()) }
            _ = await #expect(throws: RPCError.self) { try await ExecutionV1.ExecutionClient(client).signOff(ExecutionV1.SignOffRequest()) }
            let after = try await series(.execution, of: mesh)
            await client.close()
            let calls = try #require(value("mesh_server_calls_total", labels, in: after))
            #expect(calls - (value("mesh_server_calls_total", labels, in: before) ?? 0) == 3)
            #expect(try #require(value("mesh_server_call_duration_seconds_count", labels, in: after)) == calls)
            #expect(try #require(value("mesh_server_call_duration_seconds_sum", labels, in: after)) > 0)
            #expect(try #require(value("mesh_server_connections", [], in: after)) >= 1)
            let refused = [#"reason="CALLER_NOT_ALLOWED""#, #"peer="agent""#]
            #expect(try #require(value("mesh_server_refused_calls_total", refused, in: after)) >= 1)
        }

        @Test("The calls that a service makes are there too")
        func client() async throws {
            let mesh = try await SharedMesh.mesh()
            try await eventually("execution's calls of audit are counted") {
                value("mesh_client_calls_total", [#"peer="audit""#, #"code="OK""#], in: try await series(.execution, of: mesh)) ?? 0 > 0
            }
        }
    }
}
