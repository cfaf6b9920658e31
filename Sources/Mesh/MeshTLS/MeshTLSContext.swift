internal import Synchronization

/// The TLS configuration of a listener or of a client: TLS 1.3 only, libssl.
///
/// `reload()` reads the same files again: connections made from then on use what is in them, existing ones go on undisturbed.
public final class MeshTLSContext: Sendable {
    public let limits: TLSLimits
    private let configuration: TLSConfiguration
    private let loaded: Mutex<LoadedContext>

    init(_ configuration: TLSConfiguration, limits: TLSLimits) throws(MeshTLSError) {
        self.limits = limits
        self.configuration = configuration
        loaded = Mutex(try LoadedContext(configuration))
    }

    /// A mesh listener: both sides present certificates of `trustDomain`.
    ///
    /// - Parameters:
    ///   - trustDomain: `development.cryptopulse.internal`; the peer's must be the same.
    ///   - allowsBaseline: takes clients that speak stock ttrpc (ALPN `ttrpc`, or none) beside mesh mode.
    /// - Throws: `.configuration`, naming the file.
    public static func meshServer(
        _ credentials: MeshTLSCredentials, trustDomain: String, allowsBaseline: Bool = false, limits: TLSLimits = .default
    ) throws(MeshTLSError) -> MeshTLSContext {
        let protocols = allowsBaseline ? [ApplicationProtocol.mesh, ApplicationProtocol.baseline] : [ApplicationProtocol.mesh]
        let configuration = TLSConfiguration(
            role: .server, certificateChainPath: credentials.certificateChainPath, privateKeyPath: credentials.privateKeyPath,
            trust: TLSConfiguration.Trust(rootsPath: credentials.trustRootsPath, trustDomain: trustDomain, expectedName: nil),
            alpn: ALPNRule(protocols: protocols, mayBeAbsent: allowsBaseline))
        return try MeshTLSContext(configuration, limits: limits)
    }

    /// A mesh client.
    ///
    /// - Parameters:
    ///   - trustDomain: `development.cryptopulse.internal`; the server's must be the same.
    ///   - peerName: the name that the server must have (`execution`); nil takes any of the trust domain.
    /// - Throws: `.configuration`, naming the file.
    public static func meshClient(
        _ credentials: MeshTLSCredentials, trustDomain: String, expecting peerName: String? = nil, limits: TLSLimits = .default
    ) throws(MeshTLSError) -> MeshTLSContext {
        let configuration = TLSConfiguration(
            role: .client, certificateChainPath: credentials.certificateChainPath, privateKeyPath: credentials.privateKeyPath,
            trust: TLSConfiguration.Trust(rootsPath: credentials.trustRootsPath, trustDomain: trustDomain, expectedName: peerName),
            alpn: ALPNRule(protocols: [ApplicationProtocol.mesh], mayBeAbsent: false))
        return try MeshTLSContext(configuration, limits: limits)
    }

    /// A listener for people: no client certificate, ALPN `http/1.1` or none.
    ///
    /// - Throws: `.configuration`, naming the file.
    public static func httpsServer(
        certificateChainPath: String, privateKeyPath: String, limits: TLSLimits = .default
    ) throws(MeshTLSError) -> MeshTLSContext {
        let configuration = TLSConfiguration(
            role: .server, certificateChainPath: certificateChainPath, privateKeyPath: privateKeyPath, trust: nil,
            alpn: ALPNRule(protocols: [ApplicationProtocol.http1], mayBeAbsent: true))
        return try MeshTLSContext(configuration, limits: limits)
    }

    /// Reads the files again. On an error the context stays as it was.
    ///
    /// - Throws: `.configuration`, naming the file.
    public func reload() throws(MeshTLSError) {
        let fresh = try LoadedContext(configuration)
        loaded.withLock { $0 = fresh }
    }

    /// When the certificate in use for new connections ends, in seconds since 1970.
    public var certificateEnds: Int64 { current.certificateEnds }

    var current: LoadedContext { loaded.withLock { $0 } }
}
