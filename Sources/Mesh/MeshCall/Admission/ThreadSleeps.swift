internal import Glibc

/// How often this thread has given its core away of its own accord: an event loop does so only when nothing is ready. Time says less,
/// because a thread that was pushed off its core has lost time too.
enum ThreadSleeps {
    /// RUSAGE_THREAD of getrusage(2), which the C library shows to GNU sources only.
    private static let thisThread: Int32 = 1

    static var count: Int {
        var usage = rusage()
        guard getrusage(thisThread, &usage) == 0 else { return 0 }
        return usage.ru_nvcsw
    }
}
