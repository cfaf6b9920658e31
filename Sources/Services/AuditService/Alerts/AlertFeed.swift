internal import FoundationEssentials
internal import Logging
internal import MeshMessages
internal import ServiceAPI
internal import Storage

/// Sends what is news in the log to the webhook, in the log's order, each at least once. Where it stopped it goes on, after a restart too.
struct AlertFeed: Sendable {
    static let pollInterval = Duration.milliseconds(500)
    static let shortestRetry = Duration.seconds(1)
    static let longestRetry = Duration.seconds(60)
    /// Records looked at in one transaction.
    static let batch = 500

    let environment: String
    let origin: String
    let database: ServiceDatabase
    let sender: AlertSender
    let signature: AlertSignature
    let logger: Logger
    let clock: @Sendable () -> Date

    /// Until cancelled.
    func run() async throws {
        var failures = 0
        while true {
            do {
                let isMore = try await step()
                failures = 0
                if !isMore { try await Task.sleep(for: Self.pollInterval) }
            } catch is CancellationError {
                throw CancellationError()
            } catch {
                if failures == 0 { logger.error("alerts are not delivered", metadata: ["why": "\(error)"]) }
                let wait = min(Self.shortestRetry * (1 << min(failures, 6)), Self.longestRetry)
                failures += 1
                try await Task.sleep(for: wait * Double.random(in: 0.5...1))
            }
        }
    }

    /// Looks at the next records and sends what is news among them.
    ///
    /// - Returns: whether there are more.
    func step() async throws -> Bool {
        let (first, records) = try await database.readAll { db in
            // What was written before anybody asked for alerts is no news.
            let first = try AlertCursor.next(in: db) ?? EntryTable.size(in: db)
            return (first, try EntryTable.records(from: first, limit: Self.batch, in: db))
        }
        for (index, bytes) in records {
            if let record = try? AuditV1.Record(packed: bytes), let alert = Alert(record, at: index) { try await send(alert) }
        }
        let next = records.last.map { $0.index + 1 } ?? first
        try await database.write { db in
            if try AlertCursor.next(in: db) != next { try AlertCursor.set(next, in: db) }
        }
        return records.count == Self.batch
    }

    private func send(_ alert: Alert) async throws {
        let body = try alert.body(environment: environment, origin: origin)
        let seconds = Int64(clock().timeIntervalSince1970)
        guard let signature = signature.value(for: body, at: seconds) else { throw AlertFailure.noKey }
        try await sender.send(body, headers: [(AlertSignature.header, signature), ("idempotency-key", "\(origin)/\(alert.index)")])
        // One that was sent is not sent again because a later one is not.
        try await database.write { try AlertCursor.set(alert.index + 1, in: $0) }
    }
}

/// Why an alert was not delivered.
enum AlertFailure: Error, Equatable {
    case noKey
    case refused(status: UInt)
}
