internal import ServiceKit

/// Gateway's own part of `settings.json`; everything has a default.
struct GatewayOptions: Codable, Sendable {
    /// Web origins that may call from a browser. Empty: none.
    var allowedOrigins: [String]
    /// Replaces the limit of that name.
    var rateLimits: [String: RateLimit]

    init(allowedOrigins: [String] = [], rateLimits: [String: RateLimit] = [:]) {
        self.allowedOrigins = allowedOrigins
        self.rateLimits = rateLimits
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        allowedOrigins = try container.decodeIfPresent([String].self, forKey: .allowedOrigins) ?? []
        rateLimits = try container.decodeIfPresent([String: RateLimit].self, forKey: .rateLimits) ?? [:]
    }
}
