import AuditClient
import Foundation
import Redaction
import Synchronization
import TestSupport
import Testing

@testable import KeyManagement

@Suite("Keys that grow old are told of")
struct KeyWatchTests {
    /// The first second of a day: a look an hour makes 24 on each.
    private static let start: Int64 = 20_700 * KeyAge.day

    /// A process with keys that are what the test says, a clock that it sets, and a record that it can break.
    private final class Scene: Sendable {
        struct NoRecord: Error {}

        private struct State {
            var keys: [KeyKind: [KeyRecord]]
            var now = KeyWatchTests.start
            var events: [AuditEvent] = []
            var isBroken = false
        }

        private struct Kept: ManagedKeys {
            let kind: KeyKind
            let scene: Scene

            func records(gone: Bool, limit: Int) async throws -> [KeyRecord] { scene.state.withLock { $0.keys[kind] ?? [] } }
            func rotate(_ id: String?, _ change: KeyChange) async throws -> KeyOutcome { throw NoRecord() }
            func revoke(_ id: String, _ change: KeyChange) async throws -> KeyOutcome { throw NoRecord() }
        }

        private let state: Mutex<State>
        private let log = LogRecorder()

        init(_ keys: [KeyKind: [KeyRecord]]) { state = Mutex(State(keys: keys)) }

        var events: [AuditEvent] { state.withLock(\.events) }
        var lines: [String] { log.lines }
        func set(_ kind: KeyKind, _ keys: [KeyRecord]) { state.withLock { $0.keys[kind] = keys } }
        func set(broken: Bool) { state.withLock { $0.isBroken = broken } }

        func watch(_ schedules: KeySchedules = KeySchedules()) -> KeyWatch {
            let kept = state.withLock { Array($0.keys.keys) }.map { Kept(kind: $0, scene: self) }
            return KeyWatch(
                kept, schedules: schedules, service: "auth", logger: log.logger,
                clock: { [self] in Date(timeIntervalSince1970: TimeInterval(state.withLock(\.now))) },
                record: { [self] event in
                    try state.withLock { state in
                        guard !state.isBroken else { throw NoRecord() }
                        state.events.append(event)
                    }
                })
        }

        /// Looks once each hour of a day.
        func look(_ watch: KeyWatch, onDay day: Int64) async throws {
            for hour in 0..<24 {
                state.withLock { $0.now = KeyWatchTests.start + day * KeyAge.day + Int64(hour) * 3600 }
                try await watch.look()
            }
        }
    }

    private func key(_ id: String, _ state: KeyState = .active, user: String? = nil, requested: String? = nil) -> KeyRecord {
        KeyRecord(id: id, state: state, user: user, createdAt: Self.start - 3600, activatedAt: Self.start, rotationRequested: requested)
    }

    @Test("Nothing until day 79; a warning a day from day 80, an alert a day from day 90, each with what is left or over")
    func days() async throws {
        let scene = Scene([.tokenSigning: [key("a")]])
        let watch = scene.watch()
        for day in Int64(0)...92 { try await scene.look(watch, onDay: day) }
        let expected = (0..<10).map { ("keys.nearly_due", ["days_left": "\(10 - $0)"]) } + (90...92).map { ("keys.overdue", ["days": "\($0)"]) }
        #expect(scene.events.map(\.action) == expected.map(\.0) && scene.events.map(\.details) == expected.map(\.1))
        #expect(scene.events.allSatisfy { $0.object == "token-signing/a" && $0.reason == "age" && $0.actor == .service("auth") })
        let lines = (0..<10).map { "warning a key is to be rotated soon days-left=\(10 - $0) key=a kind=token-signing" }
            + (90...92).map { "error a key is overdue for rotation days=\($0) key=a kind=token-signing" }
        #expect(scene.lines == lines)
    }

    @Test("A schedule of its own holds for its kind alone; beyond its last day a key is told of as refused")
    func schedules() async throws {
        let scene = Scene([.meshIssuing: [key("1")], .tokenSigning: [key("a")]])
        let watch = scene.watch(KeySchedules([.meshIssuing: KeySchedule(warnAfterDays: 2, rotateAfterDays: 3, refuseAfterDays: 4)]))
        for day in Int64(0)...5 { try await scene.look(watch, onDay: day) }
        #expect(scene.events.map(\.action) == ["keys.nearly_due", "keys.overdue", "keys.refused", "keys.refused"])
        #expect(scene.events.allSatisfy { $0.object == "mesh-issuing/1" } && scene.lines.last == "critical a key is too old to be used days=5 key=1 kind=mesh-issuing")
    }

    @Test("Only a key in use, of a kind that ages, is told of; a person's with whose it is")
    func which() async throws {
        let scene = Scene([
            .logSigning: [key("log")], .dataEncryption: [key("old", .retiring), key("next", .pending), key("past", .gone)],
            .exchangeTrade: [key("t", user: "ann"), key("u", user: "ben")],
        ])
        try await scene.look(scene.watch(), onDay: 95)
        #expect(Set(scene.events.map { "\($0.object) \($0.onBehalfOf ?? "-")" }) == ["exchange-trade/t ann", "exchange-trade/u ben"])
        #expect(scene.events.count == 2)
    }

    @Test("A rotation that was asked for alerts on its first day, with the reason")
    func requested() async throws {
        let scene = Scene([.exchangeTrade: [key("t", requested: "team-change")]])
        try await scene.look(scene.watch(), onDay: 1)
        #expect(scene.events.map(\.action) == ["keys.overdue"] && scene.events.first?.reason == "team-change")
    }

    @Test("A key that takes an old one's place ends the alerts, and ages by itself")
    func replaced() async throws {
        let scene = Scene([.tokenSigning: [key("a")]])
        let watch = scene.watch()
        try await scene.look(watch, onDay: 90)
        var next = key("b")
        next.activatedAt = Self.start + 91 * KeyAge.day
        scene.set(.tokenSigning, [next, key("a", .retiring)])
        for day in Int64(91)...171 { try await scene.look(watch, onDay: day) }
        #expect(scene.events.map { "\($0.action) \($0.object)" } == ["keys.overdue token-signing/a", "keys.nearly_due token-signing/b"])
    }

    @Test("What could not be recorded is told of at the next look: neither lost nor told twice")
    func record() async throws {
        let scene = Scene([.tokenSigning: [key("a"), key("b")]])
        let watch = scene.watch()
        scene.set(broken: true)
        await #expect(throws: Scene.NoRecord.self) { try await scene.look(watch, onDay: 90) }
        scene.set(broken: false)
        try await scene.look(watch, onDay: 90)
        #expect(scene.events.map(\.object) == ["token-signing/a", "token-signing/b"])
    }

    @Test("What becomes due in the middle of a day is told of then, not on the next one")
    func middleOfTheDay() async throws {
        var noon = key("1")
        noon.activatedAt = Self.start + 12 * 3600
        let scene = Scene([.meshIssuing: [noon]])
        let watch = scene.watch(KeySchedules([.meshIssuing: KeySchedule(warnAfterDays: 2, rotateAfterDays: 3, refuseAfterDays: 4)]))
        for day in Int64(0)...4 { try await scene.look(watch, onDay: day) }
        // From its second day on at noon; on each of the next days at midnight, and at noon what is new.
        #expect(scene.events.map(\.action) == ["keys.nearly_due", "keys.nearly_due", "keys.overdue", "keys.overdue", "keys.refused"])
        #expect(scene.events.map(\.details) == [["days_left": "1"], ["days_left": "1"], ["days": "3"], ["days": "3"], ["days": "4"]])
        var asked = key("1")
        asked.activatedAt = Self.start + 4 * KeyAge.day
        scene.set(.meshIssuing, [asked])
        try await watch.look()
        asked.rotationRequested = "team-change"
        scene.set(.meshIssuing, [asked])
        try await watch.look()
        #expect(scene.events.count == 6 && scene.events.last?.reason == "team-change")
    }

    @Test("A long id is told by its beginning, which no redactor takes for a key")
    func longID() async throws {
        let scene = Scene([.tokenSigning: [key("1kElhvrudJW-9boCVKTj-WDHmrZrZmDRuKcRpXL7eG4")]])
        try await scene.look(scene.watch(), onDay: 90)
        let object = try #require(scene.events.first?.object)
        #expect(object == "token-signing/1kElhvrudJW-9boC" && Redactor.redact(object) == object)
        #expect(scene.lines == ["error a key is overdue for rotation days=90 key=1kElhvrudJW-9boC kind=token-signing"])
    }
}
