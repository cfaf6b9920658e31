internal import FoundationEssentials

/// audit's own part of its settings.
struct AuditOptions: Decodable, Sendable {
    /// Where alerts are sent; absent: nowhere, they stand in the log only.
    var alerts: AlertOptions?
}

/// Where alerts go.
struct AlertOptions: Decodable, Sendable {
    /// `https://host:port/path`; plain `http` to this machine only.
    var webhook: String
    /// PEM file of the certificate authorities to trust; absent means the system's.
    var rootsPath: String?

    private static let loopbackHosts: Set<String> = ["127.0.0.1", "::1", "[::1]", "localhost"]

    /// What is wrong with it, in words; nil for nothing.
    var fault: String? {
        guard let url = URLComponents(string: webhook), let host = url.host, !host.isEmpty, url.user == nil, url.fragment == nil else {
            return "alerts.webhook is no address: https://host/path"
        }
        guard url.scheme == "https" || (url.scheme == "http" && Self.loopbackHosts.contains(host)) else {
            return "alerts.webhook would send alerts in plain text to \(host): use https"
        }
        return nil
    }
}
