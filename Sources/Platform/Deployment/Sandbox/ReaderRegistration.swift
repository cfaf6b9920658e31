public import AsyncHTTPClient
internal import Foundation
internal import Logging
internal import Secrets

/// Registers market-data's public read key at the sandbox exchange and hands market-data the API key's id.
public struct ReaderRegistration: Sendable {
    static let pollInterval = Duration.milliseconds(50)
    static let usualTime = Duration.seconds(10)

    let folder: StateFolder
    let ports: PortPlan
    let logger: Logger

    init(folder: StateFolder, ports: PortPlan, logger: Logger) {
        self.folder = folder
        self.ports = ports
        self.logger = logger
    }

    /// For a key that was made while the deployment runs.
    ///
    /// - Throws: `DeploymentError` when the deployment was never started.
    public init(folder: StateFolder) throws {
        self.init(folder: folder, ports: try DeploymentAccess(folder).ports(), logger: Logger(label: "registration") { _ in SwiftLogNoOpLogHandler() })
    }

    /// - Throws: `DeploymentError` when market-data shows no key or the exchange refuses it.
    public func register() async throws {
        try await register(until: .now + Self.usualTime)
    }

    private var publicKeyFile: String { folder.run(.marketData) + "/exchange-read.pub.pem" }
    private var apiKeyFile: String { folder.run(.marketData) + "/exchange-api-key" }

    /// - Throws: `DeploymentError` when market-data shows no key in time or the exchange refuses it.
    func register(until deadline: ContinuousClock.Instant) async throws {
        let publicKey = try await waitForPublicKey(until: deadline)
        guard !PrivateFiles.exists(apiKeyFile) else { return }
        let client = try DeploymentAccess(folder).makeClient()
        do {
            let exchange = try await SandboxOperator(folder: folder, ports: ports, client: client)
            let account = try await exchange.makeAccount(balances: [:])
            let apiKey = try await exchange.registerKey(
                account: account, publicKeyPEM: publicKey, permissions: ["read"], label: "market-data")
            try PrivateFiles.write(apiKey, to: apiKeyFile)
            logger.info("market-data's read key is registered at the sandbox exchange")
            try await client.shutdown()
        } catch {
            try? await client.shutdown()
            throw error
        }
    }

    private func waitForPublicKey(until deadline: ContinuousClock.Instant) async throws -> String {
        while true {
            if let text = try? PrivateFiles.readText(publicKeyFile), !text.isEmpty { return text }
            guard ContinuousClock.now < deadline else {
                throw DeploymentError("market-data has shown no public key\n\(LogTail.lines(of: folder.log(.marketData)))")
            }
            try await Task.sleep(for: Self.pollInterval)
        }
    }
}

extension SandboxOperator {
    /// As the operator of a deployment on this machine.
    public init(folder: StateFolder, ports: PortPlan, client: HTTPClient) async throws {
        let token = try await DeploymentSecrets(folder).store(of: .sandboxExchange).secret(named: "operator-token")
        let text = token.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
        self.init(url: ports.url(.sandboxExchange), token: text.trimmingWhitespace, client: client)
    }
}
