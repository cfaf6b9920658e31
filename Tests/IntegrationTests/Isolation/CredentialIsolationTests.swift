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

        @Test("What the language model was asked shows no credential and no address: nothing of what was planted but what the person said to it")
        func prompts() async throws {
            let run = try IsolationRun.shared()
            #expect(run.model.questions.count == 4)
            let hits = run.model.questions.reduce(into: Set<String>()) { $0.formUnion(run.search.hits(in: Data($1.body.utf8)).map(\.credential)) }
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
                let paths = try ProcessImage(pid: try await IsolationRun.pid(of: name, on: run.mesh)).openPaths()
                let foreign = paths.filter { $0.hasPrefix(run.mesh.folder.path) && !$0.hasPrefix(run.mesh.folder.service(name) + "/") }
                #expect(foreign == [], "\(name.rawValue)")
                #expect(paths.contains { $0.hasPrefix(run.mesh.folder.service(name) + "/") }, "\(name.rawValue) has its log open at least")
            }
        }

        @Test("Stolen data and sealed secrets, without the wrapping keys, show no credential and no personal data")
        func stolenFolders() async throws {
            let run = try IsolationRun.shared()
            var files = 0
            for name in ServiceName.allCases {
                for folder in ["data", "secrets", "run", "log"].map({ run.mesh.folder.service(name) + "/" + $0 }) {
                    for path in try FileManager.default.subpathsOfDirectory(atPath: folder) {
                        files += 1
                        let hits = run.search.hits(inFile: folder + "/" + path)
                        #expect(hits.isEmpty, "\(name.rawValue): \(path) shows \(hits)")
                    }
                }
            }
            #expect(files >= 3 * ServiceName.allCases.count, "databases, sealed secrets and logs were there to be searched")
        }

        @Test("A value that is planted in another service's settings is found there, in its file and in its memory")
        func plantedInSettings() async throws {
            let run = try IsolationRun.shared()
            let (folder, agent) = (run.mesh.folder, try run.mesh.process(.agent))
            let key = try await DayOfWork.secret("data-key", of: .execution, folder).map { String(format: "%02x", $0) }.joined()
            let file = URL(filePath: folder.settings(.agent))
            let before = try Data(contentsOf: file)
            var settings = try #require(JSONSerialization.jsonObject(with: before) as? [String: Any])
            settings["options"] = ["symbols": ["BTCUSDT", key]]
            await agent.stop()
            try JSONSerialization.data(withJSONObject: settings).write(to: file)
            await agent.start()
            try await run.mesh.waitUntilReady(.agent)
            var findings = Findings()
            try findings.search(folder, for: run.search)
            try await findings.search(ProcessImage(pid: try await IsolationRun.pid(of: .agent, on: run.mesh)), of: .service(.agent), for: run.search, dumps: nil)
            let leaks = findings.leaks()
            #expect(leaks.contains("data key of execution in agent: agent/settings.json, hexadecimal"), "\(leaks)")
            #expect(leaks.contains("data key of execution in agent: memory, hexadecimal"), "\(leaks)")
            await agent.stop()
            try before.write(to: file)
            await agent.start()
            try await run.mesh.waitUntilReady(.agent)
        }

        @Test("A value in a process's environment or on its command line is found there, as Base64 inside something longer and in hexadecimal")
        func plantedInEnvironment() async throws {
            let run = try IsolationRun.shared()
            let seed = Data(try await DayOfWork.secret("token-signing-key", of: .auth, run.mesh.folder))
            // Waits for a line that never comes.
            let process = Process()
            process.executableURL = URL(filePath: "/bin/sh")
            process.environment = ["KEY": (Data([7]) + seed).base64EncodedString()]
            process.arguments = ["-c", "read line", seed.map { String(format: "%02X", $0) }.joined()]
            process.standardInput = Pipe()
            try process.run()
            defer { process.terminate() }
            try await eventually("the program has taken the place of its parent's image") {
                try ProcessFile.bytes("cmdline", of: process.processIdentifier).range(of: Data("read line".utf8)) != nil
            }
            var findings = Findings()
            try await findings.search(ProcessImage(pid: process.processIdentifier), of: .service(.gateway), for: run.search, dumps: nil)
            #expect(findings.leaks().contains("token signing key in gateway: environment, Base64"), "\(findings.leaks())")
            #expect(findings.leaks().contains("token signing key in gateway: command line, hexadecimal"), "\(findings.leaks())")
        }
    }
}
