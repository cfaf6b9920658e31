package import NIOCore

/// What carries a connection's bytes: a TLS channel or the other half of an in-process pair. Confined to the connection's event loop.
package protocol FrameLink: AnyObject {
    /// False while the other side does not keep up.
    var isWritable: Bool { get }
    /// To be called before `isWritable` is asked for after the other side has caught up.
    func writabilityChanged()
    /// Sends at once. Delivery happens later: never inside this call.
    func send(_ bytes: ByteBuffer)
    /// Sends what is under way, then ends the connection.
    func close()
    /// The socket whose readiness says that bytes have come; nil when there is none.
    var descriptor: CInt? { get }
}

extension FrameLink {
    package var descriptor: CInt? { nil }
    package func writabilityChanged() {}
}

/// The end of a link that bytes arrive at: a connection. To be called on its event loop.
package protocol FrameReceiver: AnyObject {
    func received(_ bytes: ByteBuffer)
    /// The last of a burst of `received` has been delivered.
    func readCompleted()
    func writabilityChanged()
    /// The link is gone.
    func linkClosed(_ cause: (any Error)?)
}
