internal import Logging

/// What auth does by itself about mesh identities as time goes: its own certificate, keys whose overlap is over.
struct IdentityUpkeep {
    let authority: IdentityAuthority
    let own: OwnCertificate
    let logger: Logger

    /// Looks at each interval until cancelled.
    func run(every interval: Duration) async throws {
        while true {
            try await Task.sleep(for: interval)
            do {
                try await own.renewIfDue()
                try await authority.endDueKeys()
            } catch {
                logger.error("mesh identities", metadata: ["why": "\(error)"])
                try await Task.sleep(for: .seconds(5))
            }
        }
    }
}
