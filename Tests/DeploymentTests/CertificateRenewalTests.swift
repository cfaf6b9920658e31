import Foundation
import Identity
import Logging
import Testing

@testable import Deployment

@Suite("Certificates of a running deployment", .timeLimit(.minutes(1)))
struct CertificateRenewalTests {
    private let temporary = TemporaryFolder()
    private var folder: StateFolder { StateFolder(temporary.path + "/state") }

    @Test("One whose half-life ends after the start is issued anew, again and again")
    func renews() async throws {
        try Initializer(folder).initialise(DeploymentOptions(portBase: 0))
        let files = [folder.tls(.agent) + "/cert.pem", folder.tls(.gateway) + "/https-cert.pem", folder.operatorTLS + "/cert.pem"]
        let renewal = CertificateRenewal(folder: folder, interval: .milliseconds(5), logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let running = Task { await renewal.run() }
        for _ in 0..<2 {
            let aged = try age(files)
            while try zip(files, aged).contains(where: { try PrivateFiles.readText($0) == $1 }) { await Task.yield() }
        }
        running.cancel()
        await running.value
    }

    /// Replaces certificates by ones issued 13 hours ago.
    private func age(_ files: [String]) throws -> [String] {
        let other = StateFolder(temporary.path + "/aged-\(UUID().uuidString)")
        for path in [other.operatorTLS] + ServiceName.allCases.map(other.tls) { try PrivateFiles.makeFolder(path) }
        let root = try CertificateAuthority(
            certificatePEM: PrivateFiles.readText(folder.pki + "/root.crt.pem"), privateKeyPEM: PrivateFiles.readText(folder.pki + "/root.key.pem"))
        try CertificateKeeper(folder: other, root: root, environment: "development").renewDue(now: Date() - 13 * 3600)
        return try files.map { file in
            let aged = try PrivateFiles.readText(file.replacing(folder.path, with: other.path))
            try PrivateFiles.write(aged, to: file)
            return aged
        }
    }
}
