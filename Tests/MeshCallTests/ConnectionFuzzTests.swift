import Foundation
import MeshCall
import MeshMessages
import MeshWire
import NIOCore
import TestSupport
import Testing

/// Scripts of frames, good ones and mutated, against a whole server connection with handlers: it answers or closes, and nothing traps.
///
/// `MESH_FUZZ_ROUNDS` sets the number of scripts for longer runs; `MESH_FUZZ_SEED` the first seed.
struct ConnectionFuzzTests {
    private static let rounds = ProcessInfo.processInfo.environment["MESH_FUZZ_ROUNDS"].flatMap { Int($0) } ?? 60
    private static let seed = ProcessInfo.processInfo.environment["MESH_FUZZ_SEED"].flatMap { UInt64($0) } ?? 7_000_000

    private static let methods = [
        TestService.echo,
        TestService.streaming("Count") { _, sink, _ in for _ in 0..<50 { try await sink.send(ByteBuffer(repeating: 1, count: 100)) } },
        TestService.unary("Hang") { message, _ in
            await untilCancelled()
            return message
        },
        TestService.unary("Fail") { _, _ in throw RPCError(.aborted, "no") },
    ]

    @Test("scripts in mesh mode and in baseline", arguments: [WireMode.mesh, .baseline])
    func scripts(mode: WireMode) async throws {
        for round in 0..<Self.rounds {
            var generator = ScriptGenerator(seed: Self.seed &+ UInt64(round))
            let link = WireLink(Self.methods, mode: mode)
            if mode == .mesh { link.write(ControlFrame.settings(.default).encoded) }
            var script = try (0..<30).flatMap { _ in try generator.frame() }
            for _ in 0..<generator.number(below: 4) { script[generator.number(below: script.count)] = UInt8(generator.number(below: 256)) }
            for piece in generator.pieces(of: script) { link.write(piece) }
            link.hangUp()
            link.close()
            _ = await link.readAll()
        }
        // The process is alive, and so is the server's code for the next connection.
        let link = WireLink(Self.methods, mode: .baseline)
        link.write(try ScriptGenerator.request(1, "Echo", [], [5]))
        #expect(await link.read()?.data == [0x12, 1, 5])
    }
}

private struct ScriptGenerator {
    private var state: UInt64
    private var lastID: UInt32 = 1

    init(seed: UInt64) {
        state = seed
    }

    /// SplitMix64.
    mutating func number(below limit: Int) -> Int {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ mixed >> 27) &* 0x94d0_49bb_1331_11eb
        return Int((mixed ^ mixed >> 31) % UInt64(max(1, limit)))
    }

    static func request(_ id: UInt32, _ method: String, _ flags: FrameFlags, _ payload: [UInt8]) throws -> [UInt8] {
        let data = try MeshV1.Request(service: TestService.name, method: method, payload: payload).packed()
        return FrameHeader(length: UInt32(data.count), streamID: id, type: .request, flags: flags).with(data)
    }

    mutating func frame() throws -> [UInt8] {
        let id = max(1, lastID &- UInt32(number(below: 4)) &* 2)
        let flags = FrameFlags(rawValue: [0, 0, 0, 1, 2, 4, 5, 8, 16][number(below: 9)])
        switch number(below: 10) {
        case 0...4:
            lastID &+= 2
            let method = ["Echo", "Count", "Hang", "Fail", "Nothing"][number(below: 5)]
            return try Self.request(
                lastID, method, method == "Count" ? .remoteClosed : flags, [UInt8](repeating: 7, count: number(below: 300)))
        case 5: return ControlFrame.cancel(streamID: id, code: 1, reason: "").encoded
        case 6: return ControlFrame.windowUpdate(streamID: [0, id][number(below: 2)], increment: UInt32(number(below: 100_000))).encoded
        case 7: return ControlFrame.ping(UInt64(number(below: 9))).encoded
        case 8: return FrameHeader(length: 20, streamID: id, type: .data, flags: flags).with([UInt8](repeating: 1, count: 20))
        default:
            return FrameHeader(length: 3, streamID: id, type: FrameType(rawValue: UInt8(number(below: 256))), flags: flags).with([1, 2, 3])
        }
    }

    mutating func pieces(of bytes: [UInt8]) -> [[UInt8]] {
        var rest = bytes[...]
        var pieces: [[UInt8]] = []
        while !rest.isEmpty {
            let size = 1 + number(below: 400)
            pieces.append(Array(rest.prefix(size)))
            rest = rest.dropFirst(size)
        }
        return pieces
    }
}
