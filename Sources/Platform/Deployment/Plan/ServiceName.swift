/// The processes of a deployment, in the order of the port plan.
public enum ServiceName: String, CaseIterable, Codable, Sendable, CodingKeyRepresentable {
    case gateway
    case auth
    case agent
    case marketData = "market-data"
    case execution
    case audit
    case sandboxExchange = "sandbox-exchange"

    /// Whom it calls on the mesh.
    public var peers: [ServiceName] {
        switch self {
        case .gateway: [.auth, .agent, .marketData, .execution, .audit]
        case .auth: [.audit]
        case .agent: [.auth, .marketData, .execution, .audit]
        case .marketData: [.auth, .audit]
        case .execution: [.auth, .marketData, .audit]
        case .audit: [.auth]
        case .sandboxExchange: []
        }
    }

    /// Listens for people by HTTPS instead of on the mesh.
    public var servesHTTPS: Bool { self == .gateway || self == .sandboxExchange }
    /// Connects to the exchange.
    public var callsExchange: Bool { self == .marketData || self == .execution }
    /// Has an identity in the mesh. The exchange is no part of it.
    public var isMeshMember: Bool { self != .sandboxExchange }

    /// Has its mesh certificate from auth, which makes its own.
    public var enrols: Bool { isMeshMember && self != .auth }

    /// Random secrets made for it at initialisation.
    var secrets: [SecretKind] {
        switch self {
        case .auth: [.raw("token-signing-key"), .raw("data-key")]
        case .audit: [.raw("log-signing-key"), .raw("alert-webhook-key")]
        case .sandboxExchange: [.text("operator-token"), .raw("data-key")]
        case .marketData, .execution: [.raw("data-key")]
        case .gateway, .agent: []
        }
    }
}

/// A secret to be made: 32 random bytes, as they are or as hexadecimal text.
enum SecretKind: Equatable {
    case raw(String)
    case text(String)
}
