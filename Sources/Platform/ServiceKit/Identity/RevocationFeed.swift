internal import Logging
internal import MeshCall
internal import MeshTLS
internal import ServiceAPI

/// Hears from auth who is revoked, for as long as the process runs. While auth is away the last list stands.
struct RevocationFeed: Sendable {
    /// What a list may hold; a longer one is refused whole, for the log.
    static let maximumEntries = 20_000
    static let shortestRetry = Duration.milliseconds(200)
    static let longestRetry = Duration.seconds(5)

    let auth: any CallChannel
    let trust: MeshTrust
    let logger: Logger
    /// Told which keys verify tokens, by the name of their set.
    let tokenKeys: @Sendable ([UInt8]) async -> Void
    /// Called when auth does not let this process in.
    let refused: @Sendable () async -> Void

    func run() async throws {
        var failures = 0
        while true {
            do {
                for try await list in try await AuthV1.IdentityClient(auth).watchRevocations(.init()) {
                    failures = 0
                    take(list)
                    // Not waited for: the next revocation does not wait for auth's answer.
                    Task { await tokenKeys(list.tokenKeys) }
                }
            } catch is CancellationError {
                throw CancellationError()
            } catch {
                if CertificateClient.isRefusal(error) { await refused() }
                if failures == 0 { logger.info("revocations are not heard of", metadata: ["why": "\(error)"]) }
            }
            let wait = min(Self.shortestRetry * (1 << min(failures, 8)), Self.longestRetry)
            failures += 1
            try await Task.sleep(for: wait * Double.random(in: 0.5...1))
        }
    }

    private func take(_ received: AuthV1.Revocations) {
        guard received.serials.count + received.identities.count <= Self.maximumEntries else {
            return logger.error("revocations refused", metadata: ["why": "more than \(Self.maximumEntries) entries"])
        }
        let list = RevocationList(received)
        guard trust.replaceRevocations(with: list) else { return }
        logger.info(
            "revocations", metadata: ["version": "\(list.version)", "serials": "\(list.serials.count)", "identities": "\(list.identities.count)"])
    }
}

extension RevocationList {
    /// What cannot name a certificate or identity is left out: nobody could have it.
    init(_ received: AuthV1.Revocations) {
        self.init(
            version: received.version,
            serials: Set(received.serials.filter { $0.count <= CertificateSerial.maximumBytes }.map(CertificateSerial.init(bytes:))),
            identities: Set(received.identities.compactMap { try? SPIFFEIdentity(uri: $0) }))
    }
}
