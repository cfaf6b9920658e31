import Deployment
import Foundation
import LocalMesh
import ServiceKit
import TestSupport
import Testing

extension Integration {
    @Suite("One Unix user is not one set of credentials")
    struct IsolationTests {
        @Test("The agent, confined, cannot open execution's files; the same user's unconfined process can")
        func agentCannotOpenExecutionsFiles() async throws {
            let mesh = try await SharedMesh.mesh()
            let folder = mesh.folder
            let wanted = [
                folder.secrets(.execution) + "/data-key", folder.data(.execution) + "/execution.sqlite", folder.tls(.execution) + "/key.pem",
            ]
            let agent = try ProgramFolder().executable(.agent)
            var settings = try ServiceSettings.read(from: folder.settings(.agent), expecting: "agent")
            settings.confinement = .off
            let open = folder.person + "/unconfined-agent.json"
            try settings.write(to: open)
            for path in wanted {
                // The same program, settings and confinement as the running agent.
                let confined = try await ProgramRun.of(agent, ["access", path, "--settings", folder.settings(.agent)])
                #expect(!confined.succeeded && confined.text.contains("refused"), "\(confined.text)")
                // Without the confinement nothing else stops it.
                let unconfined = try await ProgramRun.of(agent, ["access", path, "--settings", open])
                #expect(unconfined.succeeded && unconfined.text.contains("not confined"), "\(unconfined.text)")
            }
            let own = try await ProgramRun.of(agent, ["access", folder.settings(.agent), "--settings", folder.settings(.agent)])
            #expect(own.succeeded, "\(own.text)")
        }

        @Test("Every running service has given up new privileges and cannot be traced or dumped")
        func hardened() async throws {
            let mesh = try await SharedMesh.mesh()
            for name in ServiceName.allCases {
                let pid = try #require(await mesh.process(name).pid, "\(name) is not running")
                let status = try String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8)
                #expect(status.contains("NoNewPrivs:\t1"), "\(name)")
                #expect(mesh.log(of: name, lines: 500).contains("Landlock"), "\(name) does not say how it is confined")
            }
        }

        @Test("No secret stands on a command line or in an environment")
        func nothingSecretInArguments() async throws {
            let mesh = try await SharedMesh.mesh()
            for name in ServiceName.allCases {
                let pid = try #require(await mesh.process(name).pid)
                let shown = try ["cmdline", "environ"].map { try Data(contentsOf: URL(filePath: "/proc/\(pid)/\($0)")) }
                for secret in try FileManager.default.contentsOfDirectory(atPath: mesh.folder.secrets(name)) {
                    let value = try Data(contentsOf: URL(filePath: mesh.folder.secrets(name) + "/" + secret))
                    let forms = [value, Data(value.base64EncodedString().utf8), Data(value.map { String(format: "%02x", $0) }.joined().utf8)]
                    #expect(!shown.contains { text in forms.contains { text.range(of: $0) != nil } }, "\(name): \(secret)")
                }
            }
        }
    }
}
