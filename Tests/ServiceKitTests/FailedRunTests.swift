import AuditClient
import Foundation
import Logging
@testable import ServiceKit
import Testing

@Suite("What starts that failed, and operators, leave for audit")
struct FailedRunTests {
    private struct Down: Error {}

    private static let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    private func denied(_ cause: String) -> AuditEvent {
        AuditEvent(actor: .service("execution"), action: "secrets.fetched", object: "data-key", outcome: .failed, reason: "start", details: ["cause": cause])
    }

    @Test("The same failure again and again is one event with its times; it is told once, by the start that succeeds")
    func repeated() async throws {
        let folder = TemporaryFolder()
        let starts = FailedRun(service: "execution", path: folder.path + "/failed-starts.json")
        for now in [100, 105, 110] as [Int64] { starts.keep(.notStarted, Down(), failed: [denied("no")], now: now, logger: Self.logger) }
        starts.keep(.notStarted, Down(), failed: [denied("another")], now: 120, logger: Self.logger)
        var told: [AuditEvent] = []
        await starts.tell({ told.append($0) }, logger: Self.logger)
        #expect(told.map(\.action) == ["secrets.fetched", "service.start_failed", "secrets.fetched"])
        #expect(told[0].details == ["cause": "no", "first": "100", "last": "110", "times": "3"] && told[0].outcome == .failed)
        #expect(told[1].details["times"] == "4" && told[1].object == "execution")
        await starts.tell({ told.append($0) }, logger: Self.logger)
        #expect(told.count == 3)
    }

    @Test("What could not be told is kept for the next start")
    func untold() async throws {
        let folder = TemporaryFolder()
        let starts = FailedRun(service: "execution", path: folder.path + "/failed-starts.json")
        starts.keep(.notStarted, Down(), failed: [], now: 100, logger: Self.logger)
        await starts.tell({ _ in throw Down() }, logger: Self.logger)
        var told = 0
        await starts.tell({ _ in told += 1 }, logger: Self.logger)
        #expect(told == 1)
    }

    @Test("A flood of different failures is bounded, and no secret stands in what is kept")
    func bounded() async throws {
        let folder = TemporaryFolder()
        let path = folder.path + "/failed-starts.json"
        let starts = FailedRun(service: "execution", path: path)
        for number in 0..<100 { starts.keep(.notStarted, Down(), failed: [denied("failure \(number), password=hunter2 " + String(repeating: "x", count: 4000))], now: 100, logger: Self.logger) }
        let data = try #require(FileManager.default.contents(atPath: path))
        #expect(data.count < 64 << 10)
        #expect(!String(decoding: data, as: UTF8.self).contains("hunter2"))
        var told = 0
        await starts.tell({ _ in told += 1 }, logger: Self.logger)
        #expect(told == FailedRun.most)
    }

    @Test("An operator's note is told once, with actor and reason; one that cannot be read is set aside and holds nothing up")
    func notes() async throws {
        let folder = TemporaryFolder()
        let notes = OperatorNotes(dataFolder: folder.path)
        try notes.leave(.init(action: "secrets.shown", object: "data-key", reason: "a drill", details: ["store": "sealed"], time: 100))
        try Data("nonsense".utf8).write(to: URL(filePath: folder.path + "/operator-notes/0.json"))
        var told: [AuditEvent] = []
        for _ in 0..<2 { await notes.tell({ told.append($0) }, logger: Self.logger) }
        #expect(told == [AuditEvent(actor: .operator, action: "secrets.shown", object: "data-key", reason: "a drill", details: ["store": "sealed", "at": "100"])])
        #expect(FileManager.default.fileExists(atPath: folder.path + "/operator-notes/0.json.unreadable"))
    }

    @Test("A note that cannot be kept is an error: too long, or too many that wait")
    func refused() throws {
        let folder = TemporaryFolder()
        let notes = OperatorNotes(dataFolder: folder.path)
        #expect(throws: OperatorNoteError.self) {
            try notes.leave(.init(action: "secrets.put", object: "x", reason: String(repeating: "y", count: 5000), time: 1))
        }
        for time in 0..<Int64(OperatorNotes.most) { try notes.leave(.init(action: "secrets.put", object: "x", reason: "y", time: time)) }
        #expect(throws: OperatorNoteError.self) { try notes.leave(.init(action: "secrets.put", object: "x", reason: "y", time: 0)) }
    }
}
