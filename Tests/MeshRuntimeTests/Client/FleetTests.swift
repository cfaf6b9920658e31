import MeshCall
import MeshRuntime
import NIOCore
import Synchronization
import TestSupport
import Testing

/// A client of several addresses, over TLS.
struct FleetTests {
    @Test("calls are spread over all addresses")
    func spread() async throws {
        let served = Tally<Int>()
        let fleet = try await TestFleet.start(3) { number in
            [
                TestFleet.unary("Echo") { message, _ in
                    served.add(number)
                    return message
                }
            ]
        }
        let client = try await fleet.client()
        #expect(try await fleet.connected(by: client))
        let before = served.all
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<600 { group.addTask { _ = try await client.read("Echo") } }
            try await group.waitForAll()
        }
        for number in 0..<3 { #expect(served[number] - (before[number] ?? 0) > 50, "\(served.all)") }
        await client.close()
        await fleet.stop()
    }

    @Test("a server that shuts down under load costs no call, though the method may not run twice")
    func shutDownUnderLoad() async throws {
        let fleet = try await TestFleet.start(2) { _ in [TestMesh.echo] }
        let client = try await fleet.client()
        let load = FleetLoad(64) { _ = try await client.call("Echo", "x") }
        #expect(try await fleet.connected(by: client))
        #expect(try await eventually { load.count > 500 })
        await fleet.servers[0].server.shutdown(grace: .seconds(20))
        let reached = load.count
        #expect(try await eventually { load.count > reached + 500 })
        #expect(await load.stop() == [])
        await client.close()
        await fleet.stop()
    }

    @Test("servers that are replaced one after the other cost no call")
    func rollingRestart() async throws {
        let fleet = try await TestFleet.start(2) { _ in [TestMesh.echo] }
        let client = try await fleet.client { $0.maximumBackoff = .milliseconds(50) }
        let load = FleetLoad(16) { _ = try await client.call("Echo", "x") }
        var running = fleet.servers
        for number in [0, 1, 0, 1] {
            #expect(try await eventually { running.allSatisfy { $0.server.connectionCount > 0 } })
            await running[number].server.shutdown(grace: .seconds(20))
            running[number] = try await TestMesh.start(authority: fleet.authority, port: running[number].port)
        }
        #expect(try await eventually { running.allSatisfy { $0.server.connectionCount > 0 } })
        #expect(await load.stop() == [])
        await client.close()
        for server in running { await server.stop() }
    }

    @Test("an address that the resolver drops is drained: the call on it finishes, new calls go elsewhere")
    func droppedAddress() async throws {
        let entered = Signal(), finish = Signal()
        let fleet = try await TestFleet.start(2) { number in
            [
                TestFleet.unary("Wait") { _, _ in
                    entered.raise()
                    await finish.wait()
                    return ByteBuffer(string: "done")
                },
                TestFleet.unary("Who") { _, _ in ByteBuffer(string: "\(number)") },
            ]
        }
        let resolver = ChangingResolver([fleet.endpoints[0]])
        let client = try await fleet.client(resolver: resolver) {
            $0.pool.resolveInterval = .milliseconds(20)
            $0.pool.minimumResolveInterval = .milliseconds(1)
        }
        async let waiting = client.read("Wait")
        await entered.wait()
        resolver.change(to: [fleet.endpoints[1]])
        #expect(try await eventually { (try? await client.read("Who")) == "1" })
        #expect(fleet.servers[0].server.connectionCount == 1)
        finish.raise()
        #expect(try await waiting == "done")
        #expect(try await eventually { fleet.servers[0].server.connectionCount == 0 })
        await client.close()
        await fleet.stop()
    }

    @Test("a name is connected at all of its addresses")
    func name() async throws {
        let fleet = try await TestFleet.start(1) { _ in [TestMesh.echo] }
        // Nobody listens at the other address that the name may have.
        let client = try await fleet.client(resolver: DNSResolver([MeshEndpoint(host: "localhost", port: fleet.servers[0].port)]))
        #expect(try await client.call("Echo", "hello") == "hello")
        await client.close()
        await fleet.stop()
    }

    @Test("connections are replaced at their age, without a failed call")
    func age() async throws {
        let fleet = try await TestFleet.start(1) { _ in [TestMesh.echo] }
        let client = try await fleet.client { $0.pool.maximumAge = .milliseconds(100) }
        let load = FleetLoad(16) { _ = try await client.call("Echo", "x") }
        #expect(try await eventually { fleet.log.lines.count { $0.contains("debug connected") } > 5 })
        #expect(await load.stop() == [])
        #expect(try await eventually { fleet.servers[0].server.connectionCount == 1 })
        await client.close()
        await fleet.stop()
    }

    @Test("calls in flight make connections, up to the limit; idle ones go again")
    func growth() async throws {
        let finish = Signal()
        let running = Tally<String>()
        let fleet = try await TestFleet.start(1) { _ in
            [
                TestFleet.unary("Wait") { _, _ in
                    running.add("")
                    await finish.wait()
                    return ByteBuffer()
                },
                TestMesh.echo,
            ]
        }
        let client = try await fleet.client {
            $0.pool.connectionsPerAddress = 3
            $0.pool.callsPerConnection = 2
            $0.pool.idleTimeout = .milliseconds(100)
            $0.pool.maintenanceInterval = .milliseconds(20)
        }
        let calls = Task {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 1...12 {
                    group.addTask { _ = try await client.read("Wait") }
                    _ = try await eventually { running[""] == number }
                    // While a connection is made no call asks for another, and all go to those before it: on a slow machine, all of the calls.
                    guard let connections = [3: 2, 8: 3][number] else { continue }
                    _ = try await eventually { fleet.log.lines.count { $0.contains("debug connected") } == connections }
                }
                try await group.waitForAll()
            }
        }
        #expect(try await eventually { fleet.servers[0].server.connectionCount == 3 })
        finish.raise()
        try await calls.value
        #expect(try await eventually { fleet.servers[0].server.connectionCount == 1 })
        #expect(try await client.call("Echo", "still") == "still")
        await client.close()
        await fleet.stop()
    }

    @Test("a warm client connects before it is called")
    func warm() async throws {
        let fleet = try await TestFleet.start(2) { _ in [TestMesh.echo] }
        let client = try await fleet.client {
            $0.pool.isWarm = true
            $0.pool.connectionsPerAddress = 2
        }
        #expect(try await eventually { fleet.servers.allSatisfy { $0.server.connectionCount == 2 } })
        await client.close()
        #expect(try await eventually { fleet.servers.allSatisfy { $0.server.connectionCount == 0 } })
        await fleet.stop()
    }

    @Test("a call that waits for its peer is made when the peer comes, and others fail at once")
    func waitForReady() async throws {
        let absent = try await TestMesh.start()
        await absent.stop()
        let client = try await absent.client()
        #expect(await failure { try await client.call("Echo") }?.reason == "UNREACHABLE")
        async let patient = client.call("Echo", "hello", options: CallOptions(waitForReady: true))
        #expect(await failure { try await client.call("Echo") }?.reason == "UNREACHABLE")
        let present = try await TestMesh.start(authority: absent.authority, port: absent.port)
        #expect(try await patient == "hello")
        await client.close()
        await present.stop()
    }

    @Test("a call that waits for its peer waits until its deadline")
    func waitForReadyInVain() async throws {
        let absent = try await TestMesh.start()
        await absent.stop()
        let client = try await absent.client()
        let options = CallOptions(timeout: .milliseconds(200), waitForReady: true)
        #expect(await failure { try await client.call("Echo", options: options) }?.code == .deadlineExceeded)
        await client.close()
    }
}
