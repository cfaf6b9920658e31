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

    public var description: String { "\(host):\(port)" }
}
