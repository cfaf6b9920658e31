public import AsyncHTTPClient
public import Deployment
internal import Foundation
public import KeyManagement
internal import Logging
public import MeshRuntime
public import MeshTLS
internal import NIOPosix
public import SecretStores
internal import ServiceKit

/// The whole of CryptoPulse in a temporary folder on free ports: the real executables with their own development root, stopped and
/// removed when the test's process ends at the latest.
public final class LocalMesh: Sendable {
    public let folder: StateFolder
    public let ports: PortPlan
    /// Trusts this deployment's root and nothing else.
    public let https: HTTPClient
    /// nil: another process supervises it.
    private let supervisor: Supervisor?
    /// Around the state folder: what is kept outside of it goes with it. nil: it is somebody else's.
    private let temporary: String?

    /// Starts everything and waits until it is ready.
    ///
    /// - Parameters:
    ///   - candles: a candle file in Binance's kline columns to replay; nil means made-up prices.
    ///   - keys: the schedules of keys; nil means those that hold everywhere.
    ///   - alerts: where audit sends them; nil means nowhere.
    ///   - model: the language model that answers; nil means the one that is built in.
    ///   - tradeKeys: where people's trade keys are; nil means in execution's process.
    ///   - secretStores: the stores of services whose secrets lie elsewhere, by name; nil means none.
    ///   - bin: the folder of the executables; nil means beside the running one, as under `swift test`.
    ///   - clock: the wall clock of its processes; nil means the machine's.
    ///   - variables: of the environment of all its services.
    public static func start(
        candles: String? = nil, seed: UInt32 = 1, keys: KeySchedules? = nil, alerts: DeploymentOptions.Alerts? = nil, model: DeploymentOptions.Model? = nil,
        tradeKeys: RemoteKeySettings? = nil, secretStores: [String: SecretStoreSettings]? = nil, bin: String? = nil, clock: LocalClock? = nil,
        variables: [String: String] = [:]
    ) async throws -> LocalMesh {
        let options = DeploymentOptions(
            portBase: 0, candles: candles, seed: seed, keys: keys, alerts: alerts, model: model, tradeKeys: tradeKeys, secretStores: secretStores)
        let mesh = try await LocalMesh(options, bin: bin, clock: clock, variables: variables)
        do {
            try await mesh.supervisor?.start()
        } catch {
            await mesh.stop()
            throw error
        }
        return mesh
    }

    /// Runs `body` with a mesh of its own, which is gone afterwards.
    public static func with<T>(
        candles: String? = nil, seed: UInt32 = 1, keys: KeySchedules? = nil, alerts: DeploymentOptions.Alerts? = nil, model: DeploymentOptions.Model? = nil,
        tradeKeys: RemoteKeySettings? = nil, secretStores: [String: SecretStoreSettings]? = nil, clock: LocalClock? = nil,
        variables: [String: String] = [:], _ body: (LocalMesh) async throws -> T
    ) async throws -> T {
        let mesh = try await start(
            candles: candles, seed: seed, keys: keys, alerts: alerts, model: model, tradeKeys: tradeKeys, secretStores: secretStores, clock: clock,
            variables: variables)
        do {
            let result = try await body(mesh)
            await mesh.stop()
            return result
        } catch {
            await mesh.stop()
            throw error
        }
    }

    private init(_ options: DeploymentOptions, bin: String?, clock: LocalClock?, variables: [String: String]) async throws {
        let temporary = try ExitCleanup.makeTemporaryFolder()
        self.temporary = temporary
        folder = StateFolder(temporary + "/state")
        try await Initializer(folder).initialise(options)
        try clock?.keep(in: ServiceName.allCases.map(folder.service))
        let supervisor = try await Supervisor(
            folder, programs: ProgramFolder(bin), logger: Logger(label: "local-mesh") { _ in SwiftLogNoOpLogHandler() },
            environment: { [folder] in variables.merging(clock?.environment(in: folder.service($0)) ?? [:]) { $1 } }, clock: { clock?.now ?? Date() })
        self.supervisor = supervisor
        ports = supervisor.ports
        https = try DeploymentAccess(folder).makeClient()
    }

    /// A mesh that another process supervises, which also stops it: `pulse up`.
    package init(supervisedElsewhere folder: StateFolder) throws {
        self.folder = folder
        (supervisor, temporary) = (nil, nil)
        ports = try DeploymentAccess(folder).ports()
        https = try DeploymentAccess(folder).makeClient()
    }

    public func stop() async {
        await supervisor?.stop()
        try? await https.shutdown()
        if let temporary { ExitCleanup.remove(temporary) }
    }

    // MARK: - Processes

    /// To stop, kill or start one service. A service that is started again must be waited for with `waitUntilReady`.
    public func process(_ name: ServiceName) throws -> ServiceProcess {
        try ownSupervisor.process(name)
    }

    public func waitUntilReady(_ name: ServiceName, within limit: Duration = .seconds(30)) async throws {
        try await ownSupervisor.waitUntilReady(name, until: .now + limit)
    }

    private var ownSupervisor: Supervisor {
        get throws {
            guard let supervisor else { throw DeploymentError("another process supervises this mesh") }
            return supervisor
        }
    }

    /// The end of a service's log.
    public func log(of name: ServiceName, lines: Int = 50) -> String {
        LogTail.lines(of: folder.log(name), count: lines)
    }

    // MARK: - Mesh

    /// A mesh client with the real certificate of `identity`, a service's name or `operator`. The caller closes it.
    public func client(to name: ServiceName, as identity: String) throws -> MeshClient {
        try client(to: name, with: credentials(of: identity))
    }

    /// A mesh client with any certificate.
    public func client(to name: ServiceName, with credentials: MeshTLSCredentials) throws -> MeshClient {
        let tls = try MeshTLSContext.meshClient(credentials, trustDomain: "development.cryptopulse.internal", expecting: name.rawValue)
        let endpoint = ports.listen(name)
        return MeshClient(
            host: endpoint.host, port: endpoint.port, tls: tls, eventLoopGroup: MultiThreadedEventLoopGroup.singleton,
            logger: Logger(label: "local-mesh") { _ in SwiftLogNoOpLogHandler() })
    }

    public func credentials(of identity: String) -> MeshTLSCredentials {
        let tls = identity == "operator" ? folder.operatorTLS : "\(folder.path)/\(identity)/tls"
        return MeshTLSCredentials(
            certificateChainPath: tls + "/cert.pem", privateKeyPath: tls + "/key.pem", trustRootsPath: tls + "/roots.pem")
    }
}
