internal import Foundation
internal import SecretStores
internal import ServiceKit

// Where people's trade keys are: what an operator writes in a file, and what execution's settings say of it.

extension DeploymentOptions {
    private static let longestFile = 64 << 10

    /// Takes the place from a JSON file, `compose/secrets.md` has its form.
    ///
    /// - Throws: `DeploymentError` for a file that cannot be read or used, or is for another environment.
    public mutating func takeTradeKeys(from path: String) throws {
        tradeKeys = try Self.read(RemoteKeySettings.self, from: path, about: "trade keys")
        try checkTradeKeys()
    }

    /// What an operator wrote in a file, as `compose/secrets.md` has it.
    ///
    /// - Throws: `DeploymentError`.
    static func read<Settings: Decodable>(_ type: Settings.Type, from path: String, about subject: String) throws -> Settings {
        guard let data = FileManager.default.contents(atPath: path), data.count <= longestFile else { throw DeploymentError("\(path) cannot be read") }
        do {
            return try JSONDecoder().decode(type, from: data)
        } catch {
            throw DeploymentError("\(path) is not what compose/secrets.md says of \(subject): \(error)")
        }
    }

    /// - Throws: `DeploymentError`. Nothing is asked of the store.
    func checkTradeKeys() throws {
        do {
            _ = try tradeKeys?.open(in: environment)
        } catch {
            throw DeploymentError("the place of trade keys cannot be used: \(error)")
        }
    }
}

extension RemoteKeySettings {
    var endpoints: [Endpoint] { addresses.map { Endpoint(host: $0.host, port: $0.port) } }

    /// As `options.tradeKeys` has it.
    var json: JSONValue {
        let encoder = JSONEncoder()
        // Strings and lists of them: there is nothing in it that could not be encoded.
        return (try? encoder.encode(self)).flatMap { try? JSONDecoder().decode(JSONValue.self, from: $0) } ?? .null
    }
}
