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

    @Test("A long event is cut, and is still JSON")
    func long() throws {
        let facts = try line { $0.info("x", metadata: ["long": "\(String(repeating: "y ", count: 100_000))", "zzz": "1"]) }
        #expect(facts["long"]?.hasSuffix("…") == true)
    }
}

@Suite("Redactor")
struct RedactorTests {
    @Test(
        "What looks like a key or a token goes",
        arguments: [
            "eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJhYmMifQ.c2lnbmF0dXJl", "vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A",
            "q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJA=",
        ])
    func secrets(_ secret: String) {
        #expect(Redactor.redact("got \(secret), then") == "got [redacted], then")
        #expect(Redactor.redact("Bearer \(secret)") == "Bearer [redacted]")
        #expect(Redactor.redact("{\"a\":\"\(secret)\"}") == "{\"a\":\"[redacted]\"}")
    }

    @Test("A private key goes with everything after it")
    func pem() {
        #expect(Redactor.redact("key: -----BEGIN PRIVATE KEY-----\nMC4CAQ\n-----END PRIVATE KEY-----") == "key: [redacted]")
    }

    @Test(
        "Ordinary values stay",
        arguments: [
            "certificate expired 2026-03-01 12:00:00 UTC", "spiffe://development.cryptopulse.internal/market-data",
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", "7F9C2BA4-E88F-4F2C-9D0B-6D1C2B3A4F5E",
            "/home/ada/Projects/CryptoPulse/2026/state/execution/data/execution.sqlite", "127.0.0.1:7404", "BTCUSDT 0.01000000",
        ])
    func ordinary(_ text: String) {
        #expect(Redactor.redact(text) == text)
    }
}
