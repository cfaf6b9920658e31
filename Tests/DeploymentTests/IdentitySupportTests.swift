import Crypto
import Foundation
import Identity
import Logging
import ServiceKit
import Testing

@testable import Deployment

@Suite("What a running deployment does for certificates")
struct IdentitySupportTests {
    private let temporary = TemporaryFolder()
    private let folder: StateFolder
    private let root: CertificateAuthority

    init() async throws {
        folder = StateFolder(temporary.path + "/state")
        try await Initializer(folder).initialise(DeploymentOptions(portBase: 0))
        root = try OfflineRoot(folder).read()
    }

    private func support(at now: Date = Date()) -> IdentitySupport {
        IdentitySupport(folder: folder, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, clock: { now })
    }

    private func token(_ member: MeshMember) -> String? {
        try? PrivateFiles.readText(folder.enrol(member) + "/join-token")
    }

    private func register() throws -> String { try PrivateFiles.readText(folder.enrol(.auth) + "/join-tokens.json") }

    private func certify(_ member: MeshMember, now: Date) throws {
        let issued = try root.issue(service: member.name, environment: "development", now: now)
        try PrivateFiles.write(issued.certificatePEM, to: folder.tls(member) + "/cert.pem")
        try PrivateFiles.write(issued.privateKeyPEM, to: folder.tls(member) + "/key.pem")
    }

    @Test("Whoever has no certificate gets a token, auth its hash and not the token")
    func first() throws {
        support().look()
        for member in MeshMember.all {
            let text = try #require(token(member)).trimmingCharacters(in: .whitespacesAndNewlines)
            #expect(text.utf8.count == 43)
            #expect(try !register().contains(text) && register().contains("\"\(member.name)\""))
        }
        #expect(Set(MeshMember.all.compactMap(token)).count == MeshMember.all.count)
        #expect(token(.service(.auth)) == nil)
    }

    @Test("A token that waits is kept, and one that is nearly over replaced")
    func replaced() throws {
        let now = Date()
        support(at: now).look()
        let first = try #require(token(.service(.agent)))
        support(at: now + 300).look()
        #expect(token(.service(.agent)) == first)
        support(at: now + 560).look()
        #expect(token(.service(.agent)) != first)
        #expect(try register().components(separatedBy: "\"agent\"").count == 2)
    }

    @Test("With a good certificate there is no token; three days later, when it has ended, there is one again")
    func ended() throws {
        let now = Date()
        support(at: now).look()
        try certify(.service(.agent), now: now)
        support(at: now).look()
        #expect(token(.service(.agent)) == nil && token(.service(.execution)) != nil)
        // One that is given to a service with a good certificate stays until it has brought another.
        try JoinTokenMint.giveToAll(folder, now: now)
        support(at: now).look()
        #expect(token(.service(.agent)) != nil)
        try certify(.service(.agent), now: now)
        support(at: now).look()
        #expect(token(.service(.agent)) == nil)
        support(at: now + 23 * 3600).look()
        #expect(token(.service(.agent)) == nil)
        support(at: now + 3 * 86400).look()
        #expect(token(.service(.agent)) != nil)
    }

    @Test("HTTPS certificates are issued anew past half of their life, by a key that can name nobody in the mesh")
    func https() throws {
        let file = folder.tls(.gateway) + "/https-cert.pem"
        let before = try PrivateFiles.readText(file)
        support(at: Date() + 11 * 3600).look()
        #expect(try PrivateFiles.readText(file) == before)
        support(at: Date() + 13 * 3600).look()
        #expect(try PrivateFiles.readText(file) != before)
        let issuer = try HTTPSIssuerFile(folder).read()
        #expect(throws: CertificateAuthority.Failure.self) {
            try issuer.checkIsIssuer(environment: "development", roots: PrivateFiles.readText(folder.rootCertificate))
        }
    }
}
