import Cryptography
import Foundation
import GRDB
import ServiceAPI
import Storage
import Testing

@testable import AuditService

@Suite("A log that was tampered with")
struct TamperTests {
    /// A signed log with `count` entries after the first, in a folder nobody has open.
    func signedLog(_ count: Int) async throws -> TestFolder {
        let test = try await TestLog()
        var chain = TestChain(source: "execution")
        var left = count
        while left > 0 {
            _ = try await test.append(try chain.next(min(left, 200)))
            left -= 200
        }
        _ = try await test.checkpoint()
        return try test.folder.crashed()
    }

    func damage(in folder: TestFolder) async throws -> LogDamage? {
        do {
            _ = try await TestLog(folder)
            return nil
        } catch let damage as LogDamage { return damage }
    }

    @Test(
        "is refused at start, with the first bad entry",
        arguments: [
            ("UPDATE entries SET record = replace(record, 'order.intent', 'order.intend') WHERE idx = 17", 17),
            ("UPDATE entries SET record = x'00' WHERE idx = 30", 30),
            ("DELETE FROM entries WHERE idx = 12", 12),
            ("DELETE FROM entries WHERE idx > 40", 41),
            ("UPDATE entries SET idx = 1000 WHERE idx = 5", 5),
            ("UPDATE tiles SET hashes = zeroblob(32 * 51) WHERE level = 0", 0),
            ("UPDATE checkpoints SET root = zeroblob(32)", nil),
            ("UPDATE checkpoints SET note = replace(note, 'log1', 'log2')", nil),
            ("DELETE FROM tiles", 0),
        ] as [(String, UInt64?)])
    func refusedAtStart(sql: String, index: UInt64?) async throws {
        let folder = try await signedLog(50)
        try folder.tamper(sql)
        let damage = try await damage(in: folder)
        #expect(damage != nil)
        if let index { #expect(damage?.index == index, "\(String(describing: damage))") }
    }

    @Test("the untouched log starts")
    func untouched() async throws {
        #expect(try await damage(in: signedLog(50)) == nil)
    }

    @Test("a log that signed with another key is another log")
    func otherKey() async throws {
        let folder = try await signedLog(3)
        await #expect(throws: LogDamage.self) { _ = try await TestLog(folder, seed: 8) }
    }

    @Test(
        "is found by the full check anywhere in the file, with the entry",
        arguments: [
            ("UPDATE entries SET record = replace(record, 'p-1', 'p-2') WHERE idx = 3", 3),
            ("UPDATE entries SET sequence = 9999 WHERE idx = 100", 100),
            ("UPDATE subjects SET user_id = 'mallory' WHERE idx = 7", 7),
            ("UPDATE subjects SET object = 'p-9' WHERE idx = 8", 8),
            ("DELETE FROM subjects WHERE idx = 9", 9),
            ("INSERT INTO subjects VALUES ('mallory', 10, 'p-1')", 10),
            ("UPDATE tiles SET hashes = zeroblob(8192) WHERE level = 0 AND number = 1", 256),
            ("UPDATE tiles SET hashes = substr(hashes, 1, 32) || zeroblob(32) WHERE level = 1", 256),
            ("INSERT INTO tiles VALUES (5, 5, zeroblob(32))", nil),
            ("UPDATE chains SET next_sequence = next_sequence - 1 WHERE source = 'execution'", nil),
            ("INSERT INTO chains VALUES ('auth', 1, 5, zeroblob(32))", nil),
            ("UPDATE checkpoints SET root = zeroblob(32) WHERE size = 1", nil),
        ] as [(String, UInt64?)])
    func foundByFullCheck(sql: String, index: UInt64?) async throws {
        let folder = try await signedLog(600)
        try folder.tamper(sql)
        let damage = try fullCheck(folder)
        #expect(damage != nil)
        if let index { #expect(damage?.index == index, "\(String(describing: damage))") }
    }

    @Test("one changed bit of any entry is found and the entry named")
    func anyBit() async throws {
        let folder = try await signedLog(300)
        try folder.tamper("PRAGMA wal_checkpoint(TRUNCATE)")
        #expect(try fullCheck(folder) == nil)
        let path = folder.path + "/audit.sqlite"
        let whole = try Data(contentsOf: URL(fileURLWithPath: path))
        for index in stride(from: 1, through: 300, by: 23) {
            let record = try #require(
                try read(folder) { try Data.fetchOne($0, sql: "SELECT record FROM entries WHERE idx = ?", arguments: [index]) })
            let place = try #require(whole.firstRange(of: record))
            var changed = whole
            changed[place.lowerBound + (index * 7) % record.count] ^= UInt8(1 << (index % 8))
            try changed.write(to: URL(fileURLWithPath: path))
            #expect(try fullCheck(folder)?.index == UInt64(index))
        }
    }

    @Test("a listing refuses to serve what was changed under it, and the log stops")
    func changedWhileRunning() async throws {
        let test = try await TestLog()
        var chain = TestChain(source: "execution")
        _ = try await test.append(try chain.next(5))
        try await test.database.write { db in
            try db.execute(sql: "UPDATE entries SET record = replace(record, 'p-1', 'p-2') WHERE idx = 2")
        }
        await #expect(throws: (any Error).self) { _ = try await test.list("alice") }
        #expect(test.log.damage?.index == 2)
        let record = try chain.next()
        await #expect(throws: (any Error).self) {
            _ = try await test.append([record])
        }
    }

    @Test("a log cut back behind a signed checkpoint never signs again")
    func rollback() async throws {
        let test = try await TestLog()
        var chain = TestChain(source: "execution")
        _ = try await test.append(try chain.next(5))
        _ = try await test.checkpoint()
        try await test.database.write { db in
            try db.execute(sql: "DELETE FROM subjects; DELETE FROM entries WHERE idx > 2; UPDATE tiles SET hashes = substr(hashes, 1, 96)")
            try db.execute(sql: "UPDATE chains SET next_sequence = 3")
        }
        let signer = CheckpointSigner(try TestLog.signer())
        await #expect(throws: LogDamage.self) { _ = try await test.database.write { try signer.sign(in: $0) } }
    }

    private func fullCheck(_ folder: TestFolder) throws -> LogDamage? {
        do {
            try read(folder) { try FullCheck($0, verifier: TestLog.signer().verifier).run() }
            return nil
        } catch let damage as LogDamage { return damage }
    }

    private func read<T>(_ folder: TestFolder, _ body: (Database) throws -> T) throws -> T {
        let queue = try DatabaseQueue(path: folder.path + "/audit.sqlite")
        defer { try? queue.close() }
        return try queue.read(body)
    }
}
