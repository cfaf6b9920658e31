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
                try DeploymentSecrets(folder).wrappingKey(of: .execution), folder.secrets(.execution) + "/execution.sealed", folder.data(.execution) + "/execution.sqlite", folder.tls(.execution) + "/key.pem",
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

        @Test("Every running service holds no capability (CapEff, CapPrm), can gain none (NoNewPrivs), and Landlock confines it")
        func hardened() async throws {
            let mesh = try await SharedMesh.mesh()
            for name in ServiceName.allCases {
                let pid = try #require(await mesh.process(name).pid, "\(name) is not running")
                let status = try String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8).split(whereSeparator: \.isNewline)
                for line in ["NoNewPrivs:\t1", "CapEff:\t0000000000000000", "CapPrm:\t0000000000000000"] {
                    #expect(status.contains { $0 == line }, "\(name): \(line)")
                }
                let log = try String(contentsOfFile: mesh.folder.log(name), encoding: .utf8)
                #expect(log.contains("confined by Landlock ABI") && !log.contains("not confined"), "\(name)")
            }
        }

        @Test("The same user without the right to trace can read another process's environment and memory, but no service's")
        func untraceable() async throws {
            let mesh = try await SharedMesh.mesh()
            // Root may trace anything: it has to give up its capabilities first.
            let plainUser = geteuid() == 0 ? ["setpriv", "--bounding-set=-all", "--inh-caps=-all", "sh"] : ["sh"]
            let own = try await ProgramRun.of(
                plainUser[0], plainUser.dropFirst() + ["-c", "sleep 60 & cat /proc/$!/environ >&2 && : < /proc/$!/mem; r=$?; kill $!; exit $r"])
            #expect(own.succeeded, "\(own.text)")
            for name in ServiceName.allCases {
                let pid = try #require(await mesh.process(name).pid, "\(name) is not running")
                for file in ["environ", "mem"] {
                    let run = try await ProgramRun.of(plainUser[0], plainUser.dropFirst() + ["-c", ": < /proc/\(pid)/\(file)"])
                    #expect(!run.succeeded && run.errors.localizedCaseInsensitiveContains("permission denied"), "\(name): \(file) \(run.text)")
                }
            }
        }

        @Test("No secret stands on a command line or in an environment")
        func nothingSecretInArguments() async throws {
            let mesh = try await SharedMesh.mesh()
            for name in ServiceName.allCases {
                let pid = try #require(await mesh.process(name).pid)
                let shown = try ["cmdline", "environ"].map { try ProcessFile.bytes($0, of: pid) }
                var secrets = [("wrapping key", try Data(contentsOf: URL(filePath: DeploymentSecrets(mesh.folder).wrappingKey(of: name))))]
                if CredentialTable.withDataKey.contains(name) {
                    secrets.append(("data key", Data(try await StoredCredentials.secret("data-key", of: name, mesh.folder))))
                }
                for (secret, value) in secrets {
                    let forms = [value, Data(value.base64EncodedString().utf8), Data(value.map { String(format: "%02x", $0) }.joined().utf8)]
                    #expect(!shown.contains { text in forms.contains { text.range(of: $0) != nil } }, "\(name): \(secret)")
                }
            }
        }
    }
}
