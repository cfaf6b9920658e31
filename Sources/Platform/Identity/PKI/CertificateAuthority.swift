public import Crypto
public import FoundationEssentials
internal import SwiftASN1
internal import X509

/// Signs the certificates of one environment: ECDSA P-256, SPIFFE X509-SVID for the mesh and plain TLS for people's HTTPS.
///
/// A root signs issuers and stays offline; an issuer signs leaves.
public struct CertificateAuthority: Sendable {
    public enum Failure: Error, Equatable {
        /// PEM that is not a CA certificate with its P-256 key.
        case unusableAuthority(String)
        /// A name that cannot stand in a certificate.
        case invalidName(String)
    }

    /// How long a certificate made by `makeRoot` lives.
    public static let rootLifetime = Duration.seconds(3650 * 86400)
    /// How long an issuer's certificate lives: well past the age at which its key must be rotated.
    public static let issuerLifetime = Duration.seconds(365 * 86400)
    /// How long a leaf lives unless the caller says otherwise.
    public static let leafLifetime = Duration.seconds(86400)
    /// Leaves are valid from a little before now, for clocks that differ.
    static let backdating = Duration.seconds(60)

    public let certificatePEM: String
    /// PKCS#8. The authority's secret: never logged.
    public let privateKeyPEM: String

    let certificate: Certificate
    let key: Certificate.PrivateKey

    /// A self-signed root, whose URI SAN is the trust domain itself, without a path.
    public static func makeRoot(environment: String, now: Date = Date()) throws -> CertificateAuthority {
        let domain = EnvironmentNames.trustDomain(try CertificateNames.checkedLabel(environment))
        let key = P256.Signing.PrivateKey()
        let certificate = try makeRootCertificate(trustDomain: domain, key: .init(key), now: now)
        return try CertificateAuthority(
            certificatePEM: certificate.serializeAsPEM().pemString, privateKeyPEM: key.pemRepresentation)
    }

    /// - Throws: `Failure.unusableAuthority`.
    public init(certificatePEM: String, privateKeyPEM: String) throws {
        do {
            certificate = try Certificate(pemEncoded: certificatePEM)
            key = Certificate.PrivateKey(try P256.Signing.PrivateKey(pemRepresentation: privateKeyPEM))
        } catch {
            throw Failure.unusableAuthority("\(type(of: error))")
        }
        guard key.publicKey == certificate.publicKey else { throw Failure.unusableAuthority("the key is another certificate's") }
        guard case .isCertificateAuthority? = try certificate.extensions.basicConstraints else {
            throw Failure.unusableAuthority("the certificate is not a CA's")
        }
        self.certificatePEM = certificatePEM
        self.privateKeyPEM = privateKeyPEM
    }

    /// From a DER certificate and the key that it is for.
    ///
    /// - Throws: `Failure.unusableAuthority`.
    public init(certificate: [UInt8], key: P256.Signing.PrivateKey) throws {
        guard let parsed = try? Certificate(derEncoded: certificate) else { throw Failure.unusableAuthority("not a certificate") }
        try self.init(certificatePEM: parsed.serializeAsPEM().pemString, privateKeyPEM: key.pemRepresentation)
    }

    /// Names the authority's certificate among all that its environment's root signed: lower-case hexadecimal.
    public var serial: String { certificate.serialHex }
    /// Seconds since 1970.
    public var ends: Int64 { Int64(certificate.notValidAfter.timeIntervalSince1970) }
    public var certificateDER: [UInt8] { get throws { try certificate.der } }
    var isSelfSigned: Bool { certificate.issuer == certificate.subject }

    private static func makeRootCertificate(trustDomain: String, key: Certificate.PrivateKey, now: Date) throws -> Certificate {
        let name = try CertificateNames.subject(commonName: "\(trustDomain) root")
        return try Certificate(
            version: .v3, serialNumber: Certificate.SerialNumber(), publicKey: key.publicKey,
            notValidBefore: now - backdating.inSeconds, notValidAfter: now + rootLifetime.inSeconds,
            issuer: name, subject: name,
            extensions: try Certificate.Extensions {
                Critical(BasicConstraints.isCertificateAuthority(maxPathLength: 1))
                Critical(KeyUsage(keyCertSign: true, cRLSign: true))
                SubjectKeyIdentifier(hash: key.publicKey)
                SubjectAlternativeNames([.uniformResourceIdentifier("spiffe://\(trustDomain)")])
            },
            issuerPrivateKey: key)
    }
}

extension Duration {
    var inSeconds: TimeInterval { TimeInterval(components.seconds) }
}

extension Certificate {
    var der: [UInt8] {
        get throws {
            var serializer = DER.Serializer()
            try serializer.serialize(self)
            return serializer.serializedBytes
        }
    }

    /// Without leading zeros, two digits a byte, as the mesh writes serial numbers.
    var serialHex: String {
        let bytes = serialNumber.bytes.drop { $0 == 0 }
        return bytes.isEmpty ? "00" : bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}
