import MeshCall
import MeshRuntime
import NIOCore
import Synchronization
import TestSupport
import Testing

/// Resolvers that do not answer, and clients over TLS.
@Suite(.timeLimit(.minutes(1)))
struct HangingResolverTests {
    /// Hangs with its first lookups until it is let go, whatever becomes of their tasks, then answers.
    private final class HangingResolver: MeshResolver {
        let letGo = Signal()
        private let endpoints: [MeshEndpoint]
        private let hangs: Int
        private let lookups = Mutex(0)

        init(_ endpoints: [MeshEndpoint], hangs: Int) {
            self.endpoints = endpoints
            self.hangs = hangs
        }

        var begun: Int { lookups.withLock { $0 } }

        func resolve() async throws -> [MeshEndpoint] {
            let number = lookups.withLock { lookups in
                lookups += 1
                return lookups
            }
            if number <= hangs { await letGo.wait() }
            return endpoints
        }
    }

    @Test("a lookup that never returns ends nothing: calls fail with the reason, and the next lookup's addresses serve")
    func neverReturns() async throws {
        let fleet = try await TestFleet.start(1) { _ in [TestMesh.echo] }
        let resolver = HangingResolver(fleet.endpoints, hangs: 1)
        let client = try await fleet.client(resolver: resolver) {
            $0.pool.resolveTimeout = .milliseconds(50)
            // However late the end of the first lookup is noticed, the next begins after the first call has failed.
            ($0.minimumBackoff, $0.maximumBackoff) = (.seconds(2), .seconds(2))
        }
        let first = await failure { try await client.call("Echo") }
        #expect(first?.reason == "UNREACHABLE")
        #expect(first?.cause.map { "\($0)".hasPrefix("no answer in") } == true)
        #expect(try await client.call("Echo", "hello", options: CallOptions(waitForReady: true)) == "hello")
        #expect(fleet.log.lines.contains { $0.hasPrefix("warning cannot find the peer's addresses why=no answer in") })
        resolver.letGo.raise()
        await client.close()
        await fleet.stop()
    }

    @Test("lookups that hang do not pile up, and a late answer serves")
    func pileUp() async throws {
        let fleet = try await TestFleet.start(1) { _ in [TestMesh.echo] }
        let resolver = HangingResolver(fleet.endpoints, hangs: .max)
        let client = try await fleet.client(resolver: resolver) {
            $0.pool.resolveTimeout = .milliseconds(5)
            $0.pool.maintenanceInterval = .milliseconds(5)
            $0.maximumBackoff = .milliseconds(1)
            $0.minimumBackoff = .milliseconds(1)
        }
        async let patient = client.call("Echo", "hello", options: CallOptions(waitForReady: true))
        #expect(try await eventually { resolver.begun == 3 })
        for _ in 0..<50 { _ = await failure { try await client.call("Echo") } }
        #expect(resolver.begun == 3)
        resolver.letGo.raise()
        #expect(try await patient == "hello")
        await client.close()
        await fleet.stop()
    }

    /// Knows an address where nobody listens any more, and others when it is asked again and let go.
    private final class MovedResolver: MeshResolver {
        let letGo = Signal(), isAsked = Signal()
        private let answers: Mutex<[[MeshEndpoint]]>

        init(from old: MeshEndpoint, to new: [MeshEndpoint]) {
            answers = Mutex([new, [old]])
        }

        func resolve() async throws -> [MeshEndpoint] {
            if let old = answers.withLock({ $0.count > 1 ? $0.popLast() : nil }) { return old }
            isAsked.raise()
            await letGo.wait()
            return answers.withLock { $0[0] }
        }
    }

    @Test("a call that finds nobody at the known address waits for the lookup that this begins")
    func moved() async throws {
        let fleet = try await TestFleet.start(2) { _ in [TestMesh.echo] }
        await fleet.servers[0].stop()
        let resolver = MovedResolver(from: fleet.endpoints[0], to: [fleet.endpoints[1]])
        let client = try await fleet.client(resolver: resolver) {
            $0.pool.minimumResolveInterval = .zero
            $0.minimumBackoff = .seconds(60)
            $0.maximumBackoff = .seconds(60)
        }
        async let reply = client.call("Echo", "hello")
        #expect(try await eventually { resolver.isAsked.isRaised })
        resolver.letGo.raise()
        #expect(try await reply == "hello")
        await client.close()
        await fleet.stop()
    }

    /// Hangs until its task is cancelled.
    private struct CancellableResolver: MeshResolver {
        let given: Signal

        func resolve() async throws -> [MeshEndpoint] {
            await withTaskCancellationHandler { await given.wait() } onCancel: { given.raise() }
            throw CancellationError()
        }
    }

    @Test("a lookup is cancelled when it has taken too long, and when its client closes")
    func cancelled() async throws {
        let fleet = try await TestFleet.start(1) { _ in [TestMesh.echo] }
        let late = Signal(), closed = Signal()
        let first = try await fleet.client(resolver: CancellableResolver(given: late)) { $0.pool.resolveTimeout = .milliseconds(20) }
        _ = await failure { try await first.call("Echo") }
        #expect(try await eventually { late.isRaised })
        await first.close()
        let second = try await fleet.client(resolver: CancellableResolver(given: closed)) { $0.pool.isWarm = true }
        await second.close()
        #expect(try await eventually { closed.isRaised })
        late.raise()
        closed.raise()
        await fleet.stop()
    }
}
