import Deployment
import Foundation
import LocalMesh
import MeshCall
import MeshMessages
import MeshRuntime
import NIOCore
import NIOPosix
import PulseCommands
import ServiceAPI
import ServiceKit
import TestSupport
import Testing

extension Integration {
    @Suite("On the wire")
    struct WireTests {
        @Test("A mesh port speaks TLS 1.3 only, and only to who shows a certificate")
        func opensslClient() async throws {
            let mesh = try await SharedMesh.mesh()
            let address = "\(mesh.ports.listen(.execution))"
            let tls = mesh.folder.tls(.gateway)
            let common = ["s_client", "-connect", address, "-CAfile", mesh.folder.path + "/root.pem", "-alpn", "cryptopulse-mesh/1"]
            let certificate = ["-cert", tls + "/cert.pem", "-cert_chain", tls + "/cert.pem", "-key", tls + "/key.pem"]

            let good = try await ProgramRun.of("openssl", common + certificate + ["-ign_eof"], seconds: 3)
            #expect(good.text.contains("TLSv1.3"), "\(good.text)")
            #expect(!good.text.contains("alert"), "\(good.text)")
            let old = try await ProgramRun.of("openssl", common + certificate + ["-tls1_2"])
            #expect(!old.succeeded && old.text.contains("alert protocol version"), "\(old.text)")
            let anonymous = try await ProgramRun.of("openssl", common + ["-ign_eof"], seconds: 5)
            #expect(anonymous.text.contains("certificate required"), "\(anonymous.text)")
        }

        /// What strangers send to a mesh port: to the TLS layer, since nobody gets past it without a certificate.
        private static let garbage: [(bytes: [UInt8], logged: String)] = [
            ([UInt8](repeating: 0xff, count: 70_000), "wrong version number"),
            ([UInt8]("GET / HTTP/1.1\r\n\r\n".utf8), "http request"),
            ([0x16, 3, 1, 0, 5, 1, 2, 3, 4, 5], "excessive message size"),
        ]
        /// The beginnings of something, and then nothing more.
        private static let truncated: [[UInt8]] = [[], [0x16], [0x16, 3, 1, 0xff]]

        @Test("Garbage, and silence after half a hello, close that connection with a logged reason and leave the others undisturbed")
        func garbageOnThePort() async throws {
            let mesh = try await SharedMesh.mesh()
            let client = try mesh.client(to: .audit, as: "operator")
            let health = MeshV1.HealthClient(client)
            // The slow ones wait for the server's own patience, all at once.
            let slow = try await Self.connect(Self.truncated, to: mesh)
            for (bytes, logged) in Self.garbage {
                let stranger = try await Self.connect([bytes], to: mesh)
                #expect(try await health.check(.init()).status == .serving)
                for connection in stranger { try await connection.waitUntilClosed() }
                try await eventually("the log says \(logged)") { mesh.log(of: .audit).contains(logged) }
            }
            for connection in slow { try await connection.waitUntilClosed() }
            try await eventually("the log says that they were too slow") { mesh.log(of: .audit).contains("handshake not complete in time") }
            #expect(try await health.check(.init()).status == .serving)
            await client.close()
        }

        private static func connect(_ beginnings: [[UInt8]], to mesh: LocalMesh) async throws -> [Stranger] {
            var strangers: [Stranger] = []
            for bytes in beginnings {
                let stranger = try await Stranger.connect(to: mesh.ports.listen(.audit))
                try await stranger.send(bytes)
                strangers.append(stranger)
            }
            return strangers
        }

        @Test(
            "What a call says can't be read on the wire, and what a plaintext loop says can",
            .enabled(if: getuid() == 0 || ProcessInfo.processInfo.environment["CI"] == "true", "SKIP: capturing needs root"))
        func capture() async throws {
            let mesh = try await SharedMesh.mesh()
            let marker = "marker-\(UUID().uuidString)"
            let ports = ServiceName.allCases.map { mesh.ports.listen($0).port }
            let captured = try await Capture.bytes(on: ports, until: { $0.count > Capture.someTraffic }) {
                let someone = try await mesh.makePerson(balances: nil)
                _ = try await someone.propose("how is BTC doing? \(marker)")
            }
            #expect(captured.range(of: Data(marker.utf8)) == nil)
            let loop = try await PlaintextLoop.start()
            // Throws when the marker never shows up.
            _ = try await Capture.bytes(on: [loop.port], until: { $0.range(of: Data(marker.utf8)) != nil }) { try await loop.say(marker) }
            try await loop.stop()
        }
    }
}
