internal import MeshMessages

/// One RPC as the `.proto` declares it. Generated; never written by hand.
public struct MethodDescriptor: Sendable {
    /// Which of both sides sends one message and which a stream of them.
    public enum Kind: Sendable, Equatable {
        case unary, clientStreaming, serverStreaming, bidirectional
    }

    /// One object, so that a call keeps its method for the price of one reference.
    private final class Storage: Sendable {
        let service: String
        let name: String
        let kind: Kind
        let policy: MethodPolicy
        let path: String
        let packedNames: [UInt8]
        let defaultDeadline: Int64
        let isOpenToAll: Bool

        init(service: String, name: String, kind: Kind, policy: MethodPolicy) {
            self.service = service
            self.name = name
            self.kind = kind
            self.policy = policy
            path = "/\(service)/\(name)"
            packedNames = RequestEnvelopeWriter.names(service: service, method: name)
            defaultDeadline = policy.defaultDeadline.clampedNanoseconds
            isOpenToAll = policy.callers.contains("*") && policy.callersWithoutUser.contains("*")
        }
    }

    private let storage: Storage

    public init(service: String, name: String, kind: Kind, policy: MethodPolicy) {
        storage = Storage(service: service, name: name, kind: kind, policy: policy)
    }

    /// Full proto name of the service: `cryptopulse.auth.v1.Auth`.
    public var service: String { storage.service }
    /// Bare name: `SignIn`.
    public var name: String { storage.name }
    /// Which of both sides streams.
    public var kind: Kind { storage.kind }
    /// Who may call, and how the call is treated.
    public var policy: MethodPolicy { storage.policy }
    /// As logs and traces name it: `/cryptopulse.auth.v1.Auth/SignIn`.
    public var path: String { storage.path }

    /// The first fields of every Request of this method.
    var packedNames: [UInt8] { storage.packedNames }
    /// `policy.defaultDeadline` in nanoseconds.
    var defaultDeadline: Int64 { storage.defaultDeadline }
    /// Every peer of the trust domain may call it without a user token.
    var isOpenToAll: Bool { storage.isOpenToAll }

    /// The client sends one message, in the Request itself.
    var takesOneMessage: Bool { kind == .unary || kind == .serverStreaming }
    /// The server sends one message, in the Response itself.
    var givesOneMessage: Bool { kind == .unary || kind == .clientStreaming }
}

extension MethodDescriptor: Equatable {
    public static func == (lhs: MethodDescriptor, rhs: MethodDescriptor) -> Bool {
        lhs.storage === rhs.storage
            || (lhs.service == rhs.service && lhs.name == rhs.name && lhs.kind == rhs.kind && lhs.policy == rhs.policy)
    }
}

extension Duration {
    /// Nanoseconds, at least and at most what an `Int64` holds.
    package var clampedNanoseconds: Int64 {
        let (seconds, attoseconds) = components
        let (whole, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        guard !overflow else { return seconds < 0 ? .min : .max }
        let (sum, overflows) = whole.addingReportingOverflow(attoseconds / 1_000_000_000)
        return overflows ? (seconds < 0 ? .min : .max) : sum
    }
}

/// The `mesh.v1.policy` option of a method. The default is that nobody may call.
public struct MethodPolicy: Sendable, Equatable {
    /// What happens when the method runs twice: anything; nothing at all, since it only reads; the same as once. Retries and hedging go by
    /// it.
    public enum Idempotency: Sendable, Equatable { case none, readOnly, idempotent }
    /// What is written of the method to the audit log: not said; calls that were refused; every call; every call, before it has an effect.
    public enum AuditClass: Sendable, Equatable { case unspecified, refusals, calls, beforeEffect }

    /// Names of the services that may call; `*` is every peer of the trust domain.
    public var callers: [String]
    /// Those of `callers` that need bring no user token.
    public var callersWithoutUser: [String]
    /// Kinds of user token that are taken.
    public var tokens: [TokenType]
    /// Empty means any.
    public var userScope: String
    /// The token has to show a second factor (RFC 8176 `amr`).
    public var secondFactor: Bool
    /// Whether the call may be sent again.
    public var idempotency: Idempotency
    /// How long a call without a deadline of its own may take. More than zero.
    public var defaultDeadline: Duration
    /// What audit is told.
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
