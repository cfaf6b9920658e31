internal import Glibc
internal import NIOCore
internal import NIOPosix

/// The thread that accepts connections and makes their handshakes, for all servers of the process.
///
/// A handshake takes as much time as some hundred calls, and strangers can ask for any number of them. On a thread of its own that gives way to the others
/// they cost whoever is let in already next to nothing, on one core too.
enum HandshakeLoop {
    /// What it adds to the niceness of the process: a thirtieth of the weight of the loops that serve calls, where both want the same core:
    /// some 70 handshakes a second of half a millisecond each where the core has no time left.
    private static let niceness: Int32 = 15

    static let group: MultiThreadedEventLoopGroup = {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        group.next().execute(giveWay)
        return group
    }()

    /// Linux keeps a niceness for each thread (sched(7)); 0 is the calling one. Where it may not be changed, handshakes are made all the same.
    @Sendable private static func giveWay() {
        let process = __priority_which_t(PRIO_PROCESS.rawValue)
        _ = setpriority(process, 0, getpriority(process, 0) + niceness)
    }
}
