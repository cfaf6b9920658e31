import Deployment
import Foundation
import LocalMesh
import NIOCore
import NIOPosix
import SecretStores
import ServiceAPI
import ServiceKit
import TestSupport
import Testing

extension Integration {
    @Suite("Starting and stopping")
    struct ProcessLifeTests {
        @Test("A service that crashes is started again, and serves")
        func crash() async throws {
            let mesh = try await SharedMesh.mesh()
            let agent = try mesh.process(.agent)
            let before = try #require(await agent.pid)
            await agent.crash()
            try await eventually("another process") { await agent.pid.map { $0 != before } ?? false }
            try await mesh.waitUntilReady(.agent)
            #expect(await agent.restarts == 1)
        }

        @Test("A service whose port is taken says so, comes up as soon as it is free, and the audit log has how often it tried")
        func takenPort() async throws {
            try await LocalMesh.with { mesh in
                let execution = try mesh.process(.execution)
                await execution.stop()
                let squatter = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                    .bind(host: PortPlan.host, port: mesh.ports.listen(.execution).port).get()
                await execution.start()
                try await eventually("it has tried twice") { await execution.restarts >= 2 }
                #expect(mesh.log(of: .execution).contains("in use"))
                try await squatter.close()
                try await mesh.waitUntilReady(.execution, within: .seconds(60))
                try await eventually("audit has it") {
                    try mesh.auditRecords().contains { record in
                        record.action == "service.failed" && record.object == "execution" && record.outcome == "failed"
                            && record.details.contains { $0.name == "why" && $0.value.contains("in use") }
                            && record.details.contains { $0.name == "times" && Int($0.value) ?? 0 >= 2 }
                    }
                }
            }
        }

        @Test("A process that crashes shows nothing of its memory, whatever its environment asks for; it is kept out of swap where the machine allows it")
        func silentCrash() async throws {
            let variables = ["SWIFT_BACKTRACE": "enable=yes,color=no,output-to=stderr,registers=all,images=all"]
            try await LocalMesh.with(variables: variables) { mesh in
                let execution = try mesh.process(.execution)
                let pid = try #require(await execution.pid)
                let status = try String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8)
                let locked = status.split(separator: "\n").first { $0.hasPrefix("VmLck:") }?.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) }
                let mayLock = try await ProgramRun.of("sh", ["-c", "ulimit -l unlimited"]).exitCode == 0
                #expect(mayLock ? (locked ?? 0) > 10_000 : true, "\(status)")
                #expect(mesh.log(of: .execution, lines: 500).contains(mayLock ? "memory locked" : "memory not locked, for RLIMIT_MEMLOCK"))
                kill(pid, SIGSEGV)
                try await eventually("another process") { await execution.pid.map { $0 != pid } ?? false }
                let log = mesh.log(of: .execution, lines: 500)
                for word in ["crashed", "Backtrace", "Registers", "0x0000"] { #expect(!log.contains(word), "\(word)") }
            }
        }

        @Test("A certificate of another environment than the settings' is refused, naming both")
        func otherEnvironment() async throws {
            let mesh = try await SharedMesh.mesh()
            let result = try await serve(.agent, of: mesh) { $0.environment = "staging" }
            #expect(result.exitCode == 77, "\(result.text)")
            #expect(result.text.contains("'development.cryptopulse.internal'") && result.text.contains("'staging'"))
        }

        @Test("Another environment's exchange is refused, naming the environment and the host", arguments: [ServiceName.execution, .marketData])
        func otherExchange(_ service: ServiceName) async throws {
            let mesh = try await SharedMesh.mesh()
            // A copy: the running service holds the lock on its own data.
            let result = try await serve(service, of: mesh) { settings in
                guard case .object(var options) = settings.options else { return }
                options["exchange"] = ["baseURL": "https://api.binance.com"]
                settings.options = .object(options)
            }
            #expect(result.exitCode == 64, "\(result.text)")
            #expect(result.text.contains("the environment development may not use the exchange at api.binance.com"), "\(result.text)")
        }

        @Test("Another environment's secrets are refused, naming both")
        func otherSecrets() async throws {
            let mesh = try await SharedMesh.mesh()
            let folder = FileManager.default.temporaryDirectory.path + "/secrets-\(UUID().uuidString)"
            defer { try? FileManager.default.removeItem(atPath: folder) }
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            try Data("production\n".utf8).write(to: URL(filePath: folder + "/environment"))
            chmod(folder + "/environment", 0o600)
            let result = try await serve(.execution, of: mesh) { $0.secrets = .init(driver: .files, files: .init(folder: folder)) }
            #expect(result.exitCode != 0 && result.text.contains("belongs to the environment production, and this is development"), "\(result.text)")
        }

        @Test("Wrong settings end a service with 64 and name the field")
        func wrongSettings() async throws {
            let mesh = try await SharedMesh.mesh()
            let result = try await serve(.execution, of: mesh) { $0.options = [:] }
            #expect(result.exitCode == 64, "\(result.text)")
            #expect(result.text.contains("options"))
        }

        @Test("A second start in the same folder is refused and leaves the first alone; a killed supervisor leaves nothing running")
        func supervisor() async throws {
            let folder = StateFolder(FileManager.default.temporaryDirectory.path + "/cryptopulse-\(UUID().uuidString)")
            defer { try? FileManager.default.removeItem(atPath: folder.path) }
            let up = try await pulse(["up", "--detach", "--state", folder.path, "--port-base", "0"])
            #expect(up.succeeded, "\(up.text)")
            let again = try await pulse(["up", "--detach", "--state", folder.path])
            #expect(!again.succeeded && again.text.contains("already"), "\(again.text)")
            let status = try await DeploymentStatus.read(folder)
            #expect(status.isReady)
            let processes = try status.lines.map { try #require($0.pid) }
            let supervisor = try #require(status.supervisor)
            #expect(kill(supervisor, SIGKILL) == 0)
            // The kernel ends the others as soon as the thread that made them is gone, which may be before the supervisor has ended.
            try await eventually("every process has ended") { (processes + [supervisor]).allSatisfy(hasEnded) }
            let down = try await pulse(["down", "--state", folder.path])
            #expect(down.text.contains("nothing ran"), "\(down.text)")
        }

        @Test("`down` leaves no process, and the same folder comes up again")
        func downAndUp() async throws {
            let folder = StateFolder(FileManager.default.temporaryDirectory.path + "/cryptopulse-\(UUID().uuidString)")
            defer { try? FileManager.default.removeItem(atPath: folder.path) }
            for _ in 0..<2 {
                let up = try await pulse(["up", "--detach", "--state", folder.path, "--port-base", "0"])
                #expect(up.succeeded, "\(up.text)")
                let status = try await DeploymentStatus.read(folder)
                let processes = try status.lines.map { try #require($0.pid) } + [try #require(status.supervisor)]
                #expect(try await pulse(["down", "--state", folder.path]).succeeded)
                #expect(processes.allSatisfy(hasEnded))
            }
        }

        private func pulse(_ arguments: [String]) async throws -> ProgramRun {
            try await ProgramRun.of(ProgramFolder().path + "/pulse", arguments)
        }

        /// Runs a service with its settings changed.
        private func serve(_ name: ServiceName, of mesh: LocalMesh, change: (inout ServiceSettings) -> Void) async throws -> ProgramRun {
            var settings = try ServiceSettings.read(from: mesh.folder.settings(name), expecting: name.rawValue)
            change(&settings)
            // A folder of its own for data: the running service has locked the other.
            let own = FileManager.default.temporaryDirectory.path + "/cryptopulse-\(UUID().uuidString)"
            try FileManager.default.copyItem(atPath: settings.stateDirectory, toPath: own)
            defer { try? FileManager.default.removeItem(atPath: own) }
            settings.stateDirectory = own
            try settings.write(to: own + "/settings.json")
            return try await ProgramRun.of(ProgramFolder().executable(name), ["--settings", own + "/settings.json"], seconds: 20)
        }

        private func hasEnded(_ pid: Int32) -> Bool {
            guard let stat = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8) else { return true }
            return stat[(stat.lastIndex(of: ")") ?? stat.startIndex)...].dropFirst().drop(while: \.isWhitespace).first == "Z"
        }
    }
}
