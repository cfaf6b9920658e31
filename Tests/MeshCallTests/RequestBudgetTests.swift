import MeshMessages
import MeshWire
import NIOCore
import TestSupport
import Testing

@testable import MeshCall

/// Handlers that do not return while they have long Requests.
@Suite(.timeLimit(.minutes(1)))
struct RequestBudgetTests {
    private static let long = [UInt8](repeating: 7, count: 32 << 10)

    private static var limits: ConnectionLimits {
        var limits = ConnectionLimits()
        limits.maximumRequestBytes = 4 * long.count
        return limits
    }

    private func request(_ id: UInt32, _ method: String, _ payload: [UInt8] = long) throws -> [UInt8] {
        let data = try MeshV1.Request(service: TestService.name, method: method, payload: payload).packed()
        return FrameHeader(length: UInt32(data.count), streamID: id, type: .request).with(data)
    }

    /// The status of the next answer; nil when it is OK.
    private func status(_ link: WireLink, of id: UInt32) async throws -> RPCError? {
        var frame = await link.read()
        // Control frames are not of interest here.
        while let other = frame, other.header.type != .response { frame = await link.read() }
        let answer = try #require(frame)
        #expect(answer.header.streamID == id)
        return try MeshV1.Response(packed: answer.data).status.flatMap { RPCError($0, trailers: [:]) }
    }

    @Test("one peer has a half at most, and what it gives back is there for it and for others")
    func shares() {
        let budget = RequestBudget(10)
        #expect(budget.take(5, for: "a"))
        #expect(!budget.take(1, for: "a"))
        #expect(budget.take(4, for: "b"))
        #expect(!budget.take(2, for: "c"))
        #expect(budget.heldBytes == 9)
        budget.giveBack(5, for: "a")
        #expect(budget.take(5, for: "c"))
        #expect(budget.take(1, for: "a"))
        #expect(!budget.take(1, for: "b"))
        #expect(budget.heldBytes == 10)
    }

    @Test("long requests whose handlers do not return are bounded in bytes; more are refused with a time to wait, short ones are served")
    func bound() async throws {
        let goOn = Signal()
        let stuck = TestService.unary("Stuck") { _, _ in
            await goOn.wait()
            return ByteBuffer()
        }
        let link = WireLink([TestService.echo, stuck], mode: .mesh, limits: Self.limits)
        link.write(ControlFrame.settings(.default).encoded)
        for id in [1, 3, 5, 7, 9, 11] as [UInt32] { link.write(try request(id, "Stuck")) }
        for id in [9, 11] as [UInt32] {
            let refusal = try #require(await status(link, of: id))
            #expect(refusal.code == .resourceExhausted)
            #expect(refusal.reason == RPCError.overloadedReason)
            #expect(try #require(refusal.retryAfter) >= .milliseconds(100))
        }
        link.write(try request(13, "Echo", [1]))
        #expect(try await status(link, of: 13) == nil)
        goOn.raise()
        for id in [1, 3, 5, 7] as [UInt32] { #expect(try await status(link, of: id) == nil) }
        for id in [15, 17, 19, 21, 23] as [UInt32] {
            link.write(try request(id, "Echo"))
            #expect(try await status(link, of: id) == nil)
        }
        link.hangUp()
    }

    @Test("a call that is given up counts until its handler has returned")
    func cancelled() async throws {
        let began = Signal(), goOn = Signal()
        let stuck = TestService.unary("Stuck") { _, _ in
            began.raise()
            await goOn.wait()
            return ByteBuffer()
        }
        var limits = Self.limits
        limits.maximumRequestBytes = Self.long.count
        let link = WireLink([TestService.echo, stuck], mode: .mesh, limits: limits)
        link.write(ControlFrame.settings(.default).encoded)
        link.write(try request(1, "Stuck"))
        await began.wait()
        link.write(ControlFrame.cancel(streamID: 1, code: 1, reason: "").encoded)
        link.write(try request(3, "Echo"))
        #expect(try await status(link, of: 3)?.reason == RPCError.overloadedReason)
        goOn.raise()
        // Its handler returns on the loop, in time for one of these.
        var id: UInt32 = 5
        repeat {
            link.write(try request(id, "Echo"))
            id += 2
        } while try await status(link, of: id - 2) != nil
        link.hangUp()
    }

    @Test("requests that never begin are not counted: unknown methods, and calls given up before their handlers begin")
    func neverBegun() async throws {
        var limits = Self.limits
        limits.maximumRequestBytes = Self.long.count
        let link = WireLink([TestService.echo], mode: .mesh, limits: limits)
        link.write(ControlFrame.settings(.default).encoded)
        for id in stride(from: UInt32(1), to: 21, by: 4) {
            link.write(try request(id, "Nothing") + request(id + 2, "Echo") + ControlFrame.cancel(streamID: id + 2, code: 1, reason: "").encoded)
            #expect(try await status(link, of: id)?.code == .unimplemented)
        }
        link.write(try request(21, "Echo"))
        #expect(try await status(link, of: 21) == nil)
        link.hangUp()
    }
}
