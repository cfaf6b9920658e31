public import AuditClient
public import KeyManagement
public import MeshCall
public import ServiceLifecycle

/// What a service's `build` hands over to be run.
public struct RunningService: Sendable {
    /// Served on the mesh; a service without any serves no mesh port.
    public var definitions: [ServiceDefinition]
    /// Checks user tokens instead of the context's authenticator: auth has the keys itself.
    public var authenticator: (any TokenAuthenticator)?
    /// The keys that it holds: the runner serves them to the operator, follows them, and tells when they grow old.
    public var keys: [any ManagedKeys]
    /// Keeps an event for the audit log; nil: in the outbox of the service's database.
    public var record: (@Sendable (AuditEvent) async throws -> Void)?
    /// Run beside the server, from before it listens until after it has drained. For a loop that ends by cancellation see `BackgroundTask`.
    public var background: [any Service]
    /// Called when the process begins to drain: ends what would otherwise hold the mesh port up, such as streams without an end.
    public var onDrain: @Sendable () -> Void
    /// nil when it can serve, otherwise why not, in words that may be shown to anybody.
    public var readiness: @Sendable () async -> String?

    public init(
        definitions: [ServiceDefinition] = [], authenticator: (any TokenAuthenticator)? = nil, keys: [any ManagedKeys] = [],
        record: (@Sendable (AuditEvent) async throws -> Void)? = nil, background: [any Service] = [],
        onDrain: @escaping @Sendable () -> Void = {}, readiness: @escaping @Sendable () async -> String? = { nil }
    ) {
        self.definitions = definitions
        self.authenticator = authenticator
        self.keys = keys
        self.record = record
        self.background = background
        self.onDrain = onDrain
        self.readiness = readiness
    }
}

/// A loop that runs until it is cancelled; a graceful stop cancels it.
public struct BackgroundTask: Service {
    public let name: String
    private let body: @Sendable () async throws -> Void

    public init(_ name: String, _ body: @escaping @Sendable () async throws -> Void) {
        self.name = name
        self.body = body
    }

    public func run() async throws {
        do {
            try await cancelWhenGracefulShutdown(body)
        } catch is CancellationError {
            // The way such a loop ends.
        }
    }
}

extension BackgroundTask: CustomStringConvertible {
    public var description: String { name }
}
