public import MeshCall
public import MeshMessages
internal import Synchronization

/// `mesh.v1.Health`: says whether the process, or one of its services, serves. Register it with ``MeshCall/ServiceDefinition/health(_:callers:)``.
public final class HealthService: MeshV1.HealthHandler {
    /// Calls of `Watch` at a time; each holds one pending change at most.
    public static let maximumWatchers = 1_024

    private typealias Changes = (stream: AsyncStream<Void>, continuation: AsyncStream<Void>.Continuation)

    /// Nil is serving; a text says why not.
    private struct State {
        var process: String?
        var services: [String: String?] = [:]
        var isStopping = false
        var watchers: [UInt64: AsyncStream<Void>.Continuation] = [:]
        var watchersSoFar: UInt64 = 0
    }

    private let state: Mutex<State>

    /// - Parameter services: full proto names of the services that can be asked about.
    public init(services: [String] = []) {
        state = Mutex(State(services: Dictionary(services.map { ($0, nil) }, uniquingKeysWith: { first, _ in first })))
    }

    // MARK: - What it says

    /// Sets whether the whole process serves. After ``stop(_:)`` it changes nothing.
    ///
    /// - Parameter obstacle: why it does not, safe for any caller; nil when it does.
    public func setProcess(_ obstacle: String?) {
        change { if !$0.isStopping { $0.process = obstacle } }
    }

    /// Sets whether one service serves.
    public func set(_ service: String, _ obstacle: String?) {
        change { $0.services[service] = .some(obstacle) }
    }

    /// The process stops for good: watchers learn it and their calls end, so that they don't hold up a server that drains. Call it
    /// before `MeshServer.shutdown`.
    public func stop(_ obstacle: String = "stopping") {
        change { state in
            state.process = obstacle
            state.isStopping = true
        }
    }

    /// How many calls of `Watch` there are now.
    public var watcherCount: Int { state.withLock { $0.watchers.count } }

    // MARK: - Calls

    public func check(_ request: MeshV1.HealthCheckRequest, context: ServerContext) async throws -> MeshV1.HealthCheckResponse {
        answer(request.service).response
    }

    public func watch(
        _ request: MeshV1.HealthCheckRequest, to writer: ResponseWriter<MeshV1.HealthCheckResponse>, context: ServerContext
    ) async throws {
        let (id, changes) = try startWatching()
        defer { state.withLock { $0.watchers[id] = nil } }
        var last: MeshV1.HealthCheckResponse?
        // While a reader is slow, changes fall together: the answer is made when it can be sent.
        for await _ in changes {
            let (response, isStopping) = answer(request.service)
            if response != last { try await writer.send(response) }
            last = response
            if isStopping { throw RPCError(.unavailable, "The process stops.", reason: "STOPPING") }
        }
        throw CancellationError()
    }

    private func answer(_ service: String) -> (response: MeshV1.HealthCheckResponse, isStopping: Bool) {
        let (process, obstacle, isStopping) = state.withLock { ($0.process, $0.services[service], $0.isStopping) }
        guard service.isEmpty || obstacle != nil else { return (MeshV1.HealthCheckResponse(status: .serviceUnknown), isStopping) }
        guard let reason = process ?? obstacle ?? nil else { return (MeshV1.HealthCheckResponse(status: .serving), isStopping) }
        return (MeshV1.HealthCheckResponse(status: .notServing, reason: reason), isStopping)
    }

    // MARK: - Watchers

    /// - Returns: a sequence with an element at once and one for all changes since the last.
    private func startWatching() throws(RPCError) -> (id: UInt64, changes: AsyncStream<Void>) {
        let changes: Changes = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
        changes.continuation.yield()
        let id = state.withLock { state -> UInt64? in
            guard state.watchers.count < Self.maximumWatchers else { return nil }
            state.watchersSoFar &+= 1
            state.watchers[state.watchersSoFar] = changes.continuation
            return state.watchersSoFar
        }
        guard let id else { throw RPCError(.resourceExhausted, "Too many calls watch this process.", reason: "TOO_MANY_WATCHERS") }
        return (id, changes.stream)
    }

    private func change(_ body: (inout State) -> Void) {
        let watchers = state.withLock { state in
            body(&state)
            return Array(state.watchers.values)
        }
        for watcher in watchers { watcher.yield() }
    }
}

extension ServiceDefinition {
    /// `mesh.v1.Health`, served by `handler` to callers of your own: those that the `.proto` names are the programs that this library was made for,
    /// and a caller that no policy names is refused. Everything else of the policy stays; clients are `MeshV1.HealthClient` as before.
    ///
    /// - Parameter callers: names of the services that may call, none of which needs a user token; `*` is every peer of the trust domain.
    public static func health(_ handler: some MeshV1.HealthHandler, callers: [String]) -> ServiceDefinition {
        let generated = ServiceDefinition.health(handler)
        return ServiceDefinition(
            name: generated.name,
            methods: generated.methods.map { method in
                MethodImplementation(method.descriptor.open(to: callers), invoke: method.invoke, run: method.run)
            })
    }
}

extension MethodDescriptor {
    fileprivate func open(to callers: [String]) -> MethodDescriptor {
        var policy = policy
        (policy.callers, policy.callersWithoutUser) = (callers, callers)
        return MethodDescriptor(service: service, name: name, kind: kind, policy: policy)
    }
}
