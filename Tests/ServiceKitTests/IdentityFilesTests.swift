import Foundation
import Identity
import Logging
import MeshTLS
import Testing

@testable import ServiceKit

@Suite("A certificate and its key as files")
struct IdentityFilesTests {
    private let folder = TemporaryFolder()
    private let root: CertificateAuthority
    private var files: IdentityFiles { IdentityFiles(folder: folder.path) }

    init() throws {
        root = try CertificateAuthority.makeRoot(environment: "development")
    }

    private func issue(_ key: MeshKey) throws -> [[UInt8]] {
        try root.issue(
            for: CertificateRequest(key: key, spiffeID: "spiffe://development.cryptopulse.internal/agent"), service: "agent",
            environment: "development"
        ).chain
    }

    private func copy(_ name: String, to other: String) throws {
        try? FileManager.default.removeItem(atPath: folder.path + "/" + other)
        try FileManager.default.copyItem(atPath: folder.path + "/" + name, toPath: folder.path + "/" + other)
    }

    @Test("What is put there is found again, readable by its owner alone, and replaced as a pair")
    func install() throws {
        #expect(files.facts() == nil)
        for _ in 0..<2 {
            let key = MeshKey()
            try files.install(key, chain: issue(key))
            #expect(files.facts()?.isFor(key) == true)
        }
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        #expect(Set(names) == ["cert.pem", "key.pem"])
        for name in names {
            #expect(try FileManager.default.attributesOfItem(atPath: folder.path + "/" + name)[.posixPermissions] as? Int == 0o600)
        }
    }

    @Test("A certificate for another key is not put there")
    func otherKey() throws {
        let chain = try issue(MeshKey())
        #expect(throws: (any Error).self) { try files.install(MeshKey(), chain: chain) }
        #expect(files.facts() == nil)
    }

    @Test("A crash between the certificate and its key is made good; one before the certificate leaves the old pair")
    func crash() throws {
        let (old, new) = (MeshKey(), MeshKey())
        try files.install(old, chain: issue(old))
        try copy("cert.pem", to: "old-cert"); try copy("key.pem", to: "old-key")
        try files.install(new, chain: issue(new))
        try copy("key.pem", to: "new-key")

        // The new certificate is there, the old key still has its name.
        try copy("old-key", to: "key.pem"); try copy("new-key", to: "key.next.pem")
        #expect(files.facts() == nil)
        try files.recover()
        #expect(files.facts()?.isFor(new) == true)

        // Only the new key was written.
        try copy("old-cert", to: "cert.pem"); try copy("old-key", to: "key.pem"); try copy("new-key", to: "key.next.pem")
        try files.recover()
        #expect(files.facts()?.isFor(old) == true)
        #expect(!FileManager.default.fileExists(atPath: folder.path + "/key.next.pem"))
    }

    @Test("Revocations outlive the process, and an older list does not take the place of a newer one")
    func revocations() throws {
        let settings = ServiceSettings.sample(folder.path)
        try FileManager.default.createDirectory(atPath: settings.dataFolder, withIntermediateDirectories: true)
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let serial = try #require(CertificateSerial(hex: "0a0b"))
        let agent = try SPIFFEIdentity(uri: "spiffe://development.cryptopulse.internal/agent")
        let first = try MeshTrust(settings, logger: logger)
        #expect(first.replaceRevocations(with: RevocationList(version: 7, serials: [serial], identities: [agent])))
        #expect(!first.replaceRevocations(with: RevocationList(version: 7)))
        let second = try MeshTrust(settings, logger: logger)
        #expect(second.revocations == RevocationList(version: 7, serials: [serial], identities: [agent]))
        #expect(!second.replaceRevocations(with: RevocationList(version: 6)))
        #expect(second.replaceRevocations(with: RevocationList(version: 8)))
        #expect(try MeshTrust(settings, logger: logger).revocations == RevocationList(version: 8))
    }

    @Test("A kept list with an entry that cannot be read is refused whole, naming file and entry: what it revokes would be let in", arguments: [
        (#"{"version":7,"serials":["0a0b","xyz"],"identities":[]}"#, "'xyz'"),
        (#"{"version":7,"serials":[],"identities":["spiffe://a/b?c"]}"#, "'spiffe://a/b?c'"), ("[]", "is no list of revocations"),
    ])
    func unreadableRevocations(content: String, what: String) throws {
        let settings = ServiceSettings.sample(folder.path)
        let file = settings.dataFolder + "/revocations.json"
        try FileManager.default.createDirectory(atPath: settings.dataFolder, withIntermediateDirectories: true)
        try Data(content.utf8).write(to: URL(filePath: file))
        let error = try #require(throws: RevocationFile.Unreadable.self) {
            try MeshTrust(settings, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        }
        #expect(error.description.contains(file) && error.description.contains(what), "\(error)")
        #expect(FileManager.default.contents(atPath: file) == Data(content.utf8))
    }
}
