import Testing

@testable import ServiceKit

@Suite("When a mesh certificate is renewed")
struct RenewalPlanTests {
    private static let hour: Int64 = 3600
    private static let day: Int64 = 24 * hour
    private let begin = ContinuousClock.now

    @Test("At half-life, a little later for some, and not before", arguments: [0, 0.5, 1])
    func halfLife(lateness: Double) {
        let plan = RenewalPlan(lateness: lateness)
        let life: ClosedRange<Int64> = 1_000_000...(1_000_000 + Self.day)
        let due = plan.dueAt(life)
        #expect((life.lowerBound + 12 * Self.hour...life.lowerBound + 13 * Self.hour + 720).contains(due))
        #expect(plan.step(life: life, at: due - 1, now: begin, token: .fresh) == .rest)
        #expect(plan.step(life: life, at: due, now: begin, token: .none) == .renew)
        #expect(plan.step(life: life, at: life.upperBound - 1, now: begin, token: .fresh) == .renew)
    }

    @Test("After its end, before its beginning, and without one, only a join token helps")
    func ended() {
        let plan = RenewalPlan(lateness: 0)
        let life: ClosedRange<Int64> = 1_000_000...(1_000_000 + Self.day)
        for moment in [life.upperBound, life.upperBound + 3 * Self.day, life.lowerBound - 1] {
            #expect(plan.step(life: life, at: moment, now: begin, token: .none) == .rest)
            #expect(plan.step(life: life, at: moment, now: begin, token: .fresh) == .enrol)
        }
        #expect(plan.step(life: nil, at: 0, now: begin, token: .fresh) == .enrol)
    }

    @Test("Retries come less and less often, up to five minutes; success forgets the failures")
    func retries() {
        var plan = RenewalPlan(lateness: 0)
        let life: ClosedRange<Int64> = 0...Self.day
        let late = 23 * Self.hour
        var now = begin
        var waits: [Duration] = []
        for _ in 0..<20 {
            plan.failed(refused: false, now: now, jitter: 0)
            #expect(plan.step(life: life, at: late, now: now, token: .none) == .rest)
            let started = now
            while plan.step(life: life, at: late, now: now, token: .none) == .rest { now += .milliseconds(250) }
            waits.append(now - started)
        }
        #expect(waits.first == .milliseconds(250) && waits.last == .seconds(60) && waits == waits.sorted())
        plan.failed(refused: false, now: now, jitter: 1)
        #expect(plan.step(life: life, at: late, now: now + .seconds(30), token: .none) == .renew)
        plan.succeeded()
        #expect(plan.step(life: life, at: late, now: now, token: .none) == .renew)
    }

    @Test("A new join token is tried at once, one that failed only after a wait; a certificate that auth refuses is replaced by a token")
    func tokens() {
        var plan = RenewalPlan(lateness: 0)
        plan.failed(refused: true, now: begin, jitter: 0)
        #expect(plan.step(life: nil, at: 0, now: begin, token: .tried) == .rest)
        #expect(plan.step(life: nil, at: 0, now: begin + .seconds(1), token: .tried) == .enrol)
        #expect(plan.step(life: nil, at: 0, now: begin, token: .fresh) == .enrol)
        #expect(plan.step(life: 0...Self.day, at: Self.hour, now: begin, token: .fresh) == .enrol)
        #expect(plan.step(life: 0...Self.day, at: Self.hour, now: begin, token: .none) == .rest)
    }

    /// A service and its auth under a wall clock that is set forward; the steady clock is left alone.
    private struct Service {
        var plan: RenewalPlan
        var life: ClosedRange<Int64>
        var renewals = 0, enrolments = 0

        mutating func look(at wall: Int64, now: ContinuousClock.Instant) {
            switch plan.step(life: life, at: wall, now: now, token: .fresh) {
            case .rest: return
            case .renew: renewals += 1
            case .enrol: enrolments += 1
            }
            life = (wall - 60)...(wall + RenewalPlanTests.day)
            plan.succeeded()
        }
    }

    @Test("Ninety-one days in steps of six hours: it renews by itself, twice a day, and is never without a certificate", arguments: [0, 0.3, 1])
    func ninetyOneDays(lateness: Double) {
        var wall: Int64 = 1_790_000_000
        var service = Service(plan: RenewalPlan(lateness: lateness), life: (wall - 60)...(wall + Self.day))
        for _ in 0..<(91 * 4) {
            wall += 6 * Self.hour
            #expect(service.life.contains(wall))
            service.look(at: wall, now: begin)
        }
        #expect(service.enrolments == 0)
        #expect((91...182).contains(service.renewals), "\(service.renewals)")
    }

    @Test("A jump of three days: it enrols anew once, and renews again from there")
    func threeDayJump() {
        var wall: Int64 = 1_790_000_000
        var service = Service(plan: RenewalPlan(lateness: 0), life: (wall - 60)...(wall + Self.day))
        wall += 3 * Self.day
        service.look(at: wall, now: begin)
        #expect((service.enrolments, service.renewals) == (1, 0))
        for _ in 0..<8 {
            wall += 6 * Self.hour
            service.look(at: wall, now: begin)
        }
        #expect((service.enrolments, service.renewals) == (1, 4))
    }
}
