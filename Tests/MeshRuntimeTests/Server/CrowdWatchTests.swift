import NIOCore
import Testing

@testable import MeshRuntime

@Suite
struct CrowdWatchTests {
    private static let start = NIODeadline.uptimeNanoseconds(1_000_000_000_000)

    /// - Returns: when the crowd that begins is looked after, if one does.
    private func arrive(_ count: Int, at now: NIODeadline, in watch: inout CrowdWatch) -> NIODeadline? {
        var begun: NIODeadline?
        for _ in 0..<count { begun = watch.arrived(at: now) ?? begun }
        return begun
    }

    @Test("as many in each second as handshakes can be made are no crowd")
    func noCrowd() {
        var watch = CrowdWatch(mostArrivals: 100)
        for second in 0..<10 {
            #expect(arrive(100, at: Self.start + .seconds(Int64(second)), in: &watch) == nil)
        }
        #expect(watch.until == nil)
    }

    @Test("one more is a crowd, which begins once, and lasts for a second after the last of those that are too many")
    func crowd() {
        var watch = CrowdWatch(mostArrivals: 100)
        #expect(arrive(101, at: Self.start, in: &watch) == Self.start + .seconds(1))
        #expect(arrive(1, at: Self.start + .milliseconds(500), in: &watch) == nil)
        #expect(watch.look(at: Self.start + .seconds(1)) == Self.start + .milliseconds(1500))
        #expect(watch.look(at: Self.start + .milliseconds(1500)) == nil)
        #expect(watch.until == nil)
    }

    @Test("one that is back each time it is thought to have gone is held back twice as long each time, up to half a minute")
    func back() {
        var watch = CrowdWatch(mostArrivals: 100)
        var now = Self.start
        var stays: [TimeAmount] = []
        for _ in 0..<7 {
            guard let until = arrive(101, at: now, in: &watch) else { return #expect(Bool(false), "no crowd") }
            stays.append(until - now)
            #expect(watch.look(at: until) == nil)
            now = until
        }
        #expect(stays == [1, 2, 4, 8, 16, 32, 32].map { .seconds($0) })
    }

    @Test("after half a minute without, the next crowd is a first one")
    func forgotten() {
        var watch = CrowdWatch(mostArrivals: 100)
        _ = arrive(101, at: Self.start, in: &watch)
        _ = watch.look(at: Self.start + .seconds(1))
        let later = Self.start + .seconds(1) + CrowdWatch.longestStay
        #expect(arrive(101, at: later, in: &watch) == later + .seconds(1))
    }
}
