internal import Logging
internal import MeshCall
internal import NIOCore

/// One mesh client for each peer, made when first asked for. Each expects its peer's own name in the certificate.
final class PeerChannels: Sendable {
    private let settings: ServiceSettings

    init(settings: ServiceSettings, eventLoopGroup: any EventLoopGroup, logger: Logger) {
        self.settings = settings
    }

    /// - Throws: `StartUpError.settings` for a peer that the settings do not name.
    func channel(to peer: String) throws -> any CallChannel {
        guard settings.peers[peer] != nil else {
            throw StartUpError.settings("peers.\(peer) is missing")
        }
        throw StartUpError.settings("the mesh client has not landed yet")
    }

    func close() async {}
}
