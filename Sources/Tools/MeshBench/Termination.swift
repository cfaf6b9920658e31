internal import Glibc
internal import NIOPosix
internal import Synchronization

/// Returns at SIGTERM or SIGINT.
func untilTerminated() async {
    var set = sigset_t()
    sigemptyset(&set)
    sigaddset(&set, SIGTERM)
    sigaddset(&set, SIGINT)
    // Blocked in every thread that is there; the one that waits takes it.
    pthread_sigmask(SIG_BLOCK, &set, nil)
    let waited = set
    await withCheckedContinuation { (done: CheckedContinuation<Void, Never>) in
        NIOThreadPool.singleton.submit { _ in
            var set = waited
            var signal: Int32 = 0
            sigwait(&set, &signal)
            done.resume()
        }
    }
}

func flushOutput() {
    fflush(nil)
}
