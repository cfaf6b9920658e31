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
        guard let data = FileManager.default.contents(atPath: path), data.count <= Self.longestFile else {
            throw DeploymentError("\(path) cannot be read")
        }
        do {
            tradeKeys = try JSONDecoder().decode(RemoteKeySettings.self, from: data)
        } catch {
            throw DeploymentError("\(path) is not what compose/secrets.md says of trade keys: \(error)")
        }
        try checkTradeKeys()
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
