import Crypto
import Foundation
import SwiftASN1
import Testing
import X509

@testable import Identity

@Suite("Issuers and what they sign")
struct IssuerTests {
    private let root: CertificateAuthority
    private let issuer: CertificateAuthority

    init() throws {
        root = try CertificateAuthority.makeRoot(environment: "development")
        issuer = try Self.issuer(of: root)
    }

    private static func issuer(of root: CertificateAuthority, environment: String = "development", now: Date = Date()) throws -> CertificateAuthority {
        let key = MeshKey()
        let certificate = try root.certifyIssuer(CertificateRequest(key: key, spiffeID: nil), environment: environment, now: now)
        return try CertificateAuthority(certificate: certificate, key: key.signingKey)
    }

    private func request(_ name: String, environment: String = "development", key: MeshKey = MeshKey()) throws -> CertificateRequest {
        try CertificateRequest(key: key, spiffeID: EnvironmentNames.spiffeID(environment, service: name))
    }

    @Test("An issuer signs certificates and nothing else, no further issuer, and names of its own trust domain alone")
    func constrained() throws {
        let certificate = try Certificate(pemEncoded: issuer.certificatePEM)
        #expect(try certificate.extensions.basicConstraints == .isCertificateAuthority(maxPathLength: 0))
        #expect(try certificate.extensions.keyUsage == KeyUsage(keyCertSign: true))
        #expect(try certificate.extensions.nameConstraints.map { Array($0.permittedURIDomains) } == ["development.cryptopulse.internal"])
        for critical in [ASN1ObjectIdentifier.X509ExtensionID.basicConstraints, .X509ExtensionID.keyUsage, .X509ExtensionID.nameConstraints] {
            #expect(certificate.extensions[oid: critical]?.critical == true)
        }
        #expect(try certificate.extensions.subjectAlternativeNames == nil)
        try issuer.checkIsIssuer(environment: "development", roots: root.certificatePEM)
    }

    @Test("An issuer of another root or environment, the root itself, and one that has ended are not taken")
    func unusable() throws {
        let other = try CertificateAuthority.makeRoot(environment: "development")
        #expect(throws: CertificateAuthority.Failure.self) { try issuer.checkIsIssuer(environment: "development", roots: other.certificatePEM) }
        #expect(throws: CertificateAuthority.Failure.self) { try issuer.checkIsIssuer(environment: "staging", roots: root.certificatePEM) }
        #expect(throws: CertificateAuthority.Failure.self) { try root.checkIsIssuer(environment: "development", roots: root.certificatePEM) }
        #expect(throws: CertificateAuthority.Failure.self) {
            try issuer.checkIsIssuer(environment: "development", roots: root.certificatePEM, now: Date() + 366 * 86400)
        }
        try issuer.checkIsIssuer(environment: "development", roots: other.certificatePEM + root.certificatePEM)
    }

    @Test("A leaf for a request has the requester's key and name, its issuer beside it, and a day to live")
    func leaf() throws {
        let key = MeshKey()
        let leaf = try issuer.issue(for: request("agent", key: key), service: "agent", environment: "development")
        let facts = try CertificateFacts(pem: CertificateFacts.pem(chain: leaf.chain))
        #expect(facts.isFor(key) && !facts.isFor(MeshKey()))
        #expect(facts.uris == ["spiffe://development.cryptopulse.internal/agent"] && facts.serial == leaf.serial && facts.ends == leaf.ends)
        #expect(facts.ends - facts.begins == 86400 + 60)
        #expect(try leaf.chain.count == 2 && leaf.chain[1] == issuer.certificateDER)
    }

    @Test("No leaf outlives its issuer")
    func shortIssuer() throws {
        let late = Date() + 365 * 86400 - 3600
        let leaf = try issuer.issue(for: request("agent"), service: "agent", environment: "development", now: late)
        #expect(leaf.ends == issuer.ends)
    }

    @Test("A request for another name than the one that is granted is refused")
    func otherName() throws {
        for (name, environment) in [("execution", "development"), ("agent", "staging")] {
            #expect(throws: CertificateRequest.Failure.names) {
                try issuer.issue(for: request(name, environment: environment), service: "agent", environment: "development")
            }
        }
    }

    @Test("A request proves its key: a changed signature or key, and what is no request, are refused")
    func proof() throws {
        let der = try request("agent").der
        var changed = der
        changed[changed.count - 1] ^= 1
        #expect(throws: CertificateRequest.Failure.self) { try CertificateRequest(der: changed) }
        // The public key of somebody else in a request that this one signed.
        let other = try CertificateSigningRequest(derEncoded: request("agent").der)
        let own = try CertificateSigningRequest(derEncoded: der)
        let mixed = try CertificateSigningRequest(
            version: .v1, subject: own.subject, publicKey: other.publicKey, attributes: own.attributes,
            signatureAlgorithm: own.signatureAlgorithm, signature: own.signature)
        var serializer = DER.Serializer()
        try serializer.serialize(mixed)
        #expect(throws: CertificateRequest.Failure.notProved) { try CertificateRequest(der: serializer.serializedBytes) }
        #expect(throws: CertificateRequest.Failure.malformed) { try CertificateRequest(der: []) }
        #expect(throws: CertificateRequest.Failure.tooLong) { try CertificateRequest(der: [UInt8](repeating: 0, count: 4097)) }
        for index in der.indices {
            var flipped = der
            flipped[index] ^= 0x40
            // Whatever stands there, nothing traps, and a request that is taken still proves its key.
            _ = try? CertificateRequest(der: flipped)
        }
    }

    @Test("Keys of other kinds and requests for more than a URI are refused")
    func more() throws {
        func der(_ key: Certificate.PrivateKey, _ algorithm: Certificate.SignatureAlgorithm, @ExtensionsBuilder _ wanted: () throws -> Result<Certificate.Extensions, any Error>) throws -> [UInt8] {
            let attribute = try CertificateSigningRequest.Attribute(ExtensionRequest(extensions: Certificate.Extensions(builder: wanted)))
            let request = try CertificateSigningRequest(
                version: .v1, subject: DistinguishedName(), privateKey: key, attributes: .init([attribute]), signatureAlgorithm: algorithm)
            var serializer = DER.Serializer()
            try serializer.serialize(request)
            return serializer.serializedBytes
        }
        let uri = GeneralName.uniformResourceIdentifier("spiffe://development.cryptopulse.internal/agent")
        let p384 = try der(.init(P384.Signing.PrivateKey()), .ecdsaWithSHA384) { SubjectAlternativeNames([uri]) }
        #expect(throws: CertificateRequest.Failure.keyType) { try CertificateRequest(der: p384) }
        let p256 = Certificate.PrivateKey(P256.Signing.PrivateKey())
        let authority = try der(p256, .ecdsaWithSHA256) {
            Critical(BasicConstraints.isCertificateAuthority(maxPathLength: nil))
            SubjectAlternativeNames([uri])
        }
        #expect(throws: CertificateRequest.Failure.names) { try CertificateRequest(der: authority) }
        let dns = try der(p256, .ecdsaWithSHA256) { SubjectAlternativeNames([uri, .dnsName("localhost")]) }
        #expect(throws: CertificateRequest.Failure.names) { try CertificateRequest(der: dns) }
        let two = try CertificateRequest(der: der(p256, .ecdsaWithSHA256) { SubjectAlternativeNames([uri, uri]) })
        #expect(throws: CertificateRequest.Failure.names) { try issuer.issue(for: two, service: "agent", environment: "development") }
    }

    @Test("The X509-SVID rules are held before a leaf leaves")
    func rules() throws {
        let id = "spiffe://development.cryptopulse.internal/agent"
        func leaf(_ deviations: LeafDeviations) throws -> Certificate {
            try Certificate(pemDocument: PEMDocument.parseMultiple(
                pemString: root.issue(service: "agent", environment: "development", deviations: deviations).certificatePEM)[0])
        }
        try SVIDRules.check(leaf(LeafDeviations()), spiffeID: id)
        #expect(throws: SVIDRules.Violation.self) { try SVIDRules.check(leaf(LeafDeviations(isCertificateAuthority: true)), spiffeID: id) }
        #expect(throws: SVIDRules.Violation.self) { try SVIDRules.check(leaf(LeafDeviations(uris: [])), spiffeID: id) }
        #expect(throws: SVIDRules.Violation.self) { try SVIDRules.check(leaf(LeafDeviations(uris: [id, id])), spiffeID: id) }
        for pathless in ["spiffe://development.cryptopulse.internal", "spiffe://development.cryptopulse.internal/", "https://a/b"] {
            #expect(throws: SVIDRules.Violation.self) { try SVIDRules.check(leaf(LeafDeviations(uris: [pathless])), spiffeID: pathless) }
        }
        let https = try Certificate(pemDocument: PEMDocument.parseMultiple(pemString: root.issueHTTPS(dnsNames: ["localhost"]).certificatePEM)[0])
        #expect(throws: SVIDRules.Violation.self) { try SVIDRules.check(https, spiffeID: id) }
    }

    @Test("Printing a key shows nothing of it")
    func printing() {
        let key = MeshKey()
        var dumped = ""
        dump(key, to: &dumped)
        #expect(!"\(key)".contains("PRIVATE") && !dumped.contains("PRIVATE") && !dumped.contains("scalar"))
    }
}
