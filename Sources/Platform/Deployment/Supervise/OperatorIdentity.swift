internal import Foundation
public import Logging
internal import MeshCall
internal import MeshRuntime
internal import MeshTLS
internal import NIOCore
internal import NIOPosix
internal import ServiceKit
internal import Synchronization

/// Keeps the operator's certificate alive, by the same means as a service keeps its own.
public final class OperatorIdentity: Sendable {
    private let keeper: IdentityKeeper

    init(
        _ folder: StateFolder, ports: PortPlan, environment: String, logger: Logger, clock: @escaping @Sendable () -> Date = { Date() }
    ) {
        let trustDomain = "\(environment).cryptopulse.internal"
        keeper = IdentityKeeper(
            IdentityPlace(
                spiffeID: "spiffe://\(trustDomain)/operator", trustDomain: trustDomain, folder: folder.operatorTLS,
                joinTokenPath: folder.operatorEnrol + "/join-token", enrolment: ports.enrolmentEndpoint,
                renewal: ports.listen(.auth)),
            eventLoopGroup: MultiThreadedEventLoopGroup.singleton, logger: logger,
            clock: { Int64(clock().timeIntervalSince1970) })
    }

    /// Has the certificate renewed now, whatever its age: by the key that signs now.
    ///
    /// - Throws: `DeploymentError` when the deployment was never started; `StartUpError` when auth gives none.
    public static func renew(_ folder: StateFolder, logger: Logger) async throws {
        try await with(folder, logger) { try await $0.keeper.renewNow() }
    }

    /// Enrols by the join token in the operator's folder, unless there is a certificate that is good now.
    ///
    /// - Throws: as `renew`.
    public static func enrol(_ folder: StateFolder, logger: Logger) async throws {
        try await with(folder, logger) { try await $0.keeper.obtain(within: enrolmentTime) }
    }

    private static let enrolmentTime = Duration.seconds(15)

    private static func with(_ folder: StateFolder, _ logger: Logger, _ body: (OperatorIdentity) async throws -> Void) async throws {
        let access = DeploymentAccess(folder)
        try await body(OperatorIdentity(folder, ports: try access.ports(), environment: try access.options().environment, logger: logger))
    }

    /// Returns when there is a certificate.
    func obtain() async throws { try await keeper.obtain() }

    /// Renews until cancelled.
    func run() async {
        try? await keeper.run()
    }
}
