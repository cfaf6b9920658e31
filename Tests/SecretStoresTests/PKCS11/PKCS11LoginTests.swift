import CPKCS11
import Foundation
import SecretServers
import Secrets
import Testing

@testable import SecretStores

/// Each in a process of its own: a login holds for all of it. Failures show as exit codes.
@Suite("PKCS #11: a login that is lost", .serialized, .timeLimit(.minutes(2)), .enabled(if: ExternalProgram.softHSM.isExpected))
struct PKCS11LoginTests {
    private struct Key {
        let keys: PKCS11Keys
        let name: RemoteKeyName
        let session: PKCS11Session

        /// A key in the device, and another session with it to do harm by.
        init() async throws {
            let settings = try await SoftHSM.shared.settings(wrappingKey: "none")
            keys = PKCS11Keys(settings)
            name = try RemoteKeyName(environment: "development", purpose: "trade", user: UUID().uuidString, id: "k1")
            _ = try await keys.make(name)
            session = try PKCS11Session(settings)
        }

        var functions: CK_FUNCTION_LIST { session.functions.pointee }

        func logOut() -> Bool { functions.C_Logout?(session.handle) == CK_RV(CKR_OK) }

        /// As when the device is reset: all sessions are gone, and the login with them.
        func closeAll() -> Bool {
            var info = CK_SESSION_INFO()
            return functions.C_GetSessionInfo?(session.handle, &info) == CK_RV(CKR_OK) && functions.C_CloseAllSessions?(info.slot) == CK_RV(CKR_OK)
        }

        /// As when other code of the process starts the module anew.
        func finalize() -> Bool { functions.C_Finalize?(nil) == CK_RV(CKR_OK) }

        func signs() async throws -> Bool { try await keys.signer(name).signature(of: [1, 2, 3]).count == 64 }

        func isListed() async throws -> Bool { try await SoftHSM.shared.listing(of: "\(name)").contains("\(name)") }
    }

    @Test("A session whose login is gone, that is closed, or whose module was finalised logs in anew, and the key signs")
    func signsAgain() async throws {
        await #expect(processExitsWith: .success) {
            let key = try await Key()
            guard try await key.signs() else { exit(1) }
            guard key.logOut(), try await key.signs() else { exit(2) }
            guard key.closeAll(), try await key.signs() else { exit(3) }
            guard key.finalize(), try await key.signs() else { exit(4) }
        }
    }

    @Test("A pair that the device hides, since the login is gone, does not count as destroyed: it is destroyed after another login")
    func destroysHidden() async throws {
        await #expect(processExitsWith: .success) {
            let key = try await Key()
            guard try await key.isListed() else { exit(1) }
            guard key.logOut(), try await key.keys.destroy(key.name) else { exit(2) }
            guard try await !key.isListed() else { exit(3) }
            guard try await !key.keys.destroy(key.name) else { exit(4) }
        }
    }

    @Test("A label is not taken for another's because the session is gone: the key is made in a new one")
    func makesAgain() async throws {
        await #expect(processExitsWith: .success) {
            let key = try await Key()
            let other = try RemoteKeyName(environment: "development", purpose: "trade", user: UUID().uuidString, id: "k2")
            guard key.closeAll() else { exit(1) }
            guard try await key.keys.make(other).publicKey().count == 32 else { exit(2) }
        }
    }

    @Test(
        "What a device answers when it was taken out, restarted or logged out loses the session; a wrong argument does not",
        arguments: [
            (CKR_DEVICE_REMOVED, true), (CKR_TOKEN_NOT_PRESENT, true), (CKR_DEVICE_ERROR, true), (CKR_SESSION_HANDLE_INVALID, true),
            (CKR_SESSION_CLOSED, true), (CKR_USER_NOT_LOGGED_IN, true), (CKR_CRYPTOKI_NOT_INITIALIZED, true), (CKR_PIN_INCORRECT, false),
            (CKR_GENERAL_ERROR, false), (CKR_DEVICE_MEMORY, false),
        ])
    func losesSession(code: Int, isLost: Bool) {
        #expect(PKCS11Failure(function: "C_Sign", code: UInt(code)).losesSession == isLost)
    }
}
