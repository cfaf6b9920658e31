internal import Foundation
internal import MeshTLS
internal import SwiftASN1
internal import X509

/// Holds the service's own certificate against its settings: a certificate of another environment or service must not start.
enum CertificateCheck {
    /// - Throws: `StartUpError.identity` that names both sides.
    static func run(_ settings: ServiceSettings) throws {
        let identity = try identity(in: settings.certificatePath)
        guard identity.trustDomain == settings.trustDomain else {
            throw StartUpError.identity(
                "the certificate's trust domain is '\(identity.trustDomain)', and the settings are for environment "
                    + "'\(settings.environment)' (trust domain '\(settings.trustDomain)')")
        }
        guard identity.name == settings.service else {
            throw StartUpError.identity("the certificate is for '\(identity.name)', and the settings are for '\(settings.service)'")
        }
    }

    static func identity(in path: String) throws -> SPIFFEIdentity {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw StartUpError.identity("no certificate at \(path)")
        }
        do {
            let leaf = try Certificate(pemEncoded: String(decoding: data, as: UTF8.self))
            let names = try leaf.extensions.subjectAlternativeNames.map(Array.init) ?? []
            let uris = names.compactMap { name -> String? in
                guard case .uniformResourceIdentifier(let uri) = name else { return nil }
                return uri
            }
            guard uris.count == 1, let uri = uris.first else {
                throw StartUpError.identity("the certificate at \(path) has \(uris.count) URI names; it must have one")
            }
            return try SPIFFEIdentity(uri: uri)
        } catch let error as StartUpError {
            throw error
        } catch {
            throw StartUpError.identity("the certificate at \(path) cannot be used: \(error)")
        }
    }
}
