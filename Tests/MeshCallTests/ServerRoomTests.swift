import MeshMessages
import MeshWire
import NIOCore
import Synchronization
import TestSupport
import Testing

@testable import MeshCall

/// What peers make a server hold, of all its connections: unfinished messages, and messages that no window bounds.
@Suite(.timeLimit(.minutes(1)))
struct ServerRoomTests {
    private static let part = 64 << 10
    private static let policy = MethodPolicy(
        callers: ["gateway", "agent"], callersWithoutUser: ["gateway", "agent"], defaultDeadline: .seconds(30))

    private static let length = TestService.unary("Length", policy) { message, _ in ByteBuffer(string: "\(message.readableBytes)") }
    private static let deaf = MethodImplementation(
        TestService.descriptor("Deaf", .clientStreaming, policy),
        .clientStreaming { _, _ in
            await untilCancelled()
            return ByteBuffer()
        })
    /// Answers each message once it has it.
    private static let reader = MethodImplementation(
        TestService.descriptor("Reader", .bidirectional, policy),
        .bidirectional { messages, sink, _ in
            for try await message in messages { try await sink.send(ByteBuffer(string: "\(message.readableBytes)")) }
        })

    func connect(
        _ budget: RequestBudget, _ mode: WireMode = .mesh, as peer: PeerIdentity = TestService.gateway, limits: ConnectionLimits = .default,
        and more: [MethodImplementation] = []
    ) -> WireLink {
        let link = WireLink([Self.length, Self.deaf, Self.reader] + more, mode: mode, limits: limits, peer: peer, requests: budget)
        if mode == .mesh { link.write(ControlFrame.settings(.default).encoded) }
        return link
    }

    /// A Request in parts.
    private func frames(_ id: UInt32, _ method: String = "Length", length: Int) throws -> [[UInt8]] {
        let data = try MeshV1.Request(service: TestService.name, method: method, payload: [UInt8](repeating: 7, count: length)).packed()
        return stride(from: 0, to: data.count, by: Self.part).map { start in
            let part = data[start..<min(start + Self.part, data.count)]
            let flags: FrameFlags = part.endIndex < data.endIndex ? .more : []
            return FrameHeader(length: UInt32(part.count), streamID: id, type: .request, flags: flags).with(Array(part))
        }
    }

    private func begin(_ id: UInt32, _ method: String) throws -> [UInt8] {
        let data = try MeshV1.Request(service: TestService.name, method: method).packed()
        return FrameHeader(length: UInt32(data.count), streamID: id, type: .request, flags: [.remoteOpen, .noData]).with(data)
    }

    /// A message in four parts.
    private func message(_ id: UInt32) -> [UInt8] {
        (0..<4).flatMap { part in
            let bytes = [UInt8](repeating: 7, count: part < 3 ? 60_000 : 100)
            return FrameHeader(length: UInt32(bytes.count), streamID: id, type: .data, flags: part < 3 ? .more : []).with(bytes)
        }
    }

    /// The next answer or message; control frames are not of interest here.
    func answer(_ link: WireLink) async throws -> (id: UInt32, error: RPCError?, text: String) {
        while let frame = await link.read() {
            if frame.header.type == .data { return (frame.header.streamID, nil, String(decoding: frame.data, as: UTF8.self)) }
            guard frame.header.type == .response else { continue }
            let response = try MeshV1.Response(packed: frame.data)
            let error = response.status.flatMap { RPCError($0, trailers: [:]) }
            return (frame.header.streamID, error, String(decoding: response.payload, as: UTF8.self))
        }
        throw RPCError(.unavailable, "closed")
    }

    func untilHeld(_ budget: RequestBudget, _ isEnough: (Int) -> Bool) async {
        while !isEnough(budget.heldBytes), !Task.isCancelled { await Task.yield() }
    }

    @Test("unfinished requests of one peer hold its half; more are told when to come again, and everybody else's long ones are served")
    func unfinishedRequests() async throws {
        let budget = RequestBudget(1 << 20)
        let first = connect(budget), second = connect(budget), other = connect(budget, as: TestService.agent)
        for id in stride(from: UInt32(1), to: 9, by: 2) { first.write(try frames(id, length: 200_000)[0]) }
        await untilHeld(budget) { $0 == 4 * Self.part }
        for id in stride(from: UInt32(1), to: 17, by: 2) { second.write(try frames(id, length: 200_000)[0]) }
        for id in stride(from: UInt32(9), to: 17, by: 2) {
            let answer = try await answer(second)
            #expect(answer.id == id)
            #expect(answer.error?.code == .resourceExhausted && answer.error?.reason == RPCError.overloadedReason)
            #expect(try #require(answer.error?.retryAfter) >= .milliseconds(100))
        }
        #expect(budget.heldBytes == 512 << 10)
        for frame in try frames(1, length: 200_000) { other.write(frame) }
        #expect(try await answer(other).text == "200000")
        for frame in try frames(17, length: 100) { second.write(frame) }
        #expect(try await answer(second).text == "100")

        // What is given up makes room, and what is there can be finished.
        second.write(ControlFrame.cancel(streamID: 1, code: 1, reason: "").encoded + ControlFrame.cancel(streamID: 3, code: 1, reason: "").encoded)
        await untilHeld(budget) { $0 < 512 << 10 }
        for frame in try frames(5, length: 200_000).dropFirst() { second.write(frame) }
        #expect(try await answer(second).text == "200000")
        for link in [first, second, other] { link.hangUp() }
        await untilHeld(budget) { $0 == 0 }
    }

    @Test("a request that is not finished in time goes with its connection, and what it held is there again")
    func neverFinished() async throws {
        let budget = RequestBudget(1 << 20)
        var limits = ConnectionLimits()
        (limits.tick, limits.partialRequestTimeout) = (.milliseconds(5), .milliseconds(30))
        let link = connect(budget, limits: limits)
        link.write(try frames(1, length: 200_000)[0])
        let last = await link.readAll().last
        #expect(last?.header.type == .goAway)
        #expect(budget.heldBytes == 0)
    }

    @Test("half a stream message ends its stream in time, and what it held is there again; other streams go on")
    func neverFinishedMessage() async throws {
        let budget = RequestBudget(1 << 20)
        var limits = ConnectionLimits()
        (limits.tick, limits.partialRequestTimeout) = (.milliseconds(5), .milliseconds(100))
        let link = connect(budget, limits: limits)
        for id in [UInt32(1), 3] { link.write(try begin(id, "Reader")) }
        let part = message(1).prefix(60_000 + FrameHeader.size)
        link.write(Array(part))
        let ended = try await answer(link)
        #expect(ended.id == 1 && ended.error?.code == .deadlineExceeded && ended.error?.reason == "MESSAGE_UNFINISHED")
        await untilHeld(budget) { $0 == 0 }
        link.write(message(3))
        let read = try await answer(link)
        #expect(read.id == 3 && read.text == "180100")
        link.hangUp()
    }

    @Test("a message that its receiver's window holds up has all the time of its call")
    func heldUpMessage() async throws {
        let budget = RequestBudget(1 << 20)
        let goOn = Signal()
        let late = MethodImplementation(
            TestService.descriptor("Late", .bidirectional, Self.policy),
            .bidirectional { messages, sink, _ in
                await goOn.wait()
                for try await message in messages { try await sink.send(ByteBuffer(string: "\(message.readableBytes)")) }
            })
        var limits = ConnectionLimits()
        (limits.tick, limits.partialRequestTimeout) = (.milliseconds(5), .milliseconds(400))
        let link = connect(budget, limits: limits, and: [late])
        link.write(try begin(1, "Late"))
        // Messages wait for their reader; of the next as much has come as the window holds.
        let waiting = [60_000, 60_000, 60_000, Int(limits.settings.initialStreamWindow) - 240_550]
        for length in waiting {
            link.write(FrameHeader(length: UInt32(length), streamID: 1, type: .data).with([UInt8](repeating: 1, count: length)))
        }
        let all = message(1), firstPart = 60_000 + FrameHeader.size
        link.write(Array(all.prefix(firstPart)))
        let end = ContinuousClock.now + .milliseconds(1200)
        var id: UInt32 = 1
        while ContinuousClock.now < end {
            id += 2
            for frame in try frames(id, length: 10) { link.write(frame) }
            try #require(try await answer(link).text == "10")
        }
        goOn.raise()
        for length in waiting { #expect(try await answer(link).text == "\(length)") }
        link.write(Array(all.dropFirst(firstPart)))
        #expect(try await answer(link).text == "180100")
        link.hangUp()
    }

    @Test("the parts of an unfinished message go with their call at once, though its handler stays on, and make room", arguments: [false, true])
    func partsOfOver(isCancelled: Bool) async throws {
        let budget = RequestBudget(1 << 20)
        let goOn = Signal(), began = Signal(), kept = Mutex<ServerContext?>(nil)
        let stay = MethodImplementation(
            TestService.descriptor("Stay", .clientStreaming, Self.policy),
            .clientStreaming { _, context in
                kept.withLock { $0 = context }
                began.raise()
                await goOn.wait()
                return ByteBuffer()
            })
        // Nothing but what happens lets go: no tick comes.
        var limits = ConnectionLimits()
        limits.tick = .seconds(3600)
        let link = connect(budget, limits: limits, and: [stay])
        link.write(try begin(1, "Stay"))
        await began.wait()
        link.write(Array(message(1).prefix(60_000 + FrameHeader.size)))
        await untilHeld(budget) { $0 > 0 }
        let call = try #require(kept.withLock { $0.take() }?.call)
        #expect(try await !link.onLoop { call.parts.isEmpty })
        if isCancelled { link.write(ControlFrame.cancel(streamID: 1, code: 1, reason: "").encoded) } else { goOn.raise() }
        await untilHeld(budget) { $0 == 0 }
        #expect(try await link.onLoop { call.parts.isEmpty })
        goOn.raise()
        link.hangUp()
    }

    @Test("ticks that are lost while the receiver's window is closed are not held against who sends a message")
    func lostTicks() async throws {
        let budget = RequestBudget(1 << 20)
        let goOn = Signal()
        let late = MethodImplementation(
            TestService.descriptor("Late", .bidirectional, Self.policy),
            .bidirectional { messages, sink, _ in
                await goOn.wait()
                for try await message in messages { try await sink.send(ByteBuffer(string: "\(message.readableBytes)")) }
            })
        var limits = ConnectionLimits()
        // Those that come are the test's.
        (limits.tick, limits.partialRequestTimeout) = (.seconds(3600), .seconds(60))
        let link = connect(budget, limits: limits, and: [late])
        link.write(try begin(1, "Late"))
        let waiting = [60_000, 60_000, 60_000, Int(limits.settings.initialStreamWindow) - 240_550]
        for length in waiting {
            link.write(FrameHeader(length: UInt32(length), streamID: 1, type: .data).with([UInt8](repeating: 1, count: length)))
        }
        let all = message(1), firstPart = 60_000 + FrameHeader.size
        link.write(Array(all.prefix(firstPart)))
        let now = NIODeadline.now()
        for minutes in [Int64(2), 5] { try await link.tick(at: now + .minutes(minutes)) }
        goOn.raise()
        for length in waiting { #expect(try await answer(link).text == "\(length)") }
        // The window is open, and its sender has had no time so far.
        try await link.tick(at: now + .minutes(5) + .seconds(1))
        link.write(Array(all.dropFirst(firstPart)))
        #expect(try await answer(link).text == "180100")
        // Half a message now is not given more than its time.
        link.write(Array(message(1).prefix(firstPart)))
        await untilHeld(budget) { $0 > 0 }
        try await link.tick(at: .now() + .seconds(61))
        #expect(try await answer(link).error?.reason == "MESSAGE_UNFINISHED")
        link.hangUp()
    }

    @Test(
        "a call that is answered, or refused, stays so, whatever its caller still sends while the answer waits",
        arguments: [WireMode.mesh, .baseline], ["Early", "Nowhere"])
    func answeredInTheMeantime(_ mode: WireMode, _ method: String) async throws {
        let budget = RequestBudget(256 << 10)
        let early = MethodImplementation(
            TestService.descriptor("Early", .clientStreaming, Self.policy), .clientStreaming { _, _ in ByteBuffer(string: "enough") })
        let link = WireLink([early, Self.length], mode: mode, stalled: true, requests: budget)
        if mode == .mesh { link.write(ControlFrame.settings(.default).encoded) }
        // A part comes before its handler begins, the others after it has returned.
        let part = FrameHeader(length: 60_000, streamID: 1, type: .data, flags: mode == .mesh ? .more : []).with([UInt8](repeating: 7, count: 60_000))
        link.write(try begin(1, method) + part)
        for _ in 0..<16 { link.write(part) }
        await untilHeld(budget) { $0 == 0 }
        link.resume()
        let answer = try await answer(link)
        #expect(answer.id == 1 && answer.error?.code == (method == "Early" ? nil : .unimplemented))
        #expect(answer.text == (method == "Early" ? "enough" : ""))
        link.write(try frames(3, length: 10)[0])
        #expect(try await self.answer(link).text == "10")
        link.hangUp()
        await untilHeld(budget) { $0 == 0 }
    }

    @Test("a request in parts is its call's once it is complete, counted once, until its handler returns")
    func completed() async throws {
        let budget = RequestBudget(1 << 20)
        let began = Signal(), goOn = Signal()
        let stuck = TestService.unary("Stuck", Self.policy) { _, _ in
            began.raise()
            await goOn.wait()
            return ByteBuffer()
        }
        let link = connect(budget, and: [stuck])
        for frame in try frames(1, "Stuck", length: 400_000) { link.write(frame) }
        await began.wait()
        await untilHeld(budget) { $0 == 400_000 }
        goOn.raise()
        #expect(try await answer(link).error == nil)
        await untilHeld(budget) { $0 == 0 }
        link.hangUp()
    }

    @Test("long messages that nobody reads are bounded for all streams of a peer together; read, they make room")
    func unreadMessages() async throws {
        let budget = RequestBudget(2 << 20)
        let link = connect(budget), other = connect(budget, as: TestService.agent)
        let ids = (0..<12).map { UInt32($0 * 2 + 1) }
        for id in ids { link.write(try begin(id, "Deaf") + message(id)) }
        // Each holds its first three parts.
        let most = (1 << 20) / 180_000
        for id in ids.dropFirst(most) {
            let answer = try await answer(link)
            #expect(answer.id == id)
            #expect(answer.error?.code == .resourceExhausted && answer.error?.reason == "ASSEMBLY_FULL")
        }
        #expect(budget.heldBytes <= 1 << 20)
        other.write(try begin(1, "Reader"))
        for _ in 0..<12 {
            other.write(message(1))
            #expect(try await answer(other).text == "180100")
        }
        link.hangUp()
        await untilHeld(budget) { $0 == 0 }
        other.hangUp()
    }

    @Test("baseline: what waits unread on all connections of a peer is its half; what is read, and what is gone, makes room")
    func baseline() async throws {
        let budget = RequestBudget(8 << 20)
        let megabyte = [UInt8](repeating: 7, count: 1 << 20)
        let message = { (id: UInt32) in FrameHeader(length: UInt32(megabyte.count), streamID: id, type: .data).with(megabyte) }
        let first = connect(budget, .baseline), second = connect(budget, .baseline), other = connect(budget, .baseline, as: TestService.agent)
        for id in [1, 3, 5] as [UInt32] { first.write(try begin(id, "Deaf") + message(id)) }
        await untilHeld(budget) { $0 == 3 << 20 }
        for id in [1, 3, 5] as [UInt32] { second.write(try begin(id, "Deaf") + message(id)) }
        for id in [3, 5] as [UInt32] {
            let answer = try await answer(second)
            #expect(answer.id == id)
            #expect(answer.error?.code == .resourceExhausted && answer.error?.reason == "QUEUE_FULL")
        }
        #expect(budget.heldBytes == 4 << 20)
        other.write(try begin(1, "Reader"))
        for _ in 0..<12 {
            other.write(message(1))
            #expect(try await answer(other).text == "\(megabyte.count)")
        }
        first.hangUp()
        await untilHeld(budget) { $0 == 1 << 20 }
        second.write(try begin(7, "Reader") + message(7))
        #expect(try await answer(second).text == "\(megabyte.count)")
        second.hangUp()
        await untilHeld(budget) { $0 == 0 }
        other.hangUp()
    }

    @Test("nothing is made of a long request that there is no room for", arguments: [false, true])
    func notUnpacked(intercepted: Bool) async throws {
        struct Nothing: ServerInterceptor {
            func intercept(_ context: ServerContext, next: @concurrent @Sendable (ServerContext) async throws -> Void) async throws {
                try await next(context)
            }
        }
        let unpacked = Mutex(0)
        let stuck = MethodImplementation(TestService.descriptor("Stuck")) { _ in
            unpacked.withLock { $0 += 1 }
            return { _, streams in
                await untilCancelled()
                streams.give(.bytes(ByteBuffer()))
            }
        }
        let budget = RequestBudget(200_000)
        let link = WireLink([stuck], mode: .mesh, requests: budget, interceptors: intercepted ? [Nothing()] : [])
        link.write(ControlFrame.settings(.default).encoded)
        for id in [1, 3, 5] as [UInt32] { link.write(try frames(id, "Stuck", length: 60_000)[0]) }
        for id in [3, 5] as [UInt32] {
            let answer = try await answer(link)
            #expect(answer.id == id && answer.error?.reason == RPCError.overloadedReason)
        }
        #expect(unpacked.withLock { $0 } == 1)
        link.hangUp()
        await untilHeld(budget) { $0 == 0 }
    }
}
