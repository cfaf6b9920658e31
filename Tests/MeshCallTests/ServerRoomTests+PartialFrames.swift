import MeshMessages
import MeshWire
import TestSupport
import Testing

@testable import MeshCall

/// Long frames that are not complete.
extension ServerRoomTests {
    @Test("a long frame that is not complete is counted by the memory that it takes, and no more once it is", arguments: [WireMode.baseline, .mesh])
    func partialFrame(mode: WireMode) async throws {
        let budget = RequestBudget(4 << 20)
        var limits = ConnectionLimits()
        limits.settings.maximumDataFrame = 4 << 20
        let link = connect(budget, mode, limits: limits)
        // The half of a peer holds it once, but not beside the frame that it came in.
        let data = try MeshV1.Request(service: TestService.name, method: "Length", payload: [UInt8](repeating: 7, count: 1_500_000)).packed()
        let frame = FrameHeader(length: UInt32(data.count), streamID: 1, type: .request).with(data)
        link.write(Array(frame[..<60_000]))
        link.write(Array(frame[60_000..<1_000_000]))
        await untilHeld(budget) { $0 > 0 }
        #expect((1_000_000...frame.count).contains(budget.heldBytes), "\(budget.heldBytes)")
        link.write(Array(frame[1_000_000...]))
        #expect(try await answer(link).text == "1500000")
        await untilHeld(budget) { $0 == 0 }
        link.write(FrameHeader(length: UInt32(data.count), streamID: 3, type: .request).with(Array(data[..<200_000])))
        await untilHeld(budget) { $0 > 0 }
        link.hangUp()
        await untilHeld(budget) { $0 == 0 }
    }

    @Test("a frame that there is no room for ends its connection, and others' are served", arguments: [WireMode.baseline, .mesh])
    func noRoomForPartialFrame(mode: WireMode) async throws {
        let budget = RequestBudget(2 << 20)
        var limits = ConnectionLimits()
        limits.settings.maximumDataFrame = 4 << 20
        let greedy = connect(budget, mode, limits: limits), other = connect(budget, mode, as: TestService.agent, limits: limits)
        greedy.write(FrameHeader(length: 4 << 20, streamID: 1, type: .request).with([UInt8](repeating: 7, count: 1_200_000)))
        let last = await greedy.readAll().last
        if mode == .mesh { #expect(last?.header.type == .goAway) }
        await untilHeld(budget) { $0 == 0 }
        let data = try MeshV1.Request(service: TestService.name, method: "Length", payload: [UInt8](repeating: 7, count: 500_000)).packed()
        let frame = FrameHeader(length: UInt32(data.count), streamID: 1, type: .request).with(data)
        for start in stride(from: 0, to: frame.count, by: 60_000) { other.write(Array(frame[start..<min(start + 60_000, frame.count)])) }
        #expect(try await answer(other).text == "500000")
        other.hangUp()
    }
}
