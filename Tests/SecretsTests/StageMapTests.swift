import Secrets
import Testing

@Suite("Stages of a secret's versions")
struct StageMapTests {
    @Test("What was current becomes previous")
    func current() throws {
        var map = StageMap()
        try map.assign(.current, to: "1")
        try map.assign(.current, to: "2")
        try map.assign(.current, to: "3")
        #expect(map.versions == [.current: "3", .previous: "2"])
    }

    @Test("A pending version that becomes current is pending no more")
    func promoted() throws {
        var map = StageMap([.current: "1"])
        try map.assign(.pending, to: "2")
        try map.assign(.current, to: "2")
        #expect(map.versions == [.current: "2", .previous: "1"])
    }

    @Test("Going back swaps the two")
    func rolledBack() throws {
        var map = StageMap([.current: "2", .previous: "1", .pending: "3"])
        try map.assign(.current, to: "1")
        #expect(map.versions == [.current: "1", .previous: "2", .pending: "3"])
    }

    @Test("Giving current to the version that has it changes nothing")
    func again() throws {
        var map = StageMap([.current: "2", .previous: "1"])
        try map.assign(.current, to: "2")
        #expect(map.versions == [.current: "2", .previous: "1"])
    }

    @Test("The version in use cannot be pending")
    func notPending() {
        var map = StageMap([.current: "2"])
        #expect(throws: SecretStoreError.Cause.self) { try map.assign(.pending, to: "2") }
        #expect(map.versions == [.current: "2"])
    }
}
