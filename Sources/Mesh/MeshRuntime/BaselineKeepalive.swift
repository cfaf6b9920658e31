internal import Glibc
internal import NIOCore

/// ttrpc has no PING: in baseline the kernel has to notice a peer that is gone.
enum BaselineKeepalive {
    /// Probes a quiet connection, and gives it up when a probe or data stay unacknowledged (tcp(7): TCP_KEEPIDLE and TCP_KEEPINTVL
    /// in seconds, TCP_USER_TIMEOUT in milliseconds).
    ///
    /// - Parameters:
    ///   - interval: of quiet, after which it is probed; whole seconds, at least one. Zero, as of `timeout`, leaves the connection alone.
    ///   - timeout: how long a probe may stay unacknowledged.
    static func start(on channel: any Channel, after interval: Duration, timeout: Duration) {
        guard interval > .zero, timeout > .zero else { return }
        let idle = max(1, interval.whole(.seconds(1))), wait = max(1, timeout.whole(.seconds(1)))
        set(.socketOption(.so_keepalive), 1, channel)
        set(.tcpOption(.init(rawValue: TCP_KEEPIDLE)), idle, channel)
        // The kernel looks whether a probe was answered when the next one is due: 75 seconds later unless told otherwise.
        set(.tcpOption(.init(rawValue: TCP_KEEPINTVL)), wait, channel)
        // Not before the probe that the kernel was told of could have been answered.
        let least = Duration.seconds(Int64(idle) + Int64(wait))
        set(.tcpOption(.init(rawValue: TCP_USER_TIMEOUT)), max(least, interval + timeout).whole(.milliseconds(1)), channel)
    }

    /// A channel that is no socket goes without.
    private static func set(_ option: ChannelOptions.Types.SocketOption, _ value: SocketOptionValue, _ channel: any Channel) {
        channel.setOption(option, value: value).whenFailure { _ in }
    }
}

extension Duration {
    /// Rounded down to whole units, as far as a C int goes.
    fileprivate func whole(_ unit: Duration) -> SocketOptionValue { SocketOptionValue(CInt(clamping: Int64(min(self / unit, 0x7fff_ffff)))) }
}
