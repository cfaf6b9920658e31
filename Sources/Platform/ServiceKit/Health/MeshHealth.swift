internal import MeshCall
internal import MeshMessages
internal import MeshRuntime
internal import ServiceLifecycle

/// `mesh.v1.Health` of every service: the same answer as the health port gives, for the process and for each service it serves.
struct MeshHealth: MeshV1.HealthHandler, Service {
    /// How late a watcher may learn that the process is no longer ready, or is again.
    static let interval = Duration.seconds(1)

    private let report: HealthReport
    private let service: HealthService

    /// - Parameter services: full proto names of what this process serves.
    init(report: HealthReport, services: [String]) {
        self.report = report
        service = HealthService(services: services)
    }

    func check(_ request: MeshV1.HealthCheckRequest, context: ServerContext) async throws -> MeshV1.HealthCheckResponse {
        await refresh()
        return try await service.check(request, context: context)
    }

    func watch(
        _ request: MeshV1.HealthCheckRequest, to writer: ResponseWriter<MeshV1.HealthCheckResponse>, context: ServerContext
    ) async throws {
        await refresh()
        try await service.watch(request, to: writer, context: context)
    }

    /// Looks now and then, for those who watch.
    func run() async throws {
        try await BackgroundTask("health") {
            while true {
                try await Task.sleep(for: Self.interval)
                await refresh()
            }
        }.run()
    }

    /// Tells the watchers, whose calls end: the mesh port would wait for them.
    func startDraining() {
        service.stop("draining")
    }

    private func refresh() async {
        service.setProcess(await report.unreadyReason())
    }
}
