import Logging
import MeshCall
import MeshMessages
import MeshRuntime
import Testing

struct HealthServiceTests {
    private let health = HealthService(services: ["test.v1.Test"])

    private func ask(_ service: String = "") async throws -> MeshV1.HealthCheckResponse {
        let server = InProcessServer(services: [.health(health)], authenticator: nil, logger: Logger(label: "test"))
        let peer = PeerIdentity(spiffeID: "spiffe://development.cryptopulse.internal/operator", name: "operator")
        return try await MeshV1.HealthClient(server.channel(as: peer)).check(
            MeshV1.HealthCheckRequest(service: service), options: CallOptions(timeout: .seconds(30)))
    }

    @Test("serves until told otherwise")
    func serving() async throws {
        #expect(try await ask().status == .serving)
        #expect(try await ask("test.v1.Test").status == .serving)
    }

    @Test("says why a service or the process does not serve")
    func notServing() async throws {
        health.set("test.v1.Test", "no database")
        #expect(try await ask("test.v1.Test") == MeshV1.HealthCheckResponse(status: .notServing, reason: "no database"))
        #expect(try await ask().status == .serving)
        health.setProcess("draining")
        #expect(try await ask() == MeshV1.HealthCheckResponse(status: .notServing, reason: "draining"))
        health.setProcess(nil)
        health.set("test.v1.Test", nil)
        #expect(try await ask("test.v1.Test").status == .serving)
    }

    @Test("a service that is not here is unknown")
    func unknown() async throws {
        #expect(try await ask("other.v1.Other").status == .serviceUnknown)
    }
}
