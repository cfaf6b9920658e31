package import AsyncHTTPClient
package import Deployment

/// The stand-in for a person at the exchange's own web page.
package struct SandboxAccount {
    private let folder: StateFolder
    private let client: HTTPClient

    package init(folder: StateFolder, client: HTTPClient) {
        self.folder = folder
        self.client = client
    }

    package struct Open {
        let id: String
        fileprivate let exchange: SandboxOperator

        /// - Parameters:
        ///   - permissions: what a person would tick: `read`, `trade`, `withdraw`.
        ///   - addresses: the key's address list; nil for none.
        /// - Returns: the API key.
        package func register(
            _ publicKeyPEM: String, label: String, permissions: [String] = ["read", "trade"], addresses: [String]? = [PortPlan.host]
        ) async throws -> String {
            try await exchange.registerKey(
                account: id, publicKeyPEM: publicKeyPEM, permissions: permissions, addresses: addresses, label: label)
        }
    }

    /// - Parameter balances: what the account starts with, decimals by asset.
    package func open(_ balances: [String: String]) async throws -> Open {
        let exchange = try await SandboxOperator(folder: folder, ports: DeploymentAccess(folder).ports(), client: client)
        return Open(id: try await exchange.makeAccount(balances: balances), exchange: exchange)
    }
}
