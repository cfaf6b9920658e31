import MeshCall
import TestSupport
import Testing

@testable import MeshRuntime

struct PoolMachineTests {
    final class Member: PoolMember {
        let id: UInt64
        let inFlight: Int
        let begun: UInt32

        init(_ id: UInt64, inFlight: Int = 0, begun: UInt32 = 0) {
            self.id = id
            self.inFlight = inFlight
            self.begun = begun
        }
    }

    typealias Machine = PoolMachine<Member>

    let start = ContinuousClock.now
    static let endpoints = (1...3).map { MeshEndpoint(host: "10.0.0.\($0)", port: 7400) }

    struct Refused: Error {}

    func machine(
        _ endpoints: [MeshEndpoint] = endpoints, isFixed: Bool = false, _ change: (inout ClientLimits) -> Void = { _ in }
    ) -> Machine {
        var limits = ClientLimits()
        change(&limits)
        var machine = Machine(isFixed: isFixed, limits: limits, seed: 1)
        machine.called(at: start)
        #expect(machine.takeActions().contains { if case .resolve = $0 { true } else { false } })
        machine.resolved(endpoints, by: 1, at: start)
        return machine
    }

    /// Attempts to connect that it asks for.
    func attempts(_ machine: inout Machine) -> [(id: UInt64, endpoint: MeshEndpoint)] {
        machine.takeActions().compactMap { if case .connect(let id, let endpoint, _) = $0 { (id, endpoint) } else { nil } }
    }

    func drained(_ machine: inout Machine) -> [UInt64] {
        machine.takeActions().compactMap { if case .drain(let member) = $0 { member.id } else { nil } }
    }

    func connectAll(_ machine: inout Machine, at now: ContinuousClock.Instant) -> [MeshEndpoint: UInt64] {
        var ids: [MeshEndpoint: UInt64] = [:]
        for (id, endpoint) in attempts(&machine) {
            machine.established(Member(id), at: now)
            ids[endpoint] = id
        }
        _ = machine.takeActions()
        return ids
    }

    func failure(_ machine: Machine, at now: ContinuousClock.Instant) -> RPCError? {
        if case .fail(let error) = machine.outlook(at: now) { error } else { nil }
    }

    var isWaiting: (Machine, ContinuousClock.Instant) -> Bool {
        { machine, now in if case .wait = machine.outlook(at: now) { true } else { false } }
    }

    @Test("the first call connects every address, and the first of them to be there serves")
    func connectsAll() {
        var machine = machine()
        let asked = attempts(&machine)
        #expect(asked.map(\.endpoint) == Self.endpoints)
        #expect(isWaiting(machine, start))
        machine.failed(asked[0].id, Refused(), at: start)
        #expect(isWaiting(machine, start))
        machine.established(Member(asked[1].id), at: start)
        #expect(machine.usable.map(\.id) == [asked[1].id])
    }

    @Test("calls fail only when no address can be reached, and may try again after the back-off")
    func allFail() {
        var machine = machine()
        for attempt in attempts(&machine) { machine.failed(attempt.id, Refused(), at: start) }
        #expect(failure(machine, at: start)?.reason == "UNREACHABLE")
        machine.called(at: start + .milliseconds(10))
        #expect(attempts(&machine).isEmpty)
        machine.called(at: start + .milliseconds(61))
        #expect(attempts(&machine).count == 3)
    }

    @Test("a name without addresses fails its calls at once, and is asked again after the back-off")
    func unresolved() {
        var machine = Machine(isFixed: false, limits: .default, seed: 1)
        machine.called(at: start)
        #expect(isWaiting(machine, start))
        _ = machine.takeActions()
        machine.resolved([], by: 1, at: start)
        #expect(failure(machine, at: start)?.code == .unavailable)
        machine.called(at: start + .milliseconds(100))
        #expect(machine.takeActions().contains { if case .resolve = $0 { true } else { false } })
    }

    @Test("a resolver that never answers keeps calls for a bounded time")
    func resolverHangs() {
        var machine = Machine(isFixed: false, limits: .default, seed: 1)
        machine.called(at: start)
        #expect(isWaiting(machine, start + .seconds(9)))
        #expect(failure(machine, at: start + .seconds(10)) != nil)
        machine.waiting = 1
        #expect(machine.nextWake(at: start).map { $0 <= start + .seconds(10) } == true)
    }

    @Test("a lost connection is replaced at once, and one that is lost again and again after a back-off")
    func lost() {
        var machine = machine([Self.endpoints[0]])
        var id = attempts(&machine)[0].id
        machine.established(Member(id), at: start)
        machine.ended(id, broke: true, at: start + .milliseconds(10))
        let again = attempts(&machine)
        #expect(again.count == 1)
        id = again[0].id
        machine.established(Member(id), at: start + .milliseconds(20))
        machine.retired(id, at: start + .milliseconds(30))
        #expect(attempts(&machine).isEmpty)
        #expect(failure(machine, at: start + .milliseconds(30))?.reason == "CONNECTION_CLOSED")
        machine.woken(at: start + .milliseconds(100))
        #expect(attempts(&machine).count == 1)
    }

    @Test("an address that is no longer there is drained, and a new one connected")
    func addressGone() {
        var machine = machine([Self.endpoints[0], Self.endpoints[1]])
        let ids = connectAll(&machine, at: start)
        machine.resolved([Self.endpoints[1], Self.endpoints[2]], by: 2, at: start + .seconds(30))
        let actions = machine.takeActions()
        let gone = actions.compactMap { if case .drain(let member) = $0 { member.id } else { nil } }
        let new = actions.compactMap { if case .connect(_, let endpoint, _) = $0 { endpoint } else { nil } }
        #expect(gone == [ids[Self.endpoints[0]]])
        // The calls that wanted connections were long ago.
        #expect(new.isEmpty)
        machine.called(at: start + .seconds(31))
        #expect(attempts(&machine).map(\.endpoint) == [Self.endpoints[2]])
        #expect(machine.usable.map(\.id) == [ids[Self.endpoints[1]]])
    }

    @Test("an attempt that succeeds after its address is gone is closed again")
    func lateConnection() {
        var machine = machine([Self.endpoints[0]])
        let late = attempts(&machine)[0].id
        machine.resolved([Self.endpoints[1]], by: 2, at: start)
        _ = machine.takeActions()
        machine.established(Member(late), at: start)
        #expect(drained(&machine) == [late])
        #expect(machine.usable.isEmpty)
    }

    @Test("an answer without addresses leaves the old ones in use")
    func emptyAnswer() {
        var machine = machine()
        _ = connectAll(&machine, at: start)
        machine.called(at: start + .seconds(30))
        machine.resolved([], by: 2, at: start + .seconds(31))
        #expect(machine.usable.count == 3)
        #expect(drained(&machine).isEmpty)
    }

    @Test("at its age a connection serves until its replacement is there")
    func age() {
        var machine = machine([Self.endpoints[0]]) {
            $0.pool.maximumAge = .seconds(100)
            $0.pool.ageJitter = 0.1
        }
        let old = attempts(&machine)[0].id
        machine.established(Member(old), at: start)
        machine.called(at: start + .seconds(89))
        #expect(attempts(&machine).isEmpty)
        machine.called(at: start + .seconds(111))
        let replacement = attempts(&machine)
        #expect(replacement.count == 1)
        #expect(machine.usable.map(\.id) == [old])
        machine.failed(replacement[0].id, Refused(), at: start + .seconds(111))
        #expect(machine.usable.map(\.id) == [old])
        machine.called(at: start + .seconds(112))
        let next = attempts(&machine)[0].id
        machine.established(Member(next), at: start + .seconds(112))
        #expect(drained(&machine) == [old])
        #expect(machine.usable.map(\.id) == [next])
    }

    @Test("ages differ, so that connections made together are not replaced together")
    func jitter() {
        var machine = machine((1...16).map { MeshEndpoint(host: "10.0.0.\($0)", port: 1) })
        _ = connectAll(&machine, at: start)
        #expect(Set(machine.addresses.flatMap(\.slots).map(\.expires)).count == 16)
    }

    @Test("calls that go on too long over a drained connection are cut off")
    func drainLimit() {
        var machine = machine([Self.endpoints[0]]) { $0.pool.drainTimeout = .seconds(5) }
        let id = attempts(&machine)[0].id
        machine.established(Member(id, inFlight: 1), at: start)
        machine.retired(id, at: start)
        _ = machine.takeActions()
        machine.woken(at: start + .seconds(4))
        let early = machine.takeActions().contains { if case .closeNow = $0 { true } else { false } }
        machine.woken(at: start + .seconds(5))
        let late = machine.takeActions().contains { if case .closeNow(let member) = $0 { member.id == id } else { false } }
        #expect(!early)
        #expect(late)
    }

    @Test("load makes connections up to the limit, and the idle ones beyond the first go again")
    func growsAndShrinks() {
        var machine = machine([Self.endpoints[0]]) {
            $0.pool.connectionsPerAddress = 3
            $0.pool.idleTimeout = .seconds(60)
        }
        _ = connectAll(&machine, at: start)
        let answers = machine.addresses[0].answers
        for expected in [2, 3, 3] {
            machine.grow(answers, at: start)
            machine.grow(answers, at: start)
            _ = connectAll(&machine, at: start)
            #expect(machine.usable.count == expected)
        }
        for second in 59...65 { machine.woken(at: start + .seconds(second)) }
        #expect(machine.usable.count == 1)
    }

    @Test("a warm pool connects before any call, all of its connections, and keeps them")
    func warm() {
        var limits = ClientLimits()
        limits.pool.isWarm = true
        limits.pool.connectionsPerAddress = 3
        var machine = Machine(isFixed: true, limits: limits, seed: 1)
        machine.woken(at: start)
        _ = machine.takeActions()
        machine.resolved([Self.endpoints[0]], by: 1, at: start)
        // The first shows whether there is anybody.
        let first = attempts(&machine)
        #expect(first.count == 1)
        machine.established(Member(first[0].id), at: start)
        #expect(connectAll(&machine, at: start).isEmpty == false)
        for second in 60...70 { machine.woken(at: start + .seconds(second)) }
        #expect(machine.usable.count == 3)
    }

    @Test("at most a part of the addresses is left alone at once, and never the only one")
    func ejection() {
        var machine = machine()
        _ = connectAll(&machine, at: start)
        for address in machine.addresses {
            for _ in 0..<50 { machine.callFailed(on: address.answers, at: start) }
        }
        #expect(machine.usable.count == 2)
        var alone = self.machine([Self.endpoints[0]])
        _ = connectAll(&alone, at: start)
        for _ in 0..<50 { alone.callFailed(on: alone.addresses[0].answers, at: start) }
        #expect(alone.usable.count == 1)
    }

    @Test("where failing fast is asked for, calls fail while all addresses are left alone, and say for how long")
    func failsFast() {
        var machine = machine([Self.endpoints[0]]) { $0.breaker.failsFast = true }
        _ = connectAll(&machine, at: start)
        for _ in 0..<50 { machine.callFailed(on: machine.addresses[0].answers, at: start) }
        let error = failure(machine, at: start + .milliseconds(400))
        #expect(error?.reason == "CIRCUIT_OPEN")
        #expect(error?.retryAfter == .milliseconds(600))
        machine.woken(at: start + .seconds(1))
        #expect(machine.hasProbe)
        #expect(machine.takeProbe(at: start) != nil)
        #expect(machine.takeProbe(at: start) == nil)
    }

    @Test("when the only address left in use is lost, the one left alone serves after all")
    func lastResort() {
        var machine = machine([Self.endpoints[0], Self.endpoints[1]])
        let ids = connectAll(&machine, at: start)
        for _ in 0..<50 { machine.callFailed(on: machine.addresses[0].answers, at: start) }
        #expect(machine.usable.map(\.id) == [ids[Self.endpoints[1]]])
        if let id = ids[Self.endpoints[1]] { machine.ended(id, broke: true, at: start) }
        #expect(machine.usable.map(\.id) == [ids[Self.endpoints[0]]])
    }

    @Test("when nothing of a client's share can be reached, it takes another share")
    func otherShare() {
        let many = (1...40).map { MeshEndpoint(host: "10.0.0.\($0)", port: 1) }
        var machine = machine(many) { $0.pool.maximumAddresses = 2 }
        let first = attempts(&machine)
        #expect(first.count == 2)
        for attempt in first { machine.failed(attempt.id, Refused(), at: start) }
        let second = attempts(&machine)
        #expect(!second.isEmpty)
        #expect(Set(second.map(\.endpoint)).isDisjoint(with: first.map(\.endpoint)))
    }

    @Test("shares are taken in turn, but no address is tried before its time, and calls fail meanwhile")
    func sharesInTurn() {
        let many = (1...40).map { MeshEndpoint(host: "10.0.0.\($0)", port: 1) }
        var machine = machine(many) { $0.pool.maximumAddresses = 2 }
        var tried: [MeshEndpoint] = []
        for _ in 0..<400 {
            for attempt in attempts(&machine) {
                tried.append(attempt.endpoint)
                machine.failed(attempt.id, Refused(), at: start)
            }
        }
        #expect((4...40).contains(tried.count) && Set(tried).count == tried.count, "\(tried.count)")
        #expect(failure(machine, at: start)?.reason == "UNREACHABLE")
        machine.called(at: start + .seconds(10))
        #expect(!attempts(&machine).isEmpty)
    }

    @Test("shares go on being changed where attempts end at different times, each after longer than an address waits")
    func sharesWithoutStep() {
        let many = (1...40).map { MeshEndpoint(host: "10.0.0.\($0)", port: 1) }
        var machine = machine(many) { $0.pool.maximumAddresses = 16 }
        var tried: Set<MeshEndpoint> = []
        var running: [(id: UInt64, until: ContinuousClock.Instant)] = []
        var now = start
        while now < start + .seconds(120) {
            machine.called(at: now)
            for attempt in attempts(&machine) {
                tried.insert(attempt.endpoint)
                // As long as a SYN that nobody answers, and a little more or less.
                running.append((attempt.id, now + .seconds(5) + .milliseconds(37 * Int(attempt.id % 11))))
            }
            for attempt in running where attempt.until <= now { machine.failed(attempt.id, Refused(), at: now) }
            running.removeAll { $0.until <= now }
            now += .milliseconds(50)
        }
        // Two shares hold two thirds of them at most, as a rule.
        #expect(tried.count > 35)
    }

    @Test("without calls a lost connection stays lost, and nothing is woken for it")
    func rests() {
        var machine = machine([Self.endpoints[0]], isFixed: true)
        let ids = connectAll(&machine, at: start)
        let later = start + .seconds(600)
        for id in ids.values { machine.ended(id, broke: false, at: later) }
        #expect(attempts(&machine).isEmpty)
        #expect(machine.nextWake(at: later) == nil)
        machine.called(at: later)
        #expect(attempts(&machine).count == 1)
    }

    @Test("closed is closed: open connections are handed over and calls fail")
    func closes() {
        var machine = machine()
        let attempts = attempts(&machine)
        machine.established(Member(attempts[0].id), at: start)
        _ = machine.takeActions()
        #expect(machine.close().map(\.id) == [attempts[0].id])
        #expect(failure(machine, at: start)?.reason == "CLIENT_CLOSED")
        machine.established(Member(attempts[1].id), at: start)
        #expect(drained(&machine) == [attempts[1].id])
        machine.called(at: start)
        #expect(machine.takeActions().isEmpty)
        #expect(machine.nextWake(at: start) == nil)
    }
}
