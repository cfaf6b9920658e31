/// One RPC as the `.proto` declares it. Generated; never written by hand.
public struct MethodDescriptor: Sendable, Equatable {
    public enum Kind: Sendable, Equatable {
        case unary, clientStreaming, serverStreaming, bidirectional
    }

    /// Full proto name of the service: `cryptopulse.auth.v1.Auth`.
    public let service: String
    /// Bare name: `SignIn`.
    public let name: String
    public let kind: Kind
    public let policy: MethodPolicy

    public init(service: String, name: String, kind: Kind, policy: MethodPolicy) {
        self.service = service
        self.name = name
        self.kind = kind
        self.policy = policy
    }

    /// As logs and traces name it: `/cryptopulse.auth.v1.Auth/SignIn`.
    public var path: String { "/\(service)/\(name)" }
}

/// The `mesh.v1.policy` option of a method. The default is that nobody may call.
public struct MethodPolicy: Sendable, Equatable {
    public enum Idempotency: Sendable, Equatable { case none, readOnly, idempotent }
    public enum AuditClass: Sendable, Equatable { case unspecified, refusals, calls, beforeEffect }

    public var callers: [String]
    public var callersWithoutUser: [String]
    public var tokens: [TokenType]
    /// Empty means any.
    public var userScope: String
    public var secondFactor: Bool
    public var idempotency: Idempotency
    public var defaultDeadline: Duration
    public var audit: AuditClass

    public init(
        callers: [String] = [], callersWithoutUser: [String] = [], tokens: [TokenType] = [], userScope: String = "",
        secondFactor: Bool = false, idempotency: Idempotency = .none, defaultDeadline: Duration = .seconds(1),
        audit: AuditClass = .unspecified
    ) {
        self.callers = callers
        self.callersWithoutUser = callersWithoutUser
        self.tokens = tokens
        self.userScope = userScope
        self.secondFactor = secondFactor
        self.idempotency = idempotency
        self.defaultDeadline = defaultDeadline
        self.audit = audit
    }
}
