internal import MeshCall
internal import MeshMessages

/// `mesh.v1.Health` of every service: the same answer as the health port gives.
struct MeshHealth: MeshV1.HealthHandler {
    let report: HealthReport
    /// Full proto names of what this process serves.
    let services: Set<String>

    func check(_ request: MeshV1.HealthCheckRequest, context: ServerContext) async throws -> MeshV1.HealthCheckResponse {
        guard request.service.isEmpty || services.contains(request.service) else {
            return MeshV1.HealthCheckResponse(status: .serviceUnknown)
        }
        guard let reason = await report.unreadyReason() else { return MeshV1.HealthCheckResponse(status: .serving) }
        return MeshV1.HealthCheckResponse(status: .notServing, reason: reason)
    }
}
