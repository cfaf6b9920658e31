import Testing

@testable import MeshRuntime

struct BalancerTests {
    @Test("the less loaded of the two choices is taken, whichever was first")
    func lessLoaded() {
        let loads = [7, 3]
        for random in [0, UInt64.max, 1 << 31, 0x8000_0000_0000_0000] {
            #expect(Balancer.choose(among: 2, random: random) { loads[$0] } == 1)
        }
    }

    @Test("the two choices are different ones, and every pair comes up", arguments: [2, 3, 7])
    func differentChoices(count: Int) {
        var random = FastRandom(seed: 42)
        var pairs: Set<Set<Int>> = []
        for _ in 0..<2000 {
            var asked: Set<Int> = []
            let index = Balancer.choose(among: count, random: random.next()) { index in
                asked.insert(index)
                return 0
            }
            #expect(asked.count == 2)
            #expect(index.map(asked.contains) == true)
            pairs.insert(asked)
        }
        #expect(pairs.count == count * (count - 1) / 2)
    }

    @Test("none to choose from, and only one")
    func fewest() {
        #expect(Balancer.choose(among: 0, random: 5) { _ in 0 } == nil)
        #expect(Balancer.choose(among: 1, random: .max) { _ in 9 } == 0)
    }

    @Test("a slow server gets few calls: two choices spread far better than one")
    func spread() {
        var random = FastRandom(seed: 7)
        var loads = [Int](repeating: 0, count: 50)
        // 5000 calls begin and none ends: by chance alone the fullest of 50 would have about 125.
        for _ in 0..<5000 {
            guard let index = Balancer.choose(among: 50, random: random.next(), load: { loads[$0] }) else { continue }
            loads[index] += 1
        }
        #expect(loads.reduce(0, +) == 5000)
        #expect((loads.max() ?? 0) <= 104, "\(loads)")
    }
}
