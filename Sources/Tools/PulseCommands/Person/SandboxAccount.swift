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

        /// - Returns: the API key.
        package func register(_ publicKeyPEM: String, label: String) async throws -> String {
            try await exchange.registerKey(account: id, publicKeyPEM: publicKeyPEM, permissions: ["read", "trade"], label: label)
        }
    }

    /// - Parameter balances: what the account starts with, decimals by asset.
    package func open(_ balances: [String: String]) async throws -> Open {
        let exchange = try SandboxOperator(folder: folder, ports: DeploymentAccess(folder).ports(), client: client)
        return Open(id: try await exchange.makeAccount(balances: balances), exchange: exchange)
    }
}
