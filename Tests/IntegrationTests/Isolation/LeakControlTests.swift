import Deployment
import Foundation
import Testing

/// The search itself: one that finds nothing would find every deployment clean.
@Suite("A planted leak is found wherever it lies and in whatever form", .serialized)
struct LeakControlTests {
    private func names(_ findings: Findings, at spot: Findings.Spot) -> Set<String> {
        Set(findings.all.filter { $0.spot == spot }.map(\.hit.credential))
    }

    @Test(
        "In a process: in its memory, its core dump, its environment, on its command line, in a file that it has open and in one that was deleted",
        .enabled(if: ProcessImage.isReadable || ProcessInfo.processInfo.environment["CI"] == "true", "SKIP: reads another process's memory as root"))
    func process() async throws {
        let places = ["memory", "environment", "command line", "open file", "deleted file"]
        let leaks = try places.map { try PlantedLeak.ofEachForm(in: $0) }
        let (environment, argument) = (leaks[1].text, leaks[2].text)
        #expect(environment.count >= 11, "texts are most forms")
        let process = try LeakyProcess(
            memory: leaks[0].joined, environment: environment.joined, argument: argument.joined, file: leaks[3].joined, deleted: leaks[4].joined)
        defer { process.stop() }
        var findings = Findings()
        let search = try ByteSearch(leaks.joined().map(\.value))
        try await findings.search(ProcessImage(pid: process.pid), of: .service(.agent), for: search, dumps: process.folder)
        #expect(names(findings, at: .process(.environment)) == environment.names)
        #expect(names(findings, at: .process(.commandLine)) == argument.names)
        #expect(names(findings, at: .process(.openFile)) == leaks[3].names.union(leaks[4].names))
        #expect(leaks[0].names.subtracting(names(findings, at: .process(.memory))) == [])
        #expect(leaks[0].names.subtracting(names(findings, at: .process(.coreDump))) == [])
    }

    @Test("In a folder: in a database's WAL, in the database, in a log")
    func files() throws {
        let (rows, log) = (try PlantedLeak.ofEachForm(in: "row"), try PlantedLeak.ofEachForm(in: "log"))
        let folder = try LeakyFolder(rows: rows.map(\.bytes), log: log.joined)
        let search = try ByteSearch((rows + log).map(\.value))
        var findings = Findings()
        try findings.search(files: folder.folder.path, for: search)
        #expect(findings.clearFiles == ["agent/data/agent.sqlite-wal": rows.names, "agent/log/agent.log": log.names])
        try folder.checkpoint()
        findings = Findings()
        try findings.search(files: folder.folder.path, for: search)
        #expect(findings.clearFiles == ["agent/data/agent.sqlite": rows.names, "agent/log/agent.log": log.names])
        #expect(Set(findings.all.map(\.place)) == [.service(.agent)])
        try folder.remove()
    }

    @Test("Across the border of what is read at once")
    func border() throws {
        let leaks = try PlantedLeak.ofEachForm(in: "border")
        let search = try ByteSearch(leaks.map(\.value))
        for leak in leaks {
            let path = FileManager.default.temporaryDirectory.appending(path: "border-\(UUID().uuidString)")
            defer { try? FileManager.default.removeItem(at: path) }
            try (Data(count: ByteSearch.chunk - leak.bytes.count / 2) + leak.bytes + Data(count: 100)).write(to: path)
            #expect(search.hits(inFile: path.path).map(\.credential) == [leak.credential])
        }
    }

    @Test("What is not there is not found")
    func nothing() throws {
        let search = try ByteSearch(PlantedLeak.ofEachForm(in: "one").map(\.value))
        #expect(search.hits(in: Data(try PlantedLeak.ofEachForm(in: "another").joined)) == [])
    }
}
