import Deployment
import Foundation
import SecretStores
import Testing

@Suite("Services whose secrets lie in stores of their own")
struct SecretStorePlacesTests {
    private static func vault(_ login: String) -> String {
        #"{"driver": "vault", "vault": {"address": "https://127.0.0.1:8200", "prefix": "cryptopulse/development/execution", "login": {"appRole": \#(login)}}}"#
    }

    private static let good = vault(#"{"role": "execution", "roleID": "r", "secretIDFile": "/etc/secret-id"}"#)

    private func taken(_ text: String) throws -> DeploymentOptions {
        let path = FileManager.default.temporaryDirectory.path + "/stores-\(UUID().uuidString).json"
        try Data(text.utf8).write(to: URL(filePath: path))
        defer { try? FileManager.default.removeItem(atPath: path) }
        var options = DeploymentOptions()
        try options.takeSecretStores(from: path)
        return options
    }

    @Test("What the operator's file says is taken, by service")
    func taken() throws {
        let stores = try #require(try taken(#"{"execution": \#(Self.good)}"#).secretStores)
        #expect(stores.keys.sorted() == ["execution"] && stores["execution"]?.driver == .vault)
    }

    @Test("A file that cannot be used says why", arguments: [
        (#"{"nobody": \#(good)}"#, "there is no service 'nobody'"), (#"{"execution": {"driver": "env"}}"#, "is one of aws, pkcs11, vault"),
        (#"{"execution": \#(vault(#"{"role": "e", "roleID": "r", "wrappedSecretIDFile": "/w"}"#))}"#, "use secretIDFile"), ("[]", "compose/secrets.md"),
    ])
    func refused(text: String, why: String) throws {
        let error = try #require(throws: DeploymentError.self) { try taken(text) }
        #expect(error.description.contains(why), "\(error)")
    }

    @Test("Whoever's secrets lie in one store does not find them in another")
    func stays() async throws {
        let folder = FileManager.default.temporaryDirectory.path + "/stores-\(UUID().uuidString)"
        defer { for path in [folder, folder + ".keys"] { try? FileManager.default.removeItem(atPath: path) } }
        try await Initializer(StateFolder(folder)).initialise(DeploymentOptions())
        let error = try await #require(throws: DeploymentError.self) {
            try await Initializer(StateFolder(folder)).initialise(try taken(#"{"execution": \#(Self.good)}"#))
        }
        #expect(error.description.contains("'sealed', not in 'vault'"), "\(error)")
    }
}
