import Foundation
import Logging
import Synchronization
import Telemetry
import Testing

@Suite("Logs")
struct LogTests {
    private final class Lines: Sendable {
        private let lines = Mutex<[[UInt8]]>([])
        func append(_ line: [UInt8]) { lines.withLock { $0.append(line) } }
        var all: [String] { lines.withLock { $0.map { String(decoding: $0, as: UTF8.self) } } }
    }

    /// Writes what it is given.
    private struct PlainHandler: LogHandler {
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.info
        let write: @Sendable ([UInt8]) -> Void

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            write(Array("\(event.message) \(event.metadata ?? [:]) \(event.error.map { "\($0)" } ?? "")".utf8))
        }
    }

    private func line(_ log: (Logger) -> Void) throws -> [String: String] {
        let lines = Lines()
        log(Logger(label: "execution") { StructuredLogHandler(label: $0, write: lines.append) })
        let line = try #require(lines.all.first)
        #expect(lines.all.count == 1)
        #expect(line.filter { $0 == "\n" }.count == 1)
        return try JSONDecoder().decode([String: String].self, from: Data(line.utf8))
    }

    @Test("An event is one JSON object in one line")
    func oneLine() throws {
        let facts = try line { $0.info("order\nsent", metadata: ["order": "abc \"x\" \\ \u{1}", "count": "\(3)"]) }
        #expect(facts["message"] == "order\nsent")
        #expect(facts["order"] == "abc \"x\" \\ \u{1}")
        #expect(facts["level"] == "info")
        #expect(facts["service"] == "execution")
        #expect(facts["time"]?.wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/) != nil)
    }

    @Test("Levels below the logger's are not written")
    func level() {
        let lines = Lines()
        let logger = Logger(label: "a") { StructuredLogHandler(label: $0, level: .warning, write: lines.append) }
        logger.info("quiet")
        logger.warning("loud")
        #expect(lines.all.count == 1)
    }

    @Test("A value under a secret's name is not written", arguments: ["authorization", "Password", "refresh_token", "api-key", "code"])
    func secretName(_ name: String) throws {
        #expect(try line { $0.info("x", metadata: [name: "1234"]) }[name] == "[redacted]")
    }

    @Test("What looks like a secret is written neither in a message, nor in a value, nor in an error", arguments: [true, false])
    func redacted(isStructured: Bool) throws {
        struct Refused: Error, CustomStringConvertible {
            let description = "GET https://ann:hunter2hunter2@localhost/?signature=5c1f failed"
        }
        let (key, lines) = ("vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A", Lines())
        let structured = Logger(label: "execution") { StructuredLogHandler(label: $0, write: lines.append) }
        let plain = Logger(label: "pulse") { _ in RedactingLogHandler(PlainHandler(write: lines.append)) }
        (isStructured ? structured : plain).error("key \(key) refused", error: Refused(), metadata: ["mail": "to ann@example.org", "token": "abc"])
        let written = try #require(lines.all.first)
        for secret in [key, "hunter2", "5c1f", "ann@example.org", "abc"] { #expect(!written.contains(secret), "\(secret)") }
        #expect(written.contains("refused") && written.contains("localhost/") && written.contains("failed"))
    }

    @Test("A long event is cut, and is still JSON")
    func long() throws {
        let facts = try line { $0.info("x", metadata: ["long": "\(String(repeating: "y ", count: 100_000))", "zzz": "1"]) }
        #expect(facts["long"]?.hasSuffix("…") == true)
    }
}
