import MeshCall
import TestSupport
import Testing

@testable import MeshRuntime

/// Lookups that hang, come late, or bring a part.
extension PoolMachineTests {
    private func lookups(_ machine: inout Machine) -> [UInt64] {
        machine.takeActions().compactMap { if case .resolve(let id) = $0 { id } else { nil } }
    }

    @Test("a lookup that takes too long fails the calls that wait with that word, is given up, and another begins")
    func lookupTakesTooLong() {
        var machine = Machine(isFixed: false, limits: .default, seed: 1)
        machine.called(at: start)
        #expect(lookups(&machine) == [1])
        machine.waiting = 1
        machine.woken(at: start + .seconds(10))
        #expect(failure(machine, at: start + .seconds(10)).map { "\($0.cause.map { "\($0)" } ?? "")" } == "no answer in 10.0 seconds")
        let actions = machine.takeActions()
        #expect(actions.contains { if case .giveUpLookup(1) = $0 { true } else { false } })
        #expect(actions.contains { if case .note(.unresolved(_, isNews: true)) = $0 { true } else { false } })
        machine.woken(at: start + .seconds(11))
        #expect(lookups(&machine) == [2])
        machine.resolved(Self.endpoints, by: 2, at: start + .seconds(11))
        #expect(attempts(&machine).count == 3)
    }

    @Test("lookups that hang are followed by others up to a number, and by one more for each that returns")
    func lookupsHang() {
        var machine = Machine(isFixed: false, limits: .default, seed: 1)
        var begun: [UInt64] = []
        for second in 0..<100 {
            machine.called(at: start + .seconds(second))
            begun += lookups(&machine)
        }
        #expect(begun == [1, 2, 3])
        #expect(failure(machine, at: start + .seconds(100))?.cause.map { "\($0)".contains("3 lookups hang") } == true)
        machine.resolutionFailed(CancellationError(), by: 2, at: start + .seconds(100))
        #expect(lookups(&machine) == [4])
    }

    @Test("a late answer is used where none is newer, and ignored where one is")
    func lateAnswers() {
        var machine = Machine(isFixed: false, limits: .default, seed: 1)
        machine.called(at: start)
        machine.called(at: start + .seconds(12))
        #expect(lookups(&machine) == [1, 2])
        machine.resolved([Self.endpoints[0]], by: 1, at: start + .seconds(13))
        #expect(machine.addresses.map(\.endpoint) == [Self.endpoints[0]])
        machine.called(at: start + .seconds(24))
        #expect(lookups(&machine) == [3])
        machine.resolved([Self.endpoints[2]], by: 3, at: start + .seconds(25))
        machine.resolved([Self.endpoints[1]], by: 2, at: start + .seconds(26))
        #expect(machine.addresses.map(\.endpoint) == [Self.endpoints[2]])
    }

    @Test("an answer in part is used, said once, and followed by lookups with a back-off until it is whole")
    func incompleteAnswers() {
        var machine = machine()
        _ = connectAll(&machine, at: start)
        var notes: [String] = [], begun: [Int] = []
        for second in 30..<80 {
            machine.called(at: start + .seconds(second))
            for action in machine.takeActions() {
                if case .note(.partlyResolved) = action { notes.append("part \(second)") }
                if case .note(.allResolved) = action { notes.append("all \(second)") }
                guard case .resolve(let id) = action else { continue }
                begun.append(second)
                guard second < 50 else { machine.resolved(Self.endpoints, by: id, at: start + .seconds(second)); continue }
                let failed = ResolutionFailed(host: "b", reason: "later", isTemporary: true)
                machine.resolutionFailed(ResolutionIncomplete(endpoints: Self.endpoints, failures: [failed]), by: id, at: start + .seconds(second))
            }
        }
        #expect(notes == ["part 31", "all 62"])
        // Twice as long from one to the next.
        #expect(begun == [30, 31, 33, 37, 45, 61])
        #expect(machine.usable.count == 3)
        #expect(drained(&machine).isEmpty)
    }

    @Test("calls whose addresses all fail wait for the lookup that is under way, for its outcome and no longer than its limit")
    func waitsForLookup() {
        let later = start + .seconds(1)
        var asking = machine([Self.endpoints[0]])
        machine(&asking, fails: Self.endpoints[0], at: start)
        #expect(failure(asking, at: start)?.reason == "UNREACHABLE")
        asking.called(at: later)
        machine(&asking, fails: Self.endpoints[0], at: later)
        #expect(isWaiting(asking, later) && isWaiting(asking, later + .seconds(9)))
        #expect(failure(asking, at: later + .seconds(10))?.reason == "UNREACHABLE")
        // Whoever asks next, whose lookup may hang as well, does not wait for that.
        var hanging = asking
        let next = later + .seconds(20)
        hanging.called(at: next)
        machine(&hanging, fails: Self.endpoints[0], at: next)
        #expect(hanging.schedule.isAwaited(at: next))
        #expect(failure(hanging, at: next)?.reason == "UNREACHABLE")
        var sameAgain = asking
        sameAgain.resolved([Self.endpoints[0]], by: 2, at: later)
        #expect(failure(sameAgain, at: later)?.reason == "UNREACHABLE")
        asking.resolved([Self.endpoints[1]], by: 2, at: later)
        #expect(isWaiting(asking, later))
        #expect(attempts(&asking).map(\.endpoint) == [Self.endpoints[1]])
    }

    private func machine(_ machine: inout Machine, fails endpoint: MeshEndpoint, at now: ContinuousClock.Instant) {
        let attempt = attempts(&machine)
        #expect(attempt.map(\.endpoint) == [endpoint])
        for attempt in attempt { machine.failed(attempt.id, Refused(), at: now) }
    }

    @Test("known addresses serve on while lookups hang")
    func hangingBesideKnown() {
        var machine = machine()
        _ = connectAll(&machine, at: start)
        for second in 30..<100 { machine.called(at: start + .seconds(second)) }
        #expect(machine.usable.count == 3)
        #expect(drained(&machine).isEmpty)
    }
}
