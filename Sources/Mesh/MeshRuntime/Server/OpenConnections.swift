internal import MeshCall
internal import NIOCore

/// The connections of a server, and the bounds on them. A value behind the server's lock.
struct OpenConnections {
    struct Entry {
        let channel: any Channel
        /// Nil until the handshake is complete.
        var connection: ServerConnection?
        fileprivate var peer: String?
        fileprivate let ticket: UInt64
    }

    /// What becomes of a connection that was just accepted.
    enum Arrival {
        case admitted
        /// Admitted in the place of another whose handshake has been under way longest.
        case admittedInsteadOf(any Channel)
        case refused
    }

    /// What becomes of a connection whose handshake is complete.
    enum Registration { case admitted, stopping, tooMany }

    private var entries: [ObjectIdentifier: Entry] = [:]
    private var connectionsOfPeer: [String: Int] = [:]
    private var handshakes = HandshakeQueue<any Channel>()
    private(set) var isStopping = false

    var count: Int { entries.count }
    var isEmpty: Bool { entries.isEmpty }
    var handshakeCount: Int { handshakes.count }
    var all: [Entry] { Array(entries.values) }

    mutating func stop() {
        isStopping = true
    }

    mutating func arrived(_ channel: any Channel, _ limits: ServerLimits) -> Arrival {
        guard !isStopping, entries.count < limits.maximumConnections else { return .refused }
        let isFull = handshakes.count >= limits.maximumHandshakes
        // The oldest are the likeliest never to end. Refusing the new ones would let a few slow strangers keep everybody out.
        let dropped = isFull ? handshakes.removeOldest() : nil
        let ticket = handshakes.enter(channel)
        entries[ObjectIdentifier(channel)] = Entry(channel: channel, connection: nil, peer: nil, ticket: ticket)
        return dropped.map(Arrival.admittedInsteadOf) ?? .admitted
    }

    /// The handshake is complete, and the connection goes on in another channel.
    ///
    /// - Returns: false when it is no longer wanted.
    mutating func moved(_ channel: any Channel, to other: any Channel) -> Bool {
        guard let entry = entries.removeValue(forKey: ObjectIdentifier(channel)) else { return false }
        handshakes.leave(entry.ticket)
        entries[ObjectIdentifier(other)] = Entry(channel: other, connection: nil, peer: nil, ticket: entry.ticket)
        return true
    }

    mutating func register(
        _ connection: ServerConnection, of peer: String, for channel: any Channel, _ limits: ServerLimits
    ) -> Registration {
        let id = ObjectIdentifier(channel)
        guard entries[id] != nil else { return .stopping }
        entries[id]?.connection = connection
        entries[id]?.peer = peer
        connectionsOfPeer[peer, default: 0] += 1
        if connectionsOfPeer[peer, default: 0] > limits.maximumConnectionsPerPeer { return .tooMany }
        return isStopping ? .stopping : .admitted
    }

    mutating func remove(_ channel: any Channel) {
        guard let entry = entries.removeValue(forKey: ObjectIdentifier(channel)) else { return }
        handshakes.leave(entry.ticket)
        guard let peer = entry.peer, let count = connectionsOfPeer[peer] else { return }
        connectionsOfPeer[peer] = count > 1 ? count - 1 : nil
    }
}
