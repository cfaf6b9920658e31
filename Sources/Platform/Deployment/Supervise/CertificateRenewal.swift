internal import Logging

/// Keeps a running deployment's certificates alive: without it everything would stop a day after the start. The processes take up
/// new files by themselves.
struct CertificateRenewal: Sendable {
    let folder: StateFolder
    var interval = Duration.seconds(600)
    let logger: Logger

    /// Looks at once and then at each interval, until cancelled.
    func run() async {
        repeat {
            do {
                try Initializer(folder).renewCertificates()
            } catch {
                logger.error("certificates not renewed", metadata: ["why": "\(error)"])
            }
        } while (try? await Task.sleep(for: interval)) != nil
    }
}
