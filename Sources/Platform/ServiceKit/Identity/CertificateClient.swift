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
    /// Gives a channel on which the caller shows its present certificate.
    let renewal: @Sendable () throws -> any CallChannel
    let eventLoopGroup: any EventLoopGroup
    let logger: Logger

    /// - Returns: DER, the leaf first.
    func renew(_ request: CertificateRequest) async throws -> [[UInt8]] {
        try await AuthV1.IdentityClient(renewal()).renew(.init(certificateRequest: request.der), options: CallOptions(timeout: Self.timeout)).chain
    }

    /// - Returns: DER, the leaf first.
    func enrol(_ request: CertificateRequest, joinToken: String) async throws -> [[UInt8]] {
        // Only the server shows a certificate there: it must be auth's, of this environment.
        let tls = try MeshTLSContext.anonymousClient(
            trustRootsPath: place.folder + "/roots.pem", trustDomain: place.trustDomain, expecting: "auth")
        let client = MeshClient(
            host: place.enrolment.host, port: place.enrolment.port, tls: tls, eventLoopGroup: eventLoopGroup, logger: logger, limits: Self.limits)
        do {
            let answer = try await AuthV1.EnrolmentClient(client).enrol(
                .init(joinToken: joinToken, certificateRequest: request.der), options: CallOptions(timeout: Self.timeout, waitForReady: true))
            await client.close()
            return answer.chain
        } catch {
            await client.close()
            throw error
        }
    }

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
