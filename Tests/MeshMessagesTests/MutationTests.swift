import MeshMessages
import Testing

@Suite("Damaged messages")
struct MutationTests {
    /// Of each message; the whole suite stays within seconds.
    private static let rounds = 4_000

    @Test("Whatever is done to the bytes, the answer is a message or a reason; what the scan lets through protobuf-c takes")
    func mutations() throws {
        var random = SplitMix64(seed: 20_220_101)
        try mutate(Samples.scalars, &random)
        try mutate(Samples.lists, &random)
        try mutate(Samples.reserved, &random)
        try mutate(Samples.request, &random)
        try mutate(Samples.status, &random)
        try mutate(Samples.tree(depth: 5), &random)
        for choice in Samples.choices { try mutate(choice, &random, rounds: Self.rounds / 10) }
    }

    private func mutate<Message: MeshMessage>(_ message: Message, _ random: inout SplitMix64, rounds: Int = rounds) throws {
        let original = try message.packed()
        for _ in 0..<rounds {
            var bytes = original
            for _ in 0...Int.random(in: 0..<4, using: &random) { Self.damage(&bytes, &random) }
            do {
                // NaN differs from itself, so bytes are compared: packing what was read twice gives the same.
                let packed = try Message(packed: bytes).packed()
                #expect(try Message(packed: packed).packed() == packed)
            } catch {
                #expect(error.reason != .refused, "\(error) for \(bytes)")
            }
        }
    }

    static func damage(_ bytes: inout [UInt8], _ random: inout SplitMix64) {
        guard !bytes.isEmpty else { return bytes.append(.random(in: 0...255, using: &random)) }
        let place = Int.random(in: 0..<bytes.count, using: &random)
        switch Int.random(in: 0..<6, using: &random) {
        case 0: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        case 1: bytes[place] = .random(in: 0...255, using: &random)
        case 2: bytes.remove(at: place)
        case 3: bytes.insert(.random(in: 0...255, using: &random), at: place)
        case 4: bytes.removeLast(bytes.count - place)
        default: bytes.insert(contentsOf: bytes[place...].prefix(16), at: place)
        }
    }
}

/// Sebastiano Vigna's generator: the same sequence on every machine.
struct SplitMix64: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}
