internal import FoundationEssentials

/// A host and TCP port.
public struct Endpoint: Codable, Sendable, Hashable, CustomStringConvertible {
    /// A name or an IP address.
    public var host: String
    /// 0 to 65535; 0 asks the system for a free one where something listens.
    public var port: Int

    public init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    /// Where an address leads: `https://host:port/path`. nil for what is none, or says no scheme that has a port of its own.
    public init?(url: String) {
        guard let parts = URLComponents(string: url), let host = parts.host, !host.isEmpty,
            let port = parts.port ?? ["https": 443, "http": 80][parts.scheme ?? ""]
        else { return nil }
        self.init(host: host, port: port)
    }

    public var description: String { "\(host):\(port)" }
}
