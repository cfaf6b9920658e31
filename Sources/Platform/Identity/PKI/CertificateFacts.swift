internal import Crypto
internal import FoundationEssentials
internal import SwiftASN1
internal import X509

/// What the holder of a mesh certificate needs to know of it.
public struct CertificateFacts: Sendable, Equatable {
    public struct Unusable: Error, CustomStringConvertible {
        public let description: String
    }

    /// Its URI names.
    public let uris: [String]
    /// Lower-case hexadecimal.
    public let serial: String
    /// Seconds since 1970.
    public let begins: Int64
    public let ends: Int64
    private let publicKey: Certificate.PublicKey

    /// - Parameter pem: the first certificate counts.
    /// - Throws: `Unusable`.
    public init(pem: String) throws(Unusable) {
        do {
            guard let first = try PEMDocument.parseMultiple(pemString: pem).first else { throw Unusable(description: "no certificate in it") }
            let certificate = try Certificate(pemDocument: first)
            uris = try (certificate.extensions.subjectAlternativeNames ?? SubjectAlternativeNames()).compactMap {
                if case .uniformResourceIdentifier(let uri) = $0 { uri } else { nil }
            }
            serial = certificate.serialHex
            begins = Int64(certificate.notValidBefore.timeIntervalSince1970)
            ends = Int64(certificate.notValidAfter.timeIntervalSince1970)
            publicKey = certificate.publicKey
        } catch {
            throw (error as? Unusable) ?? Unusable(description: "\(error)")
        }
    }

    /// Whether the certificate is for this key.
    public func isFor(_ key: MeshKey) -> Bool { publicKey == Certificate.PublicKey(key.key.publicKey) }

    /// PEM of a chain in DER.
    ///
    /// - Throws: `Unusable` for what is no certificate.
    public static func pem(chain: [[UInt8]]) throws(Unusable) -> String {
        do {
            return try chain.map { try Certificate(derEncoded: $0).serializeAsPEM().pemString + "\n" }.joined()
        } catch {
            throw Unusable(description: "\(error)")
        }
    }
}
