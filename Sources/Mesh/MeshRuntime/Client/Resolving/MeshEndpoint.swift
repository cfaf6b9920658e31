/// Where a mesh peer listens.
public struct MeshEndpoint: Hashable, Sendable, CustomStringConvertible {
    /// A DNS name, or an IPv4 or IPv6 address in its usual text form, without brackets.
    public var host: String
    /// 1 to 65535.
    public var port: Int

    public init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    /// `10.0.0.7:7405`, `[::1]:7405`.
    public var description: String {
        host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    }
}
