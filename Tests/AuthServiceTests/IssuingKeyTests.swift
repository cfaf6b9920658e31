@testable import AuthService
import KeyManagement
import Testing

@Suite("Issuing keys")
struct IssuingKeyTests {
    private func key(_ id: Int64, _ state: IssuingKey.State) -> IssuingKey {
        IssuingKey(id: id, state: state, createdAt: 0, retiredAt: state == .retiring ? 1000 : nil)
    }

    @Test("The active key retires when another is activated; never are there two, never none")
    func rotation() throws {
        var keys = IssuingKeys([key(1, .active), key(2, .pending)])
        let changed = try keys.activate(2, certificate: [1], serial: "0b", endsAt: 99, now: 50)
        #expect(changed.map(\.state) == [.active, .retiring] && changed.map(\.id) == [2, 1])
        #expect(keys.active?.id == 2 && keys.active?.serial == "0b" && keys.all[0].retiredAt == 50)
        #expect(keys.all.count { $0.state == .active } == 1)
    }

    @Test("Only a pending key is activated, only a retiring one ended")
    func order() throws {
        var keys = IssuingKeys([key(1, .gone), key(2, .retiring), key(3, .active), key(4, .pending)])
        for id: Int64 in [1, 2, 3] {
            #expect(throws: IssuingKeys.Refusal.notPending) { try keys.activate(id, certificate: [], serial: "", endsAt: 0, now: 0) }
        }
        for id: Int64 in [1, 3, 4] { #expect(throws: IssuingKeys.Refusal.notRetiring) { try keys.end(id, early: true, now: 10_000_000) } }
        #expect(throws: IssuingKeys.Refusal.unknown) { try keys.end(9, early: true, now: 0) }
    }

    @Test("A retiring key is not ended while its certificates may be in use, unless it must be")
    func overlap() throws {
        var keys = IssuingKeys([key(1, .retiring), key(2, .active)])
        let over = 1000 + IssuingKeys.overlap
        #expect(keys.due(at: over - 1) == [] && keys.due(at: over) == [1])
        #expect(throws: IssuingKeys.Refusal.stillInUse(1)) { try keys.end(1, early: false, now: over - 1) }
        var other = keys
        #expect(try other.end(1, early: true, now: 1001).state == .gone)
        #expect(try keys.end(1, early: false, now: over).state == .gone)
        #expect(keys.due(at: over + 1) == [])
    }

    @Test("Few keys may wait to be activated")
    func pending() throws {
        try IssuingKeys([key(1, .pending), key(2, .pending)]).checkMayPrepare()
        #expect(throws: IssuingKeys.Refusal.tooManyPending) {
            try IssuingKeys([key(1, .pending), key(2, .pending), key(3, .pending)]).checkMayPrepare()
        }
    }

    @Test("Through ninety-one days in steps of six hours: from day 80 it warns, from day 90 it alerts, and refuses only when told to")
    func age() {
        let start: Int64 = 1_790_000_000
        for step in Int64(0)...(91 * 4) {
            let now = start + step * 6 * 3600
            let day = step / 4
            let expected: KeyAge.Verdict =
                day < 80 ? .fresh : day < 90 ? .nearlyDue(daysLeft: 90 - day) : .overdue(days: day)
            #expect(KeyAge().verdict(activatedAt: start, now: now) == expected)
            let strict = KeyAge(refuseAfter: 90).verdict(activatedAt: start, now: now)
            #expect(strict == (day < 90 ? expected : .refused(days: day)))
        }
        #expect(KeyAge().verdict(activatedAt: start, now: start - 86400) == .fresh)
    }
}
