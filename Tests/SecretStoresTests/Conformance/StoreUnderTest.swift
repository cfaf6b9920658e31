import Foundation
import Glibc
import Secrets
import SecretStores
import Testing

/// Every driver, each made by the settings that choose it, against the real thing.
enum StoreUnderTest: String, CaseIterable, Sendable, CustomTestStringConvertible {
    case files, env, sealed, vault, aws, pkcs11

    var testDescription: String { rawValue }

    var needs: ExternalProgram? {
        switch self {
        case .files, .env, .sealed: nil
        case .vault: .bao
        case .aws: .awsPython
        case .pkcs11: .softHSM
        }
    }

    static var available: [StoreUnderTest] { allCases.filter { $0.needs?.isExpected ?? true } }

    /// Runs `body` with a store that is empty, or has `seeded` where nothing can be put.
    func with(seeded: [UInt8], _ body: @Sendable (any SecretStore) async throws -> Void) async throws {
        let folder = try TemporaryFolder()
        // Nothing between the suite and the store: a cache would hide what it does.
        let noCache = CachePolicy(maximumAgeSeconds: 0, staleSeconds: 0)
        func open(_ settings: SecretStoreSettings) throws -> any SecretStore { try settings.open(folder: folder.path, owner: "execution") }
        switch self {
        case .files: try await body(try open(SecretStoreSettings()))
        case .env:
            setenv("CP_CONFORMANCE_SEEDED", "base64:" + Data(seeded).base64EncodedString(), 1)
            try await body(try open(SecretStoreSettings(driver: .env, env: .init(prefix: "CP_CONFORMANCE_"))))
        case .sealed:
            try folder.write(String(repeating: "0f", count: 32) + "\n", "sealing-key")
            try await body(try open(SecretStoreSettings(driver: .sealed, sealed: .init(key: .init(keyFile: folder.path + "/sealing-key")))))
        case .vault:
            try await OpenBao.with { bao in
                try await body(
                    try SecretStoreSettings(driver: .vault, vault: bao.appRole, cache: noCache).open(folder: bao.folder.path, owner: "execution"))
            }
        case .aws:
            try await MotoServer.with { server in
                setenv("AWS_ACCESS_KEY_ID", server.accessKeyID, 1)
                setenv("AWS_SECRET_ACCESS_KEY", server.secretAccessKey, 1)
                try await body(
                    try SecretStoreSettings(driver: .aws, aws: server.settings, cache: noCache).open(folder: "/nowhere", owner: "execution"))
            }
        case .pkcs11:
            let settings = try await SoftHSM.shared.settings(path: folder.path + "/execution.sealed")
            try await body(try open(SecretStoreSettings(driver: .pkcs11, pkcs11: settings)))
        }
    }
}
