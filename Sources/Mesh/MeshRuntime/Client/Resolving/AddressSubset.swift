/// Which of many addresses one client uses: a share that differs from client to client, and that changes by one when one address
/// comes or goes (rendezvous hashing).
struct AddressSubset: Sendable {
    private let limit: Int
    private var seed: UInt64

    init(limit: Int, seed: UInt64) {
        self.limit = limit
        self.seed = seed
    }

    /// - Returns: at most `limit` different endpoints; the same for the same set, whatever its order.
    func choose(from endpoints: [MeshEndpoint]) -> [MeshEndpoint] {
        var seen: Set<MeshEndpoint> = []
        let unique = endpoints.filter { seen.insert($0).inserted }
        guard unique.count > limit else { return unique }
        return Array(unique.map { (rank($0), $0) }.sorted { $0.0 < $1.0 }.prefix(limit).map(\.1))
    }

    /// Another share, because nothing of this one can be reached.
    mutating func change() {
        seed = Self.mix(seed)
    }

    /// FNV-1a over the endpoint's text, then mixed: `Hasher` would say something else in every process.
    private func rank(_ endpoint: MeshEndpoint) -> UInt64 {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in endpoint.description.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        return Self.mix(hash ^ seed)
    }

    /// The output function of SplitMix64.
    private static func mix(_ value: UInt64) -> UInt64 {
        var z = value &+ 0x9e37_79b9_7f4a_7c15
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}
