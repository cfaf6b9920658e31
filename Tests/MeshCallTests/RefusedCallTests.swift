import Logging
import MeshMessages
import MeshWire
import NIOCore
import Synchronization
import TestSupport
import Testing

@testable import MeshCall

/// What interceptors and the log are told of calls that no handler got.
@Suite(.timeLimit(.minutes(1)))
struct RefusedCallTests {
    private struct Case {
        var method: String
        var flags: FrameFlags = []
        var metadata = 0
        var timeoutNano: Int64 = 0
        var payload: [UInt8] = []
        /// Method and code that are counted.
        let counted: String
    }

    private static let cases = [
        Case(method: "Unheard", counted: "- UNIMPLEMENTED"),
        Case(method: "Echo", flags: .remoteClosed, counted: "Echo UNIMPLEMENTED"),
        Case(method: "Echo", timeoutNano: -1, counted: "Echo DEADLINE_EXCEEDED"),
        Case(method: "Typed", payload: [0xff], counted: "Typed INVALID_ARGUMENT"),
        Case(method: "Closed", payload: [0xff], counted: "Closed PERMISSION_DENIED"),
        Case(method: "Token", payload: [0xff], counted: "Token INVALID_ARGUMENT"),
    ]

    private static func typed(_ name: String, _ policy: MethodPolicy = TestService.open) -> MethodImplementation {
        .unary(TestService.descriptor(name, .unary, policy)) { (_: MeshV1.HealthCheckRequest, _) in MeshV1.HealthCheckResponse() }
    }

    /// `Token` is asked for one by everybody, but takes calls of gateway without.
    private static var methods: [MethodImplementation] {
        let closed = MethodPolicy(callers: ["agent"], callersWithoutUser: ["agent"], defaultDeadline: .seconds(30))
        let token = MethodPolicy(callers: ["gateway"], tokens: [.access], defaultDeadline: .seconds(30))
        return [TestService.echo, typed("Typed"), typed("Closed", closed), typed("Token", token)]
    }

    private func request(_ id: UInt32, _ call: Case, requestID: String) throws -> [UInt8] {
        var metadata = [MeshV1.KeyValue(key: "x-request-id", value: requestID)]
        if call.method == "Token" { metadata.append(MeshV1.KeyValue(key: "authorization", value: "Bearer t")) }
        let data = try MeshV1.Request(
            service: TestService.name, method: call.method, payload: call.payload, timeoutNano: call.timeoutNano, metadata: metadata
        ).packed()
        return FrameHeader(length: UInt32(data.count), streamID: id, type: .request, flags: call.flags).with(data)
    }

    private func link(_ unserved: Unserved, _ log: LogRecorder, _ limits: ConnectionLimits = .default) -> WireLink {
        let link = WireLink(
            Self.methods, mode: .mesh, limits: limits, log: log, interceptors: [unserved], authenticator: AnyToken())
        link.write(ControlFrame.settings(.default).encoded)
        return link
    }

    /// The next answer; control frames are not of interest here.
    private func answer(_ link: WireLink) async throws -> FrameHeader {
        while let frame = await link.read() {
            if frame.header.type == .response { return frame.header }
        }
        throw RPCError(.unavailable, "closed")
    }

    @Test("each is told once to the interceptors, with the method where there is one, and is one line with the caller's request id")
    func each() async throws {
        let log = LogRecorder(level: .info), unserved = Unserved()
        let link = link(unserved, log)
        for (index, call) in Self.cases.enumerated() {
            let id = UInt32(index * 2 + 1)
            link.write(try request(id, call, requestID: "r\(index)"))
            #expect(try await answer(link).streamID == id)
            #expect(unserved.all == Self.cases.prefix(index + 1).map { "\($0.counted) gateway" })
            #expect(log.lines.count == index + 1, "\(log.lines)")
            let line = try #require(log.lines.last)
            #expect(line.hasPrefix("warning call refused") && line.contains("request_id=r\(index)"), "\(line)")
            #expect(line.contains("method=/\(TestService.name)/\(call.method)"), "\(line)")
        }
        link.write(try request(101, Case(method: "Echo", counted: ""), requestID: "r"))
        #expect(try await answer(link).streamID == 101)
        #expect(unserved.all.count == Self.cases.count, "a call that was served is none")
        link.hangUp()
    }

    @Test("what nobody can read is counted too, and its line has a request id of this side")
    func unreadable() async throws {
        let log = LogRecorder(level: .info), unserved = Unserved()
        let link = link(unserved, log)
        link.write(FrameHeader(length: 2, streamID: 1, type: .request).with([0xff, 0xff]))
        #expect(try await answer(link).streamID == 1)
        #expect(unserved.all == ["- INVALID_ARGUMENT gateway"])
        #expect(try #require(log.lines.last).contains(/request_id=[0-9a-f]{16}/))
        link.hangUp()
    }

    @Test("a call for which there is no stream is counted for its method")
    func tooManyStreams() async throws {
        let log = LogRecorder(level: .info), unserved = Unserved()
        var limits = ConnectionLimits()
        limits.settings.maximumConcurrentStreams = 0
        let link = link(unserved, log, limits)
        link.write(try request(1, Case(method: "Echo", counted: ""), requestID: "r1"))
        #expect(try await answer(link).streamID == 1)
        #expect(unserved.all == ["Echo RESOURCE_EXHAUSTED gateway"])
        #expect(try #require(log.lines.last).contains("request_id=r1"))
        link.hangUp()
    }

    @Test("a call that there is no room for is counted, and is one line that says for what")
    func shed() async throws {
        let log = LogRecorder(level: .info), unserved = Unserved()
        var limits = ConnectionLimits()
        (limits.maximumRequestBytes, limits.shortRequestBytes) = (0, 0)
        let link = link(unserved, log, limits)
        link.write(try request(1, Case(method: "Echo", payload: [1], counted: ""), requestID: "r1"))
        #expect(try await answer(link).streamID == 1)
        #expect(unserved.all == ["Echo RESOURCE_EXHAUSTED gateway"])
        let line = try #require(log.lines.last)
        #expect(log.lines.count == 1 && line.hasPrefix("warning call refused"))
        for field in ["code=RESOURCE_EXHAUSTED", "reason=OVERLOADED", "peer=gateway", "request_id=r1", "method=/\(TestService.name)/Echo"] {
            #expect(line.contains(field), "\(line)")
        }
        link.hangUp()
    }

    @Test("a call of whose Request a part finds no room is a line too, without a method where nobody can read one")
    func shedInParts() async throws {
        let log = LogRecorder(level: .info), unserved = Unserved()
        let budget = RequestBudget(1)
        let link = WireLink(Self.methods, mode: .mesh, log: log, requests: budget, interceptors: [unserved])
        let part = [UInt8](repeating: 7, count: 60_000)
        link.write(ControlFrame.settings(.default).encoded + FrameHeader(length: 60_000, streamID: 1, type: .request, flags: .more).with(part))
        #expect(try await answer(link).streamID == 1)
        #expect(unserved.all == ["- RESOURCE_EXHAUSTED gateway"])
        let line = try #require(log.lines.last)
        #expect(log.lines.count == 1 && line.contains("reason=OVERLOADED") && line.contains("method=-") && line.contains("peer=gateway"), "\(line)")
        link.hangUp()
    }

    /// The frames of a Request whose message is long.
    private func longRequest(_ id: UInt32, payload: Int) throws -> [[UInt8]] {
        let data = try MeshV1.Request(service: TestService.name, method: "Echo", payload: [UInt8](repeating: 7, count: payload)).packed()
        return stride(from: 0, to: data.count, by: 60_000).map { start in
            let part = Array(data[start..<min(start + 60_000, data.count)])
            return FrameHeader(length: UInt32(part.count), streamID: id, type: .request, flags: start + part.count < data.count ? .more : []).with(part)
        }
    }

    @Test("of a Request in several frames that finds no room, or is too long, the method is known by its first frames")
    func namesInParts() async throws {
        let log = LogRecorder(level: .info), unserved = Unserved()
        let link = WireLink(Self.methods, mode: .mesh, log: log, requests: RequestBudget(200_000), interceptors: [unserved])
        link.write(ControlFrame.settings(.default).encoded)
        for frame in try longRequest(1, payload: 200_000).prefix(3) { link.write(frame) }
        #expect(try await answer(link).streamID == 1)
        #expect(unserved.all == ["Echo RESOURCE_EXHAUSTED gateway"])
        var line = try #require(log.lines.last)
        #expect(line.contains("reason=OVERLOADED") && line.contains("method=/\(TestService.name)/Echo"), "\(line)")
        link.hangUp()

        var limits = ConnectionLimits()
        limits.settings.maximumMessageBytes = 100_000
        let second = self.link(unserved, log, limits)
        for frame in try longRequest(1, payload: 200_000).prefix(2) { second.write(frame) }
        #expect(try await answer(second).streamID == 1)
        line = try #require(log.lines.last)
        #expect(line.contains("reason=MESSAGE_TOO_LONG") && line.contains("method=/\(TestService.name)/Echo"), "\(line)")
        #expect(log.lines.count == 2 && unserved.all.count == 2)
        second.hangUp()
    }

    @Test("a Request that is not complete when its server stops is a line with its method")
    func drainedInParts() async throws {
        let log = LogRecorder(level: .info), unserved = Unserved()
        let link = link(unserved, log)
        link.write(try longRequest(1, payload: 200_000)[0])
        link.drain()
        #expect(try await answer(link).streamID == 1)
        let line = try #require(log.lines.last)
        #expect(line.contains("reason=DRAINING") && line.contains("method=/\(TestService.name)/Echo"), "\(line)")
        link.hangUp()
    }

    @Test("a call that ends because of its Data is one line with method and request id, and counted only where no handler has begun", arguments: [false, true])
    func data(hasBegun: Bool) async throws {
        let log = LogRecorder(level: .info), unserved = Unserved(), began = Signal()
        let reader = MethodImplementation(
            TestService.descriptor("Reader", .clientStreaming, TestService.open),
            .clientStreaming { _, _ in
                began.raise()
                await untilCancelled()
                return ByteBuffer()
            })
        var limits = ConnectionLimits()
        limits.settings.maximumMessageBytes = 1000
        let link = WireLink([reader], mode: .mesh, limits: limits, log: log, interceptors: [unserved])
        link.write(ControlFrame.settings(.default).encoded)
        let data = try MeshV1.Request(
            service: TestService.name, method: "Reader", metadata: [MeshV1.KeyValue(key: "x-request-id", value: "r1")]).packed()
        let begin = FrameHeader(length: UInt32(data.count), streamID: 1, type: .request, flags: [.remoteOpen, .noData]).with(data)
        let tooLong = FrameHeader(length: 2000, streamID: 1, type: .data).with([UInt8](repeating: 7, count: 2000))
        if hasBegun {
            link.write(begin)
            await began.wait()
            link.write(tooLong)
        } else {
            link.write(begin + tooLong)
        }
        #expect(try await answer(link).streamID == 1)
        let line = try #require(log.lines.last)
        #expect(log.lines.count == 1 && line.hasPrefix("warning call refused"), "\(log.lines)")
        for field in ["reason=MESSAGE_TOO_LONG", "peer=gateway", "request_id=r1", "method=/\(TestService.name)/Reader"] {
            #expect(line.contains(field), "\(line)")
        }
        #expect(unserved.all == (hasBegun ? [] : ["Reader RESOURCE_EXHAUSTED gateway"]))
        link.hangUp()
    }

    @Test("a call whose message does not become complete is one line")
    func unfinishedMessage() async throws {
        let log = LogRecorder(level: .info), unserved = Unserved()
        let deaf = MethodImplementation(
            TestService.descriptor("Deaf", .clientStreaming, TestService.open),
            .clientStreaming { _, _ in
                await untilCancelled()
                return ByteBuffer()
            })
        var limits = ConnectionLimits()
        (limits.tick, limits.partialRequestTimeout) = (.milliseconds(5), .milliseconds(30))
        let link = WireLink([deaf], mode: .mesh, limits: limits, log: log, interceptors: [unserved])
        let data = try MeshV1.Request(service: TestService.name, method: "Deaf").packed()
        link.write(
            ControlFrame.settings(.default).encoded
                + FrameHeader(length: UInt32(data.count), streamID: 1, type: .request, flags: [.remoteOpen, .noData]).with(data)
                + FrameHeader(length: 3, streamID: 1, type: .data, flags: .more).with([1, 2, 3]))
        #expect(try await answer(link).streamID == 1)
        let line = try #require(log.lines.last)
        #expect(log.lines.count == 1 && line.contains("reason=MESSAGE_UNFINISHED") && line.contains("method=/\(TestService.name)/Deaf"), "\(log.lines)")
        link.hangUp()
    }

    @Test("a flood of refused calls is all counted, and as many lines as there may be in a second")
    func flood() async throws {
        let log = LogRecorder(level: .info), unserved = Unserved()
        var limits = ConnectionLimits()
        (limits.maximumRequestBytes, limits.shortRequestBytes) = (0, 0)
        let link = link(unserved, log, limits)
        let began = ContinuousClock.now, calls = 1500
        for number in 0..<calls {
            link.write(try request(UInt32(number * 2 + 1), Case(method: "Echo", payload: [1], counted: ""), requestID: "r"))
            _ = try await answer(link)
        }
        let seconds = Int((ContinuousClock.now - began) / .seconds(1)) + 1
        #expect(unserved.all.count == calls)
        #expect(log.lines.count >= Dispatcher.linesPerSecond && log.lines.count <= Dispatcher.linesPerSecond * seconds)
        // Another reason has lines of its own.
        link.write(try request(UInt32(calls * 2 + 1), Case(method: "Unheard", counted: ""), requestID: "r"))
        _ = try await answer(link)
        #expect(try #require(log.lines.last).contains("NO_SUCH_METHOD"))
        link.hangUp()
    }
}

/// Remembers the calls that no handler got.
private final class Unserved: ServerInterceptor {
    private let calls = Mutex<[String]>([])

    var all: [String] { calls.withLock { $0 } }

    func intercept(_ context: ServerContext, next: @concurrent @Sendable (ServerContext) async throws -> Void) async throws {
        try await next(context)
    }

    func notServed(_ call: UnservedCall) {
        calls.withLock { $0.append("\(call.method?.name ?? "-") \(call.code) \(call.peer.name)") }
    }
}

private struct AnyToken: TokenAuthenticator {
    func authenticate(bearer token: String, accepting accepted: [TokenType]) async throws -> Principal {
        Principal(userID: "u", tokenType: .access, tokenID: "t", expiresAt: .max)
    }
}
