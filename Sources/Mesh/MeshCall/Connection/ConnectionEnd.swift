package import MeshWire

/// How a connection ended.
package enum ConnectionEnd: Sendable {
    /// This side ended it because the peer broke a rule or did not keep a time.
    case failed(ConnectionFailure)
    /// The link broke or the peer closed it.
    case lost(String)
    /// This side closed it in good order.
    case closed

    package var description: String {
        switch self {
        case .failed(let failure): failure.reason
        case .lost(let cause): cause
        case .closed: "closed"
        }
    }
}
