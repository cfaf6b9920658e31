public import MeshCall
public import MeshMessages
internal import Synchronization

/// `mesh.v1.Health`: says whether the process, or one of its services, serves. Register it with `ServiceDefinition.health`.
public final class HealthService: MeshV1.HealthHandler {
    /// Nil is serving; a text says why not.
    private struct State {
        var process: String?
        var services: [String: String?] = [:]
    }

    private let state: Mutex<State>

    /// - Parameter services: full proto names of the services that can be asked about.
    public init(services: [String] = []) {
        state = Mutex(State(services: Dictionary(services.map { ($0, nil) }, uniquingKeysWith: { first, _ in first })))
    }

    /// Sets whether the whole process serves.
    ///
    /// - Parameter obstacle: why it does not, safe for any caller; nil when it does.
    public func setProcess(_ obstacle: String?) {
        state.withLock { $0.process = obstacle }
    }

    /// Sets whether one service serves.
    public func set(_ service: String, _ obstacle: String?) {
        state.withLock { $0.services[service] = .some(obstacle) }
    }

    public func check(_ request: MeshV1.HealthCheckRequest, context: ServerContext) async throws -> MeshV1.HealthCheckResponse {
        let (process, service) = state.withLock { ($0.process, $0.services[request.service]) }
        guard request.service.isEmpty || service != nil else { return MeshV1.HealthCheckResponse(status: .serviceUnknown) }
        guard let obstacle = process ?? service ?? nil else { return MeshV1.HealthCheckResponse(status: .serving) }
        return MeshV1.HealthCheckResponse(status: .notServing, reason: obstacle)
    }
}
