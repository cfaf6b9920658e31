internal import MeshCall
internal import NIOCore
internal import Synchronization

/// Makes calls over a pool: on one connection, and on others when the call may be made again.
final class CallRunner: CallRepeater {
    let pool: ConnectionPool
    private let limits: ClientLimits
    private let policy: RetryPolicy
    /// Calls made, repetitions not counted.
    private let calls = Atomic<Int>(0)
    private let budget: Mutex<RetryBudget>

    init(_ pool: ConnectionPool, _ limits: ClientLimits) {
        self.pool = pool
        self.limits = limits
        policy = RetryPolicy(limits)
        budget = Mutex(RetryBudget(limits.retry, at: .now))
    }

    // MARK: Kinds of calls

    func unary(_ method: MethodDescriptor, _ request: ByteBuffer, _ options: CallOptions) async throws -> UnaryReply {
        if let placed = try place(method, request, options) { return try await placed.reply() }
        let call = RunningCall(try OutgoingCall(method, request, options), waitsForReady: options.waitForReady)
        guard let delay = hedgeDelay(call.outgoing, options) else {
            return try await run(call) { lease, outgoing, _ in try await self.unary(outgoing, on: lease) }
        }
        return try await run(call) { lease, outgoing, attempt in
            // To give up the attempt that loses would end the calls of others on its connection.
            guard !lease.connection.wire.closesToCancel else { return try await self.unary(outgoing, on: lease) }
            return try await self.hedged(outgoing, attempt: attempt, on: lease, after: delay)
        }
    }

    /// Nearly every call ends with its first attempt: it is made without anything that only a second one needs.
    @inline(__always)
    func place(_ method: MethodDescriptor, _ request: ByteBuffer, _ options: CallOptions) throws(RPCError) -> PlacedCall? {
        guard options.hedgeAfter == nil, limits.hedgeAfter == nil else { return nil }
        let call = try ClientCall(method, request, options)
        guard let connection = pool.pickUnlessProbing() else { return nil }
        calls.wrappingAdd(1, ordering: .relaxed)
        return PlacedCall(call, on: connection.wire, use: connection, repeater: self, waitsForReady: options.waitForReady)
    }

    func unary(_ call: ClientCall, after error: any Error, on use: any ConnectionUse, waitsForReady: Bool) async throws -> UnaryReply {
        guard let connection = use as? PooledConnection else { throw error }
        pool.ended(Lease(connection: connection), with: error)
        var call = RunningCall(call.outgoing, waitsForReady: waitsForReady)
        try await pause(&call, after: error, on: connection)
        return try await run(&call) { lease, outgoing, _ in try await self.unary(outgoing, on: lease) }
    }

    private func hedgeDelay(_ outgoing: OutgoingCall, _ options: CallOptions) -> Duration? {
        guard let delay = options.hedgeAfter ?? limits.hedgeAfter, outgoing.method.policy.idempotency == .readOnly else { return nil }
        return delay
    }

    func unary(_ outgoing: OutgoingCall, on lease: Lease) async throws -> UnaryReply {
        do {
            let reply = try await lease.connection.wire.unary(ClientCall(outgoing))
            pool.answered(lease)
            return reply
        } catch {
            pool.ended(lease, with: error)
            throw error
        }
    }

    func serverStreaming(_ outgoing: OutgoingCall, _ options: CallOptions) async throws -> ReplyStream {
        var call = RunningCall(outgoing, waitsForReady: options.waitForReady)
        return StreamedCall(self, call, try await open(&call)).replies
    }

    /// Opens the call's stream on some connection. What goes wrong before its first message is the caller's to repeat.
    func open(_ call: inout RunningCall) async throws -> OpenStream {
        try await run(&call) { lease, outgoing, _ in
            OpenStream(lease: lease, replies: try await self.held(lease) { try await $0.serverStreaming(outgoing) })
        }
    }

    func clientStreaming(_ outgoing: OutgoingCall, _ options: CallOptions) async throws -> ClientStreamingCall {
        try await run(RunningCall(outgoing, waitsForReady: options.waitForReady)) { lease, outgoing, _ in
            try await self.held(lease) { try await $0.clientStreaming(outgoing) }.observed { self.closed(lease, $0) }
        }
    }

    func bidirectional(_ outgoing: OutgoingCall, _ options: CallOptions) async throws -> BidirectionalCall {
        try await run(RunningCall(outgoing, waitsForReady: options.waitForReady)) { lease, outgoing, _ in
            let call = try await self.held(lease) { try await $0.bidirectional(outgoing) }
            return BidirectionalCall(requests: call.requests, replies: call.replies.observed { error in
                // Such a call lasts for as long as the two sides want: that its time is over says nothing.
                self.closed(lease, error?.code == .deadlineExceeded ? .callCancelled : error)
            })
        }
    }

    /// Opens a call that holds its lease until its end.
    private func held<Output>(_ lease: Lease, _ open: (ClientConnection) async throws -> Output) async throws -> Output {
        do {
            return try await open(lease.connection.wire)
        } catch {
            pool.ended(lease, with: error)
            throw error
        }
    }

    private func closed(_ lease: Lease, _ error: RPCError?) {
        if let error { pool.ended(lease, with: error) } else { pool.answered(lease) }
    }

    // MARK: Attempts

    private func run<Output>(
        _ call: RunningCall, _ send: (Lease, OutgoingCall, _ attempt: Int) async throws -> Output
    ) async throws -> Output {
        var call = call
        return try await run(&call, send)
    }

    /// - Parameter send: makes one attempt; it gives the lease back, to `answered` or `ended`.
    private func run<Output>(
        _ call: inout RunningCall, _ send: (Lease, OutgoingCall, _ attempt: Int) async throws -> Output
    ) async throws -> Output {
        if call.past.count == 0 { calls.wrappingAdd(1, ordering: .relaxed) }
        while true {
            let lease = try await lease(for: call)
            let attempt = call.past.count + 1
            do {
                return try await send(lease, call.outgoing.marked(attempt: attempt), attempt)
            } catch {
                try await pause(&call, after: error, on: lease.connection)
            }
        }
    }

    @inline(__always)
    private func lease(for call: RunningCall) async throws -> Lease {
        if call.lastTried == nil, let lease = pool.pick() { return lease }
        let deadline = call.outgoing.deadline, enough = ContinuousClock.now + limits.patience
        guard !call.waitsForReady, limits.patience > .zero, enough < deadline else {
            return try await pool.connection(by: deadline, isPatient: call.waitsForReady, otherThan: call.lastTried)
        }
        do {
            return try await pool.connection(by: enough, isPatient: true, otherThan: call.lastTried)
        } catch let error as RPCError where error.code == .deadlineExceeded {
            // Not the call's own time is over.
            throw (error.cause as? RPCError) ?? .unreachable(nil)
        }
    }

    /// Waits before the next attempt.
    ///
    /// - Throws: what the caller is told, if there is none.
    func pause(_ call: inout RunningCall, after error: any Error, on connection: PooledConnection) async throws {
        guard let failure = (error as? CallNotRun)?.error ?? error as? RPCError else { throw error }
        call.lastTried = connection
        call.past.add(certainlyNotRun: error is CallNotRun || failure.isCertainlyNotRun)
        let timeLeft = call.outgoing.deadline - .now
        switch policy.decide(failure, call.past, timeLeft: timeLeft, random: .random(in: 0...1)) {
        case .giveUp: throw failure
        case .again(let delay, let paid):
            guard !paid || withdraw() else { throw failure }
            guard delay > .zero else { return }
            do { try await Task.sleep(for: delay) } catch { throw RPCError.callCancelled }
        }
    }

    /// Takes the cost of one repetition; false when there is nothing left.
    func withdraw() -> Bool {
        budget.withLock { $0.withdraw(calls: calls.load(ordering: .relaxed), at: .now) }
    }
}

/// One call and its attempts so far.
struct RunningCall: Sendable {
    let outgoing: OutgoingCall
    /// Waits for a peer that cannot be reached.
    let waitsForReady: Bool
    var past: PastAttempts
    /// The next attempt goes elsewhere if it can.
    var lastTried: PooledConnection?

    init(_ outgoing: OutgoingCall, waitsForReady: Bool) {
        self.outgoing = outgoing
        self.waitsForReady = waitsForReady
        let sendsMore = outgoing.method.kind == .clientStreaming || outgoing.method.kind == .bidirectional
        // What a caller streams is gone once it was sent.
        past = PastAttempts(mayRunTwice: outgoing.method.policy.idempotency != .none && !sendsMore)
    }
}

/// A stream of answers and the connection that it comes on.
struct OpenStream: Sendable {
    let lease: Lease
    let replies: ReplyStream
}
