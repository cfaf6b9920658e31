internal import Foundation
internal import Identity
internal import Logging
internal import ServiceKit

/// What a running deployment does for its processes' certificates: a join token for whoever has none that is good, and HTTPS
/// certificates before they end. Everything else they do themselves, with auth.
struct IdentitySupport: Sendable {
    let folder: StateFolder
    var interval = Duration.seconds(1)
    let logger: Logger
    var clock: @Sendable () -> Date = { Date() }

    /// Looks at each interval, until cancelled.
    func run() async {
        while (try? await Task.sleep(for: interval)) != nil { look() }
    }

    func look() {
        let now = clock()
        do {
            try HTTPSCertificates(folder: folder).renewDue(now: now)
            for member in MeshMember.all { try look(at: member, now: Int64(now.timeIntervalSince1970)) }
        } catch {
            logger.error("certificates", metadata: ["why": "\(error)"])
        }
    }

    private func look(at member: MeshMember, now: Int64) throws {
        let mint = JoinTokenMint(folder: folder)
        // Services' keys are not to be in this process's memory.
        if let facts = IdentityFiles(folder: folder.tls(member)).factsWithoutKey(), facts.begins <= now, now < facts.ends {
            mint.takeBack(from: member)
        } else if !mint.hasToken(member, now: now) {
            try mint.give(to: member, now: now)
            logger.info("join token", metadata: ["for": "\(member.name)"])
        }
    }
}
