import Foundation
import Testing

@testable import Deployment

@Suite("The compose file", .enabled(if: ExternalTool.compose.isExpected, "compose/test names docker-compose in CRYPTOPULSE_DOCKER_COMPOSE"))
struct ComposeFileTests {
    private static let file = ExternalTool.tree + "/compose/compose.yaml"

    private func resolved() async throws -> ComposeFile {
        let output = try await ExternalTool.compose.run(["--file", Self.file, "config", "--format", "json"])
        #expect(output.succeeded, "\(output.errors)")
        return try JSONDecoder().decode(ComposeFile.self, from: Data(output.text.utf8))
    }

    @Test("docker compose accepts it, and refuses it with a key that does not exist")
    func valid() async throws {
        let good = try await ExternalTool.compose.run(["--file", Self.file, "config", "--quiet"])
        #expect(good.succeeded, "\(good.errors)")
        let folder = TemporaryFolder()
        let text = try String(contentsOfFile: Self.file, encoding: .utf8).replacingOccurrences(of: "cap_drop:", with: "cap_dorp:")
        try Data(text.utf8).write(to: URL(filePath: folder.path + "/compose.yaml"))
        #expect(try await !ExternalTool.compose.run(["--file", folder.path + "/compose.yaml", "config", "--quiet"]).succeeded)
    }

    @Test("Every program is a service, hardened")
    func hardened() async throws {
        let file = try await resolved()
        #expect(Set(file.services.keys) == Set(ServiceName.allCases.map(\.rawValue)))
        for (name, service) in file.services { #expect(service.weaknesses == [], "\(name)") }
    }

    @Test("A service without its hardening is found")
    func weak() throws {
        let weak = try JSONDecoder().decode(
            ComposeFile.Service.self, from: Data(#"{"user": "root", "networks": {}, "privileged": true, "environment": {"KEY": "1"}}"#.utf8))
        #expect(
            Set(weak.weaknesses) == [
                "writable root", "capabilities", "user", "new privileges", "privileged", "environment", "no memory limit", "no process limit",
            ])
    }

    @Test("Each service is given its own secrets and nobody else's")
    func secrets() async throws {
        for (name, service) in try await resolved().services {
            let sources = (service.secrets ?? []).map(\.source)
            #expect(!sources.isEmpty)
            for source in sources { #expect(source.hasPrefix("\(name)-"), "\(name)") }
        }
    }

    @Test("Networks let a service reach whom it may call: agent and gateway have no way to the exchange")
    func networks() async throws {
        let file = try await resolved()
        func reach(_ name: ServiceName) throws -> Set<String> {
            let own = Set(try #require(file.services[name.rawValue]).networks.keys)
            return Set(file.services.filter { !own.isDisjoint(with: $0.value.networks.keys) }.keys)
        }
        for name in ServiceName.allCases {
            #expect(try reach(name).isSuperset(of: name.peers.map(\.rawValue)), "\(name)")
            #expect(try reach(name).contains("sandbox-exchange") == (name.callsExchange || name == .sandboxExchange), "\(name)")
        }
        #expect(file.networks.filter { $0.value.internal != true }.map(\.key) == ["people"])
        #expect(file.services.filter { $0.value.networks.keys.contains("people") }.map(\.key) == ["gateway"])
        #expect(file.services.filter { $0.value.ports?.isEmpty == false }.map(\.key) == ["gateway"])
        #expect(file.services["gateway"]?.ports?.map(\.hostIP) == ["127.0.0.1"])
    }
}
