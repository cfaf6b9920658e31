import Foundation
import MeshWire
import Testing

/// Random and mutated frames: no input may trap, and what the machines promise must hold after every frame.
///
/// `MESH_FUZZ_ROUNDS` sets the number of rounds for longer runs; `MESH_FUZZ_SEED` the first seed.
struct FuzzTests {
    private static let rounds = ProcessInfo.processInfo.environment["MESH_FUZZ_ROUNDS"].flatMap { Int($0) } ?? 40
    private static let seed = ProcessInfo.processInfo.environment["MESH_FUZZ_SEED"].flatMap { UInt64($0) } ?? 20_260_000

    private func randomFrame(_ generator: inout SeededGenerator) -> Frame {
        let types: [FrameType] = [.request, .response, .data, .data, .ping, .pong, .settings, .cancel, .windowUpdate, .goAway, .headers]
        let type =
            Int.random(in: 0..<20, using: &generator) == 0
            ? FrameType(rawValue: .random(in: 0...255, using: &generator)) : types.randomElement(using: &generator) ?? .data
        let ids = [0, 1, 2, 3, 5, 7, 9, 11, 101, UInt32.max, .random(in: 0...UInt32.max, using: &generator)]
        let flags = FrameFlags(rawValue: [0, 0, 1, 2, 4, 5, 8, 9, 16, 24, 255].randomElement(using: &generator) ?? 0)
        let lengths = [0, 1, 4, 6, 8, 8, 48, 300]
        let count = lengths.randomElement(using: &generator) ?? 0
        // Small values are plausible codes, ids and increments.
        let mask: UInt64 = Bool.random(using: &generator) ? 0x0300_0000_0300_0003 : .max
        var data: [UInt8] = []
        while data.count < count { withUnsafeBytes(of: generator.next() & mask) { data.append(contentsOf: $0) } }
        data.removeLast(data.count - count)
        return Frame(type, ids.randomElement(using: &generator) ?? 0, flags, data)
    }

    @Test("the server's machine", arguments: [WireMode.mesh, .baseline])
    func server(mode: WireMode) throws {
        for round in 0..<Self.rounds {
            var generator = SeededGenerator(seed: Self.seed &+ UInt64(round))
            var server = ServerStateMachine(mode: mode)
            server.room = [Int.max, 0, 500, 1000].randomElement(using: &generator) ?? 0
            if mode == .mesh { _ = try server.receive(ControlFrame.settings(.default)) }
            for _ in 0..<120 {
                guard let action = try? server.receive(randomFrame(&generator)) else { break }
                drive(&server, action, &generator)
                #expect(server.busySlots >= 0 && server.busySlots <= 200)
                #expect(server.openStreams <= server.busySlots, "an open stream without a slot")
                #expect(server.heldBytes >= 0 && server.heldBytes <= server.room, "more is held than there is room for")
                #expect(server.openStreams > 0 || server.heldBytes == 0, "held for streams that are gone")
            }
        }
    }

    private func drive(_ server: inout ServerStateMachine, _ action: ServerStateMachine.Action, _ generator: inout SeededGenerator) {
        switch action {
        case .request(let id, _):
            if Bool.random(using: &generator) {
                _ = server.grant(id, remaining: .random(in: 0...300_000, using: &generator))
                server.answered(id)
                server.handlerReturned()
            }
        case .message(let id, let charge, _):
            // Some are taken late, or with their stream.
            if server.mode == .baseline || Bool.random(using: &generator) { server.consumed(1, charge: charge, on: id) }
        case .cancelled: if Bool.random(using: &generator) { break }
        default: break
        }
        if Int.random(in: 0..<10, using: &generator) == 0 { server.intervalPassed() }
        _ = server.takeControlFrames()
    }

    @Test("the client's machine", arguments: [WireMode.mesh, .baseline])
    func client(mode: WireMode) throws {
        for round in 0..<Self.rounds {
            var generator = SeededGenerator(seed: Self.seed &+ UInt64(round))
            var client = ClientStateMachine(mode: mode)
            if mode == .mesh { _ = try client.receive(ControlFrame.settings(.default)) }
            var opened = 0
            for _ in 0..<120 {
                if Bool.random(using: &generator), client.open(expectsData: Bool.random(using: &generator)) != nil { opened += 1 }
                if Int.random(in: 0..<8, using: &generator) == 0 {
                    client.cancel(.random(in: 0...11, using: &generator), code: 1, reason: "x")
                }
                guard let action = try? client.receive(randomFrame(&generator)) else { break }
                if case .message(let id, let charge) = action { client.consumed(1, charge: charge, on: id) }
                #expect(client.openStreams <= opened)
                _ = client.takeControlFrames()
            }
        }
    }

    @Test("the splitter: mutated frames in random pieces give what whole ones give")
    func splitter() {
        for round in 0..<Self.rounds {
            var generator = SeededGenerator(seed: Self.seed &+ UInt64(round))
            var bytes = (0..<8).flatMap { _ in randomFrame(&generator).encoded }
            for _ in 0..<Int.random(in: 0...3, using: &generator) {
                let index = Int.random(in: 0..<bytes.count, using: &generator)
                bytes[index] = .random(in: 0...255, using: &generator)
            }
            for mode in [WireMode.mesh, .baseline] {
                let whole = split(bytes, mode, pieces: [bytes.count])
                let pieces = split(bytes, mode, pieces: (0..<bytes.count).map { _ in Int.random(in: 1...60, using: &generator) })
                #expect(whole == pieces, "seed \(Self.seed &+ UInt64(round))")
            }
        }
    }

    private func split(_ bytes: [UInt8], _ mode: WireMode, pieces: [Int]) -> [Frame] {
        var splitter = FrameSplitter(mode: mode, settings: .default)
        var seen: [Frame] = []
        var rest = bytes[...]
        for size in pieces where !rest.isEmpty {
            var failed = false
            let piece = Array(rest.prefix(size))
            piece.withUnsafeBytes { raw in
                do throws(ConnectionFailure) {
                    try splitter.split(raw) { header, data throws(ConnectionFailure) in seen.append(Frame(header, data.map { [UInt8]($0) }))
                    }
                } catch {
                    failed = true
                }
            }
            if failed { break }
            rest = rest.dropFirst(size)
        }
        return seen
    }
}
