internal import KeyManagement
internal import SecretStores
public import ServiceKit

/// What each service's `settings.json` says in a deployment.
public struct SettingsPlan: Sendable {
    public let options: DeploymentOptions
    public let ports: PortPlan
    public let folder: StateFolder

    public init(options: DeploymentOptions, ports: PortPlan, folder: StateFolder) {
        self.options = options
        self.ports = ports
        self.folder = folder
    }

    public func settings(for name: ServiceName) -> ServiceSettings {
        ServiceSettings(
            environment: options.environment, service: name.rawValue, stateDirectory: folder.service(name),
            listen: ports.listen(name), health: ports.health(name),
            peers: Dictionary(uniqueKeysWithValues: name.peers.map { ($0.rawValue, ports.listen($0)) }),
            outbound: outbound(name), readable: readable(name), writable: name == .execution ? options.tradeKeys?.writable ?? [] : [],
            secrets: DeploymentSecrets(folder, options).settings(of: name),
            identity: identity(name), keys: options.keys ?? KeySchedules(),
            tracing: options.tracing ?? TracingSettings(), options: serviceOptions(name))
    }

    private func outbound(_ name: ServiceName) -> [Endpoint] {
        switch name {
        case .audit: [options.alerts.flatMap { Endpoint(url: $0.webhook) }].compactMap(\.self)
        case .agent: [options.model.flatMap { Endpoint(url: $0.baseURL) }].compactMap(\.self)
        case .execution: [ports.listen(.sandboxExchange)] + (options.tradeKeys?.endpoints ?? [])
        default: name.callsExchange ? [ports.listen(.sandboxExchange)] : []
        }
    }

    private func readable(_ name: ServiceName) -> [String] {
        switch name {
        case .sandboxExchange: [options.candles].compactMap(\.self)
        case .audit: [options.alerts?.rootsPath].compactMap(\.self)
        case .agent: [options.model?.rootsPath].compactMap(\.self)
        case .execution: options.tradeKeys?.readable ?? []
        default: []
        }
    }

    private var audit: JSONValue {
        guard let alerts = options.alerts else { return [:] }
        var members: [String: JSONValue] = ["webhook": .string(alerts.webhook)]
        members["rootsPath"] = alerts.rootsPath.map(JSONValue.string)
        return ["alerts": .object(members)]
    }

    private var agent: JSONValue {
        guard let model = options.model else { return [:] }
        var members: [String: JSONValue] = ["baseURL": .string(model.baseURL), "name": .string(model.name)]
        members["rootsPath"] = model.rootsPath.map(JSONValue.string)
        return ["model": .object(members)]
    }

    private func identity(_ name: ServiceName) -> IdentitySettings {
        guard name.isMeshMember else { return .files }
        return IdentitySettings(mode: name == .auth ? .issue : .enrol, enrolment: ports.enrolmentEndpoint)
    }

    private func serviceOptions(_ name: ServiceName) -> JSONValue {
        switch name {
        case .marketData: ["exchange": exchange(for: name)]
        case .execution: execution
        case .sandboxExchange: sandbox
        case .audit: audit
        case .agent: agent
        case .gateway, .auth: [:]
        }
    }

    private var execution: JSONValue {
        var options: [String: JSONValue] = ["exchange": exchange(for: .execution), "policy": Self.policy]
        options["tradeKeys"] = self.options.tradeKeys?.json
        return .object(options)
    }

    private func exchange(for name: ServiceName) -> JSONValue {
        ["baseURL": .string(ports.url(.sandboxExchange)), "rootsPath": .string(folder.tls(name) + "/roots.pem")]
    }

    private var sandbox: JSONValue {
        var options: [String: JSONValue] = ["seed": .integer(Int64(self.options.seed))]
        options["candles"] = self.options.candles.map(JSONValue.string)
        return .object(options)
    }

    /// What execution allows before a person has set anything else. Amounts are in the quote currency.
    static let policy: JSONValue = [
        "symbols": ["BTCUSDT", "ETHUSDT"], "maxNotional": "25000", "secondFactorAbove": "1000",
        "proposalLifetimeSeconds": 300, "version": "1",
    ]
}
