internal import Crypto
internal import Foundation
internal import SwiftASN1
internal import X509

/// A PKCS#10 request (RFC 2986) whose sender has proved to hold the key that it names.
public struct CertificateRequest: Sendable {
    public enum Failure: Error, Equatable {
        case tooLong
        case malformed
        /// The signature is not that of the key in the request.
        case notProved
        /// Not an ECDSA key on P-256.
        case keyType
        /// Names other than the one URI that was expected.
        case names
    }

    /// Bytes.
    public static let maximumSize = 4096

    public let der: [UInt8]
    /// The URI names that it asks for.
    public let uris: [String]
    let publicKey: Certificate.PublicKey

    /// SHA-256 of the SubjectPublicKeyInfo (RFC 5280 section 4.1.2.7) of the key that the request is for.
    public var keyFingerprint: [UInt8] { Array(SHA256.hash(data: Data(publicKey.subjectPublicKeyInfoBytes))) }

    /// Reads a request and checks the proof of possession.
    ///
    /// - Throws: `Failure`. Nothing in the bytes is trusted but what the signature proves.
    public init(der: [UInt8]) throws(Failure) {
        guard der.count <= Self.maximumSize else { throw .tooLong }
        guard let request = try? CertificateSigningRequest(derEncoded: der) else { throw .malformed }
        guard P256.Signing.PublicKey(request.publicKey) != nil else { throw .keyType }
        guard request.publicKey.isValidSignature(request.signature, for: request) else { throw .notProved }
        self.der = der
        publicKey = request.publicKey
        uris = try Self.uris(request)
    }

    /// Asks for a certificate for `key`.
    ///
    /// - Parameter spiffeID: nil for an issuer's.
    public init(key: MeshKey, spiffeID: String?) throws {
        let names = spiffeID.map { [GeneralName.uniformResourceIdentifier($0)] } ?? []
        let extensions = try Certificate.Extensions { if !names.isEmpty { SubjectAlternativeNames(names) } }
        let attributes = try names.isEmpty
            ? CertificateSigningRequest.Attributes()
            : CertificateSigningRequest.Attributes([.init(ExtensionRequest(extensions: extensions))])
        let request = try CertificateSigningRequest(
            version: .v1, subject: DistinguishedName(), privateKey: Certificate.PrivateKey(key.key), attributes: attributes,
            signatureAlgorithm: .ecdsaWithSHA256)
        var serializer = DER.Serializer()
        try serializer.serialize(request)
        try self.init(der: serializer.serializedBytes)
    }

    private static func uris(_ request: CertificateSigningRequest) throws(Failure) -> [String] {
        guard let attribute = request.attributes[oid: .CSRAttributes.extensionRequest] else { return [] }
        guard let wanted = try? ExtensionRequest(attribute) else { throw .malformed }
        // Whoever asks for something else than a name is refused rather than given less.
        guard wanted.extensions.allSatisfy({ $0.oid == .X509ExtensionID.subjectAlternativeName }), wanted.extensions.count <= 1,
            let names = try? wanted.extensions.subjectAlternativeNames.map(Array.init) ?? []
        else { throw .names }
        var uris: [String] = []
        for name in names {
            guard case .uniformResourceIdentifier(let uri) = name else { throw .names }
            uris.append(uri)
        }
        return uris
    }
}
