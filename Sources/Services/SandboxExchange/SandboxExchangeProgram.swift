import AuditClient
import FoundationEssentials
import HTTPSKit
import KeyManagement
import Logging
import MeshTLS
import Secrets
public import ServiceKit
import Storage

/// `sandbox-exchange`: the stand-in for the real exchange, over HTTPS.
public enum SandboxExchangeProgram {
    /// Name of the secret that `X-Sandbox-Operator` must hold.
    static let operatorToken = "operator-token"

    /// - Throws: settings, secret, storage or candle file errors, each saying what to repair.
    public static func build(_ context: ServiceContext) async throws -> RunningService {
        let database = try context.openDatabase(SandboxExchange.schema)
        let (data, wrapping) = try await dataKeys(context, database)
        let exchange = try await SandboxExchange(
            configuration: try context.settings.options(as: SandboxConfiguration.self), database: database,
            cipher: try data.cipher(DataKeyring.columns), wallTime: wallTime)
        let tls = try MeshTLSContext.httpsServer(
            certificateChainPath: context.settings.httpsCertificatePath, privateKeyPath: context.settings.httpsPrivateKeyPath)
        let secrets = context.secrets
        // That there is one is seen at the start.
        _ = try await secrets.secret(named: operatorToken)
        let server = HTTPSServer(
            responder: exchange.responder { trimmed(try await secrets.secret(named: operatorToken)) },
            host: context.settings.listen.host, port: context.settings.listen.port, tls: tls, eventLoopGroup: context.eventLoopGroup,
            logger: context.logger)
        return RunningService(
            background: [
                server, CertificateReload(tls, logger: context.logger), BackgroundTask("data key") { try await wrapping.follow() },
            ],
            readiness: { database.failure == nil ? nil : "the database failed" })
    }

    /// No operator reaches it over the mesh: the data key is replaced in its secret store, from where it is taken up. It has no outbox either.
    private static func dataKeys(_ context: ServiceContext, _ database: ServiceDatabase) async throws -> (data: DataKeyring, wrapping: StoredKeyring) {
        let logger = context.logger
        let place = context.keyringPlace(database) { event, _ in
            logger.notice("a key has changed", metadata: ["what": "\(event.action)", "key": "\(event.object)"])
        }
        return try await SandboxExchange.openDataKeys(in: place, schedule: context.settings.keys[.dataEncryption])
    }

    /// Microseconds since 1970.
    @Sendable private static func wallTime() -> Int64 {
        Int64(Date().timeIntervalSince1970 * 1_000_000)
    }

    /// Without the line end that a text file may have.
    @Sendable private static func trimmed(_ token: SecretBytes) -> SecretBytes {
        token.withUnsafeBytes { bytes in
            SecretBytes(copying: Array(bytes.prefix { $0 > UInt8(ascii: " ") }))
        }
    }
}
