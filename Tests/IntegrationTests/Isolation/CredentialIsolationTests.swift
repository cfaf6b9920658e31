import Deployment
import Foundation
import LocalMesh
import ModelServer
import TestSupport
import Testing

extension Integration {
    @Suite("Each credential is where it belongs and nowhere else", .afterDayOfWork)
    struct CredentialIsolationTests {
        @Test("After a day of work each value is found in its owner, and in no other process, file, environment, command line, log or core dump")
        func everyValueInItsPlace() async throws {
            let run = try IsolationRun.shared()
            let names = Set(run.day.planted.map(\.credential))
            #expect(names == Set(CredentialTable.rows.map(\.name)), "each row has a value, each value a row")
            #expect(run.findings.missing() == [], "\(run.findings.summary)")
            #expect(run.findings.leaks() == [], "\(run.findings.summary)")
        }

        @Test("Every key that can be rotated while everything runs was, and the search looked for the value before as well")
        func rotated() async throws {
            let planted = try IsolationRun.shared().day.planted
            #expect(Set(planted.filter(\.isReplaced).map(\.credential)) == CredentialTable.rotated)
        }

        @Test("What the language model was asked shows no credential and no address: nothing of what was planted but what the person said to it")
        func prompts() async throws {
            let run = try IsolationRun.shared()
            #expect(run.questions.count == 4)
            let hits = run.questions.reduce(into: Set<String>()) { $0.formUnion(run.search.hits(in: Data($1.body.utf8)).map(\.credential)) }
            #expect(hits == ["what a person says"])
        }

        @Test("The README's table is what the run found")
        func published() async throws {
            let table = IsolationTable.markdown(try IsolationRun.shared().findings)
            if IsolationTable.mayWrite { try IsolationTable.write(table) }
            #expect(try IsolationTable.published() == table, "CRYPTOPULSE_WRITE_README=1 writes it anew")
        }

        @Test("No process has a file of another's folder open")
        func openFiles() async throws {
            let run = try IsolationRun.shared()
            for name in ServiceName.allCases {
                let paths = try ProcessImage(pid: try await run.mesh.pid(of: name)).openPaths()
                let foreign = paths.filter { $0.hasPrefix(run.mesh.folder.path) && !$0.hasPrefix(run.mesh.folder.service(name) + "/") }
                #expect(foreign == [], "\(name.rawValue)")
                #expect(paths.contains { $0.hasPrefix(run.mesh.folder.service(name) + "/") }, "\(name.rawValue) has its log open at least")
            }
        }

        @Test("A value that is planted in another service's settings is found there, in its file and in its memory")
        func plantedInSettings() async throws {
            let run = try IsolationRun.shared()
            let folder = run.mesh.folder
            let key = try await StoredCredentials.secret("data-key", of: .execution, folder).map { String(format: "%02x", $0) }.joined()
            let file = URL(filePath: folder.settings(.agent))
            let before = try Data(contentsOf: file)
            var settings = try #require(JSONSerialization.jsonObject(with: before) as? [String: Any])
            settings["options"] = ["symbols": ["BTCUSDT", key]]
            try JSONSerialization.data(withJSONObject: settings).write(to: file)
            try await run.mesh.restart(.agent)
            var findings = Findings()
            try findings.search(files: folder.path, for: run.search)
            try await findings.search(ProcessImage(pid: try await run.mesh.pid(of: .agent)), of: .service(.agent), for: run.search, dumps: nil)
            let leaks = findings.leaks()
            #expect(leaks.contains("data key of execution in agent: agent/settings.json, hexadecimal"), "\(leaks)")
            #expect(leaks.contains("data key of execution in agent: memory, hexadecimal"), "\(leaks)")
            try before.write(to: file)
            try await run.mesh.restart(.agent)
        }
    }
}
