/// Where an exchange client may connect to in an environment. Each has exchanges of its own, so that nothing that one of them may reach is in reach of
/// another: money that counts is reached from production alone.
public struct ExchangePlace: Sendable, Equatable {
    public enum Kind: String, Sendable {
        /// This project's `sandbox-exchange`, on this machine or in the same compose file.
        case sandbox
        /// Binance's test network: no real money.
        case testnet
        /// Binance's demo mode: the live markets' prices, no real money.
        case demo
        /// Binance itself.
        case live
    }

    public let kind: Kind
    /// `https://host`, with the port if one was given: written anew from what was checked.
    public let baseURL: String

    private static let sandboxHosts: Set<String> = ["127.0.0.1", "::1", "localhost", "sandbox-exchange"]
    private static let testnetHosts: Set<String> = ["testnet.binance.vision"]
    private static let demoHosts: Set<String> = ["demo-api.binance.com"]
    private static let liveHosts: Set<String> = [
        "api.binance.com", "api-gcp.binance.com", "api1.binance.com", "api2.binance.com", "api3.binance.com", "api4.binance.com",
    ]

    /// - Parameters:
    ///   - text: `https://api.binance.com`, without `/api`.
    ///   - environment: `development`, `staging` or `production`.
    /// - Throws: `ExchangePlaceError`.
    public init(_ text: String, in environment: String) throws(ExchangePlaceError) {
        guard let address = HTTPSAddress(text) else { throw .unreadable(text) }
        guard let kind = Self.kind(of: address), Self.kinds(of: environment).contains(kind) else {
            throw .notAllowed(host: address.host, environment: environment)
        }
        self.kind = kind
        baseURL = address.text
    }

    static func kinds(of environment: String) -> Set<Kind> {
        switch environment {
        case "development": [.sandbox, .testnet]
        case "staging": [.demo]
        case "production": [.live]
        default: []
        }
    }

    private static func kind(of address: HTTPSAddress) -> Kind? {
        if sandboxHosts.contains(address.host) { return .sandbox }
        guard address.port == nil || address.port == 443 else { return nil }
        if testnetHosts.contains(address.host) { return .testnet }
        if demoHosts.contains(address.host) { return .demo }
        return liveHosts.contains(address.host) ? .live : nil
    }
}

/// Why an exchange address is refused.
public enum ExchangePlaceError: Error, Sendable, Equatable, CustomStringConvertible {
    /// More, or less, than `https://host` with an optional port.
    case unreadable(String)
    case notAllowed(host: String, environment: String)

    public var description: String {
        switch self {
        case .unreadable(let text): "exchange address '\(text)' is not https://host or https://host:port"
        case .notAllowed(let host, let environment):
            "the environment \(environment) may not use the exchange at \(host), only \(Self.allowed(environment))"
        }
    }

    private static func allowed(_ environment: String) -> String {
        switch environment {
        case "production": "Binance's live hosts"
        case "staging": "Binance's demo mode (demo-api.binance.com)"
        case "development": "the sandbox and Binance's test network"
        default: "none, for it is no environment"
        }
    }
}
