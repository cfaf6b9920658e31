import AuditClient
import Foundation
import GRDB
@testable import KeyManagement
import Logging
import Secrets
import Storage
import Synchronization
import Testing

/// A keyring over a real folder of secrets and a real database, in front of which the way to the store can be cut.
final class KeyringFixture: Sendable {
    let folder: String
    let database: ServiceDatabase
    let files: FileSecretStore
    let store: CutStore
    let keyring: StoredKeyring
    /// Makes what a process after this one would start with.
    let another: @Sendable () -> StoredKeyring
    /// What the keyring handed over last: ids by state.
    private let latest = Mutex<[KeyState: String]>([:])
    var applied: [KeyState: String] { latest.withLock { $0 } }
    private let changes: AsyncStream<Void>
    private let offset = Mutex(Int64(0))

    init(lead: Int64 = 0, overlap: Int64 = 60, longestSilence: Duration? = nil, trust: FileTrust = .ownedByThisUser, isOptional: Bool = false) async throws {
        folder = NSTemporaryDirectory() + "keyring-" + UUID().uuidString
        try FileManager.default.createDirectory(
            atPath: folder + "/secrets", withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        files = FileSecretStore(folder: folder + "/secrets", trust: trust)
        if !isOptional { try await FileSecretStore(folder: folder + "/secrets").put(Self.value(1), as: "key", at: .current) }
        store = CutStore(files)
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let schema = DatabaseSchema(migrations: [AuditOutbox.migration, KeyHistoryTable.migration, KeyHistoryTable.requests])
        database = try ServiceDatabase(folder: folder + "/data", name: "keys", schema: schema, logger: logger)
        let name = "key"
        let plan = StoredKeyPlan(
            kind: .webhook, secret: name, lead: lead, overlap: overlap, isOptional: isOptional, identify: StoredKey.fingerprint,
            make: isOptional ? nil : StoredKeyPlan.random)
        let box = Box()
        let (changes, changed) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        self.changes = changes
        let place = KeyringPlace(
            store: store, database: database, outbox: AuditOutbox(source: "test"), longestSilence: longestSilence, logger: logger,
            clock: { Date(timeIntervalSince1970: 1_790_000_000 + Double(box.fixture?.offset.withLock { $0 } ?? 0)) })
        let apply: StoredKeyring.Apply = { held in
            box.fixture?.latest.withLock { $0 = Dictionary(held.keys.map { ($0.state, $0.id) }) { first, _ in first } }
            changed.yield()
        }
        keyring = StoredKeyring(plan, in: place, apply: apply)
        another = { StoredKeyring(plan, in: place, apply: apply) }
        box.fixture = self
        try await keyring.start()
    }

    private final class Box: @unchecked Sendable {
        weak var fixture: KeyringFixture?
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    static func value(_ byte: UInt8) -> SecretBytes { SecretBytes(copying: [UInt8](repeating: byte, count: 32)) }
    static func id(_ byte: UInt8) -> String { StoredKey.fingerprint(of: value(byte)) }

    var change: KeyChange { KeyChange(actor: .operator, reason: "test") }

    func advance(by seconds: Int64) { offset.withLock { $0 += seconds } }

    /// Lets the keyring follow store and clock until the keys that count satisfy `condition`.
    func follow(until condition: @Sendable ([KeyState: String]) -> Bool) async throws {
        let following = Task { [keyring] in try await keyring.run(every: .milliseconds(20)) }
        defer { following.cancel() }
        if condition(applied) { return try await keyring.settle() }
        for await _ in changes where condition(applied) { return try await keyring.settle() }
    }

    func actions() async throws -> Int {
        try await database.readAll { db in try Int.fetchOne(db, sql: "SELECT count(*) FROM audit_outbox") ?? 0 }
    }
}

/// The real store, to which the way can be cut.
struct CutStore: SecretStore {
    let store: any SecretStore
    private let cut = Cut()

    private final class Cut: Sendable {
        let isCut = Mutex(false)
        /// Requests that wait for an answer; nil: each has its own at once.
        let hung = Mutex<[CheckedContinuation<Void, Never>]?>(nil)
        let hangsOnWritesOnly = Mutex(false)
        let (asked, ask) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        /// Everything but what puts a value.
        let takesNothing = Mutex(false)
    }

    init(_ store: any SecretStore) { self.store = store }

    var kind: String { store.kind }

    func set(cut isCut: Bool) { cut.isCut.withLock { $0 = isCut } }
    func set(takesNothing: Bool) { cut.takesNothing.withLock { $0 = takesNothing } }

    /// From now on requests are taken and not answered, whoever gives up.
    func hang(onWritesOnly: Bool = false) {
        cut.hangsOnWritesOnly.withLock { $0 = onWritesOnly }
        cut.hung.withLock { $0 = [] }
    }

    func answer() {
        let waiting = cut.hung.withLock { hung in
            defer { hung = nil }
            return hung ?? []
        }
        for request in waiting { request.resume() }
    }

    /// Returns when a request waits.
    func isAsked() async { for await _ in cut.asked { return } }

    private func check(isWrite: Bool = false) async throws {
        if isWrite || !cut.hangsOnWritesOnly.withLock(\.self) { await waitWhileItHangs() }
        if cut.isCut.withLock(\.self) { throw SecretStoreError(store: kind, secret: "key", cause: .unavailable("cut off")) }
    }

    private func waitWhileItHangs() async {
        await withCheckedContinuation { request in
            let waits = cut.hung.withLock { hung in
                hung?.append(request)
                return hung != nil
            }
            if waits { cut.ask.yield() } else { request.resume() }
        }
    }

    func value(of name: String, at stage: SecretStage) async throws -> SecretValue {
        try await check()
        return try await store.value(of: name, at: stage)
    }

    func versions(of name: String) async throws -> [SecretVersion] {
        try await check()
        return try await store.versions(of: name)
    }

    func put(_ value: SecretBytes, as name: String, at stage: SecretStage) async throws -> SecretVersion {
        try await check(isWrite: true)
        if cut.takesNothing.withLock(\.self) { throw SecretStoreError(store: kind, secret: "key", cause: .unavailable("the disk is full")) }
        return try await store.put(value, as: name, at: stage)
    }

    func move(_ stage: SecretStage, of name: String, to version: String) async throws {
        try await check(isWrite: true)
        try await store.move(stage, of: name, to: version)
    }

    func revoke(_ version: String, of name: String) async throws {
        try await check(isWrite: true)
        try await store.revoke(version, of: name)
    }
}

extension KeyringFixture {
    /// Follows a store that does not answer, from when it has been asked something, and lets it answer after `body`.
    func whileItHangs(onWritesOnly: Bool = false, _ body: () async throws -> Void) async throws {
        store.hang(onWritesOnly: onWritesOnly)
        let following = Task { [keyring] in try await keyring.run(every: .milliseconds(20)) }
        await store.isAsked()
        // What waits for the store after all is to fail, not to hang.
        let rescue = Task { [store] in
            try await ContinuousClock().sleep(for: .seconds(5))
            store.answer()
        }
        defer { rescue.cancel() }
        try await body()
        following.cancel()
        store.answer()
        _ = await following.result
    }

    /// Revokes all of them at the same time, which takes less than a second.
    @discardableResult
    func expectGoneAtOnce(_ ids: String...) async throws -> [KeyOutcome] {
        let began = ContinuousClock.now
        let outcomes = try await withThrowingTaskGroup { group in
            for id in ids { group.addTask { [keyring, change] in try await keyring.revoke(id, change) } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(.now - began < .seconds(1))
        #expect(outcomes.allSatisfy { $0.key.state == .gone })
        return outcomes
    }
}
