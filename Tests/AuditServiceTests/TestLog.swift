import AuditClient
import Crypto
import Cryptography
import Foundation
import GRDB
import Logging
import MeshCall
import MeshMessages
import ServiceAPI
import Storage

@testable import AuditService

/// A folder that goes away with the test.
final class TestFolder: Sendable {
    let path: String
    private let mine: Bool

    init() throws {
        path = FileManager.default.temporaryDirectory.appendingPathComponent("audit-\(UUID().uuidString)").path
        mine = true
        try FileManager.default.createDirectory(
            atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    }

    /// A folder that somebody else takes away.
    init(existing path: String) {
        self.path = path
        mine = false
    }

    deinit {
        if mine { try? FileManager.default.removeItem(atPath: path) }
    }

    /// The database files as a crash at this moment would leave them.
    func crashed() throws -> TestFolder {
        let copy = try TestFolder()
        for name in try FileManager.default.contentsOfDirectory(atPath: path) where name != "lock" && !name.hasSuffix("-shm") {
            try FileManager.default.copyItem(atPath: "\(path)/\(name)", toPath: "\(copy.path)/\(name)")
        }
        return copy
    }

    /// Runs SQL on the file as somebody with a file editor would.
    func tamper(_ sql: String) throws {
        let queue = try DatabaseQueue(path: path + "/audit.sqlite")
        try queue.writeWithoutTransaction { db in
            try db.execute(sql: "PRAGMA foreign_keys = OFF")
            try db.execute(sql: sql)
        }
        try queue.close()
    }
}

let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

/// The audit service in this process, over a file.
struct TestLog: Sendable {
    static let origin = AuditServiceProgram.origin(in: "test")
    let folder: TestFolder
    let database: ServiceDatabase
    let log: AuditLog
    let server: InProcessServer

    static func signer(seed: UInt8 = 7) throws -> NoteSigner {
        let key = try Curve25519.Signing.PrivateKey(rawRepresentation: Data(repeating: seed, count: 32))
        guard let signer = NoteSigner(name: origin, key: key) else { throw SignedNote.Failure.malformed }
        return signer
    }

    init(_ folder: TestFolder? = nil, seed: UInt8 = 7) async throws {
        self.folder = try folder ?? TestFolder()
        database = try ServiceDatabase(folder: self.folder.path, name: "audit", schema: AuditSchema.schema, logger: quiet)
        log = try await AuditLog(database: database, signer: Self.signer(seed: seed), logger: quiet)
        server = InProcessServer(services: [.audit(AuditHandlers(log))], authenticator: NamedUsers(), logger: quiet)
    }

    func channel(as name: String) -> any CallChannel {
        server.channel(as: PeerIdentity(spiffeID: "spiffe://test.cryptopulse.internal/\(name)", name: name))
    }

    func client(as name: String) -> AuditV1.AuditClient { AuditV1.AuditClient(channel(as: name)) }

    func append(_ records: [[UInt8]], as name: String = "execution") async throws -> AuditV1.AppendResponse {
        try await client(as: name).append(AuditV1.AppendRequest(records: records), options: Self.patient)
    }

    /// A busy machine is no failure here.
    static let patient = CallOptions(timeout: .seconds(60))

    func list(_ user: String, limit: UInt32 = 0, before: UInt64 = 0, object: String = "") async throws -> AuditV1.ListRecordsResponse {
        try await client(as: "gateway").listRecords(
            AuditV1.ListRecordsRequest(limit: limit, beforeIndex: before, object: object), options: .bearer(user, timeout: .seconds(60)))
    }

    func checkpoint() async throws -> Checkpoint {
        let checkpoint = try await client(as: "operator").getCheckpoint(AuditV1.GetCheckpointRequest(), options: Self.patient)
        return try Checkpoint(note: checkpoint.note, verifiedBy: Self.signer().verifier)
    }

    func fullCheck() async throws {
        try await database.readAll { db in try FullCheck(db, verifier: Self.signer().verifier).run() }
    }

    /// Everything in the log, unpacked.
    func records() async throws -> [AuditV1.Record] {
        try await database.readAll { db in
            try Data.fetchAll(db, sql: "SELECT record FROM entries ORDER BY idx").map { try AuditV1.Record(packed: Array($0)) }
        }
    }
}

/// Takes the bearer token for the user's id.
struct NamedUsers: TokenAuthenticator {
    func authenticate(bearer token: String, accepting accepted: [TokenType]) async throws -> Principal {
        Principal(userID: token, tokenType: .access, scope: ["audit:read"], tokenID: "t", expiresAt: .max)
    }
}

/// A source's chain, made by hand.
struct TestChain {
    let writer: RecordWriter
    private(set) var link = ChainLink.start

    init(source: String, epoch: UInt64 = 1) {
        writer = RecordWriter(source: source, epoch: epoch)
    }

    mutating func next(_ user: String = "alice", object: String = "p-1") throws -> [UInt8] {
        let record = try writer.pack(AuditEvent(actor: .user(user), action: "order.intent", object: object), at: link)
        link = link.following(record)
        return record
    }

    mutating func next(_ count: Int) throws -> [[UInt8]] {
        try (0..<count).map { _ in try next() }
    }
}

/// RFC 6962's definition turned around, with nothing of the product's: the root that a proof leads to.
enum IndependentVerifier {
    static func root(of record: [UInt8], index: UInt64, size: UInt64, proof: ArraySlice<[UInt8]>) -> [UInt8]? {
        guard size > 1 else { return proof.isEmpty ? sha256([0] + record) : nil }
        guard let sibling = proof.last else { return nil }
        var split: UInt64 = 1
        while split * 2 < size { split *= 2 }
        if index < split {
            return root(of: record, index: index, size: split, proof: proof.dropLast()).map { sha256([1] + $0 + sibling) }
        }
        return root(of: record, index: index - split, size: size - split, proof: proof.dropLast()).map { sha256([1] + sibling + $0) }
    }

    static func sha256(_ bytes: [UInt8]) -> [UInt8] { Array(SHA256.hash(data: bytes)) }
}
