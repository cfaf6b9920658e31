import Foundation
import MeshTLS

/// A root and leafs signed by it, made by the `openssl` command line in a folder that goes away with it.
final class TestAuthority: Sendable {
    static let trustDomain = "test.cryptopulse.internal"

    struct Failed: Error { let command: String }

    let folder: URL
    let trustDomain: String

    init(trustDomain: String = TestAuthority.trustDomain) throws {
        self.trustDomain = trustDomain
        folder = FileManager.default.temporaryDirectory.appending(path: "mesh-runtime-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try openssl([
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "root.key", "-out", "root.crt",
            "-days", "2", "-subj", "/CN=test root", "-addext", "keyUsage=critical,keyCertSign,cRLSign",
        ])
    }

    deinit {
        try? FileManager.default.removeItem(at: folder)
    }

    func credentials(_ name: String) throws -> MeshTLSCredentials {
        let stem = "\(name)-\(UUID().uuidString)"
        let extensions = """
            basicConstraints=critical,CA:FALSE
            keyUsage=critical,digitalSignature
            extendedKeyUsage=serverAuth,clientAuth
            subjectAltName=URI:spiffe://\(trustDomain)/\(name)
            """
        try extensions.write(to: folder.appending(path: "\(stem).ext"), atomically: true, encoding: .utf8)
        try openssl([
            "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "\(stem).key", "-out",
            "\(stem).csr", "-subj", "/CN=\(name)",
        ])
        try openssl([
            "x509", "-req", "-in", "\(stem).csr", "-CA", "root.crt", "-CAkey", "root.key", "-CAcreateserial", "-days", "1", "-extfile",
            "\(stem).ext", "-out", "\(stem).crt",
        ])
        let key = path("\(stem).key")
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: key)
        return MeshTLSCredentials(certificateChainPath: path("\(stem).crt"), privateKeyPath: key, trustRootsPath: path("root.crt"))
    }

    func server(_ name: String = "execution", limits: TLSLimits = .default) throws -> MeshTLSContext {
        try .meshServer(credentials(name), trustDomain: trustDomain, limits: limits)
    }

    func client(_ name: String = "gateway", expecting: String? = "execution") throws -> MeshTLSContext {
        try .meshClient(credentials(name), trustDomain: trustDomain, expecting: expecting)
    }

    private func path(_ file: String) -> String { folder.appending(path: file).path }

    private func openssl(_ arguments: [String]) throws {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/openssl")
        process.arguments = arguments
        process.currentDirectoryURL = folder
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw Failed(command: arguments.joined(separator: " ")) }
    }
}
