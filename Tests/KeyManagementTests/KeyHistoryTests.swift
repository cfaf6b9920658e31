@testable import KeyManagement
import Secrets
import Testing

@Suite("What is remembered of stored keys")
struct KeyHistoryTests {
    private func found(_ id: String, _ stage: SecretStage, created: Int64? = nil) -> KeyHistory.Found {
        KeyHistory.Found(id: id, stage: stage, createdAt: created)
    }

    @Test("The first key is as old as the store says; later ones are in use since they were seen")
    func ages() throws {
        var history = KeyHistory()
        #expect(try history.take([found("a", .current, created: 100)], now: 500).map(\.id) == ["a"])
        #expect(history.active?.activatedAt == 100)
        #expect(try history.take([found("b", .current, created: 590), found("a", .previous)], now: 600).count == 2)
        #expect(history.active == KeyRecord(id: "b", state: .active, createdAt: 590, activatedAt: 600))
        #expect(history.entries["a"]?.record.retiredAt == 600)
        #expect(try history.take([found("b", .current), found("a", .previous)], now: 700).isEmpty)
    }

    @Test("A pending key is put to use when its time comes, and not one that somebody else put there")
    func pending() throws {
        var history = KeyHistory()
        _ = try history.take([found("a", .current), found("b", .pending)], now: 0)
        #expect(history.pending?.id == "b" && history.dueToActivate(at: .max - 1) == nil)
        history.activate("b", at: 10)
        #expect(history.dueToActivate(at: 9) == nil && history.dueToActivate(at: 10) == "b")
    }

    @Test("A retired key ends after its overlap, one that left the store at once")
    func ends() throws {
        var history = KeyHistory()
        _ = try history.take([found("b", .current), found("a", .previous)], now: 100)
        #expect(history.dueToEnd(at: 159, overlap: 60).isEmpty && history.dueToEnd(at: 160, overlap: 60) == ["a"])
        _ = try history.take([found("b", .current)], now: 120)
        #expect(history.entries["a"]?.record.state == .gone && history.entries["a"]?.record.goneAt == 120)
    }

    @Test("A key that is gone does not come back, neither in use nor beside")
    func comesBack() throws {
        var history = KeyHistory()
        _ = try history.take([found("b", .current), found("a", .previous)], now: 100)
        history.end("a", now: 110)
        #expect(try history.take([found("b", .current), found("a", .previous)], now: 120).isEmpty)
        #expect(history.entries["a"]?.record.state == .gone)
        #expect(throws: KeyHistory.Failure.cameBack("a")) { try history.take([found("a", .current), found("b", .previous)], now: 130) }
        #expect(throws: KeyHistory.Failure.noKey) { try history.take([found("b", .previous)], now: 140) }
        #expect(history.active?.id == "b")
    }
}
