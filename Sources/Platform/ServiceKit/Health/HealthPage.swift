internal import NIOHTTP1

/// One answer of the health port.
struct HealthPage: Equatable {
    var status: HTTPResponseStatus
    var contentType = "text/plain; charset=utf-8"
    var body: String

    /// - Parameters:
    ///   - unready: nil when ready, otherwise why not.
    ///   - metrics: the metrics in the Prometheus text format.
    static func answer(
        _ method: HTTPMethod, _ path: String, unready: () async -> String?, metrics: () -> String
    ) async -> HealthPage {
        guard method == .GET || method == .HEAD else { return HealthPage(status: .methodNotAllowed, body: "GET only\n") }
        switch path {
        case "/healthz": return HealthPage(status: .ok, body: "ok\n")
        case "/readyz":
            guard let reason = await unready() else { return HealthPage(status: .ok, body: "ready\n") }
            return HealthPage(status: .serviceUnavailable, body: "not ready: \(reason)\n")
        case "/metrics": return HealthPage(status: .ok, contentType: "text/plain; version=0.0.4; charset=utf-8", body: metrics())
        default: return HealthPage(status: .notFound, body: "/healthz, /readyz or /metrics\n")
        }
    }
}
