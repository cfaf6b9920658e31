package import MeshWire
package import NIOCore
internal import Logging
internal import MeshMessages

/// The server's end of one connection: turns frames into calls of handlers and their answers into frames.
///
/// Everything but `init` happens on the event loop. Handlers start there too, at the end of the read turn, and stay there unless they
/// wait elsewhere.
package final class ServerConnection: FrameHandler, FrameReceiver, @unchecked Sendable {
    package let loop: any EventLoop
    let scope: PeerScope
    let dispatcher: Dispatcher
    let transport: FrameTransport
    let admission: AdmissionLane?
    // What follows is touched for every frame, from the event loop only and never re-entrantly in one expression. Checking that again at
    // run time cost some 7 % of a small call.
    @exclusivity(unchecked) var machine: ServerStateMachine
    /// Calls not yet answered.
    @exclusivity(unchecked) var calls = StreamTable<ServerCall>()
    @exclusivity(unchecked) var arriving = ArrivingMessages()
    /// Calls whose handlers have not begun, oldest first. Empty between two turns.
    @exclusivity(unchecked) var pending = PendingCalls()
    @exclusivity(unchecked) var spare = SpareCalls()
    /// Of long Requests whose handlers have not returned.
    @exclusivity(unchecked) var heldRequestBytes = 0
    /// Of the server's budget, for what the machine holds: its room is so much and a step.
    @exclusivity(unchecked) var roomTaken = 0
    /// Of the server's budget, for a long frame that is not complete.
    @exclusivity(unchecked) var partialFrameBytes = 0
    @exclusivity(unchecked) private(set) var unfinished: [UInt32: UnfinishedRequest] = [:]
    @exclusivity(unchecked) private var deadlines = DeadlineTimer()
    private let started = NIODeadline.now()
    private var lastTick = NIODeadline.now()
    /// When the client was asked whether it is there, while nothing has come since.
    private var pingSent: NIODeadline?
    private var onEnd: ((ConnectionEnd) -> Void)?
    private var drainCompleted = false

    package init(
        loop: any EventLoop, link: any FrameLink, peer: PeerIdentity, mode: WireMode, dispatcher: Dispatcher, limits: ConnectionLimits,
        admission: AdmissionLane? = nil
    ) {
        self.loop = loop
        self.dispatcher = dispatcher
        self.admission = admission
        scope = PeerScope(peer: peer, logger: dispatcher.logger)
        machine = ServerStateMachine(mode: mode, settings: limits.settings)
        if dispatcher.requests != nil { machine.room = Self.roomStep }
        transport = FrameTransport(loop: loop, link: link, mode: mode, limits: limits)
    }

    /// Sends SETTINGS and starts looking at the times.
    ///
    /// - Parameter onEnd: called once, on the loop, when the connection is over.
    package func start(onEnd: @escaping (ConnectionEnd) -> Void) {
        self.onEnd = onEnd
        transport.start(self)
        // Held strongly, as everywhere here: the end of the connection, which always comes, lets go.
        transport.startTicking { self.tick() }
        transport.wake()
    }

    // MARK: FrameReceiver

    package func received(_ bytes: ByteBuffer) { transport.received(bytes) }
    package func readCompleted() {
        settleMessages()
        giveRoomBack()
        runPending()
        transport.readCompleted()
        closeIfDrained()
    }
    package func writabilityChanged() { transport.writabilityChanged() }
    package func linkClosed(_ cause: (any Error)?) { transport.linkClosed(cause) }

    // MARK: FrameHandler

    var hasControlFrames: Bool { machine.hasControlFrames }
    func takeControlFrames() -> [ControlFrame] { machine.takeControlFrames() }
    func grant(_ streamID: UInt32, remaining: Int) -> SendGrant { machine.grant(streamID, remaining: remaining) }
    func grantAll(_ streamID: UInt32, _ bytes: Int) -> Bool { machine.grantAll(streamID, bytes) }
    func fail(_ failure: ConnectionFailure) { machine.fail(failure) }
    /// Its calls are answered: a caller that makes one after another makes the next.
    var waitsForPeer: Bool { calls.isEmpty }
    func endWritten(on streamID: UInt32) {
        machine.answered(streamID)
        giveRoomBack()
    }

    func receive(_ header: FrameHeader, _ data: UnsafeRawBufferPointer?) throws(ConnectionFailure) {
        if header.addsToHeld(in: machine.mode) { makeRoom(for: header) }
        let action = try machine.receive(header, data)
        if case .message(let id, let charge, ends: false) = action, arriving.append(data, on: id, charge: charge) { return }
        settleMessages()
        switch action {
        case .none: break
        case .requestPart(let id): unfinished[id, default: UnfinishedRequest()].bytes.writeBytes(data)
        case .request(let id, let clientStreams): try receiveRequest(id, data, header.flags, clientStreams)
        case .cancelled(let id, _): abandon(id, RPCError(.cancelled, "The caller gave the call up."))
        case .reject(let id, .overloaded, ends: true): turnAway(id, refusedRequest(id, header, data))
        case .reject(let id, let rejection, let ends):
            if header.type == .request {
                dispatcher.refused(RPCError(rejection), refusedRequest(id, header, data), scope.peer)
            } else if ends, let call = calls[id] {
                dispatcher.cutOff(call, RPCError(rejection))
            }
            reject(id, rejection, ends: ends)
            try machine.refusedRequest()
        case .windowOpened(let id): windowOpened(id)
        case .pong(let value): if value == ServerStateMachine.drainPing { finishDrain() }
        case .messagePart(let id): calls[id]?.parts.append(data)
        case .message(let id, let charge, let ends): receiveMessage(id, data, charge, ends: ends)
        case .halfClosed(let id): halfClosed(id)
        }
    }

    private func windowOpened(_ streamID: UInt32) {
        if streamID == 0 { transport.setMaximumFrame(Int(machine.peer.maximumDataFrame)) }
        transport.windowOpened(streamID)
    }

    private func receiveRequest(
        _ id: UInt32, _ data: UnsafeRawBufferPointer?, _ flags: FrameFlags, _ clientStreams: Bool
    ) throws(ConnectionFailure) {
        guard !unfinished.isEmpty, var whole = unfinished.removeValue(forKey: id)?.bytes else {
            return try begin(id, data ?? UnsafeRawBufferPointer(start: nil, count: 0), flags, clientStreams)
        }
        whole.writeBytes(data)
        try whole.withUnsafeReadableBytes { bytes throws(ConnectionFailure) in try begin(id, bytes, flags, clientStreams) }
    }

    private func reject(_ id: UInt32, _ rejection: StreamRejection, ends: Bool) {
        if ends { abandon(id, RPCError(rejection)) }
        answer(id, RPCError(rejection), ends: ends)
    }

    func ended(_ end: ConnectionEnd) {
        deadlines.stop()
        // A read turn that the end cut off has no end of its own; and what holds messages holds this connection.
        _ = arriving.settle()
        let open = calls.values
        calls.removeAll()
        spare = SpareCalls()
        unfinished = [:]
        for call in open { cancel(call, RPCError(.cancelled, "The connection is closed.")) }
        while let call = pending.popFirst() {
            machine.handlerReturned()
            letGo(call)
        }
        giveAllRoomBack()
        onEnd?(end)
        onEnd = nil
    }

    // MARK: Calls given up

    /// The stream is gone: its handler is cancelled and what it still says is dropped.
    func abandon(_ id: UInt32, _ error: RPCError) {
        // A call that is over may have its answer queued still.
        transport.drop(id, error)
        if !unfinished.isEmpty { unfinished[id] = nil }
        guard let call = calls.removeValue(forKey: id) else { return }
        cancel(call, error)
    }

    func cancel(_ call: ServerCall, _ error: RPCError) {
        call.isOver = true
        call.over = error
        call.parts = MessageParts()
        if let inbound = call.inbound { report(inbound.discard(error), on: call.streamID) }
        call.worker?.cancel()
    }

    // MARK: Time

    func arm(_ deadline: NIODeadline) {
        guard deadlines.isLate(for: deadline) else { return }
        deadlines.arm(deadline, on: loop) { self.sweepDeadlines() }
    }

    private func sweepDeadlines() {
        deadlines.fired()
        let now = NIODeadline.now()
        var earliest: NIODeadline?
        for call in calls.values {
            if call.deadline <= now {
                let error = RPCError(.deadlineExceeded, "The call's time is over.")
                abandon(call.streamID, error)
                answer(call.streamID, error)
            } else {
                earliest = min(earliest ?? call.deadline, call.deadline)
            }
        }
        if let earliest { arm(earliest) }
    }

    func tick(at now: NIODeadline = .now()) {
        machine.intervalPassed()
        spare.timePassed()
        giveRoomBack()
        if let failure = transport.tooSlow() { return transport.fail(failure) }
        let limits = transport.limits
        if !machine.isEstablished, now - started >= TimeAmount(limits.settingsTimeout) {
            return transport.fail(ConnectionFailure(.timeout, "no SETTINGS in \(limits.settingsTimeout)"))
        }
        if let oldest = unfinished.values.map(\.began).min(), now - oldest >= TimeAmount(limits.partialRequestTimeout) {
            return transport.fail(ConnectionFailure(.timeout, "a request was not complete in \(limits.partialRequestTimeout)"))
        }
        endUnfinishedMessages(limits.partialRequestTimeout, at: now)
        lastTick = now
        guard machine.openStreams == 0, machine.busySlots == 0 else { return keepAlive(limits) }
        guard transport.quietTime >= limits.idleTimeout else { return }
        transport.fail(ConnectionFailure(.noError, "idle for \(limits.idleTimeout)"))
    }

    /// Half a message would hold its part for as long as its call may last.
    private func endUnfinishedMessages(_ timeout: Duration, at now: NIODeadline) {
        guard machine.holdsUnfinished else { return }
        for call in calls.values where !call.parts.isEmpty {
            if !machine.letsSend(on: call.streamID) {
                // Not from the beginning: a moment without room would do to hold it for as long again.
                call.parts.since = min(now, call.parts.since + (now - lastTick))
            } else if now - call.parts.since >= TimeAmount(timeout) {
                let error = RPCError(.deadlineExceeded, "A message was not complete in \(timeout).", reason: "MESSAGE_UNFINISHED")
                dispatcher.cutOff(call, error)
                abandon(call.streamID, error)
                answer(call.streamID, error)
            }
        }
    }

    /// A caller that has vanished says so to nobody: a stream on which nothing is to be sent would wait for it until its deadline.
    private func keepAlive(_ limits: ConnectionLimits) {
        let quiet = transport.quietTime
        guard let sent = pingSent else {
            guard machine.mode == .mesh, quiet >= machine.pingInterval(atLeast: limits.serverKeepaliveInterval) else { return }
            machine.ping()
            pingSent = .now()
            return transport.wake()
        }
        // The PING stands behind what the peer takes slowly: whether it takes anything is looked at elsewhere.
        guard transport.isWritable else { return pingSent = .now() }
        let waited = Duration.nanoseconds((NIODeadline.now() - sent).nanoseconds)
        // Whatever has come since shows that somebody is there: a PONG may stand behind much else.
        guard quiet >= waited else { return pingSent = nil }
        guard waited >= limits.serverKeepaliveTimeout else { return }
        transport.fail(ConnectionFailure(.timeout, "nothing came in \(limits.serverKeepaliveTimeout) after a PING"))
    }

    // MARK: Drain

    /// Lets calls in flight finish, takes no new ones, then closes.
    package func drain() {
        machine.beginDrain()
        transport.wake()
        // A client that does not answer the PING does not hold the drain up.
        loop.assumeIsolated().scheduleTask(in: TimeAmount(transport.limits.tick)) { self.finishDrain() }
        closeIfDrained()
    }

    private func finishDrain() {
        for id in machine.finishDrain() {
            dispatcher.refused(RPCError(.draining), refusedRequest(id), scope.peer)
            reject(id, .draining, ends: true)
        }
        transport.wake()
        closeIfDrained()
    }

    func closeIfDrained() {
        guard machine.isDrained, !drainCompleted else { return }
        drainCompleted = true
        transport.close()
    }

    /// Closes now; calls in flight are cancelled.
    package func close(_ reason: String, _ code: GoAwayCode = .noError) {
        transport.fail(ConnectionFailure(code, reason))
    }
}

/// A Request of which parts came.
struct UnfinishedRequest {
    var bytes = ByteBuffer()
    let began = NIODeadline.now()
}

extension ByteBuffer {
    fileprivate mutating func writeBytes(_ bytes: UnsafeRawBufferPointer?) {
        if let bytes { writeBytes(bytes) }
    }
}
