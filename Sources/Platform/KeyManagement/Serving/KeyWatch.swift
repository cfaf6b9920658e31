public import AuditClient
public import FoundationEssentials
public import Logging

/// Tells when keys grow old: as soon as one is nearly due, overdue or refused and then once a day, in the log, and to audit, which alerts.
public actor KeyWatch {
    /// Each look reads every key's row, and what it looks for comes by days.
    public static let usualInterval = Duration.seconds(10)
    /// Keys of a kind that are looked at; those in use come first.
    static let mostKeys = 1000

    private let keys: [any ManagedKeys]
    private let schedules: KeySchedules
    private let service: String
    private let record: @Sendable (AuditEvent) async throws -> Void
    private let clock: @Sendable () -> Date
    private let logger: Logger
    /// What was told of a key last.
    private var told: [String: News] = [:]

    private struct News: Equatable {
        var day: Int64
        var verdict: String
    }

    /// - Parameters:
    ///   - service: whose keys these are.
    ///   - record: keeps an event for the audit log.
    public init(
        _ keys: [any ManagedKeys], schedules: KeySchedules, service: String, logger: Logger, clock: @escaping @Sendable () -> Date = { Date() },
        record: @escaping @Sendable (AuditEvent) async throws -> Void
    ) {
        self.keys = keys
        self.schedules = schedules
        self.service = service
        self.logger = logger
        self.clock = clock
        self.record = record
    }

    /// Looks at each interval until cancelled.
    public func run(every interval: Duration = usualInterval) async throws {
        while true {
            do {
                try await look()
            } catch is CancellationError {
                throw CancellationError()
            } catch {
                logger.error("the age of keys is not known", metadata: ["why": "\(error)"])
            }
            try await Task.sleep(for: interval)
        }
    }

    /// - Throws: what the keys or the record throw; the rest is told of at the next look.
    public func look() async throws {
        let now = Int64(clock().timeIntervalSince1970)
        var seen: [String: News] = [:]
        for kept in keys where kept.kind.ages {
            for key in try await kept.records(gone: false, limit: Self.mostKeys) where key.state == .active {
                let verdict = schedules[kept.kind].age.verdict(on: key, now: now)
                // Of a fresh one nothing is remembered: it may be due before the day is over.
                guard verdict != .fresh else { continue }
                let (name, news) = ("\(kept.kind.rawValue)/\(key.id)", News(day: now / KeyAge.day, verdict: verdict.word))
                if told[name] != news { try await tell(key, kept.kind, verdict) }
                told[name] = news
                seen[name] = news
            }
        }
        told = seen
    }

    private func tell(_ key: KeyRecord, _ kind: KeyKind, _ verdict: KeyAge.Verdict) async throws {
        let metadata: Logger.Metadata = ["kind": "\(kind.rawValue)", "key": "\(KeyRecord.logged(key.id))"]
        switch verdict {
        case .fresh: break
        case .nearlyDue(let left):
            logger.warning("a key is to be rotated soon", metadata: metadata.with("days-left", left))
            try await record(event(.nearlyDue, key, kind, ["days_left": "\(left)"]))
        case .overdue(let days):
            logger.error("a key is overdue for rotation", metadata: metadata.with("days", days))
            try await record(event(.overdue, key, kind, ["days": "\(days)"]))
        case .refused(let days):
            logger.critical("a key is too old to be used", metadata: metadata.with("days", days))
            try await record(event(.refused, key, kind, ["days": "\(days)"]))
        }
    }

    private func event(_ event: KeyEvent, _ key: KeyRecord, _ kind: KeyKind, _ details: [String: String]) -> AuditEvent {
        AuditEvent(
            event, of: key.id, kind, by: KeyChange(actor: .service(service), reason: key.rotationRequested ?? "age"), user: key.user,
            details: details)
    }
}

extension Logger.Metadata {
    fileprivate func with(_ name: String, _ value: Int64) -> Logger.Metadata {
        merging([name: "\(value)"]) { $1 }
    }
}
