public import NIOCore

/// Bounds of one TLS connection.
public struct TLSLimits: Sendable {
    /// From the first moment of the connection to a complete handshake.
    public var handshakeTimeout: TimeAmount
    /// How long a close waits for the peer to take the last bytes and answer close_notify.
    public var closeTimeout: TimeAmount
    /// Memory of what may wait for the handshake: that of the buffers written, however little is in them, and 96 bytes for each. One more byte
    /// closes the connection.
    public var maxQueuedBeforeHandshake: Int
    /// Memory of what may wait for the socket. One more byte closes the connection: writers must heed `channelWritabilityChanged`.
    public var maxQueued: Int
    /// Bytes of the peer that are thrown away once this side closes, so that the peer hears the last words to it before the reset that unread
    /// bytes make of a close. One more closes the socket as soon as those words are out.
    public var maxDropped: Int

    public init(
        handshakeTimeout: TimeAmount = .seconds(10), closeTimeout: TimeAmount = .seconds(2), maxQueuedBeforeHandshake: Int = 256 * 1024,
        maxQueued: Int = 16 * 1024 * 1024, maxDropped: Int = 256 * 1024
    ) {
        self.handshakeTimeout = handshakeTimeout
        self.closeTimeout = closeTimeout
        self.maxQueuedBeforeHandshake = maxQueuedBeforeHandshake
        self.maxQueued = maxQueued
        self.maxDropped = maxDropped
    }

    /// What connections use unless they are told otherwise.
    public static let `default` = TLSLimits()
}
