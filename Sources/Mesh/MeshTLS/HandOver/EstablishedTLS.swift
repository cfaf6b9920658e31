public import NIOCore

/// A TLS connection whose handshake is complete, on its way from the event loop that made it to the one that uses it.
public final class EstablishedTLS: @unchecked Sendable {
    // Not locked: who hands it over keeps none of it, so that one event loop has it at any time.
    let connection: TLSConnection
    let loaded: LoadedContext
    let limits: TLSLimits

    init(_ connection: TLSConnection, _ loaded: LoadedContext, _ limits: TLSLimits) {
        self.connection = connection
        self.loaded = loaded
        self.limits = limits
    }
}

/// User inbound event of a `MeshTLSHandler` that hands over: the handshake is complete, all of its bytes are written, and the channel closes
/// without a word to the peer, whose connection lives on in `socket`.
public struct TLSHandedOver: Sendable {
    /// For the `MeshTLSHandler` of the channel that is made of `socket`.
    public let established: EstablishedTLS
    /// A descriptor of the same connection. Whoever gets this event owns it.
    public let socket: NIOBSDSocket.Handle
}
