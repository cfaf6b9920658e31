import Deployment
import LocalMesh
import MeshCall
import MeshMessages
import MeshRuntime
import TestSupport
import Testing

extension Integration {
    @Suite("pulse mesh")
    struct MeshCommandTests {
        private func pulse(_ arguments: [String], input: String = "", on mesh: LocalMesh) async throws -> ProgramRun {
            try await ProgramRun.of(
                ProgramFolder().path + "/pulse", ["mesh"] + arguments + ["--state", mesh.folder.path], input: Array(input.utf8))
        }

        private func output(_ run: ProgramRun) -> String { String(decoding: run.output, as: UTF8.self) }

        @Test("Calls what operator may call: JSON on standard output, exit code 0")
        func call() async throws {
            let mesh = try await SharedMesh.mesh()
            let check = try await pulse(["call", "mesh.v1.Health/Check", #"{"service":"cryptopulse.auth.v1.Auth"}"#, "--at", "auth"], on: mesh)
            #expect(check.exitCode == 0 && output(check) == "{\"status\":\"SERVING_STATUS_SERVING\"}\n" && check.errors.isEmpty, "\(check.text)")
            let other = try await pulse(["call", "Health/Check", "-", "--at", "auth"], input: "{\n\"service\":\"other.v1.Other\"}", on: mesh)
            #expect(output(other) == "{\"status\":\"SERVING_STATUS_SERVICE_UNKNOWN\"}\n", "\(other.text)")
            let own = try await pulse(["call", "Execution/GetKillSwitch", "--defaults"], on: mesh)
            #expect(own.exitCode == 0 && output(own).contains(#""engaged":false"#), "\(own.text)")
        }

        @Test("Watches health as a stream, until its time is over")
        func stream() async throws {
            let mesh = try await SharedMesh.mesh()
            let watch = try await pulse(["call", "Health/Watch", "--at", "audit", "--timeout", "2"], on: mesh)
            #expect(watch.exitCode == 1 && output(watch) == "{\"status\":\"SERVING_STATUS_SERVING\"}\n", "\(watch.text)")
            #expect(watch.errors.hasPrefix("DEADLINE_EXCEEDED"), "\(watch.errors)")
        }

        @Test("A refusal says who may call; what does not exist, and a wrong message, are usage errors")
        func failures() async throws {
            let mesh = try await SharedMesh.mesh()
            let refused = try await pulse(["call", "Auth/SignIn"], on: mesh)
            #expect(refused.exitCode == 1 && refused.output.isEmpty, "\(refused.text)")
            #expect(refused.errors.hasPrefix("PERMISSION_DENIED (CALLER_NOT_ALLOWED): ") && refused.errors.contains("lets gateway call it"), "\(refused.errors)")
            let unknown = try await pulse(["call", "Auth/SingIn"], on: mesh)
            #expect(unknown.exitCode == 64 && unknown.errors.contains("did you mean SignIn?"), "\(unknown.text)")
            let wrong = try await pulse(["call", "Health/Check", #"{"servce":""}"#, "--at", "auth"], on: mesh)
            #expect(wrong.exitCode == 64 && wrong.errors.contains("it has service"), "\(wrong.text)")
            let undecided = try await pulse(["call", "Health/Check"], on: mesh)
            #expect(undecided.exitCode == 64 && undecided.errors.contains("--at"), "\(undecided.text)")
        }

        @Test("Lists and describes")
        func list() async throws {
            let mesh = try await SharedMesh.mesh()
            let services = try await pulse(["list"], on: mesh)
            #expect(services.exitCode == 0 && output(services).contains("cryptopulse.market_data.v1.MarketData") && output(services).contains("market-data\n"))
            #expect(output(try await pulse(["list", "Health"], on: mesh)) == "mesh.v1.Health/Check\nmesh.v1.Health/Watch\n")
            #expect(output(try await pulse(["describe", "Execution/SetKillSwitch"], on: mesh)).contains("callers: operator\n"))
        }

        @Test("Pings every process with its identity; one that is stopped fails the command")
        func ping() async throws {
            try await LocalMesh.with { mesh in
                let all = try await pulse(["ping", "-n", "3"], on: mesh)
                #expect(all.exitCode == 0, "\(all.text)")
                for name in ["auth", "agent", "market-data", "execution", "audit"] {
                    #expect(output(all).contains("spiffe://development.cryptopulse.internal/\(name) over cryptopulse-mesh/1"), "\(all.text)")
                }
                #expect(output(all).contains("3 health checks: min ") && output(all).contains(": serving"))
                try await mesh.process(.agent).stop()
                let down = try await pulse(["ping", "agent"], on: mesh)
                #expect(down.exitCode == 1 && down.errors.hasPrefix("agent at 127.0.0.1:"), "\(down.text)")
                #expect(try await pulse(["ping", "audit"], on: mesh).exitCode == 0)
            }
        }

        @Test("A ping of a service asks its processes for that service; one that no mesh port serves is a usage error")
        func pingOfService() async throws {
            let mesh = try await SharedMesh.mesh()
            for (name, processes) in [("Accounts", 1), ("Keys", 5), ("Health", 5)] {
                let run = try await pulse(["ping", name, "-n", "1"], on: mesh)
                #expect(run.exitCode == 0 && output(run).split(separator: ": serving\n").count == processes + 1, "\(run.text)")
            }
            let enrolment = try await pulse(["ping", "Enrolment"], on: mesh)
            #expect(enrolment.exitCode == 64 && enrolment.errors.contains("is on no mesh port"), "\(enrolment.text)")
        }

        @Test("An answer that standard output does not take fails the command")
        func fullOutput() async throws {
            let mesh = try await SharedMesh.mesh()
            for arguments in ["list", "describe Health", "call Health/Check --at auth", "ping auth -n 1"] {
                let command = "\"$PULSE\" mesh \(arguments) --state \"$STATE\" > /dev/full"
                let run = try await ProgramRun.of(
                    "sh", ["-c", command], environment: ["PULSE": ProgramFolder().path + "/pulse", "STATE": mesh.folder.path])
                #expect(run.exitCode == 1 && run.errors == "standard output takes nothing: No space left on device\n", "\(arguments): \(run.text)")
            }
        }

        @Test("A watcher of a process that stops is told, and does not hold up its stop")
        func watcherOfStoppingProcess() async throws {
            try await LocalMesh.with { mesh in
                let client = try mesh.client(to: .agent, as: "operator")
                var states = try await MeshV1.HealthClient(client).watch(.init(), options: CallOptions(timeout: .seconds(60))).makeAsyncIterator()
                #expect(try await states.next()?.status == .serving)
                let (clock, process) = (ContinuousClock(), try mesh.process(.agent))
                let started = clock.now
                async let stopped: Void = process.stop()
                #expect(try await states.next() == MeshV1.HealthCheckResponse(status: .notServing, reason: "draining"))
                let error = await #expect(throws: RPCError.self) { _ = try await states.next() }
                #expect(error?.code == .unavailable, "\(String(describing: error))")
                await stopped
                // The mesh port would wait eight seconds for a call in flight.
                #expect(clock.now - started < .seconds(5))
                await client.close()
            }
        }
    }
}
