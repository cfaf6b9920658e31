import Foundation
import Identity
import SwiftASN1
import Testing
import X509

@Suite("Certificates")
struct CertificateAuthorityTests {
    private let authority: CertificateAuthority

    init() throws {
        authority = try CertificateAuthority.makeRoot(environment: "development")
    }

    private func leaf(_ issued: IssuedCertificate) throws -> Certificate {
        try Certificate(pemEncoded: issued.certificatePEM)
    }

    private func uris(_ certificate: Certificate) throws -> [String] {
        try (certificate.extensions.subjectAlternativeNames ?? SubjectAlternativeNames()).compactMap {
            if case .uniformResourceIdentifier(let uri) = $0 { uri } else { nil }
        }
    }

    @Test("A root is a critical CA for issuers and what they sign, may sign only, and its URI has no path")
    func root() throws {
        let root = try Certificate(pemEncoded: authority.certificatePEM)
        #expect(try root.extensions.basicConstraints == .isCertificateAuthority(maxPathLength: 1))
        #expect(root.extensions[oid: .X509ExtensionID.basicConstraints]?.critical == true)
        #expect(try root.extensions.keyUsage == KeyUsage(keyCertSign: true, cRLSign: true))
        #expect(try uris(root) == ["spiffe://development.cryptopulse.internal"])
        #expect(root.publicKey.isValidSignature(root.signature, for: root))
    }

    @Test("A mesh leaf keeps the X509-SVID rules")
    func meshLeaf() throws {
        let certificate = try leaf(
            authority.issue(service: "execution", environment: "development", dnsNames: ["localhost"], ipAddresses: ["127.0.0.1", "::1"]))
        #expect(try uris(certificate) == ["spiffe://development.cryptopulse.internal/execution"])
        #expect(try certificate.extensions.basicConstraints == .notCertificateAuthority)
        #expect(try certificate.extensions.keyUsage == KeyUsage(digitalSignature: true))
        #expect(certificate.extensions[oid: .X509ExtensionID.keyUsage]?.critical == true)
        #expect(try certificate.extensions.extendedKeyUsage == ExtendedKeyUsage([.serverAuth, .clientAuth]))
        let names = try #require(try certificate.extensions.subjectAlternativeNames)
        #expect(names.contains(.dnsName("localhost")))
        #expect(names.contains(.ipAddress(ASN1OctetString(contentBytes: [127, 0, 0, 1]))))
        #expect(names.contains(.ipAddress(ASN1OctetString(contentBytes: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]))))
    }

    @Test("A leaf is its root's, lives a day, and belongs to the key beside it")
    func chain() throws {
        let root = try Certificate(pemEncoded: authority.certificatePEM)
        let issued = try authority.issue(service: "auth", environment: "development")
        let certificate = try leaf(issued)
        #expect(root.publicKey.isValidSignature(certificate.signature, for: certificate))
        #expect(certificate.issuer == root.subject)
        #expect(try certificate.extensions.authorityKeyIdentifier?.keyIdentifier == root.extensions.subjectKeyIdentifier?.keyIdentifier)
        #expect(try Certificate.PrivateKey(pemEncoded: issued.privateKeyPEM).publicKey == certificate.publicKey)
        let lifetime = certificate.notValidAfter.timeIntervalSince(certificate.notValidBefore)
        #expect((86400...86400 + 120).contains(lifetime))
    }

    @Test("A certificate for people's HTTPS has no URI and cannot be a client")
    func https() throws {
        let certificate = try leaf(authority.issueHTTPS(dnsNames: ["localhost"], ipAddresses: ["127.0.0.1"]))
        #expect(try uris(certificate).isEmpty)
        #expect(try certificate.extensions.extendedKeyUsage == ExtendedKeyUsage([.serverAuth]))
    }

    @Test("An authority read back from PEM issues on")
    func readBack() throws {
        let again = try CertificateAuthority(certificatePEM: authority.certificatePEM, privateKeyPEM: authority.privateKeyPEM)
        let root = try Certificate(pemEncoded: authority.certificatePEM)
        let certificate = try leaf(again.issue(service: "audit", environment: "development"))
        #expect(root.publicKey.isValidSignature(certificate.signature, for: certificate))
    }

    @Test("A leaf, another's key or garbage is no authority")
    func unusableAuthority() throws {
        let issued = try authority.issue(service: "audit", environment: "development")
        let other = try CertificateAuthority.makeRoot(environment: "development")
        for (certificate, key) in [
            (issued.certificatePEM, issued.privateKeyPEM), (authority.certificatePEM, other.privateKeyPEM),
            ("garbage", authority.privateKeyPEM), (authority.certificatePEM, "garbage"),
        ] {
            #expect(throws: CertificateAuthority.Failure.self) { try CertificateAuthority(certificatePEM: certificate, privateKeyPEM: key) }
        }
    }

    @Test("Certificates that break a rule can be made for tests")
    func deviations() throws {
        func issue(_ deviations: LeafDeviations, now: Date = Date()) throws -> Certificate {
            try leaf(authority.issue(service: "agent", environment: "development", now: now, deviations: deviations))
        }
        #expect(try uris(issue(LeafDeviations(uris: []))).isEmpty)
        #expect(try uris(issue(LeafDeviations(uris: ["spiffe://a/b", "spiffe://a/c"]))).count == 2)
        #expect(
            try issue(LeafDeviations(isCertificateAuthority: true)).extensions.basicConstraints
                == .isCertificateAuthority(maxPathLength: nil))
        #expect(try issue(LeafDeviations(), now: Date() - 2 * 86400).notValidAfter < Date())
    }

    @Test("Names that are not labels or addresses are refused", arguments: ["", "a b", "Execution", "a/b", "../x", "-a", "a-", "a.b"])
    func names(name: String) {
        #expect(throws: CertificateAuthority.Failure.invalidName(name)) { try authority.issue(service: name, environment: "development") }
        #expect(throws: CertificateAuthority.Failure.invalidName(name)) { try authority.issue(service: "a", environment: name) }
        #expect(throws: CertificateAuthority.Failure.invalidName("300.0.0.1")) {
            try authority.issueHTTPS(dnsNames: [], ipAddresses: ["300.0.0.1"])
        }
    }

    @Test("Printing an issued certificate does not show its key")
    func printing() throws {
        let issued = try authority.issue(service: "auth", environment: "development")
        var dumped = ""
        dump(issued, to: &dumped)
        #expect(!"\(issued)".contains("PRIVATE") && !dumped.contains("PRIVATE"))
    }
}
