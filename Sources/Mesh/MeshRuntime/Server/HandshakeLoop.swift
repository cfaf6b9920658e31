internal import Glibc
internal import NIOCore
internal import NIOPosix

/// The two threads that accept connections and make their handshakes, for all servers of the process. `ListeningSocket` says which of them does.
///
/// A handshake takes as much time as some hundred calls, and strangers can ask for any number of them. On threads of their own that give way to the others
/// they cost whoever is let in already next to nothing, on one core too.
enum HandshakeLoop {
    /// What the first adds to the niceness of the process: a thirtieth of the weight of the loops that serve calls, where both want the same core:
    /// some 70 handshakes a second of half a millisecond each where the core has no time left.
    private static let niceness: Int32 = 15

    /// bits/sched.h shows it to GNU programs only.
    private static let idlePolicy: Int32 = 5

    static let group = makeGroup(giveWay)

    /// For a crowd of strangers. It runs where nobody else wants the core, and whoever does need not wait for the end of its turn: sched(7), `SCHED_IDLE`.
    /// A thread of its own, since only a privileged process may take that back.
    static let ofCrowds = makeGroup(giveWayAtOnce)

    private static func makeGroup(_ begin: @escaping @Sendable () -> Void) -> MultiThreadedEventLoopGroup {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        group.next().execute(begin)
        return group
    }

    /// Linux keeps a niceness for each thread (sched(7)); 0 is the calling one. Where it may not be changed, handshakes are made all the same.
    @Sendable private static func giveWay() {
        let process = __priority_which_t(PRIO_PROCESS.rawValue)
        _ = setpriority(process, 0, getpriority(process, 0) + niceness)
    }

    @Sendable private static func giveWayAtOnce() {
        var none = sched_param()
        if sched_setscheduler(0, idlePolicy, &none) != 0 { giveWay() }
    }
}
