import Foundation
import SecretServers
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
    func with(seeded: [String: [UInt8]], owner: String = "execution", _ body: @Sendable (StoreSetup) async throws -> Void) async throws {
        let folder = try TemporaryFolder()
        // Nothing between the test and the store: a cache would hide what it does.
        let noCache = CachePolicy(maximumAgeSeconds: 0, staleSeconds: 0)
        @Sendable func setup(_ settings: SecretStoreSettings, _ environment: [String: String] = [:]) -> StoreSetup {
            StoreSetup(owner: owner, folder: folder, settings, environment: environment)
        }
        switch self {
        case .files:
            try folder.write("development\n", "environment")
            try await body(setup(SecretStoreSettings()))
        case .env:
            let secrets = seeded.map { ("CP_CONFORMANCE_" + $0.uppercased().replacing("-", with: "_"), "base64:" + Data($1).base64EncodedString()) }
            let variables = secrets + [("CP_CONFORMANCE_ENVIRONMENT", "development")]
            try await body(
                setup(SecretStoreSettings(driver: .env, env: .init(prefix: "CP_CONFORMANCE_")), Dictionary(uniqueKeysWithValues: variables)))
        case .sealed:
            try await body(
                setup(
                    SecretStoreSettings(driver: .sealed, sealed: .init(key: .init(keyVariable: "CP_CONFORMANCE_KEY"))),
                    ["CP_CONFORMANCE_KEY": String(repeating: "0f", count: 32)]))
        case .vault:
            try await OpenBao.with { bao in
                try await body(setup(SecretStoreSettings(driver: .vault, vault: bao.appRole, cache: noCache)))
            }
        case .aws:
            try await MotoServer.with { server in
                try await body(
                    setup(
                        SecretStoreSettings(driver: .aws, aws: server.settings, cache: noCache),
                        ["AWS_ACCESS_KEY_ID": server.accessKeyID, "AWS_SECRET_ACCESS_KEY": server.secretAccessKey]))
            }
        case .pkcs11:
            let settings = try await SoftHSM.shared.settings(path: "\(folder.path)/\(owner).sealed")
            try await body(setup(SecretStoreSettings(driver: .pkcs11, pkcs11: settings), ["SOFTHSM2_CONF": settings.readable?.first ?? ""]))
        }
    }
}
