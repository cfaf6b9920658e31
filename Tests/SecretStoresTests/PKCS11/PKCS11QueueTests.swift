import CPKCS11
import Dispatch
import Foundation
import SecretServers
import Secrets
import Synchronization
import Testing

@testable import SecretStores

/// A device of SoftHSM that somebody holds, so that requests wait for their turn.
@Suite("PKCS #11: requests that wait", .serialized, .timeLimit(.minutes(1)), .enabled(if: ExternalProgram.softHSM.isExpected))
struct PKCS11QueueTests {
    private final class Held: Sendable {
        let device: PKCS11Device
        let begun = Mutex<[String]>([])
        private let free = DispatchSemaphore(value: 0)

        init(deadline: Duration = PKCS11Device.deadline) async throws {
            device = PKCS11Device(try await SoftHSM.shared.settings(wrappingKey: "none"), deadline: deadline)
        }

        /// Until `release` the device does nothing else. Its answer is not waited for.
        func hold() async {
            let (device, free) = (device, free)
            await withCheckedContinuation { continuation in
                Task.detached { _ = try? await device.run { _ in continuation.resume(); free.wait() } }
            }
        }

        func release() { free.signal() }

        /// A signature by the device.
        func sign(_ label: String) async throws -> [UInt8] {
            try await device.run { [self] session in
                begun.withLock { $0.append(label) }
                return try session.sign([1, 2, 3], CKM_EDDSA, session.key(label, .privateKey))
            }
        }
    }

    @Test("A request whose task is cancelled ends at once, and the device never begins it; the next one is signed")
    func cancelled() async throws {
        let (held, label, other) = (try await Held(), try await SoftHSM.shared.makeKey(.ed25519), try await SoftHSM.shared.makeKey(.ed25519))
        await held.hold()
        let unwanted = Task { try await held.sign(label) }
        while held.device.waitingCount < 2 { await Task.yield() }
        unwanted.cancel()
        await #expect(throws: CancellationError.self) { try await unwanted.value }
        let wanted = Task { try await held.sign(other) }
        held.release()
        #expect(try await wanted.value.count == 64)
        #expect(held.begun.withLock { $0 } == [other])
    }

    @Test("A request whose time is over before its turn is told so, and the device never begins it")
    func late() async throws {
        let (held, label) = (try await Held(deadline: .seconds(1)), try await SoftHSM.shared.makeKey(.ed25519))
        await held.hold()
        #expect(kind(await directCause { try await held.sign(label) }) == "unavailable")
        held.release()
        // The queue is in order: when this one is answered, the late one has had its turn.
        #expect(try await held.device.run { _ in 7 } == 7)
        #expect(held.begun.withLock { $0 }.isEmpty)
    }

    private func directCause(_ body: () async throws -> some Sendable) async -> SecretStoreError.Cause? {
        do {
            _ = try await body()
            return nil
        } catch {
            return error as? SecretStoreError.Cause
        }
    }
}
