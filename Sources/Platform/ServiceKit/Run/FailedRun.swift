internal import AuditClient
internal import Foundation
internal import KeyManagement
internal import Logging
internal import Redaction

/// What a service that could not start, or that came to a bad end, has to tell audit. Nothing carries it while the service does not run, so it waits
/// in the service's folder for a start that succeeds: a secret that could not be had, an unwrapping that somebody else may have been faster with, a port
/// that is taken.
struct FailedRun {
    /// A fact with the times at which it was so: a service is started again and again.
    struct Note: Codable, Equatable {
        var action: String
        var object: String
        var reason: String
        var details: [String: String]
        /// Seconds since 1970.
        var first: Int64
        var last: Int64
        var times: Int
    }

    enum End: String {
        case notStarted = "service.start_failed"
        case failed = "service.failed"
    }

    /// A process that ends sooner does not run: its failures are counted together with those before.
    static let settling = Duration.seconds(1)
    /// Different ones; the oldest stay, for they are the cause.
    static let most = 32
    private static let longestFile = 256 << 10
    private static let longestText = 500

    let service: String
    let path: String

    init(_ settings: ServiceSettings) {
        self.init(service: settings.service, path: settings.dataFolder + "/failed-starts.json")
    }

    init(service: String, path: String) {
        self.service = service
        self.path = path
    }

    /// Keeps how it ended. What cannot be kept is in the log all the same.
    ///
    /// - Parameters:
    ///   - error: what ended it.
    ///   - failed: secrets that could not be had.
    ///   - now: seconds since 1970.
    func keep(_ end: End, _ error: any Error, failed: [AuditEvent] = [], now: Int64, logger: Logger) {
        let end = Note(action: end.rawValue, object: service, reason: "", details: ["why": "\(error)"], first: now, last: now, times: 1)
        let secrets = failed.map {
            Note(action: $0.action, object: $0.object, reason: $0.reason, details: $0.details, first: now, last: now, times: 1)
        }
        do {
            var notes = try read()
            for note in secrets + [end] { Self.add(Self.redacted(note), to: &notes) }
            try AtomicFile.write(Array(try JSONEncoder().encode(notes)), to: path)
        } catch {
            logger.error("a failure is not kept for audit", metadata: ["why": "\(error)"])
        }
    }

    /// Tells of what is kept, and forgets it once it is told.
    func tell(_ record: (AuditEvent) async throws -> Void, logger: Logger) async {
        do {
            for note in try read() {
                var details = note.details
                details["first"] = "\(note.first)"
                details["last"] = "\(note.last)"
                details["times"] = "\(note.times)"
                try await record(
                    AuditEvent(
                        actor: .service(service), action: note.action, object: note.object, outcome: .failed, reason: note.reason, details: details))
            }
            // Told twice, where this fails, rather than not at all.
            unlink(path)
        } catch {
            logger.error("failures before this start are not told to audit", metadata: ["why": "\(error)"])
        }
    }

    private func read() throws -> [Note] {
        guard let data = FileManager.default.contents(atPath: path) else { return [] }
        if data.count <= Self.longestFile, let notes = try? JSONDecoder().decode([Note].self, from: data) { return notes }
        // Kept for whoever looks into it; it holds nothing up.
        try AtomicFile.move(path, to: path + ".unreadable")
        return []
    }

    static func add(_ note: Note, to notes: inout [Note]) {
        let same = notes.firstIndex { ($0.action, $0.object, $0.reason) == (note.action, note.object, note.reason) && $0.details == note.details }
        if let same {
            notes[same].last = note.last
            notes[same].times &+= 1
        } else if notes.count < most {
            notes.append(note)
        }
    }

    private static func redacted(_ note: Note) -> Note {
        var note = note
        note.details = note.details.mapValues { Redactor.redact(String($0.prefix(longestText))) }
        return note
    }
}
