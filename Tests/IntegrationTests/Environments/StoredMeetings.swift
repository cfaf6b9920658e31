@testable import AuditService
import Cryptography
import Crypto
import Deployment
import Exchange
import Foundation
import GRDB
import Logging
import Storage

private let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

private func inFolder(_ body: (String) async throws -> String?) async throws -> String? {
    let folder = FileManager.default.temporaryDirectory.path + "/environments-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: folder) }
    return try await body(folder)
}

/// A service's database file, opened by the service of another environment.
struct DatabaseMeeting {
    let owner: String
    let host: String

    func open() async throws -> String? {
        try await inFolder { folder in
            let first = try database(folder, owner)
            try await first.write { try $0.execute(sql: "INSERT INTO orders VALUES (1)") }
            try first.close()
            do {
                let second = try database(folder, host)
                _ = try await second.readAll { try Int.fetchOne($0, sql: "SELECT count(*) FROM orders") }
                try second.close()
                return nil
            } catch let error as ForeignDatabase {
                return "\(error)"
            }
        }
    }

    private func database(_ folder: String, _ environment: String) throws -> ServiceDatabase {
        try ServiceDatabase(
            folder: folder, name: "execution", schema: DatabaseSchema(migrations: [.init("one", sql: "CREATE TABLE orders (id INTEGER PRIMARY KEY)")]),
            owner: DatabaseOwner(environment: environment, service: "execution"), logger: quiet)
    }
}

/// An audit log of one origin, opened to be continued under another. Its file has no mark here: the origin must do.
struct AuditMeeting {
    let owner: String
    let host: String

    func open(sameKey: Bool) async throws -> String? {
        try await inFolder { folder in
            let keys = [Curve25519.Signing.PrivateKey(), .init()]
            try await log(folder, owner, keys[0])
            do {
                try await log(folder, host, owner == host || sameKey ? keys[0] : keys[1])
                return nil
            } catch let error as LogDamage {
                return "\(error)"
            }
        }
    }

    private func log(_ folder: String, _ environment: String, _ key: Curve25519.Signing.PrivateKey) async throws {
        guard let signer = NoteSigner(name: AuditServiceProgram.origin(in: environment), key: key) else { throw SignedNote.Failure.malformed }
        let database = try ServiceDatabase(folder: folder, name: "audit", schema: AuditSchema.schema, logger: quiet)
        defer { try? database.close() }
        _ = try await AuditLog(database: database, signer: signer, logger: quiet)
    }
}

/// The exchange that is an environment's own, in another's settings.
struct EndpointMeeting {
    let owner: String
    let host: String

    static func host(of environment: String) -> String {
        ["development": "127.0.0.1", "staging": "demo-api.binance.com"][environment] ?? "api.binance.com"
    }

    func connect() -> String? {
        do {
            _ = try ExchangePlace("https://\(Self.host(of: owner))", in: host)
            return nil
        } catch {
            return "\(error)"
        }
    }
}

/// A state folder of one environment, initialised again as another's.
struct StateMeeting {
    let owner: String
    let host: String

    func initialise() async throws -> String? {
        let temporary = FileManager.default.temporaryDirectory.path + "/environments-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: temporary) }
        let folder = StateFolder(temporary + "/state")
        try await Initializer(folder).initialise(DeploymentOptions(environment: owner))
        do {
            try await Initializer(folder).initialise(DeploymentOptions(environment: host))
            return nil
        } catch let error as DeploymentError {
            return "\(error)"
        }
    }
}
