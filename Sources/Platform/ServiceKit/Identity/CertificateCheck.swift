internal import Foundation
internal import Identity
internal import MeshTLS
internal import SwiftASN1
internal import X509

/// Holds the service's own certificate against its settings: a certificate of another environment or service must not start.
enum CertificateCheck {
    /// - Throws: `StartUpError.identity` that names both sides.
    static func run(_ settings: ServiceSettings) throws {
        try checkRoots(settings)
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

    /// As `run`, where a missing certificate is no fault.
    static func runIfPresent(_ settings: ServiceSettings) throws {
        try checkRoots(settings)
        if FileManager.default.fileExists(atPath: settings.certificatePath) { try run(settings) }
    }

    /// The roots say whose peers this process would trust.
    private static func checkRoots(_ settings: ServiceSettings) throws {
        guard let data = FileManager.default.contents(atPath: settings.trustRootsPath) else { return }
        guard let roots = try? PEMDocument.parseMultiple(pemString: String(decoding: data, as: UTF8.self)) else {
            throw StartUpError.identity("\(settings.trustRootsPath) holds no certificates")
        }
        for root in roots {
            let names = try? Certificate(pemDocument: root).extensions.subjectAlternativeNames.map(Array.init) ?? []
            for case .uniformResourceIdentifier(let uri) in names ?? [] where uri != "spiffe://\(settings.trustDomain)" {
                throw StartUpError.identity(
                    "a root in \(settings.trustRootsPath) is of '\(uri.replacing("spiffe://", with: ""))', and the settings are for environment "
                        + "'\(settings.environment)' (trust domain '\(settings.trustDomain)')")
            }
        }
    }

    static func identity(in path: String) throws -> SPIFFEIdentity {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw StartUpError.identity("no certificate at \(path)")
        }
        do {
            let uris = try CertificateFacts(pem: String(decoding: data, as: UTF8.self)).uris
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
