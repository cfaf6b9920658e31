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
    private let auth: AuthChannel

    init(
        _ folder: StateFolder, ports: PortPlan, environment: String, logger: Logger, clock: @escaping @Sendable () -> Date = { Date() }
    ) {
        let trustDomain = "\(environment).cryptopulse.internal"
        let auth = AuthChannel(folder, endpoint: ports.listen(.auth), trustDomain: trustDomain, logger: logger)
        self.auth = auth
        keeper = IdentityKeeper(
            IdentityPlace(
                spiffeID: "spiffe://\(trustDomain)/operator", trustDomain: trustDomain, folder: folder.operatorTLS,
                joinTokenPath: folder.operatorEnrol + "/join-token", enrolment: ports.enrolmentEndpoint),
            renewal: { try auth.channel() }, eventLoopGroup: MultiThreadedEventLoopGroup.singleton, logger: logger,
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
        let identity = OperatorIdentity(folder, ports: try access.ports(), environment: try access.options().environment, logger: logger)
        do {
            try await body(identity)
            await identity.auth.close()
        } catch {
            await identity.auth.close()
            throw error
        }
    }

    /// Returns when there is a certificate.
    func obtain() async throws { try await keeper.obtain() }

    /// Renews until cancelled.
    func run() async {
        try? await keeper.run()
        await auth.close()
    }
}

/// The operator's mesh client of auth, made when first asked for.
private final class AuthChannel: Sendable {
    private let folder: StateFolder
    private let endpoint: Endpoint
    private let trustDomain: String
    private let logger: Logger
    private let client = Mutex<MeshClient?>(nil)

    init(_ folder: StateFolder, endpoint: Endpoint, trustDomain: String, logger: Logger) {
        self.folder = folder
        self.endpoint = endpoint
        self.trustDomain = trustDomain
        self.logger = logger
    }

    func channel() throws -> any CallChannel {
        try client.withLock { client in
            if let client { return client }
            let files = IdentityFiles(folder: folder.operatorTLS)
            let tls = try MeshTLSContext.meshClient(
                MeshTLSCredentials(
                    certificateChainPath: files.certificatePath, privateKeyPath: files.keyPath, trustRootsPath: files.rootsPath),
                trustDomain: trustDomain, expecting: "auth")
            let made = MeshClient(
                host: endpoint.host, port: endpoint.port, tls: tls, eventLoopGroup: MultiThreadedEventLoopGroup.singleton, logger: logger)
            client = made
            return made
        }
    }

    func close() async {
        let open = client.withLock { client in
            defer { client = nil }
            return client
        }
        await open?.close()
    }
}
