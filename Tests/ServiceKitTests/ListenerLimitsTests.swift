import MeshCall
import MeshRuntime
import NIOCore
import TestSupport
import Testing

@testable import ServiceKit

/// How much of a service's memory its peers may fill.
@Suite("Bounds of a service's ports", .timeLimit(.minutes(1)))
struct ListenerLimitsTests {
    private static let peer = PeerIdentity(spiffeID: "spiffe://development.cryptopulse.internal/gateway", name: "gateway")
    private static let policy = MethodPolicy(callers: ["gateway"], callersWithoutUser: ["gateway"], defaultDeadline: .seconds(30))
    private static let method = MethodDescriptor(service: "test.v1.Test", name: "Stuck", kind: .unary, policy: policy)

    private func channel(_ limits: ConnectionLimits, until goOn: Signal) -> any CallChannel {
        let stuck = MethodImplementation(
            Self.method,
            .unary { _, _ in
                await goOn.wait()
                return ByteBuffer()
            })
        let server = InProcessServer(
            services: [ServiceDefinition(name: Self.method.service, methods: [stuck])], authenticator: nil, logger: LogRecorder().logger, limits: limits)
        return server.channel(as: Self.peer)
    }

    private func call(_ channel: any CallChannel, bytes: Int) async throws {
        _ = try await channel.unary(Self.method, ByteBuffer(repeating: 7, count: bytes), options: CallOptions())
    }

    @Test("A connection's running calls hold 16 MiB of long requests, all calls of a service 96 MiB")
    func services() async throws {
        let limits = MeshListener.limits
        #expect(limits.maximumRequestBytes == 96 << 20)
        let goOn = Signal()
        let channel = channel(limits.connection, until: goOn)
        let calls = (0..<5).map { _ in
            Task { await failure { try await call(channel, bytes: 15 << 18) } }
        }
        // Four find room: whichever does not is answered while they run.
        let refused = await withTaskGroup(of: RPCError?.self) { group in
            for call in calls { group.addTask { await call.value } }
            defer { goOn.raise() }
            return await group.next() ?? nil
        }
        #expect(refused?.reason == RPCError.overloadedReason)
        var failures = 0
        for call in calls where await call.value != nil { failures += 1 }
        #expect(failures == 1)
    }

    @Test("The port for programs without a certificate takes no message over 64 KiB, and few connections")
    func enrolment() async throws {
        let limits = EnrolmentListener.limits
        #expect(limits.maximumConnections == 128 && limits.maximumRequestBytes == 8 << 20)
        let goOn = Signal()
        goOn.raise()
        let channel = channel(limits.connection, until: goOn)
        try await call(channel, bytes: 60 << 10)
        #expect(await failure { try await call(channel, bytes: 65 << 10) }?.code == .resourceExhausted)
    }
}
