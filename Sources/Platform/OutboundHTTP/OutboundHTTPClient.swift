public import AsyncHTTPClient
internal import NIOCore
internal import NIOSSL

/// How this project calls somebody else's HTTP server: HTTP/1.1, by TLS 1.2 or better where the address says `https`, no redirect is
/// followed, nothing is decompressed.
public final class OutboundHTTPClient: Sendable {
    /// A client certificate: paths of PEM files.
    public struct Certificate: Sendable {
        public var chainPath: String
        public var keyPath: String

        public init(chainPath: String, keyPath: String) {
            self.chainPath = chainPath
            self.keyPath = keyPath
        }
    }

    private let client: HTTPClient

    /// - Parameters:
    ///   - rootsPath: a PEM file with the roots that are trusted instead of the system's.
    ///   - connect: for the TCP connection and TLS.
    ///   - connections: to one host at once; a request for which there is none waits as long as `connect`.
    public convenience init(rootsPath: String?, connect: Duration, connections: Int = usualConnections) {
        self.init(Self.tls(rootsPath), connect: connect, connections: connections)
    }

    public static let usualConnections = 8

    /// - Throws: when a certificate file cannot be used.
    public convenience init(rootsPath: String?, certificate: Certificate, connect: Duration) throws {
        var tls = Self.tls(rootsPath)
        tls.certificateChain = try NIOSSLCertificate.fromPEMFile(certificate.chainPath).map { .certificate($0) }
        tls.privateKey = .privateKey(try NIOSSLPrivateKey(file: certificate.keyPath, format: .pem))
        self.init(tls, connect: connect)
    }

    private init(_ tls: TLSConfiguration, connect: Duration, connections: Int = usualConnections) {
        var configuration = HTTPClient.Configuration(
            tlsConfiguration: tls, redirectConfiguration: .disallow, timeout: .init(connect: TimeAmount(connect)), decompression: .disabled)
        configuration.httpVersion = .http1Only
        // The process's tracer would write addresses to the log, signatures in their queries too, and tell others of our traces.
        configuration.tracing.tracer = nil
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = connections
        client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }

    private static func tls(_ rootsPath: String?) -> TLSConfiguration {
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.minimumTLSVersion = .tlsv12
        if let rootsPath { tls.trustRoots = .file(rootsPath) }
        return tls
    }

    deinit {
        client.shutdown { _ in }
    }

    /// - Parameter timeout: until the head of the answer is there. Its body is the caller's to bound, in bytes and in time.
    public func execute(_ request: HTTPClientRequest, timeout: Duration) async throws -> HTTPClientResponse {
        try await client.execute(request, timeout: TimeAmount(timeout))
    }
}
