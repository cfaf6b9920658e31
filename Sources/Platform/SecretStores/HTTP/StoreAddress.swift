internal import FoundationEssentials
internal import Secrets

/// Where a store answers: `https://` with any host, `http://` only where the bytes stay on this machine.
struct StoreAddress: Sendable, Equatable {
    enum Scheme: String, Sendable { case https, http }

    let scheme: Scheme
    let host: String
    let port: Int

    /// Link-local addresses at which a cloud's own machine answers in plain HTTP.
    static let metadataHosts: Set<String> = ["169.254.169.254", "169.254.170.2", "169.254.170.23"]
    static let loopbackHosts: Set<String> = ["127.0.0.1", "::1", "[::1]", "localhost"]

    /// - Parameter plainHosts: who may be asked by `http`.
    /// - Throws: `unusable`.
    init(_ text: String, plainHosts: Set<String> = loopbackHosts) throws(SecretStoreError.Cause) {
        guard let parts = URLComponents(string: text), let scheme = parts.scheme.flatMap(Scheme.init), let host = parts.host, !host.isEmpty,
            parts.user == nil, parts.query == nil, ["", "/"].contains(parts.path)
        else { throw .unusable("'\(text)' is no address of a store: https://host:port") }
        guard scheme == .https || plainHosts.contains(host) else {
            throw .unusable("'\(text)' would send secrets in plain text: use https")
        }
        let port = parts.port ?? (scheme == .https ? 443 : 80)
        guard (1...65535).contains(port) else { throw .unusable("'\(text)' has no valid port") }
        self.scheme = scheme
        self.host = host
        self.port = port
    }

    var authority: String {
        let name = host.contains(":") && !host.hasPrefix("[") ? "[\(host)]" : host
        return port == (scheme == .https ? 443 : 80) ? name : "\(name):\(port)"
    }

    var text: String { "\(scheme.rawValue)://\(authority)" }
}
