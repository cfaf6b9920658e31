import Glibc
import MeshCall
import Synchronization
import TestSupport
import Testing

@testable import MeshRuntime

struct AddressSubsetTests {
    private let endpoints = (0..<100).map { MeshEndpoint(host: "10.0.0.\($0)", port: 7400) }

    @Test("few addresses are all used, each once")
    func all() {
        let subset = AddressSubset(limit: 16, seed: 1)
        #expect(subset.choose(from: [endpoints[2], endpoints[1], endpoints[2]]) == [endpoints[2], endpoints[1]])
    }

    @Test("of many a share is used, the same in whatever order they come")
    func share() {
        let subset = AddressSubset(limit: 16, seed: 1)
        let chosen = subset.choose(from: endpoints)
        #expect(Set(chosen).count == 16)
        #expect(Set(subset.choose(from: endpoints.reversed())) == Set(chosen))
    }

    @Test("an address that goes changes the share by one at most")
    func stable() {
        let subset = AddressSubset(limit: 16, seed: 1)
        let chosen = Set(subset.choose(from: endpoints))
        for gone in endpoints {
            let left = Set(subset.choose(from: endpoints.filter { $0 != gone }))
            #expect(left.count == 16)
            #expect(chosen.subtracting(left) == (chosen.contains(gone) ? [gone] : []))
        }
    }

    @Test("clients have different shares, and together use every address evenly")
    func even() {
        var uses: [MeshEndpoint: Int] = [:]
        for seed in 0..<500 as Range<UInt64> {
            for endpoint in AddressSubset(limit: 10, seed: seed).choose(from: endpoints) { uses[endpoint, default: 0] += 1 }
        }
        #expect(uses.count == 100)
        #expect(uses.values.allSatisfy { (20...90).contains($0) }, "\(uses.values.sorted())")
    }

    @Test("a share that is changed is another one")
    func change() {
        var subset = AddressSubset(limit: 16, seed: 1)
        let before = Set(subset.choose(from: endpoints))
        subset.change()
        #expect(Set(subset.choose(from: endpoints)) != before)
    }
}

struct ResolutionScheduleTests {
    private let start = ContinuousClock.now

    private func schedule(isFixed: Bool = false) -> ResolutionSchedule { ResolutionSchedule(isFixed: isFixed, .default) }

    @Test("it is asked for at once, then at intervals, and not while an answer is awaited")
    func intervals() {
        var schedule = schedule()
        #expect(schedule.due(at: start) == start)
        let lookup = schedule.begin(at: start)
        #expect(schedule.due(at: start + .seconds(100)) == nil)
        _ = schedule.succeeded(lookup, at: start)
        #expect(schedule.due(at: start) == start + .seconds(30))
    }

    @Test("a request makes it earlier, but not more often than the limit says")
    func requested() {
        var schedule = schedule()
        _ = schedule.succeeded(schedule.begin(at: start), at: start)
        schedule.request()
        #expect(schedule.due(at: start) == start + .seconds(1))
        #expect(schedule.due(at: start + .seconds(5)) == start + .seconds(5))
    }

    @Test("after a failure there is a back-off")
    func failure() {
        var schedule = schedule()
        _ = schedule.failed(schedule.begin(at: start), at: start)
        let due = schedule.due(at: start)
        #expect(due.map { ($0 - start) >= .milliseconds(40) && ($0 - start) <= .milliseconds(60) } == true)
    }

    @Test("what never changes is asked for once")
    func fixed() {
        var schedule = schedule(isFixed: true)
        _ = schedule.succeeded(schedule.begin(at: start), at: start)
        schedule.request()
        #expect(schedule.due(at: start + .seconds(3600)) == nil)
    }

    @Test("an answer that does not come is not waited for")
    func timeout() {
        var schedule = schedule()
        let lookup = schedule.begin(at: start)
        #expect(schedule.isAwaited(at: start + .seconds(9)))
        let early = schedule.timedOut(at: start + .seconds(9))
        #expect(!schedule.isAwaited(at: start + .seconds(10)))
        let late = schedule.timedOut(at: start + .seconds(10)), again = schedule.timedOut(at: start + .seconds(10))
        let isNews = schedule.failed(lookup, at: start + .seconds(11))
        #expect(early == nil && late == lookup && again == nil && !isNews)
    }
}

struct DNSResolverTests {
    @Test("a name stands for all of its addresses")
    func name() async throws {
        let resolver = DNSResolver([MeshEndpoint(host: "localhost", port: 7400)])
        #expect(!resolver.isFixed)
        let found = try await resolver.resolve()
        #expect(found.contains(MeshEndpoint(host: "127.0.0.1", port: 7400)))
        #expect(Set(found).count == found.count)
        #expect(found.allSatisfy { $0.isNumeric })
    }

    @Test("addresses are themselves and are never asked for again")
    func addresses() async throws {
        let endpoints = [MeshEndpoint(host: "127.0.0.1", port: 1), MeshEndpoint(host: "::1", port: 2)]
        let resolver = DNSResolver(endpoints)
        #expect(resolver.isFixed)
        #expect(try await resolver.resolve() == endpoints)
    }

    @Test("a name that has no address fails alone, and costs the others nothing")
    func unknown() async throws {
        // The space keeps the question on this machine.
        let unknown = MeshEndpoint(host: "no such host", port: 1)
        let failure = await #expect(throws: ResolutionFailed.self) { _ = try await DNSResolver([unknown]).resolve() }
        #expect(failure?.isTemporary == false)
        let known = MeshEndpoint(host: "127.0.0.1", port: 2)
        let found = try await DNSResolver([unknown, known]).resolve()
        #expect(found == [known])
    }

    @Test("what the system says of a name is final where it has none or no address, and else may change soon")
    func codes() {
        for code in [EAI_NONAME, -5, -9] { #expect(!SystemNames.failure("a", code).isTemporary) }
        for code in [EAI_AGAIN, EAI_FAIL, EAI_MEMORY, EAI_SYSTEM] { #expect(SystemNames.failure("a", code).isTemporary) }
    }

    @Test("a name that cannot be looked up for now keeps its addresses, one that is gone loses them")
    func lastAddresses() async throws {
        let names = FakeNames(["a": ["10.0.0.1"], "b": ["10.0.0.2", "10.0.0.3"]])
        let resolver = DNSResolver(["a", "b"].map { MeshEndpoint(host: $0, port: 1) }, lookUp: names.lookUp)
        let all = try await resolver.resolve()
        #expect(all.map(\.host) == ["10.0.0.1", "10.0.0.2", "10.0.0.3"])
        names.set("b", .failure(EAI_AGAIN))
        names.set("a", .success(["10.0.0.9"]))
        let part = await #expect(throws: ResolutionIncomplete.self) { _ = try await resolver.resolve() }
        #expect(part?.endpoints.map(\.host) == ["10.0.0.9", "10.0.0.2", "10.0.0.3"])
        #expect(part?.failures.map(\.host) == ["b"])
        names.set("b", .failure(EAI_NONAME))
        #expect(try await resolver.resolve().map(\.host) == ["10.0.0.9"])
        names.set("b", .failure(EAI_AGAIN))
        let rest = await #expect(throws: ResolutionIncomplete.self) { _ = try await resolver.resolve() }
        #expect(rest?.endpoints.map(\.host) == ["10.0.0.9"])
    }

    @Test("a name whose lookup hangs is waited for a little, is looked up once at a time, and keeps its addresses")
    func hangs() async throws {
        let names = FakeNames(["a": ["10.0.0.1"], "b": ["10.0.0.2"]])
        let resolver = DNSResolver(["a", "b"].map { MeshEndpoint(host: $0, port: 1) }, patience: .milliseconds(300), lookUp: names.lookUp)
        _ = try await resolver.resolve()
        names.hang("b")
        for _ in 0..<3 {
            let part = await #expect(throws: ResolutionIncomplete.self) { _ = try await resolver.resolve() }
            #expect(part?.endpoints.map(\.host) == ["10.0.0.1", "10.0.0.2"])
        }
        #expect(names.lookups("a") == 4 && names.lookups("b") == 2)
        names.letGo("b", [.success(["10.0.0.3"])])
        #expect(try await eventually { (try? await resolver.resolve())?.map(\.host) == ["10.0.0.1", "10.0.0.3"] })
    }

    @Test("a lookup that is given up ends, though the system goes on with it")
    func cancelled() async throws {
        let names = FakeNames(["a": []])
        names.hang("a")
        let resolver = DNSResolver([MeshEndpoint(host: "a", port: 1)], lookUp: names.lookUp)
        let lookup = Task { try await resolver.resolve() }
        #expect(try await eventually { names.lookups("a") == 1 })
        lookup.cancel()
        await #expect(throws: CancellationError.self) { _ = try await lookup.value }
        names.letGo("a", [])
    }
}
