/// Least loaded of two random choices (Mitzenmacher, "The Power of Two Choices in Randomized Load Balancing", 2001): nearly as even
/// as the least loaded of all, without looking at all, and clients that know nothing of each other do not run to the same server.
enum Balancer {
    /// - Parameters:
    ///   - count: how many there are to choose from.
    ///   - random: uniform; its halves make the two choices.
    ///   - load: calls in flight of the one at an index.
    /// - Returns: an index, nil when there is none.
    @inline(__always)
    static func choose(among count: Int, random: UInt64, load: (Int) -> Int) -> Int? {
        guard count > 1 else { return count == 1 ? 0 : nil }
        let first = Self.index(UInt32(truncatingIfNeeded: random), below: count)
        // One of the others.
        let distance = 1 + Self.index(UInt32(truncatingIfNeeded: random >> 32), below: count - 1)
        let second = (first + distance) % count
        return load(second) < load(first) ? second : first
    }

    /// Scales without a division (Lemire 2019); the bias is below count / 2^32.
    @inline(__always)
    private static func index(_ random: UInt32, below count: Int) -> Int {
        Int((UInt64(random) &* UInt64(count)) >> 32)
    }
}

/// xorshift64* (Vigna 2016): a few instructions, good enough to spread calls; never for secrets.
struct FastRandom: Sendable {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed | 1
    }

    @inline(__always)
    mutating func next() -> UInt64 {
        state ^= state >> 12
        state ^= state << 25
        state ^= state >> 27
        return state &* 0x2545_f491_4f6c_dd1d
    }
}
