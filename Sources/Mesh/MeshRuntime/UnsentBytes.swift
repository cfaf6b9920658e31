internal import Glibc
internal import NIOCore

/// Bytes that the kernel holds of a connection and has not sent once: what stands there goes out before any PONG or CANCEL.
///
/// Without a bound of their own they are bounded by the send buffer only, which grows to 4 MiB by itself (tcp(7), tcp_wmem).
enum UnsentBytes {
    /// In bytes. At 10 Gbit/s the kernel sends so much in 105 µs, longer than a loop takes to give it more; at 10 Mbit/s a PONG stands behind it for 0.1 s.
    /// What is under way is not counted, so that a long round trip costs nothing. Echoes of 4 MiB over loopback took 4 % longer in one debug run.
    static let most: CInt = 128 << 10

    /// Has the kernel take no more while there are so many (tcp(7), TCP_NOTSENT_LOWAT, Linux 3.12). A channel that is no such socket goes without.
    static func bound(on channel: any Channel) {
        channel.setOption(.tcpOption(.init(rawValue: TCP_NOTSENT_LOWAT)), value: SocketOptionValue(most)).whenFailure { _ in }
    }
}
