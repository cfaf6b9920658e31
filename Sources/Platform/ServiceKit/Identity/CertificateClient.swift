internal import Identity
internal import Logging
internal import MeshCall
internal import MeshRuntime
internal import MeshTLS
internal import NIOCore
internal import ServiceAPI

/// Asks auth for certificates.
struct CertificateClient: Sendable {
    static let timeout = Duration.seconds(5)

    let place: IdentityPlace
    /// Who is not to be believed to be auth.
    let revocations: @Sendable () -> RevocationList
    let eventLoopGroup: any EventLoopGroup
    let logger: Logger

    /// By proof of the present certificate: on a connection of its own, since one that has stood for long shows the certificate of its beginning.
    ///
    /// - Returns: DER, the leaf first.
    /// - Throws: `StartUpError.settings` where the settings name no auth; `RPCError`.
    func renew(_ request: CertificateRequest) async throws -> [[UInt8]] {
        guard let renewal = place.renewal else { throw StartUpError.settings("peers.auth is missing") }
        let files = IdentityFiles(folder: place.folder)
        let present = MeshTLSCredentials(
            certificateChainPath: files.certificatePath, privateKeyPath: files.keyPath, trustRootsPath: files.rootsPath)
        let tls = try MeshTLSContext.meshClient(present, trustDomain: place.trustDomain, expecting: "auth")
        return try await asking(renewal, tls) { channel in
            try await AuthV1.IdentityClient(channel).renew(.init(certificateRequest: request.der), options: Self.options).chain
        }
    }

    /// - Returns: DER, the leaf first.
    func enrol(_ request: CertificateRequest, joinToken: String) async throws -> [[UInt8]] {
        // Only the server shows a certificate there: it must be auth's, of this environment.
        let tls = try MeshTLSContext.anonymousClient(
            trustRootsPath: IdentityFiles(folder: place.folder).rootsPath, trustDomain: place.trustDomain, expecting: "auth")
        return try await asking(place.enrolment, tls) { channel in
            try await AuthV1.EnrolmentClient(channel).enrol(
                .init(joinToken: joinToken, certificateRequest: request.der), options: Self.options
            ).chain
        }
    }

    private func asking(
        _ auth: Endpoint, _ tls: MeshTLSContext, _ body: (any CallChannel) async throws -> [[UInt8]]
    ) async throws -> [[UInt8]] {
        tls.replaceRevocations(with: revocations())
        let client = MeshClient(
            host: auth.host, port: auth.port, tls: tls, eventLoopGroup: eventLoopGroup, logger: logger, limits: Self.limits)
        do {
            let chain = try await body(client)
            await client.close()
            return chain
        } catch {
            await client.close()
            throw error
        }
    }

    private static var options: CallOptions { CallOptions(timeout: timeout, waitForReady: true) }

    /// Whether asking again in the same way is of no use: auth refuses, or does not let the certificate in.
    static func isRefusal(_ error: any Error) -> Bool {
        guard let error = error as? RPCError else { return false }
        if (error.cause as? MeshTLSError)?.isAuthenticationFailure == true { return true }
        return error.code == .unauthenticated || error.code == .permissionDenied
    }

    private static var limits: ClientLimits {
        var limits = ClientLimits()
        limits.maximumBackoff = .milliseconds(300)
        return limits
    }
}
