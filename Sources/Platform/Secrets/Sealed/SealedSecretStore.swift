internal import Cryptography
public import FoundationEssentials
internal import Glibc
internal import Synchronization

/// The embedded default: one encrypted file for one service's secrets.
///
/// Values stand under AES-256-GCM with a random data key, which a `WrappingKey` wraps. The file is replaced as a whole; writers take turns.
/// Readers read it at each request, and so see what another process wrote.
public struct SealedSecretStore: SecretStore {
    public let kind: String
    let folder: String
    let file: String
    private let owner: String
    private let environment: String
    private let key: any WrappingKey
    private let now: @Sendable () -> Date
    private let newest = Newest()

    /// The newest generation that this process has seen.
    private final class Newest: Sendable {
        let generation = Mutex<UInt64>(0)
    }

    /// - Parameters:
    ///   - path: the file, in a folder of mode 0700. The first value put makes it.
    ///   - owner: the service whose secrets these are; must agree with the file's.
    ///   - environment: where they are good; must agree with the file's.
    public init(
        path: String, owner: String, environment: String, key: any WrappingKey, kind: String = "sealed",
        now: @escaping @Sendable () -> Date = { Date() }
    ) {
        (folder, file) = PrivateFile.split(path)
        self.owner = owner
        self.environment = environment
        self.key = key
        self.kind = kind
        self.now = now
    }

    public func value(of name: String, at stage: SecretStage) async throws -> SecretValue {
        try await about(name) {
            let (document, keys) = try await read()
            guard let version = document.secrets[name]?.first(where: { $0.stages.contains(stage) }) else { throw SecretStoreError.Cause.notFound }
            guard let sealed = version.sealed else { throw SecretStoreError.Cause.revoked }
            return SecretValue(bytes: try keys.open(sealed, address(name, version.id)), version: SecretVersion(version))
        }
    }

    public func versions(of name: String) async throws -> [SecretVersion] {
        try await about(name) {
            guard let versions = try await read().document.secrets[name], !versions.isEmpty else { throw SecretStoreError.Cause.notFound }
            return versions.reversed().map(SecretVersion.init)
        }
    }

    @discardableResult
    public func put(_ value: SecretBytes, as name: String, at stage: SecretStage) async throws -> SecretVersion {
        try await about(name) {
            try SecretRules.check(putting: value, at: stage)
            return try await change { document, keys in
                if stage == .pending { try SecretRules.check(pendingAfter: document.stages(name)[.current]) }
                let created = Int64(now().timeIntervalSince1970)
                let id = try document.append(name, created: created) { try keys.seal(value, address(name, $0)) }
                var map = document.stages(name)
                try map.assign(stage, to: String(id))
                document.set(map, name)
                document.prune(name)
                return try SecretVersion(document.secrets[name, default: []][document.index(name, String(id))])
            }
        }
    }

    public func move(_ stage: SecretStage, of name: String, to version: String) async throws {
        try await about(name) {
            try SecretRules.check(assigning: stage)
            try await change { document, _ in
                let index = try document.index(name, version)
                guard document.secrets[name]?[index].sealed != nil else { throw SecretStoreError.Cause.revoked }
                var map = document.stages(name)
                try map.assign(stage, to: version)
                document.set(map, name)
            }
        }
    }

    public func revoke(_ version: String, of name: String) async throws {
        try await about(name) {
            try await change { document, _ in
                let index = try document.index(name, version)
                document.secrets[name]?[index].sealed = nil
            }
        }
    }

    static func newDataKey() -> SecretBytes {
        var random = SecureRandom.bytes(SealingKeys.dataKeySize)
        return SecretBytes(taking: &random)
    }

    // MARK: - Reading and writing

    func address(_ name: String, _ version: UInt64) -> SealedAddress {
        SealedAddress(environment: environment, owner: owner, name: name, version: version)
    }

    private func read() async throws -> (document: SealedDocument, keys: SealingKeys) {
        let (document, dataKey) = try await open()
        return (document, SealingKeys(dataKey: dataKey))
    }

    /// Its key may be replaced between the reading of the file and that of the key: a file that is another by now is read once more.
    func open() async throws -> (SealedDocument, SecretBytes) {
        // Taken before the file is opened: what another reader sees meanwhile may well be newer.
        let seen = newest.generation.withLock { $0 }
        let sealed = try sealedFile()
        do {
            return try await open(sealed, notBefore: seen)
        } catch let cause as SecretStoreError.Cause where cause.isWrongKey {
            let again = try sealedFile()
            guard again.document.wrappedKey != sealed.document.wrappedKey else { throw cause }
            return try await open(again, notBefore: seen)
        }
    }

    private func sealedFile() throws -> SealedFile {
        let bytes = try PrivateFile().read(path: folder + "/" + file, atMost: SealedFile.maximumSize)
        let sealed = try SealedFile(bytes.withUnsafeBytes(Array.init))
        // Before the key: environments have different keys, and a wrong key would hide why. The MAC covers the name.
        try EnvironmentMark.check(sealed.document.environment, is: environment)
        return sealed
    }

    private func open(_ sealed: SealedFile, notBefore seen: UInt64) async throws -> (SealedDocument, SecretBytes) {
        let dataKey = try await key.unwrap(sealed.document.wrappedKey)
        guard dataKey.count == SealingKeys.dataKeySize else { throw SecretStoreError.Cause.tampered("its data key has the wrong length") }
        try sealed.authenticate(SealingKeys(dataKey: dataKey))
        try check(sealed.document, notBefore: seen)
        return (sealed.document, dataKey)
    }

    private func check(_ document: SealedDocument, notBefore seen: UInt64) throws(SecretStoreError.Cause) {
        guard document.owner == owner else { throw .denied("it is \(document.owner)'s file, and this is \(owner)") }
        guard document.generation >= seen else { throw .tampered("an older file was put in its place") }
        newest.generation.withLock { $0 = max($0, document.generation) }
    }

    /// Changes the document under the writers' lock.
    private func change<Value>(_ body: (inout SealedDocument, SealingKeys) throws -> Value) async throws -> Value {
        let writer = try await FolderWriter.locked(folder)
        var (document, dataKey) = try await openOrMake()
        let keys = SealingKeys(dataKey: dataKey)
        let value = try body(&document, keys)
        document.generation += 1
        try writer.replace(file, with: try SealedFile.bytes(document, keys))
        return value
    }

    func openOrMake() async throws -> (SealedDocument, SecretBytes) {
        do {
            return try await open()
        } catch SecretStoreError.Cause.notFound {
            let dataKey = Self.newDataKey()
            return (SealedDocument(owner: owner, environment: environment, wrappedKey: try await key.wrap(dataKey)), dataKey)
        }
    }
}

extension SecretVersion {
    fileprivate init(_ version: SealedDocument.Version) {
        self.init(
            id: String(version.id), stages: version.stages, created: Date(timeIntervalSince1970: Double(version.created)),
            isRevoked: version.sealed == nil)
    }
}
