package import MeshWire
package import NIOCore
internal import MeshMessages

/// The client's end of one connection: turns calls into frames and frames into answers. State is confined to the event loop; the
/// call functions may be called from anywhere.
package final class ClientConnection: FrameHandler, FrameReceiver, @unchecked Sendable {
    package let loop: any EventLoop
    let transport: FrameTransport
    /// In baseline, to give a call up that was sent is to close: see `ConnectionLimits.closesBaselineToCancel`.
    package let closesToCancel: Bool
    // As in `ServerConnection`, not checked at run time what happens for every frame.
    @exclusivity(unchecked) var machine: ClientStateMachine
    /// Calls that have a stream.
    @exclusivity(unchecked) var calls = StreamTable<ClientCall>()
    @exclusivity(unchecked) var arriving = ArrivingMessages()
    /// Calls that wait for a free stream, oldest first.
    @exclusivity(unchecked) var waiting = CircularBuffer<ClientCall>()
    @exclusivity(unchecked) private var deadlines = DeadlineTimer()
    private let started = NIODeadline.now()
    private var pingSent: NIODeadline?
    private var onEvent: ((Event) -> Void)?
    private(set) var isClosing = false
    private var isEstablished = false
    private var endWaiters: [() -> Void] = []

    /// What the owner of a connection has to know.
    package enum Event: Sendable {
        /// The server's SETTINGS came: it accepts this side.
        case established
        /// It takes no new calls; those in flight go on.
        case retired(String)
        case ended(ConnectionEnd)
    }

    package init(loop: any EventLoop, link: any FrameLink, mode: WireMode, limits: ConnectionLimits) {
        self.loop = loop
        closesToCancel = mode == .baseline && limits.closesBaselineToCancel
        machine = ClientStateMachine(mode: mode, settings: limits.settings)
        transport = FrameTransport(loop: loop, link: link, mode: mode, limits: limits)
    }

    /// Sends SETTINGS and starts looking at the times. `onEvent` is called on the loop.
    package func start(onEvent: @escaping (Event) -> Void) {
        self.onEvent = onEvent
        transport.start(self)
        // Held strongly, as everywhere here: the end of the connection, which always comes, lets go.
        transport.startTicking { self.tick() }
        transport.wake()
    }

    // MARK: FrameReceiver

    package func received(_ bytes: ByteBuffer) { transport.received(bytes) }
    package func readCompleted() {
        settleMessages()
        transport.readCompleted()
    }
    package func writabilityChanged() { transport.writabilityChanged() }
    package func linkClosed(_ cause: (any Error)?) { transport.linkClosed(cause) }

    // MARK: FrameHandler

    var hasControlFrames: Bool { machine.hasControlFrames }
    func takeControlFrames() -> [ControlFrame] { machine.takeControlFrames() }
    func grant(_ streamID: UInt32, remaining: Int) -> SendGrant { machine.grant(streamID, remaining: remaining) }
    func grantAll(_ streamID: UInt32, _ bytes: Int) -> Bool { machine.grantAll(streamID, bytes) }
    var waitsForPeer: Bool { !calls.isEmpty }
    func endWritten(on streamID: UInt32) {}
    func fail(_ failure: ConnectionFailure) { machine.fail(failure) }

    func receive(_ header: FrameHeader, _ data: UnsafeRawBufferPointer?) throws(ConnectionFailure) {
        let action = try machine.receive(header, data)
        if case .message(let id, let charge) = action, arriving.append(data, on: id, charge: charge) { return }
        settleMessages()
        switch action {
        case .none: break
        case .headers(let id): receiveHeaders(id, data)
        case .messagePart(let id): receivePart(id, data)
        case .message(let id, let charge): receiveMessage(id, data, charge)
        case .responsePart(let id): calls[id]?.envelope.append(data)
        case .response(let id, _): receiveResponse(id, data)
        case .ended(let id, let charge): receiveEnd(id, data, charge)
        case .failed(let id, let rejection): gaveUp(id, rejection, header)
        case .windowOpened(let id): windowOpened(id)
        case .goAway(let last, let failure): receiveGoAway(last, failure)
        case .pong: pingSent = nil
        }
        if !waiting.isEmpty { startWaiting() }
    }

    /// The machine has given a call up for what its server sent.
    private func gaveUp(_ id: UInt32, _ rejection: StreamRejection, _ header: FrameHeader) {
        finish(id, .failure(RPCError(rejection)))
        // A server whose last word this was does nothing more for the call.
        if closesToCancel, header.type == .data, !header.flags.contains(.remoteClosed) { transport.close() }
    }

    private func windowOpened(_ streamID: UInt32) {
        if streamID == 0 { transport.setMaximumFrame(Int(machine.peer.maximumDataFrame)) }
        transport.windowOpened(streamID)
        guard machine.isEstablished, !isEstablished else { return }
        isEstablished = true
        onEvent?(.established)
    }

    private func receiveGoAway(_ last: UInt32, _ failure: ConnectionFailure) {
        retire("the server goes away: \(failure.reason)")
        for id in machine.streams(above: last) {
            machine.forget(id)
            transport.drop(id, .connectionClosed)
            finish(id, .failure(.connectionClosed), notRun: true)
        }
        closeIfIdle()
    }

    func ended(_ end: ConnectionEnd) {
        deadlines.stop()
        // A read turn that the end cut off has no end of its own; and what holds messages holds this connection.
        _ = arriving.settle()
        let error = RPCError(
            .unavailable, "The connection was lost.", reason: RPCError.connectionLostReason, cause: LinkLost(end: end.description))
        let open = calls.values
        calls.removeAll()
        for call in open { finish(call, .failure(error)) }
        refuseWaiting(error)
        onEvent?(.ended(end))
        onEvent = nil
        for waiter in endWaiters { waiter() }
        endWaiters = []
    }

    /// Calls `body` when the connection is over, at once if it is. On the loop.
    package func whenEnded(_ body: @escaping () -> Void) {
        if transport.end == nil { endWaiters.append(body) } else { body() }
    }

    // MARK: Retirement

    /// Takes no new calls; closes when those in flight are over.
    private func retire(_ reason: String) {
        guard !isClosing else { return }
        isClosing = true
        refuseWaiting(.connectionClosed)
        onEvent?(.retired(reason))
    }

    private func refuseWaiting(_ error: RPCError) {
        let refused = waiting
        waiting.removeAll()
        for call in refused { finish(call, .failure(error), notRun: true) }
    }

    /// Lets calls in flight finish, then closes. On the loop.
    package func shutDown() {
        retire("closed by this side")
        closeIfIdle()
    }

    /// Closes now. On the loop.
    package func closeNow() {
        transport.close()
    }

    func closeIfIdle() {
        if isClosing, calls.isEmpty { transport.close() }
    }

    /// Calls in flight or waiting. On the loop.
    package var load: Int { calls.count + waiting.count }

    // MARK: Time

    func arm(_ deadline: NIODeadline) {
        guard deadlines.isLate(for: deadline) else { return }
        deadlines.arm(deadline, on: loop) { self.sweepDeadlines() }
    }

    private func sweepDeadlines() {
        deadlines.fired()
        let now = NIODeadline.now()
        var earliest: NIODeadline?
        for call in calls.values + Array(waiting) {
            if call.outgoing.monotonicDeadline <= now {
                cancel(call, RPCError(.deadlineExceeded, "The call's time is over."))
            } else {
                earliest = min(earliest ?? call.outgoing.monotonicDeadline, call.outgoing.monotonicDeadline)
            }
        }
        // To give up the last of them may have closed the connection, which a timer would keep.
        if let earliest, transport.end == nil { arm(earliest) }
    }

    private func tick() {
        machine.intervalPassed()
        if let failure = transport.tooSlow() { return transport.fail(failure) }
        let limits = transport.limits
        if !machine.isEstablished, NIODeadline.now() - started >= TimeAmount(limits.settingsTimeout) {
            return transport.fail(ConnectionFailure(.timeout, "no SETTINGS in \(limits.settingsTimeout)"))
        }
        keepAlive(limits)
    }

    private func keepAlive(_ limits: ConnectionLimits) {
        let interval = machine.pingInterval(atLeast: limits.keepaliveInterval)
        if let sent = pingSent {
            // It stands behind what the server takes slowly: whether it takes anything is looked at elsewhere.
            guard transport.isWritable else { return pingSent = .now() }
            let waited = Duration.nanoseconds((NIODeadline.now() - sent).nanoseconds), quiet = transport.quietTime
            // Whoever has spoken since was there then, and its PONG may stand behind much else: it is asked to be quiet as long as before the PING.
            let isOver = quiet < waited ? quiet >= interval + limits.keepaliveTimeout : waited >= limits.keepaliveTimeout
            guard isOver else { return }
            return transport.fail(ConnectionFailure(.timeout, "a PING was not answered in \(limits.keepaliveTimeout)"))
        }
        guard !calls.isEmpty, transport.quietTime >= interval, machine.ping() else { return }
        pingSent = .now()
        transport.wake()
    }
}

/// For the log: what broke the connection.
struct LinkLost: Error, CustomStringConvertible {
    let end: String
    var description: String { end }
}

extension RPCError {
    /// `reason` of the UNAVAILABLE that a call gets whose connection was lost: it may have run.
    package static let connectionLostReason = "CONNECTION_LOST"

    static var connectionClosed: RPCError {
        RPCError(.unavailable, "The connection is closing.", reason: "CONNECTION_CLOSED", cause: CallNeverRan())
    }
}
