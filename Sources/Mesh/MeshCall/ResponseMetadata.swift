internal import Synchronization

/// Metadata that a handler sends with its answer: `initial` before the first message, `trailing` after the last.
public final class ResponseMetadata: Sendable {
    private let state = Mutex((initial: Metadata(), trailing: Metadata()))

    /// Nothing yet.
    public init() {}

    /// Sent before the first message; setting it later has no effect.
    public var initial: Metadata {
        get { state.withLock { $0.initial } }
        set { state.withLock { $0.initial = newValue } }
    }

    /// Sent with the status.
    public var trailing: Metadata {
        get { state.withLock { $0.trailing } }
        set { state.withLock { $0.trailing = newValue } }
    }
}
