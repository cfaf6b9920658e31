internal import FoundationEssentials
internal import Glibc

/// Secrets as files, one a version, raw bytes: `data-key`, `data-key.pending`, `data-key.previous`.
///
/// Beside them the file `environment` names the environment that they belong to; in another the store gives nothing.
/// A file that others can read or replace is refused rather than read. Files are read at each request, so that a changed one is seen.
/// A version's id is its file's inode and time of change: renaming keeps it.
public struct FileSecretStore: SecretStore {
    public let kind = "files"
    private let folder: String
    private let environment: String?
    private let files: PrivateFile

    /// - Parameters:
    ///   - environment: which the folder must name; nil, for tests: not asked.
    ///   - trust: container mounts are only read.
    public init(folder: String, environment: String? = nil, trust: FileTrust = .ownedByThisUser) {
        self.folder = folder
        self.environment = environment
        files = PrivateFile(trust: trust)
    }

    public func value(of name: String, at stage: SecretStage) async throws -> SecretValue {
        try await about(name) {
            try withFile(name, stage) { file, status in
                let bytes = try files.read(file, size: Int(status.st_size), atMost: SecretRules.maximumSize)
                return SecretValue(bytes: bytes, version: Self.version(status, [stage]))
            }
        }
    }

    public func versions(of name: String) async throws -> [SecretVersion] {
        try await about(name) {
            let found = try found(name)
            guard !found.isEmpty else { throw SecretStoreError.Cause.notFound }
            // One file under two names, which a crash between the two steps of a change leaves, is one version.
            let merged = Dictionary(grouping: found, by: \.id).values.compactMap { same in
                same.first.map { SecretVersion(id: $0.id, stages: same.reduce(into: []) { $0.formUnion($1.stages) }, created: $0.created) }
            }
            // By the id too: files that were made in one moment are always in one order.
            return merged.sorted { ($0.created ?? .distantPast, $0.id) > ($1.created ?? .distantPast, $1.id) }
        }
    }

    @discardableResult
    public func put(_ value: SecretBytes, as name: String, at stage: SecretStage) async throws -> SecretVersion {
        try await about(name) {
            try SecretRules.check(putting: value, at: stage)
            let writer = try await writer()
            let hasCurrent = try exists(name, .current)
            if stage == .pending { try SecretRules.check(pendingAfter: hasCurrent ? name : nil) }
            if stage == .current, hasCurrent { try writer.link(name, as: Self.file(name, .previous)) }
            try writer.replace(Self.file(name, stage), with: value)
            return try withFile(name, stage) { _, status in Self.version(status, [stage]) }
        }
    }

    public func move(_ stage: SecretStage, of name: String, to version: String) async throws {
        try await about(name) {
            try SecretRules.check(assigning: stage)
            let writer = try await writer()
            let found = try found(name)
            guard let bearer = found.first(where: { $0.id == version })?.stages.first else { throw SecretStoreError.Cause.notFound }
            switch (bearer, stage) {
            case (.current, .current), (.pending, .pending): return
            case (.current, _): throw SecretStoreError.Cause.unusable("the version in use cannot be pending")
            case (_, .current): try exchange(name, bearer, writer)
            case (_, _): try writer.rename(Self.file(name, bearer), to: Self.file(name, stage))
            }
        }
    }

    public func revoke(_ version: String, of name: String) async throws {
        try await about(name) {
            let writer = try await writer()
            let bearers = try found(name).filter { $0.id == version }.flatMap(\.stages)
            guard !bearers.isEmpty else { throw SecretStoreError.Cause.notFound }
            for stage in bearers { try writer.remove(Self.file(name, stage)) }
        }
    }

    /// Puts the file at `stage` in the place of the current one, which becomes the previous. There is a current one at every moment.
    private func exchange(_ name: String, _ stage: SecretStage, _ writer: borrowing FolderWriter) throws {
        let (current, previous) = (Self.file(name, .current), Self.file(name, .previous))
        guard try exists(name, .current) else { return try writer.rename(Self.file(name, stage), to: current) }
        let keeping = stage == .previous ? name + ".swap" : previous
        try writer.link(current, as: keeping)
        try writer.rename(Self.file(name, stage), to: current)
        if keeping != previous { try writer.rename(keeping, to: previous) }
    }
}

extension FileSecretStore {
    private static func file(_ name: String, _ stage: SecretStage) -> String {
        stage == .current ? name : "\(name).\(stage.rawValue)"
    }

    private func writer() async throws -> FolderWriter {
        guard files.trust == .ownedByThisUser else { throw SecretStoreError.Cause.readOnly }
        return try await FolderWriter.locked(folder)
    }

    private func withFile<Value>(_ name: String, _ stage: SecretStage, _ body: (Int32, stat) throws -> Value) throws -> Value {
        let directory = try files.openFolder(folder)
        defer { close(directory) }
        try checkEnvironment(in: directory)
        let (file, status) = try files.open(Self.file(name, stage), in: directory)
        defer { close(file) }
        return try body(file, status)
    }

    /// Looks at the folder's mark alone, for a service that starts.
    ///
    /// - Throws: `SecretStoreError.Cause`.
    package func checkEnvironment() throws(SecretStoreError.Cause) {
        let directory = try files.openFolder(folder)
        defer { close(directory) }
        try checkEnvironment(in: directory)
    }

    private func checkEnvironment(in directory: Int32) throws(SecretStoreError.Cause) {
        guard let environment else { return }
        try EnvironmentMark.check(try mark(in: directory), is: environment)
    }

    /// nil when there is no mark.
    private func mark(in directory: Int32) throws(SecretStoreError.Cause) -> String? {
        do {
            let (file, status) = try files.open(EnvironmentMark.name, in: directory)
            defer { close(file) }
            return EnvironmentMark.text(try files.read(file, size: Int(status.st_size), atMost: EnvironmentMark.maximumSize))
        } catch .notFound {
            return nil
        }
    }

    /// What there is at each stage, whether or not it is one file.
    private func found(_ name: String) throws -> [SecretVersion] {
        try SecretStage.allCases.compactMap { stage in
            do {
                return try withFile(name, stage) { Self.version($1, [stage]) }
            } catch SecretStoreError.Cause.notFound {
                return nil
            }
        }
    }

    private func exists(_ name: String, _ stage: SecretStage) throws -> Bool {
        try found(name).contains { $0.stages.contains(stage) }
    }

    private static func version(_ status: stat, _ stages: Set<SecretStage>) -> SecretVersion {
        let (seconds, nanoseconds) = (status.st_mtim.tv_sec, status.st_mtim.tv_nsec)
        return SecretVersion(
            id: "\(status.st_ino)-\(seconds).\(nanoseconds)", stages: stages,
            created: Date(timeIntervalSince1970: Double(seconds) + Double(nanoseconds) / 1e9))
    }
}
