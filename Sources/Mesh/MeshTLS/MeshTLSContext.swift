internal import Synchronization

/// The TLS configuration of a listener or of a client: TLS 1.3 only, libssl.
///
/// `reload()` reads the same files again: connections made from then on use what is in them, existing ones go on undisturbed.
/// What is revoked is refused in the handshake, and its open connections are closed at once.
public final class MeshTLSContext: Sendable {
    /// Bounds of each connection made with it.
    public let limits: TLSLimits
    private let configuration: TLSConfiguration
    private let loaded: Mutex<(context: LoadedContext, stamps: CredentialStamps)>
    private let store = RevocationStore()

    init(_ configuration: TLSConfiguration, limits: TLSLimits) throws(MeshTLSError) {
        self.limits = limits
        self.configuration = configuration
        // Before the reading, so that a file which changes meanwhile is read again.
        let stamps = CredentialStamps(configuration)
        loaded = Mutex((try LoadedContext(configuration, store), stamps))
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
    ///   - protocol: what is spoken; certificates and the rules for them are the same for all.
    /// - Throws: `.configuration`, naming the file.
    public static func meshClient(
        _ credentials: MeshTLSCredentials, trustDomain: String, expecting peerName: String? = nil, protocol: MeshProtocol = .mesh,
        limits: TLSLimits = .default
    ) throws(MeshTLSError) -> MeshTLSContext {
        let configuration = TLSConfiguration(
            role: .client, certificateChainPath: credentials.certificateChainPath, privateKeyPath: credentials.privateKeyPath,
            trust: TLSConfiguration.Trust(rootsPath: credentials.trustRootsPath, trustDomain: trustDomain, expectedName: peerName),
            alpn: `protocol`.alpn)
        return try MeshTLSContext(configuration, limits: limits)
    }

    /// A mesh listener for those who have no certificate: only the server shows one. Whoever calls there is nobody in particular.
    ///
    /// - Throws: `.configuration`, naming the file.
    public static func anonymousServer(_ credentials: MeshTLSCredentials, limits: TLSLimits = .default) throws(MeshTLSError) -> MeshTLSContext {
        let configuration = TLSConfiguration(
            role: .server, certificateChainPath: credentials.certificateChainPath, privateKeyPath: credentials.privateKeyPath, trust: nil,
            alpn: ALPNRule(protocols: [ApplicationProtocol.mesh], mayBeAbsent: false))
        return try MeshTLSContext(configuration, limits: limits)
    }

    /// A client without a certificate, for such a listener. It holds the server to the same rules as any mesh client does.
    ///
    /// - Throws: `.configuration`, naming the file.
    public static func anonymousClient(
        trustRootsPath: String, trustDomain: String, expecting peerName: String, limits: TLSLimits = .default
    ) throws(MeshTLSError) -> MeshTLSContext {
        let configuration = TLSConfiguration(
            role: .client, certificateChainPath: nil, privateKeyPath: nil,
            trust: TLSConfiguration.Trust(rootsPath: trustRootsPath, trustDomain: trustDomain, expectedName: peerName),
            alpn: MeshProtocol.mesh.alpn)
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
        try load(CredentialStamps(configuration))
    }

    /// Reads the files again if they are not those that were read last. On an error the context stays as it was.
    ///
    /// - Returns: whether they were read.
    /// - Throws: `.configuration`, naming the file.
    @discardableResult
    public func reloadIfChanged() throws(MeshTLSError) -> Bool {
        try reloadIfChanged(CredentialStamps(configuration))
    }

    /// - Parameter now: seconds since 1970.
    package func reloadIfChanged(at now: Int64) throws(MeshTLSError) -> Bool {
        try reloadIfChanged(CredentialStamps(configuration, at: now))
    }

    private func reloadIfChanged(_ stamps: CredentialStamps) throws(MeshTLSError) -> Bool {
        guard !loaded.withLock({ $0.stamps.hold(for: stamps) }) else { return false }
        try load(stamps)
        return true
    }

    private func load(_ stamps: CredentialStamps) throws(MeshTLSError) {
        let fresh = try LoadedContext(configuration, store)
        loaded.withLock { $0 = (fresh, stamps) }
    }

    // MARK: Revocation

    /// What peers are held against.
    public var revocations: RevocationList { store.list }

    /// Takes `list` for the one held, with what `revoke` added to it, and closes the connections of peers that are on it.
    ///
    /// - Returns: false, and nothing happens, when `list` is not newer than the one held.
    @discardableResult
    public func replaceRevocations(with list: RevocationList) -> Bool { store.replace(with: list) }

    /// Adds to the list held, whose version stays, and closes the connections of those peers.
    public func revoke(serials: Set<CertificateSerial> = [], identities: Set<SPIFFEIdentity> = []) {
        store.add(serials: serials, identities: identities)
    }

    // MARK: What is in use

    /// When the certificate in use for new connections ends, in seconds since 1970.
    public var certificateEnds: Int64 { current.certificateEnds }

    var current: LoadedContext { loaded.withLock { $0.context } }
}
