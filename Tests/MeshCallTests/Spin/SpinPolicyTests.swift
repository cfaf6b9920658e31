import Testing

@testable import MeshCall

struct SpinPolicyTests {
    private static let longest: Int64 = 100_000

    /// How many of so many turns end with a spin, none of which finds anything.
    private func vainSpins(_ policy: inout SpinPolicy, turns: Int) -> Int {
        (0..<turns).count { _ in
            guard policy.turnEnds() != nil else { return false }
            policy.foundNothing()
            return true
        }
    }

    @Test("with zero there is never a spin")
    func never() {
        var policy = SpinPolicy(longest: 0)
        #expect(vainSpins(&policy, turns: 10_000) == 0)
    }

    @Test("spins in vain become rare, and what they take is bounded")
    func rare() {
        var policy = SpinPolicy(longest: Self.longest)
        #expect(vainSpins(&policy, turns: 2_048) <= 12)
        #expect(vainSpins(&policy, turns: 102_400) == 100)
    }

    @Test("where most find something, every turn ends with one, which is as short as they let it be")
    func worthwhile() throws {
        var policy = SpinPolicy(longest: Self.longest)
        let first = policy.turnEnds()
        #expect(first == Self.longest)
        for _ in 0..<100 {
            let next = policy.turnEnds()
            #expect(next != nil)
            policy.found(after: 15_000)
        }
        let last = policy.turnEnds()
        let most = try #require(last)
        #expect((45_000...75_000).contains(most))
    }

    @Test("where the core is wanted by others, a spin is rare")
    func wanted() {
        var policy = SpinPolicy(longest: Self.longest)
        policy.preempted()
        #expect((0..<10_240).count { _ in policy.turnEnds() != nil } == 10)
    }

    @Test("after a pause in the traffic a rare trial brings the spins back")
    func back() {
        var policy = SpinPolicy(longest: Self.longest)
        _ = vainSpins(&policy, turns: 4_096)
        var turns = 0
        while policy.every > 1, turns < 10_000 {
            turns += 1
            if let most = policy.turnEnds() {
                #expect(most == Self.longest)
                policy.found(after: 20_000)
            }
        }
        #expect(policy.every == 1 && turns <= 2_048)
    }

    @Test("where fewer than half find something, they become rare", arguments: [3, 4, 10])
    func seldom(oneIn: Int) {
        var policy = SpinPolicy(longest: Self.longest)
        var spins = 0
        for _ in 0..<50_000 where policy.turnEnds() != nil {
            spins += 1
            if spins.isMultiple(of: oneIn) { policy.found(after: 50_000) } else { policy.foundNothing() }
        }
        #expect(spins < 1_000)
    }
}
