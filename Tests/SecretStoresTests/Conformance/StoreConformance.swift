import Foundation
import Secrets
import Testing

/// What `SecretStore` promises, asked of one store. Each part uses a secret of its own name.
struct StoreConformance: Sendable {
    let store: any SecretStore

    private static func bytes(_ text: String) -> SecretBytes { SecretBytes(copying: Array(text.utf8)) }

    /// Why `body` failed; the failure must be a store's, and tell no value.
    private func cause(_ body: () async throws -> some Sendable) async -> SecretStoreError.Cause? {
        do {
            _ = try await body()
            return nil
        } catch let error as SecretStoreError {
            #expect(error.store == store.kind)
            #expect(!"\(error)".contains("marker"), "a value in an error: \(error)")
            return error.cause
        } catch {
            Issue.record("not a store's error: \(error)")
            return nil
        }
    }

    private func value(_ name: String, _ stage: SecretStage = .current) async throws -> SecretBytes {
        try await store.value(of: name, at: stage).bytes
    }

    private func bearer(_ name: String, _ stage: SecretStage) async throws -> SecretVersion {
        try #require(try await store.versions(of: name).first { $0.stages.contains(stage) }, "\(stage)")
    }

    // MARK: - Reading

    func refusesWhatIsNotThere() async throws {
        for stage in SecretStage.allCases { #expect(await cause { try await store.value(of: "missing", at: stage) } == .notFound) }
        #expect(await cause { try await store.versions(of: "missing") } == .notFound)
    }

    func refusesNames() async throws {
        for name in ["", ".", "..", "../seeded", "a/b", "a\0b", "Upper", "under_score", "a?version=1", String(repeating: "a", count: 65)] {
            #expect(await cause { try await store.secret(named: name) } == .invalidName, "\(name)")
            #expect(await cause { try await store.put(Self.bytes("marker"), as: name, at: .current) } == .invalidName, "\(name)")
        }
    }

    func onlyReads(seeded: [UInt8]) async throws {
        let found = try await store.value(of: "seeded", at: .current)
        #expect(found.bytes == SecretBytes(copying: seeded) && found.version.stages == [.current])
        let versions = try await store.versions(of: "seeded")
        #expect(versions == [found.version])
        #expect(await cause { try await store.put(Self.bytes("marker"), as: "seeded", at: .current) } == .readOnly)
        #expect(await cause { try await store.move(.current, of: "seeded", to: versions[0].id) } == .readOnly)
        #expect(await cause { try await store.revoke(versions[0].id, of: "seeded") } == .readOnly)
        #expect(try await value("seeded") == SecretBytes(copying: seeded))
    }

    // MARK: - Putting

    func putsAndReads() async throws {
        let every = (0...255).map { UInt8($0) }
        let values = [[0], [10], every, [UInt8](repeating: 0xa7, count: 65536)]
        for (index, bytes) in values.enumerated() {
            let put = try await store.put(SecretBytes(copying: bytes), as: "sizes-\(index)", at: .current)
            let found = try await store.value(of: "sizes-\(index)", at: .current)
            #expect(found.bytes == SecretBytes(copying: bytes), "\(bytes.count) bytes")
            #expect(put.id == found.version.id && found.version.stages == [.current] && !found.version.isRevoked)
            let age = try #require(found.version.age(at: Date().addingTimeInterval(1)))
            #expect((0...120).contains(age))
        }
        let again = try await store.put(Self.bytes("marker-2"), as: "sizes-0", at: .current)
        #expect(try await value("sizes-0") == Self.bytes("marker-2"))
        #expect(try await value("sizes-0", .previous) == SecretBytes(copying: [0]))
        try await store.put(Self.bytes("marker-3"), as: "sizes-0", at: .current)
        #expect(try await bearer("sizes-0", .previous).id == again.id)
    }

    func promotesWhatIsPending() async throws {
        let name = "promoted"
        let first = try await store.put(Self.bytes("marker-1"), as: name, at: .current)
        let second = try await store.put(Self.bytes("marker-2"), as: name, at: .pending)
        #expect(second.stages == [.pending] && second.id != first.id)
        #expect(try await value(name) == Self.bytes("marker-1"))
        #expect(try await value(name, .pending) == Self.bytes("marker-2"))
        #expect(await cause { try await store.value(of: name, at: .previous) } == .notFound)
        try await store.move(.current, of: name, to: second.id)
        #expect(try await value(name) == Self.bytes("marker-2"))
        #expect(try await value(name, .previous) == Self.bytes("marker-1"))
        #expect(await cause { try await store.value(of: name, at: .pending) } == .notFound)
        #expect(try await bearer(name, .current).id == second.id)
        #expect(try await bearer(name, .previous).id == first.id)
        // A pending version that another takes the place of.
        try await store.put(Self.bytes("marker-3"), as: name, at: .pending)
        try await store.put(Self.bytes("marker-4"), as: name, at: .pending)
        #expect(try await value(name, .pending) == Self.bytes("marker-4"))
        #expect(try await store.versions(of: name).filter { $0.stages.contains(.pending) }.count == 1)
        try await store.put(Self.bytes("marker-5"), as: name, at: .current)
        #expect(try await value(name, .pending) == Self.bytes("marker-4"))
    }

    func goesBack() async throws {
        let name = "back"
        let first = try await store.put(Self.bytes("marker-1"), as: name, at: .current)
        let second = try await store.put(Self.bytes("marker-2"), as: name, at: .current)
        try await store.move(.current, of: name, to: first.id)
        #expect(try await value(name) == Self.bytes("marker-1"))
        #expect(try await value(name, .previous) == Self.bytes("marker-2"))
        try await store.move(.current, of: name, to: first.id)
        #expect(try await bearer(name, .previous).id == second.id)
        try await store.move(.pending, of: name, to: second.id)
        #expect(try await value(name, .pending) == Self.bytes("marker-2"))
        #expect(await cause { try await store.value(of: name, at: .previous) } == .notFound)
    }

    // MARK: - Revoking

    func revokes() async throws {
        let name = "revoked"
        let first = try await store.put(Self.bytes("marker-1"), as: name, at: .current)
        let second = try await store.put(Self.bytes("marker-2"), as: name, at: .current)
        try await store.revoke(first.id, of: name)
        await expectGone(name, .previous)
        #expect(try await value(name) == Self.bytes("marker-2"))
        let moved = await cause { try await store.move(.current, of: name, to: first.id) }
        #expect(moved == .revoked || moved == .notFound)
        try await store.revoke(second.id, of: name)
        await expectGone(name, .current)
        try await store.put(Self.bytes("marker-3"), as: name, at: .current)
        #expect(try await value(name) == Self.bytes("marker-3"))
        #expect(await cause { try await store.revoke("999-no-such", of: name) } == .notFound)
    }

    /// A store that keeps no trace of a revoked version says that it is not there.
    private func expectGone(_ name: String, _ stage: SecretStage) async {
        let found = await cause { try await store.value(of: name, at: stage) }
        #expect(found == .revoked || found == .notFound, "\(String(describing: found))")
    }

    // MARK: - Limits, changes, load

    func refusesWhatDoesNotFit() async throws {
        let name = "unfit"
        func isUnusable(_ cause: SecretStoreError.Cause?) -> Bool { if case .unusable? = cause { true } else { false } }
        #expect(isUnusable(await cause { try await store.put(SecretBytes(copying: []), as: name, at: .current) }))
        let long = SecretBytes(copying: [UInt8](repeating: 1, count: 65537))
        #expect(isUnusable(await cause { try await store.put(long, as: name, at: .current) }))
        #expect(isUnusable(await cause { try await store.put(Self.bytes("marker"), as: name, at: .previous) }))
        let early = await cause { try await store.put(Self.bytes("marker"), as: name, at: .pending) }
        #expect(isUnusable(early) || early == .notFound)
        let version = try await store.put(Self.bytes("marker"), as: name, at: .current)
        #expect(isUnusable(await cause { try await store.move(.previous, of: name, to: version.id) }))
        #expect(isUnusable(await cause { try await store.move(.pending, of: name, to: version.id) }))
        #expect(await cause { try await store.move(.current, of: name, to: "999-no-such") } == .notFound)
    }

    func watches() async throws {
        let name = "watched"
        try await store.put(Self.bytes("marker-1"), as: name, at: .current)
        var changes = store.changes(of: name, every: .milliseconds(50)).makeAsyncIterator()
        let before = await changes.next()
        #expect(before == .versions(try await store.versions(of: name)))
        let second = try await store.put(Self.bytes("marker-2"), as: name, at: .pending)
        // A store that takes two steps may be seen between them.
        while case .versions(let now)? = await changes.next() {
            if now.contains(where: { $0.id == second.id && $0.stages == [.pending] }) { return }
        }
        Issue.record("the new version was not seen")
    }

    func servesManyAtOnce() async throws {
        for index in 0..<3 { try await store.put(Self.bytes("marker-\(index)"), as: "many-\(index)", at: .current) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for round in 0..<24 {
                group.addTask {
                    let found = try await value("many-\(round % 3)")
                    #expect(found == Self.bytes("marker-\(round % 3)"))
                }
            }
            try await group.waitForAll()
        }
    }
}
