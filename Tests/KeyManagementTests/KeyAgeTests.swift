import KeyManagement
import Testing

@Suite("The age of keys")
struct KeyAgeTests {
    private static let start: Int64 = 1_790_000_000

    @Test("A rotation that was asked for makes a key overdue at once, and never younger than it is")
    func requested() {
        var key = KeyRecord(id: "a", state: .active, createdAt: Self.start, activatedAt: Self.start)
        #expect(KeyAge().verdict(on: key, now: Self.start + 86400) == .fresh)
        key.rotationRequested = "team-change"
        #expect(KeyAge().verdict(on: key, now: Self.start + 86400) == .overdue(days: 1))
        #expect(KeyAge(refuseAfter: 100).verdict(on: key, now: Self.start + 101 * 86400) == .refused(days: 101))
    }

    @Test("A clock that was set back makes no key old, and no sum too large")
    func clocks() {
        #expect(KeyAge().verdict(activatedAt: Self.start, now: 0) == .fresh)
        #expect(KeyAge().verdict(activatedAt: .min, now: .max) == .fresh)
    }

    @Test(
        "A schedule that contradicts itself is refused with the reason",
        arguments: [
            (KeySchedule(warnAfterDays: 91), "warnAfterDays"), (KeySchedule(refuseAfterDays: 89), "refuseAfterDays"),
            (KeySchedule(overlapSeconds: -1), "below 0"), (KeySchedule(leadSeconds: .max), "above"),
        ])
    func contradictions(schedule: KeySchedule, reason: String) {
        #expect(schedule.fault?.contains(reason) == true)
        #expect(KeySchedules([.tokenSigning: schedule]).fault?.contains("token-signing") == true)
        #expect(KeySchedule(warnAfterDays: 20, rotateAfterDays: 30, refuseAfterDays: 30).fault == nil)
    }
}
