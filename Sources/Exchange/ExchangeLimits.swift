/// Limits of the client. Defaults suit Binance Spot.
public struct ExchangeLimits: Sendable {
    /// For a whole read: connection, request and answer.
    public var readTimeout: Duration
    /// For a whole order request. Binance itself gives up after ten seconds (-1007).
    public var orderTimeout: Duration
    public var connectTimeout: Duration
    /// For one signature, which may come from another machine: far less than `receiveWindow`, as a timestamp is signed.
    public var signingTimeout: Duration
    /// How often a signature is asked for that did not come in time, each time with a new timestamp.
    public var signingAttempts: Int
    /// Largest answer taken; the whole exchangeInfo of a live exchange is larger, so symbols are always named.
    public var maximumReplyBytes: Int
    /// Binance's `recvWindow`, milliseconds. Never widened to make up for a wrong clock.
    public var receiveWindow: Int64
    /// Request weight a minute.
    public var weightPerMinute: Int

    public init(
        readTimeout: Duration = .seconds(5), orderTimeout: Duration = .seconds(11), connectTimeout: Duration = .seconds(3),
        signingTimeout: Duration = .milliseconds(1500), signingAttempts: Int = 2,
        maximumReplyBytes: Int = 1 << 20, receiveWindow: Int64 = 5000, weightPerMinute: Int = 6000
    ) {
        self.readTimeout = readTimeout
        self.orderTimeout = orderTimeout
        self.connectTimeout = connectTimeout
        self.signingTimeout = signingTimeout
        self.signingAttempts = signingAttempts
        self.maximumReplyBytes = maximumReplyBytes
        self.receiveWindow = receiveWindow
        self.weightPerMinute = weightPerMinute
    }

    public static let `default` = ExchangeLimits()
}
