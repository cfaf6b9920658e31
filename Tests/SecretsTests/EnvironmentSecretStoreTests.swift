import Foundation
import Glibc
import Secrets
import Testing

@Suite("Secrets in the environment", .serialized)
struct EnvironmentSecretStoreTests {
    /// Sets variables for as long as `body` runs: a child that it starts has them in its original environment.
    private func with(_ variables: [String: String], _ body: () async throws -> Void) async rethrows {
        for (name, value) in variables { setenv(name, value, 1) }
        defer { for name in variables.keys { unsetenv(name) } }
        try await body()
    }

    @Test("A secret that was taken is no longer in /proc/self/environ, nor in the environment")
    func wipedFromTheProcess() async {
        await with(["CRYPTOPULSE_SECRET_DATA_KEY": "marker-7f3a-of-the-data-key", "CRYPTOPULSE_SECRET_API_KEY": "marker-7f3a-of-the-api-key"]) {
            await #expect(processExitsWith: .success) {
                func shown() -> String { (FileManager.default.contents(atPath: "/proc/self/environ")).map { String(decoding: $0, as: UTF8.self) } ?? "" }
                guard shown().contains("marker-7f3a") else { exit(1) }
                let store = try EnvironmentSecretStore()
                guard !shown().contains("marker-7f3a"), shown().contains("CRYPTOPULSE_SECRET_DATA_KEY") else { exit(2) }
                guard getenv("CRYPTOPULSE_SECRET_DATA_KEY") == nil else { exit(3) }
                let secret = try await store.secret(named: "data-key")
                guard secret == SecretBytes(copying: Array("marker-7f3a-of-the-data-key".utf8)) else { exit(4) }
            }
        }
    }

    @Test("Of a variable that stands there twice the first is read, and both are overwritten")
    func twice() async {
        await #expect(processExitsWith: .success) {
            guard let environment = dlsym(nil, "environ")?.assumingMemoryBound(to: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>.self) else { exit(1) }
            let (first, second) = (strdup("CP_TWICE=first"), strdup("CP_TWICE=second"))
            let list = UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>.allocate(capacity: 3)
            (list[0], list[1], list[2]) = (first, second, nil)
            environment.pointee = list
            guard try await EnvironmentSecretStore(prefix: "CP_").secret(named: "twice") == SecretBytes(copying: Array("first".utf8)) else { exit(2) }
            for variable in [first, second] {
                guard let variable, memcmp(variable, "CP_TWICE=", 9) == 0, (9..<14).allSatisfy({ variable[$0] == 0 }) else { exit(3) }
            }
            guard getenv("CP_TWICE") == nil else { exit(4) }
        }
    }

    @Test("unsetenv alone would leave it there")
    func unsetIsNotEnough() async {
        await with(["CRYPTOPULSE_SECRET_DATA_KEY": "marker-7f3a-of-the-data-key"]) {
            await #expect(processExitsWith: .success) {
                unsetenv("CRYPTOPULSE_SECRET_DATA_KEY")
                let shown = FileManager.default.contents(atPath: "/proc/self/environ").map { String(decoding: $0, as: UTF8.self) } ?? ""
                guard shown.contains("marker-7f3a") else { exit(1) }
            }
        }
    }

    @Test("Values are text, or bytes in hexadecimal or base 64")
    func values() async throws {
        try await with(["CP_TEST_A_TEXT": "plain", "CP_TEST_HEX": "hex:00ff10", "CP_TEST_BASE": "base64:AAEC"]) {
            let store = try EnvironmentSecretStore(prefix: "CP_TEST_")
            #expect(try await store.secret(named: "a-text") == SecretBytes(copying: Array("plain".utf8)))
            #expect(try await store.secret(named: "hex") == SecretBytes(copying: [0, 255, 16]))
            #expect(try await store.secret(named: "base") == SecretBytes(copying: [0, 1, 2]))
        }
    }

    @Test("A value that is not what it says is refused, and taken all the same", arguments: ["hex:0", "hex:zz", "base64:*", "hex:"])
    func malformed(value: String) async {
        await with(["CP_TEST_BAD": value, "CP_TEST_GOOD": "good"]) {
            #expect(throws: SecretStoreError.self) { try EnvironmentSecretStore(prefix: "CP_TEST_") }
            #expect(getenv("CP_TEST_BAD") == nil && getenv("CP_TEST_GOOD") == nil)
        }
    }
}
