/// Where a TLS connection stands. A pure value: the handler asks it what to do and does it.
struct TLSLifecycle {
    enum Phase: Equatable {
        /// The channel is not active yet.
        case idle
        case handshaking
        case open
        /// Closed by this side, or by the peer and being answered: flushed writes and close_notify go out first.
        case closing
        /// An error was reported; the alert may still be on its way.
        case failed
        case closed
    }

    private(set) var phase = Phase.idle
    /// The peer's close_notify has come.
    private(set) var inputClosed = false
    /// A half-close was asked for: nothing may be written any more.
    private(set) var outputClosing = false
    /// Our close_notify is out.
    private(set) var closeNotifySent = false
    /// The channel reported an error itself, so its end needs no second one.
    private(set) var transportFailed = false

    /// What the end of the TCP connection means.
    enum End { case expected, duringHandshake, truncated }

    mutating func start() -> Bool {
        guard phase == .idle else { return false }
        phase = .handshaking
        return true
    }

    mutating func handshakeCompleted() { phase = .open }

    /// - Returns: false when an error was reported before.
    mutating func fail() -> Bool {
        guard phase != .failed, phase != .closed else { return false }
        phase = .failed
        return true
    }

    mutating func close() { phase = .closing }
    mutating func closeOutput() { outputClosing = true }
    mutating func peerClosed() { inputClosed = true }
    mutating func transportError() { transportFailed = true }

    /// - Returns: true when close_notify is due now: everything flushed is sent and somebody asked for a close.
    mutating func takeCloseNotify(queueIsEmpty: Bool) -> Bool {
        guard queueIsEmpty, !closeNotifySent, phase == .closing || (phase == .open && outputClosing) else { return false }
        closeNotifySent = true
        return true
    }

    mutating func end() -> End {
        defer { phase = .closed }
        switch phase {
        case .handshaking: return transportFailed ? .expected : .duringHandshake
        case .open: return transportFailed || inputClosed ? .expected : .truncated
        case .idle, .closing, .failed, .closed: return .expected
        }
    }

    /// Plaintext goes up only while nobody has closed.
    var delivers: Bool { phase == .open && !inputClosed }
    /// Nothing that still comes from the peer matters but its own last word: it is only read so that the peer hears ours.
    var lingers: Bool { phase == .failed || phase == .closing }
    /// Nothing waits any more to be sent to the peer, or nothing can be.
    var lastWordIsSaid: Bool { phase == .failed || closeNotifySent }
    var reads: Bool { phase == .open || phase == .closing }
    var mayWrite: Bool { (phase == .idle || phase == .handshaking || phase == .open) && !outputClosing }
}
