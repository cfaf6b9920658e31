internal import Dispatch
internal import Glibc

/// Returns at SIGTERM or SIGINT.
func untilTerminated() async {
    let (signals, arrived) = AsyncStream.makeStream(of: Void.self)
    let sources = [SIGTERM, SIGINT].map { number in
        // A source sees an ignored signal all the same, and then nothing else acts on it.
        signal(number, SIG_IGN)
        let source = DispatchSource.makeSignalSource(signal: number)
        source.setEventHandler { arrived.yield() }
        source.activate()
        return source
    }
    for await _ in signals { break }
    for source in sources { source.cancel() }
}

func flushOutput() {
    fflush(nil)
}
