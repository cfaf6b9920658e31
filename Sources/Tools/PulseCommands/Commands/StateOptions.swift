import ArgumentParser
import AsyncHTTPClient
import Deployment

/// `--state DIR`, which every command takes.
struct StateOptions: ParsableArguments {
    @Option(help: "The deployment's state folder.")
    var state = StateFolder.defaultPath

    var folder: StateFolder { StateFolder(state) }

    /// Runs `body` with the gateway's client, and closes the client.
    func withGateway<T>(_ body: (GatewayClient) async throws -> T) async throws -> T {
        let access = DeploymentAccess(folder)
        let ports = try access.ports()
        let client = try access.makeClient()
        do {
            let result = try await body(GatewayClient(url: ports.url(.gateway), client: client))
            try await client.shutdown()
            return result
        } catch {
            try? await client.shutdown()
            throw error
        }
    }

    /// Runs `body` as the person who is signed in.
    func withPerson<T>(_ body: (Person) async throws -> T) async throws -> T {
        try await withGateway { try await body(Person(gateway: $0, store: SessionStore(folder))) }
    }
}
