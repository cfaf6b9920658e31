internal import HTTPSKit
internal import Hummingbird
internal import MeshCall
internal import ServiceAPI

/// The person's own records, with the proofs that they stand in the log.
struct AuditRoutes: Sendable {
    let audit: AuditV1.AuditClient

    static let maxObjectBytes = 128

    func add(to group: RouterGroup<GatewayContext>) {
        group.get("audit/records", use: records)
    }

    @Sendable private func records(_ request: Request, _ context: GatewayContext) async throws -> Response {
        let object = request.uri.queryParameters["object"].map(String.init) ?? ""
        guard object.utf8.count <= Self.maxObjectBytes else { throw APIError.invalid("object is too long.") }
        let query = AuditV1.ListRecordsRequest(
            limit: try QueryNumber.read("limit", request, UInt32.self) ?? 0,
            beforeIndex: try QueryNumber.read("before_index", request, UInt64.self) ?? 0, object: object)
        return try JSONBody.response(AuditView(try await audit.listRecords(query, options: context.call())))
    }
}
