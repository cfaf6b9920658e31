import Foundation
import Identity
import Testing

@testable import ServiceKit

@Suite("The own certificate")
struct CertificateCheckTests {
    private let folder = TemporaryFolder()

    private func check(environment: String = "development", service: String = "agent", uris: [String]? = nil) throws {
        try FileManager.default.createDirectory(atPath: folder.path + "/tls", withIntermediateDirectories: true)
        let issued = try CertificateAuthority.makeRoot(environment: environment)
            .issue(service: service, environment: environment, deviations: LeafDeviations(uris: uris))
        try Data(issued.certificatePEM.utf8).write(to: URL(fileURLWithPath: folder.path + "/tls/cert.pem"))
        try CertificateCheck.run(.sample(folder.path))
    }

    @Test("The right one is taken")
    func right() throws {
        try check()
    }

    @Test("One of another environment is refused, naming both")
    func otherEnvironment() {
        #expect(
            throws: StartUpError.identity(
                "the certificate's trust domain is 'staging.cryptopulse.internal', and the settings are for environment 'development' "
                    + "(trust domain 'development.cryptopulse.internal')")
        ) { try check(environment: "staging") }
    }

    @Test("One of another service is refused, naming both")
    func otherService() {
        #expect(throws: StartUpError.identity("the certificate is for 'execution', and the settings are for 'agent'")) {
            try check(service: "execution")
        }
    }

    @Test("One without a URI, or with two, is refused", arguments: [[], ["spiffe://a/b", "spiffe://a/c"]])
    func wrongURIs(uris: [String]) {
        #expect(throws: StartUpError.self) { try check(uris: uris) }
    }

    @Test("A missing one is refused")
    func missing() {
        #expect(throws: StartUpError.identity("no certificate at \(folder.path)/tls/cert.pem")) {
            try CertificateCheck.run(.sample(folder.path))
        }
    }
}
