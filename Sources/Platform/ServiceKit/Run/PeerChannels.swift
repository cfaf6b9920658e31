internal import Logging
internal import MeshCall
internal import MeshRuntime
internal import MeshTelemetry
internal import MeshTLS
internal import NIOCore
internal import Synchronization

/// One mesh client for each peer, made when first asked for. Each expects its peer's own name in the certificate.
final class PeerChannels: Sendable {
    private let settings: ServiceSettings
    private let trust: MeshTrust
    private let eventLoopGroup: any EventLoopGroup
    private let logger: Logger
    private let peers = Mutex<[String: Peer]>([:])

    private struct Peer {
        let client: MeshClient
        /// The client with its telemetry.
        let channel: InterceptedChannel
    }

    init(settings: ServiceSettings, trust: MeshTrust, eventLoopGroup: any EventLoopGroup, logger: Logger) {
        self.settings = settings
        self.trust = trust
        self.eventLoopGroup = eventLoopGroup
        self.logger = logger
    }

    /// - Throws: `StartUpError.settings` for a peer that the settings do not name; `MeshTLSError` when the certificate cannot be used.
    func channel(to peer: String) throws -> any CallChannel {
        guard let endpoint = settings.peers[peer] else {
            throw StartUpError.settings("peers.\(peer) is missing")
        }
        return try peers.withLock { peers in
            if let known = peers[peer] { return known.channel }
            let client = try makeClient(peer, endpoint)
            let telemetry = ClientTelemetry(peer: peer, address: (endpoint.host, endpoint.port), logger: logger)
            let made = Peer(client: client, channel: InterceptedChannel(client, interceptors: [telemetry]))
            peers[peer] = made
            return made.channel
        }
    }

    func close() async {
        let open = peers.withLock { peers in
            defer { peers = [:] }
            return peers.values.map(\.client)
        }
        for client in open { await client.close() }
    }

    private func makeClient(_ peer: String, _ endpoint: Endpoint) throws -> MeshClient {
        let tls = try MeshTLSContext.meshClient(settings.meshCredentials, trustDomain: settings.trustDomain, expecting: peer)
        trust.watch(tls)
        return MeshClient(
            host: endpoint.host, port: endpoint.port, tls: tls, eventLoopGroup: eventLoopGroup, logger: logger, limits: Self.limits)
    }

    /// A peer that is started again is called again at once: the back-off is short, and a call waits through it.
    private static var limits: ClientLimits {
        var limits = ClientLimits()
        limits.maximumBackoff = .milliseconds(500)
        limits.patience = .seconds(1)
        return limits
    }
}

extension ServiceSettings {
    var meshCredentials: MeshTLSCredentials {
        MeshTLSCredentials(certificateChainPath: certificatePath, privateKeyPath: privateKeyPath, trustRootsPath: trustRootsPath)
    }
}
