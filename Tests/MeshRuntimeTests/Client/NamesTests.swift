import Glibc
import MeshCall
import NIOCore
import TestSupport
import Testing

@testable import MeshRuntime

/// A client of several names, over TLS.
@Suite(.timeLimit(.minutes(1)))
struct NamesTests {
    private static func who(_ number: Int) -> [MethodImplementation] {
        [TestFleet.unary("Who") { _, _ in ByteBuffer(string: "\(number)") }]
    }

    private static func client(_ fleet: TestFleet, _ names: FakeNames) async throws -> MeshClient {
        let endpoints = zip(["a", "b"], fleet.servers).map { MeshEndpoint(host: $0, port: $1.port) }
        return try await fleet.client(resolver: DNSResolver(endpoints, lookUp: names.lookUp)) {
            $0.pool.resolveInterval = .milliseconds(5)
            $0.pool.minimumResolveInterval = .milliseconds(1)
            $0.pool.maintenanceInterval = .milliseconds(5)
            $0.maximumBackoff = .milliseconds(5)
        }
    }

    private static func said(_ words: String, _ fleet: TestFleet) -> Int { fleet.log.lines.count { $0.contains(words) } }

    @Test("a name that cannot be looked up for a moment keeps its connections, and the log says so once")
    func temporary() async throws {
        let fleet = try await TestFleet.start(2, methods: Self.who)
        let names = FakeNames(["a": ["127.0.0.1"], "b": ["127.0.0.1"]])
        let client = try await Self.client(fleet, names)
        #expect(try await fleet.connected(by: client, calling: "Who"))
        names.set("b", .failure(EAI_AGAIN))
        let before = names.lookups("b")
        #expect(try await eventually {
            _ = try? await client.read("Who")
            return names.lookups("b") >= before + 10
        })
        #expect(fleet.servers.map(\.server.connectionCount) == [1, 1])
        #expect(Self.said("address no longer used", fleet) == 0)
        #expect(Self.said("warning cannot look up all names", fleet) == 1)
        names.set("b", .success(["127.0.0.1"]))
        #expect(try await eventually {
            _ = try? await client.read("Who")
            return Self.said("all names of the peer are looked up again", fleet) == 1
        })
        await client.close()
        await fleet.stop()
    }

    @Test("a name that does not exist any more has its connections drained")
    func gone() async throws {
        let fleet = try await TestFleet.start(2, methods: Self.who)
        let names = FakeNames(["a": ["127.0.0.1"], "b": ["127.0.0.1"]])
        let client = try await Self.client(fleet, names)
        #expect(try await fleet.connected(by: client, calling: "Who"))
        names.set("b", .failure(EAI_NONAME))
        #expect(try await eventually {
            _ = try? await client.read("Who")
            return fleet.servers.map(\.server.connectionCount) == [1, 0]
        })
        #expect(try await client.read("Who") == "0")
        await client.close()
        await fleet.stop()
    }
}
