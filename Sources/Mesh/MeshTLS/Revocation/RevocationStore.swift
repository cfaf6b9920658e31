internal import NIOCore
internal import Synchronization

/// The list that a context's connections are held against, and those connections: what becomes revoked is told so at once.
final class RevocationStore: Sendable {
    private struct Entry {
        let channel: any Channel
        let peer: VerifiedPeer
    }

    private struct State {
        var list = RevocationList.empty
        /// Connections whose handshake is complete.
        var live: [ObjectIdentifier: Entry] = [:]

        func revoked() -> [(channel: any Channel, refusal: PeerRefusal)] {
            live.values.compactMap { entry in list.refusal(of: entry.peer).map { (entry.channel, $0) } }
        }
    }

    private let state = Mutex(State())

    var list: RevocationList { state.withLock { $0.list } }

    func refusal(of peer: VerifiedPeer) -> PeerRefusal? {
        state.withLock { $0.list.refusal(of: peer) }
    }

    // MARK: Changes

    /// - Returns: false when `list` is not newer than the one held, which then stays.
    func replace(with list: RevocationList) -> Bool {
        let revoked = state.withLock { state -> [(channel: any Channel, refusal: PeerRefusal)]? in
            guard list.version > state.list.version else { return nil }
            state.list = list
            return state.revoked()
        }
        guard let revoked else { return false }
        Self.tell(revoked)
        return true
    }

    func add(serials: Set<CertificateSerial>, identities: Set<SPIFFEIdentity>) {
        let revoked = state.withLock { state in
            state.list.serials.formUnion(serials)
            state.list.identities.formUnion(identities)
            return state.revoked()
        }
        Self.tell(revoked)
    }

    private static func tell(_ revoked: [(channel: any Channel, refusal: PeerRefusal)]) {
        for (channel, refusal) in revoked { channel.pipeline.fireUserInboundEventTriggered(PeerRevoked(refusal: refusal)) }
    }

    // MARK: Connections

    /// A handshake is complete. The list may have changed since the certificate was looked at.
    ///
    /// - Returns: why the connection must be closed; it is then not kept.
    func register(_ channel: any Channel, _ peer: VerifiedPeer) -> PeerRefusal? {
        state.withLock { state in
            if let refusal = state.list.refusal(of: peer) { return refusal }
            state.live[ObjectIdentifier(channel)] = Entry(channel: channel, peer: peer)
            return nil
        }
    }

    func unregister(_ channel: any Channel) {
        _ = state.withLock { $0.live.removeValue(forKey: ObjectIdentifier(channel)) }
    }
}

/// Comes down a channel's pipeline when its peer was revoked.
struct PeerRevoked: Sendable {
    let refusal: PeerRefusal
}

extension RevocationList {
    func refusal(of peer: VerifiedPeer) -> PeerRefusal? { refusal(of: peer.identity, serial: peer.serial, issuers: peer.issuers) }
}
