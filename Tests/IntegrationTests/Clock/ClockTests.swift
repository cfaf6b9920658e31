import Deployment
import Foundation
import Identity
import LocalMesh
import TestSupport
import Testing

extension Integration {
    /// The real processes under a wall clock that is set forward. Three days without `CRYPTOPULSE_CLOCK_DAYS=91`, which walks further.
    @Suite("As time goes", .enabled(if: LocalClock.isAvailable || ProcessInfo.processInfo.environment["CI"] == "true", "SKIP: libfaketime is not installed"))
    struct ClockTests {
        private static let days = ProcessInfo.processInfo.environment["CRYPTOPULSE_CLOCK_DAYS"].flatMap { Int($0) } ?? 3
        private static let keys: [ServiceName: Int] = [.auth: 3, .execution: 1, .marketData: 2]
        private static let hour = Duration.seconds(3600)
        private static let members: [ServiceName] = [.auth, .gateway, .agent, .marketData, .execution, .audit]

        private struct Scene {
            let mesh: LocalMesh
            let clock: LocalClock

            func serials() throws -> [ServiceName: String] {
                try ClockTests.members.reduce(into: [:]) { serials, name in serials[name] = try certificate(of: name).serial }
            }

            func certificate(of name: ServiceName) throws -> CertificateFacts {
                try CertificateFacts(pem: String(contentsOfFile: mesh.folder.tls(name) + "/cert.pem", encoding: .utf8))
            }

            /// Everybody has a certificate that is good now, and is not past half of its life.
            var isFresh: Bool {
                get throws {
                    let now = Int64(clock.now.timeIntervalSince1970)
                    return try ClockTests.members.allSatisfy { name in
                        let facts = try certificate(of: name)
                        return facts.begins <= now && now < facts.ends - 10 * 3600
                    }
                }
            }

            func count(_ text: String, in name: ServiceName) -> Int {
                let log = (try? String(contentsOfFile: mesh.folder.log(name), encoding: .utf8)) ?? ""
                return log.components(separatedBy: text).count - 1
            }

            /// As an operator whose clock is the mesh's.
            func ping() async throws -> ProgramRun {
                // The supervisor runs in this process, whose clock OpenSSL does not see set: the operator gets its certificate itself.
                let enrolled = try await pulse(["enrol", "operator"])
                return enrolled.exitCode == 0 ? try await pulse(["mesh", "ping"]) : enrolled
            }

            private func pulse(_ arguments: [String]) async throws -> ProgramRun {
                try await ProgramRun.of(
                    ProgramFolder().path + "/pulse", arguments + ["--state", mesh.folder.path],
                    environment: clock.environment(in: mesh.folder.service(.auth)))
            }
        }

        @Test("Six hours at a time certificates renew by themselves; after three days switched off all enrol anew; day 80 warns, day 90 alerts")
        func certificates() async throws {
            let clock = try LocalClock()
            try await LocalMesh.with(clock: clock) { mesh in
                let scene = Scene(mesh: mesh, clock: clock)
                for _ in 0..<(Self.days * 4) {
                    try clock.advance(by: Self.hour * 6)
                    try await eventually("everybody's certificate is renewed") { try scene.isFresh }
                }
                for name in Self.members where name != .auth {
                    #expect(scene.count(#""by":"enrolment""#, in: name) == 1, "\(name)")
                    #expect(scene.count(#""by":"renewal""#, in: name) >= Self.days, "\(name)")
                }
                try await works(scene)

                let before = try scene.serials()
                try clock.advance(by: Self.hour * 72)
                try await eventually(within: .seconds(60), "everybody has enrolled anew") { try scene.isFresh && scene.serials() != before }
                // The files change a moment before the log says how.
                try await eventually("by enrolment, once each") {
                    Self.members.allSatisfy { $0 == .auth || scene.count(#""by":"enrolment""#, in: $0) == 2 }
                }
                try await works(scene)

                try await age(to: 80, scene, says: "is to be rotated soon")
                try await age(to: 90, scene, says: "is overdue for rotation")
                try await works(scene)
            }
        }

        private func works(_ scene: Scene) async throws {
            try await eventually(within: .seconds(60), "all processes let each other in") {
                let ping = try await scene.ping()
                if ping.exitCode != 0 { print(ping.text) }
                return ping.exitCode == 0
            }
        }

        /// The machine is switched off until the issuing key has this age.
        private func age(to days: Int64, _ scene: Scene, says text: String) async throws {
            guard scene.clock.offset < days * 86400 else { return }
            #expect(scene.count(text, in: .auth) == 0)
            try scene.clock.advance(by: .seconds(days * 86400 + 60 - scene.clock.offset))
            // auth: its keys for tokens, data and certificates. Each process tells of its own, once a day; the log's key does not age.
            try await eventually("each process says so") {
                Self.keys.allSatisfy { scene.count(text, in: $0.key) == $0.value }
            }
            try await eventually(within: .seconds(60), "everybody has enrolled anew") { try scene.isFresh }
        }
    }
}
