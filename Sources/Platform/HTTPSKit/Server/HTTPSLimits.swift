public import NIOCore

/// Bounds of an HTTPS listener.
public struct HTTPSLimits: Sendable {
    /// Connections at the same time; further ones wait in the kernel's backlog.
    public var maxConnections: Int
    /// From the start of a connection, or the end of an answer, to the last byte of the next request. Ends slow and idle clients alike.
    public var requestTimeout: TimeAmount
    /// From the last byte of a request to the last byte of its answer.
    public var responseTimeout: TimeAmount
    /// All header fields of one request, in bytes.
    public var maxHeaderBytes: Int
    public var maxHeaderFields: Int

    public init(
        maxConnections: Int = 1024, requestTimeout: TimeAmount = .seconds(30), responseTimeout: TimeAmount = .seconds(120),
        maxHeaderBytes: Int = 16 * 1024, maxHeaderFields: Int = 64
    ) {
        self.maxConnections = maxConnections
        self.requestTimeout = requestTimeout
        self.responseTimeout = responseTimeout
        self.maxHeaderBytes = maxHeaderBytes
        self.maxHeaderFields = maxHeaderFields
    }

    public static let `default` = HTTPSLimits()
}
