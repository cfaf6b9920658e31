internal import AuditClient
internal import Logging
internal import Secrets
internal import Synchronization

/// What a process fetches from its secret store and changes there, on its way to the audit log. Names and versions, never a value.
final class SecretAccess: Sendable {
    /// A store is asked at the start and when something has changed: whoever asks more often is at fault, and is then counted.
    static let rate = RateLimit(perMinute: 60, burst: 64)

    private let journal = RefusalJournal(rate: rate)
    private let service: String
    private let isRunning = Mutex(false)
    /// What failed during the start: if that fails too, nobody runs who would carry it.
    private let failures = Mutex<[AuditEvent]>([])
    private static let mostFailures = 16

    init(service: String) {
        self.service = service
    }

    /// The start is over: what is fetched from now on is fetched because something changed.
    func processRuns() {
        isRunning.withLock { $0 = true }
    }

    func record(_ action: String, _ store: String, _ name: String, version: String? = nil, stage: SecretStage? = nil, failure: (any Error)? = nil) {
        var details = ["store": store]
        details["version"] = version
        details["stage"] = stage?.rawValue
        details["cause"] = failure.map { "\($0)" }
        let isStart = isStarting
        let event = AuditEvent(
            actor: .service(service), action: action, object: name, outcome: failure == nil ? .ok : .failed, reason: isStart ? "start" : "changed",
            details: details)
        journal.record(event)
        if isStart, failure != nil {
            failures.withLock { if $0.count < Self.mostFailures { $0.append(event) } }
        }
    }

    var isStarting: Bool { !isRunning.withLock(\.self) }

    /// What failed since the process began, until it ran.
    var failed: [AuditEvent] { failures.withLock { $0 } }

    func run(_ logger: Logger, record: (AuditEvent) async throws -> Void) async {
        await journal.run(logger, record: record)
    }
}

/// A secret store of which every value that is fetched, put, moved or revoked is told to audit.
struct AuditedSecretStore: SecretStore {
    private let store: any SecretStore
    private let access: SecretAccess

    init(_ store: any SecretStore, access: SecretAccess) {
        self.store = store
        self.access = access
    }

    var kind: String { store.kind }

    func value(of name: String, at stage: SecretStage) async throws -> SecretValue {
        do {
            let value = try await store.value(of: name, at: stage)
            access.record("secrets.fetched", kind, name, version: value.version.id, stage: stage)
            return value
        } catch let error as SecretStoreError where error.cause.isAbsence && stage != .current {
            // Nothing was there to be fetched.
            throw error
        } catch {
            access.record("secrets.fetched", kind, name, stage: stage, failure: error)
            throw error
        }
    }

    func versions(of name: String) async throws -> [SecretVersion] {
        do {
            return try await store.versions(of: name)
        } catch let error as SecretStoreError where !error.cause.isAbsence {
            // Asked every few seconds while the process runs: only what is an alarm is told each time.
            if access.isStarting || error.cause.isAlarm { access.record("secrets.fetched", kind, name, failure: error) }
            throw error
        }
    }

    func put(_ value: SecretBytes, as name: String, at stage: SecretStage) async throws -> SecretVersion {
        try await telling("secrets.put", name, stage: stage) { try await store.put(value, as: name, at: stage) } version: { $0.id }
    }

    func move(_ stage: SecretStage, of name: String, to version: String) async throws {
        try await telling("secrets.moved", name, stage: stage) { try await store.move(stage, of: name, to: version) } version: { version }
    }

    func revoke(_ version: String, of name: String) async throws {
        try await telling("secrets.revoked", name) { try await store.revoke(version, of: name) } version: { version }
    }

    private func telling<Value>(
        _ action: String, _ name: String, stage: SecretStage? = nil, _ body: () async throws -> Value, version: (Value) -> String
    ) async throws -> Value {
        do {
            let value = try await body()
            access.record(action, kind, name, version: version(value), stage: stage)
            return value
        } catch let error as SecretStoreError where error.cause == .readOnly {
            // Known from the settings, and no event.
            throw error
        } catch {
            access.record(action, kind, name, stage: stage, failure: error)
            throw error
        }
    }
}
