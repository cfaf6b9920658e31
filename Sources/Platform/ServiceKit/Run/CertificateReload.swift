public import Logging
public import MeshTLS
public import ServiceLifecycle

/// Reads a listener's certificate files again now and then, so that a renewed certificate is used without a restart. Connections
/// that are open go on. The mesh does this by itself; this is for HTTPS listeners.
public struct CertificateReload: Service {
    static let interval = Duration.seconds(60)

    private let tls: MeshTLSContext
    private let logger: Logger

    public init(_ tls: MeshTLSContext, logger: Logger) {
        self.tls = tls
        self.logger = logger
    }

    public func run() async throws {
        try await BackgroundTask("certificate") {
            while true {
                try await Task.sleep(for: Self.interval)
                reload()
            }
        }.run()
    }

    private func reload() {
        do {
            try tls.reload()
        } catch {
            // A renewal may be half written; the certificate in use stays until the next time.
            logger.warning("certificate not reloaded", metadata: ["why": "\(error)"])
        }
    }
}
