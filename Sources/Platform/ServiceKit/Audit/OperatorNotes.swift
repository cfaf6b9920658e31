internal import AuditClient
internal import Foundation
internal import Logging

/// What an operator did with a service's secrets on the service's own machine, beside the mesh: one file each in the service's folder, which the service
/// tells to audit, at its next start if it does not run.
public struct OperatorNotes: Sendable {
    public struct Note: Codable, Sendable, Equatable {
        /// `secrets.shown`, `secrets.put`, `secrets.replaced`.
        public var action: String
        /// The secret's name.
        public var object: String
        /// The operator's own words.
        public var reason: String
        /// nil: it was done.
        public var hasFailed: Bool?
        public var details: [String: String]
        /// Seconds since 1970.
        public var time: Int64

        public init(action: String, object: String, reason: String, hasFailed: Bool = false, details: [String: String] = [:], time: Int64) {
            self.action = action
            self.object = object
            self.reason = reason
            self.hasFailed = hasFailed ? true : nil
            self.details = details
            self.time = time
        }
    }

    /// Notes that wait; no more are taken.
    static let most = 256
    static let interval = Duration.seconds(1)
    private static let longest = 4096

    private let folder: String

    /// - Parameter dataFolder: the service's.
    public init(dataFolder: String) {
        folder = dataFolder + "/operator-notes"
    }

    /// Leaves a note.
    ///
    /// - Throws: when it cannot be kept. What can be left undone then, as showing a value, is not to be done.
    public func leave(_ note: Note) throws {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        guard try names().count < Self.most else {
            throw OperatorNoteError("\(Self.most) notes wait in \(folder): start the service, which tells them to audit")
        }
        let data = try JSONEncoder().encode(note)
        guard data.count <= Self.longest else { throw OperatorNoteError("a note for the audit log has at most \(Self.longest) bytes: shorten the reason") }
        try AtomicFile.write(Array(data), to: "\(folder)/\(note.time)-\(UUID().uuidString).json")
    }

    /// Tells of every note, and removes it once it is told.
    func tell(_ record: (AuditEvent) async throws -> Void, logger: Logger) async {
        let waiting: [String]
        do {
            waiting = try names()
        } catch {
            return logger.error("operators' notes cannot be read", metadata: ["path": "\(folder)", "why": "\(error)"])
        }
        for name in waiting.sorted().prefix(Self.most) {
            let path = "\(folder)/\(name)"
            do {
                guard let data = FileManager.default.contents(atPath: path), data.count <= Self.longest else { throw CocoaError(.fileReadCorruptFile) }
                let note = try JSONDecoder().decode(Note.self, from: data)
                var details = note.details
                details["at"] = "\(note.time)"
                try await record(
                    AuditEvent(
                        actor: .operator, action: note.action, object: note.object, outcome: note.hasFailed == true ? .failed : .ok, reason: note.reason,
                        details: details))
                if unlink(path) != 0 { try AtomicFile.move(path, to: path + ".told") }
            } catch let error as DecodingError {
                refuse(path, because: error, logger)
            } catch let error as CocoaError {
                refuse(path, because: error, logger)
            } catch {
                logger.error("an operator's note is not told to audit", metadata: ["path": "\(path)", "why": "\(error)"])
            }
        }
    }

    /// Kept for whoever looks into it, and not read again.
    private func refuse(_ path: String, because error: any Error, _ logger: Logger) {
        logger.error("an operator's note cannot be read", metadata: ["path": "\(path)", "why": "\(error)"])
        try? AtomicFile.move(path, to: path + ".unreadable")
    }

    private func names() throws -> [String] {
        guard FileManager.default.fileExists(atPath: folder) else { return [] }
        return try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasSuffix(".json") }
    }
}

/// Why a note is not taken, for the operator.
public struct OperatorNoteError: Error, CustomStringConvertible {
    public let description: String

    init(_ description: String) {
        self.description = description
    }
}
