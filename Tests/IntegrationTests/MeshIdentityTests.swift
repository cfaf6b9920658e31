import Deployment
import Foundation
import Identity
import LocalMesh
import Logging
import MeshCall
import MeshMessages
import MeshRuntime
import MeshTLS
import NIOCore
import NIOPosix
import ServiceAPI
import ServiceKit
import Synchronization
import TestSupport
import Testing

extension Integration {
    @Suite("Mesh identities")
    struct MeshIdentityTests {
        private static let members: [ServiceName] = [.gateway, .agent, .marketData, .execution, .audit]

        private func pulse(_ arguments: [String], on mesh: LocalMesh, environment: [String: String] = [:]) async throws -> ProgramRun {
            try await ProgramRun.of(
                ProgramFolder().path + "/pulse", arguments + ["--state", mesh.folder.path], environment: environment)
        }

        private func output(_ run: ProgramRun) -> String {
            String(decoding: run.output, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        }

        private func facts(_ name: ServiceName, on mesh: LocalMesh) throws -> CertificateFacts {
            try CertificateFacts(pem: String(contentsOfFile: mesh.folder.tls(name) + "/cert.pem", encoding: .utf8))
        }

        // MARK: - Enrolment

        /// A client of auth's enrolment port, without a certificate.
        private func stranger(to mesh: LocalMesh, roots: String? = nil, trustDomain: String = "development.cryptopulse.internal") throws -> MeshClient {
            let tls = try MeshTLSContext.anonymousClient(
                trustRootsPath: roots ?? mesh.folder.rootCertificate, trustDomain: trustDomain, expecting: "auth")
            return MeshClient(
                host: PortPlan.host, port: mesh.ports.enrolment, tls: tls, eventLoopGroup: MultiThreadedEventLoopGroup.singleton,
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        }

        private func enrol(_ name: String, _ token: String, by client: MeshClient, environment: String = "development") async throws -> CertificateFacts {
            let request = try CertificateRequest(key: MeshKey(), spiffeID: EnvironmentNames.spiffeID(environment, service: name))
            let answer = try await AuthV1.EnrolmentClient(client).enrol(.init(joinToken: token, certificateRequest: request.der))
            return try CertificateFacts(pem: CertificateFacts.pem(chain: answer.chain))
        }

        private func reason(_ call: () async throws -> some Any) async throws -> String? {
            let error = await #expect(throws: RPCError.self) { _ = try await call() }
            return error?.reason
        }

        @Test("Over the wire: a token of `pulse enrol token` enrols its service once, and nobody else")
        func enrolment() async throws {
            let mesh = try await SharedMesh.mesh()
            let client = try stranger(to: mesh)
            let made = try await pulse(["enrol", "token", "agent"], on: mesh)
            #expect(made.exitCode == 0, "\(made.text)")
            let token = output(made)
            #expect(try await reason { try await enrol("execution", token, by: client) } == "JOIN_TOKEN_OF_OTHER_SERVICE")
            #expect(try await reason { try await enrol("agent", token, by: client, environment: "staging") } == "ENVIRONMENT_MISMATCH")
            #expect(try await enrol("agent", token, by: client).uris == ["spiffe://development.cryptopulse.internal/agent"])
            #expect(try await reason { try await enrol("agent", token, by: client) } == "JOIN_TOKEN_USED")
            await client.close()
        }

        @Test("The enrolment port has one method, and no mesh port has it")
        func oneMethod() async throws {
            let mesh = try await SharedMesh.mesh()
            let client = try stranger(to: mesh)
            for method in ServiceAPI.allMethods where method.kind == .unary && method.service != "cryptopulse.auth.v1.Enrolment" {
                let error = await #expect(throws: RPCError.self) { _ = try await client.unary(method, .init(), options: CallOptions()) }
                #expect(error?.code == .unimplemented, "\(method.path): \(String(describing: error))")
            }
            await client.close()
            let mutual = try mesh.client(to: .auth, as: "agent")
            let error = await #expect(throws: RPCError.self) { try await AuthV1.EnrolmentClient(mutual).enrol(.init()) }
            #expect(error?.code == .unimplemented)
            await mutual.close()
        }

        @Test("A program of another environment does not take this auth for its own, and is told both names")
        func otherEnvironment() async throws {
            let mesh = try await SharedMesh.mesh()
            let client = try stranger(to: mesh, trustDomain: "staging.cryptopulse.internal")
            let error = await #expect(throws: RPCError.self) { _ = try await enrol("agent", "x", by: client, environment: "staging") }
            let cause = error?.cause.map { "\($0)" } ?? ""
            #expect(cause.contains("development.cryptopulse.internal") && cause.contains("staging.cryptopulse.internal"), "\(String(describing: error))")
            await client.close()
        }

        // MARK: - Revocation

        @Test("What is revoked is refused within a second, on live connections and new ones, after restarts and without auth; others go on")
        func revocation() async throws {
            try await LocalMesh.with { mesh in
                let servers: [ServiceName] = [.auth, .marketData, .execution, .audit]
                let agents = try servers.map { try mesh.client(to: $0, as: "agent") }
                let live = LiveStreams()
                for (server, client) in zip(servers, agents) { live.open(client, to: server) }
                try await eventually("all streams are open") { live.has(servers.map { .begun($0) }) }
                let other = try mesh.client(to: .execution, as: "gateway")
                var others = try await MeshV1.HealthClient(other).watch(.init(), options: CallOptions(timeout: .seconds(60))).makeAsyncIterator()
                #expect(try await others.next()?.status == .serving)

                let serial = try facts(.agent, on: mesh).serial
                let control = try mesh.client(to: .auth, as: "operator")
                let clock = ContinuousClock()
                let started = clock.now
                _ = try await AuthV1.IdentityClient(control).revoke(.init(serial: serial, reason: "test"))
                try await eventually("all of them have ended") { live.has(servers.map { .ended($0) }) }
                #expect(clock.now - started < .seconds(1))
                for server in servers { try await refused("agent", at: server, on: mesh) }
                #expect(clock.now - started < .seconds(1))
                for server in servers { #expect(mesh.log(of: server).contains("certificate \(serial) is revoked"), "\(server)") }

                // The list outlives auth, and the one that holds it.
                try await mesh.process(.auth).stop()
                try await mesh.process(.execution).stop()
                try await mesh.process(.execution).start()
                try await mesh.waitUntilReady(.execution)
                try await refused("agent", at: .execution, on: mesh)
                let fresh = try mesh.client(to: .execution, as: "gateway")
                #expect(try await MeshV1.HealthClient(fresh).check(.init()).status == .serving)
                for client in agents + [other, control, fresh] { await client.close() }
            }
        }

        private func refused(_ name: String, at server: ServiceName, on mesh: LocalMesh) async throws {
            let client = try mesh.client(to: server, as: name)
            let error = await #expect(throws: RPCError.self) {
                _ = try await MeshV1.HealthClient(client).check(.init(), options: CallOptions(timeout: .seconds(2)))
            }
            let cause = error?.cause.map { "\($0)" } ?? ""
            #expect(cause.contains("certificate revoked"), "\(String(describing: error))")
            await client.close()
        }

        @Test("`pulse identity revoke` takes a name, and reinstate gives it back; the program itself cannot renew meanwhile")
        func revokedName() async throws {
            try await LocalMesh.with { mesh in
                let name = "spiffe://development.cryptopulse.internal/market-data"
                let run = try await pulse(["identity", "revoke", name, "--reason", "test"], on: mesh)
                #expect(run.exitCode == 0 && output(run).hasPrefix("revoked: 0 serial numbers, 1 names"), "\(run.text)")
                try await refused("market-data", at: .audit, on: mesh)
                #expect(output(try await pulse(["identity", "revoked"], on: mesh)).contains(name))
                #expect(try await pulse(["identity", "reinstate", name, "--reason", "test"], on: mesh).exitCode == 0)
                let client = try mesh.client(to: .audit, as: "market-data")
                try await eventually("it is let in again") { (try? await MeshV1.HealthClient(client).check(.init()))?.status == .serving }
                await client.close()
            }
        }

        // MARK: - Rotation of the issuing key

        @Test("The issuing key is rotated under calls without a restart or a failed call; ended early, it takes what it signed with it")
        func rotation() async throws {
            try await LocalMesh.with { mesh in
                // An auth that did not make its certificate in this life has to notice all the same that another key signs now.
                try await mesh.process(.auth).stop()
                try await mesh.process(.auth).start()
                try await mesh.waitUntilReady(.auth)
                let pids = try await processes(of: mesh)
                let client = try mesh.client(to: .audit, as: "gateway")
                let stop = Atomic(false)
                let calls = Task {
                    var done = 0
                    var failures: [String] = []
                    while !stop.load(ordering: .relaxed) {
                        do {
                            _ = try await MeshV1.HealthClient(client).check(.init())
                            done += 1
                        } catch {
                            failures.append("\(error)")
                        }
                    }
                    return (done, failures)
                }
                let before = try facts(.auth, on: mesh).serial
                let rotated = try await pulse(["identity", "rotate", "--reason", "test"], on: mesh)
                #expect(rotated.exitCode == 0 && output(rotated).hasPrefix("2   active"), "\(rotated.text)")
                try await eventually("auth has a certificate by the new key") { try facts(.auth, on: mesh).serial != before }
                for _ in 0..<3 { #expect(try await pulse(["mesh", "ping"], on: mesh).exitCode == 0) }
                stop.store(true, ordering: .relaxed)
                let (done, failures) = await calls.value
                #expect(failures.isEmpty && done > 200, "\(done) calls, failed: \(failures)")
                await client.close()
                let late = try await pulse(["identity", "end", "1", "--reason", "test"], on: mesh)
                #expect(late.exitCode != 0 && late.text.contains("in use"), "\(late.text)")
                // Somebody has copied the old key: whatever it signed is nothing from now on. The services enrol anew, without a restart.
                let stolen = try stolenCredentials(.agent, on: mesh)
                let ended = try await pulse(["identity", "end", "1", "--early", "--reason", "test"], on: mesh)
                #expect(ended.exitCode == 0 && output(ended).hasPrefix("1   gone"), "\(ended.text)")
                let thief = try mesh.client(to: .execution, with: stolen)
                try await eventually(within: .milliseconds(500), "execution refuses what the key signed") {
                    do {
                        _ = try await MeshV1.HealthClient(thief).check(.init())
                        return false
                    } catch let error as RPCError {
                        return error.cause.map { "\($0)" }?.contains("certificate revoked") == true
                    }
                }
                try await eventually("its log says why") { mesh.log(of: .execution).contains("certificate's issuer") }
                try await eventually("everybody has enrolled anew") {
                    try await pulse(["mesh", "ping"], on: mesh).exitCode == 0 && Self.members.allSatisfy { enrolments(of: $0, on: mesh) == 2 }
                }
                try await eventually("people are served again") { (try? await mesh.makePerson(balances: nil)) != nil }
                await thief.close()
                #expect(try await processes(of: mesh) == pids)
            }
        }

        private func enrolments(of name: ServiceName, on mesh: LocalMesh) -> Int {
            let log = (try? String(contentsOfFile: mesh.folder.log(name), encoding: .utf8)) ?? ""
            return log.components(separatedBy: #""by":"enrolment""#).count - 1
        }

        /// A copy of a service's certificate and key as they are now.
        private func stolenCredentials(_ name: ServiceName, on mesh: LocalMesh) throws -> MeshTLSCredentials {
            let folder = mesh.folder.person + "/stolen"
            try FileManager.default.copyItem(atPath: mesh.folder.tls(name), toPath: folder)
            return MeshTLSCredentials(
                certificateChainPath: folder + "/cert.pem", privateKeyPath: folder + "/key.pem", trustRootsPath: folder + "/roots.pem")
        }

        private func processes(of mesh: LocalMesh) async throws -> [Int32?] {
            var pids: [Int32?] = []
            for name in ServiceName.allCases { pids.append(try await mesh.process(name).pid) }
            return pids
        }
    }
}

/// Streams that stay open, one to each of some servers, and what becomes of them.
private final class LiveStreams: Sendable {
    enum Event: Hashable {
        case begun(ServiceName), ended(ServiceName)
    }

    private let seen = Mutex<Set<Event>>([])

    func open(_ client: MeshClient, to server: ServiceName) {
        Task {
            let states = try? await MeshV1.HealthClient(client).watch(.init(), options: CallOptions(timeout: .seconds(60)))
            var iterator = states?.makeAsyncIterator()
            while let _ = try? await iterator?.next() { seen.withLock { _ = $0.insert(.begun(server)) } }
            seen.withLock { _ = $0.insert(.ended(server)) }
        }
    }

    func has(_ events: [Event]) -> Bool { seen.withLock { $0.isSuperset(of: events) } }
}
