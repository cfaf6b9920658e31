internal import MeshCall
internal import MeshTLS
internal import ServiceAPI
internal import Synchronization

/// The list of what is revoked, as it stands, which keys verify tokens, and those who watch both.
final class RevocationBoard: Sendable {
    /// Calls of `WatchRevocations` at a time; each holds one pending change at most.
    static let maximumWatchers = 256

    private struct State {
        var list: RevocationList
        /// Name of the set of keys that verify tokens.
        var tokenKeys: [UInt8] = []
        var isStopping = false
        var watchers: [UInt64: AsyncStream<Void>.Continuation] = [:]
        var watchersSoFar: UInt64 = 0
    }

    private let state: Mutex<State>

    init(_ list: RevocationList) {
        state = Mutex(State(list: list))
    }

    var list: RevocationList { state.withLock { $0.list } }

    func publish(_ list: RevocationList) {
        change { if list.version > $0.list.version { $0.list = list } }
    }

    /// - Parameter tokenKeys: the name of the set of keys that verify tokens.
    func publish(tokenKeys: [UInt8]) {
        change { $0.tokenKeys = tokenKeys }
    }

    /// The process stops: watchers' calls end, so that they don't hold up a server that drains.
    func stop() {
        change { $0.isStopping = true }
    }

    /// Sends the list at once and again at each change. While a reader is slow, changes fall together.
    func watch(to writer: ResponseWriter<AuthV1.Revocations>) async throws {
        let (id, changes) = try startWatching()
        defer { state.withLock { $0.watchers[id] = nil } }
        var sent: AuthV1.Revocations?
        for await _ in changes {
            let (list, tokenKeys, isStopping) = state.withLock { ($0.list, $0.tokenKeys, $0.isStopping) }
            if isStopping { throw RPCError(.unavailable, "The process stops.", reason: "STOPPING") }
            if list.version == sent?.version, tokenKeys == sent?.tokenKeys { continue }
            let current = AuthV1.Revocations(list, tokenKeys: tokenKeys)
            try await writer.send(current)
            sent = current
        }
        throw CancellationError()
    }

    private func startWatching() throws(RPCError) -> (id: UInt64, changes: AsyncStream<Void>) {
        let (stream, continuation) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        continuation.yield()
        let id = state.withLock { state -> UInt64? in
            guard state.watchers.count < Self.maximumWatchers else { return nil }
            state.watchersSoFar &+= 1
            state.watchers[state.watchersSoFar] = continuation
            return state.watchersSoFar
        }
        guard let id else { throw RPCError(.resourceExhausted, "Too many calls watch revocations.", reason: "TOO_MANY_WATCHERS") }
        return (id, stream)
    }

    private func change(_ body: (inout State) -> Void) {
        let watchers = state.withLock { state in
            body(&state)
            return Array(state.watchers.values)
        }
        for watcher in watchers { watcher.yield() }
    }
}

extension AuthV1.Revocations {
    init(_ list: RevocationList, tokenKeys: [UInt8] = []) {
        self.init(version: list.version, serials: list.serials.map(\.bytes), identities: list.identities.map(\.uri), tokenKeys: tokenKeys)
    }
}
