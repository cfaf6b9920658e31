internal import AsyncHTTPClient
internal import NIOCore
internal import NIOHTTP1
internal import ServiceKit

/// Asks a service's health port whether it is ready.
struct HealthProbe: Sendable {
    static let timeout = TimeAmount.seconds(2)
    static let longestAnswer = 4096

    let endpoint: Endpoint

    /// nil when it is ready, otherwise why not.
    func unreadyReason() async -> String? {
        do {
            let response = try await HTTPClient.shared.execute(HTTPClientRequest(url: "http://\(endpoint)/readyz"), timeout: Self.timeout)
            let body = String(buffer: try await response.body.collect(upTo: Self.longestAnswer))
            return response.status == .ok ? nil : body.trimmingWhitespace
        } catch {
            return "no answer"
        }
    }
}

extension String {
    var trimmingWhitespace: String {
        String(drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
    }
}
