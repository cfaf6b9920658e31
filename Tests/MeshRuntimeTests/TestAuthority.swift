import Foundation
import MeshTLS
import TestSupport

/// A root and leafs signed by it, made by the `openssl` command line in a folder that goes away with it.
final class TestAuthority: Sendable {
    static let trustDomain = "test.cryptopulse.internal"

    struct Failed: Error {
        let command: String
        let output: String
    }

    let folder: URL
    let trustDomain: String

    private init(trustDomain: String, folder: URL) {
        self.trustDomain = trustDomain
        self.folder = folder
    }

    static func make(trustDomain: String = TestAuthority.trustDomain) async throws -> TestAuthority {
        let folder = FileManager.default.temporaryDirectory.appending(path: "mesh-runtime-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let authority = TestAuthority(trustDomain: trustDomain, folder: folder)
        try await authority.openssl([
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "root.key", "-out", "root.crt",
            "-days", "2", "-subj", "/CN=test root", "-addext", "keyUsage=critical,keyCertSign,cRLSign",
        ])
        return authority
    }

    deinit {
        try? FileManager.default.removeItem(at: folder)
    }

    /// - Parameter endsIn: seconds from now, instead of a day.
    func credentials(_ name: String, endsIn: Int? = nil) async throws -> MeshTLSCredentials {
        let stem = "\(name)-\(UUID().uuidString)"
        let extensions = """
            basicConstraints=critical,CA:FALSE
            keyUsage=critical,digitalSignature
            extendedKeyUsage=serverAuth,clientAuth
            subjectAltName=URI:spiffe://\(trustDomain)/\(name)
            """
        try extensions.write(to: folder.appending(path: "\(stem).ext"), atomically: true, encoding: .utf8)
        try await openssl([
            "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "\(stem).key", "-out",
            "\(stem).csr", "-subj", "/CN=\(name)",
        ])
        if let endsIn {
            try await sign(stem, until: Date.now + TimeInterval(endsIn))
        } else {
            try await openssl([
                "x509", "-req", "-in", "\(stem).csr", "-CA", "root.crt", "-CAkey", "root.key", "-CAcreateserial", "-days", "1", "-extfile",
                "\(stem).ext", "-out", "\(stem).crt",
            ])
        }
        let key = path("\(stem).key")
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: key)
        return MeshTLSCredentials(certificateChainPath: path("\(stem).crt"), privateKeyPath: key, trustRootsPath: path("root.crt"))
    }

    func serial(of credentials: MeshTLSCredentials) async throws -> CertificateSerial {
        let line = try await openssl(["x509", "-noout", "-serial", "-in", credentials.certificateChainPath])
        let hex = line.split(separator: "=").last?.trimmingCharacters(in: .whitespacesAndNewlines) ?? ""
        guard let serial = CertificateSerial(hex: hex) else { throw Failed(command: "x509 -serial", output: line) }
        return serial
    }

    func server(_ name: String = "execution", limits: TLSLimits = .default) async throws -> MeshTLSContext {
        try .meshServer(await credentials(name), trustDomain: trustDomain, limits: limits)
    }

    func client(
        _ name: String = "gateway", expecting: String? = "execution", endsIn: Int? = nil, protocol: MeshProtocol = .mesh
    ) async throws -> MeshTLSContext {
        try .meshClient(await credentials(name, endsIn: endsIn), trustDomain: trustDomain, expecting: expecting, protocol: `protocol`)
    }

    /// `openssl x509` knows whole days only.
    private func sign(_ stem: String, until end: Date) async throws {
        let configuration = """
            [ca]
            default_ca = test
            [test]
            database = \(path("\(stem).index"))
            serial = \(path("\(stem).serial"))
            policy = any
            [any]
            commonName = supplied
            """
        try configuration.write(to: folder.appending(path: "\(stem).cnf"), atomically: true, encoding: .utf8)
        try "".write(to: folder.appending(path: "\(stem).index"), atomically: true, encoding: .utf8)
        let digits = end.ISO8601Format().filter { $0.isNumber }
        try await openssl([
            "ca", "-batch", "-notext", "-config", "\(stem).cnf", "-in", "\(stem).csr", "-cert", "root.crt", "-keyfile", "root.key",
            "-create_serial", "-md", "sha256", "-days", "1", "-enddate", "\(digits)Z", "-extfile", "\(stem).ext", "-outdir", folder.path,
            "-out", "\(stem).crt",
        ])
    }

    private func path(_ file: String) -> String { folder.appending(path: file).path }

    @discardableResult
    private func openssl(_ arguments: [String]) async throws -> String {
        let openssl = try await ProgramRun.of("openssl", arguments, in: folder)
        guard openssl.succeeded else { throw Failed(command: arguments.joined(separator: " "), output: openssl.text) }
        return openssl.text
    }
}
