internal import Cryptography
public import Foundation
internal import Identity
public import Logging
public import MeshTLS
public import NIOCore

/// Keeps a mesh certificate alive: has it renewed at half-life, and after it has ended enrols again when a join token is there.
///
/// It looks at the wall clock again and again rather than sleep until a moment: the clock may be set, and the machine may have slept.
public actor IdentityKeeper {
    /// How long a process waits for its first certificate before it gives up and is started again.
    public static let firstCertificateTime = Duration.seconds(60)
    static let longestToken = 256

    private let files: IdentityFiles
    private let place: IdentityPlace
    private let client: CertificateClient
    private let interval: Duration
    private let clock: @Sendable () -> Int64
    private let renewed: @Sendable () -> Void
    private let logger: Logger
    private var plan: RenewalPlan
    private var triedToken: [UInt8]?
    private var lastFailure: String?

    /// - Parameters:
    ///   - interval: between two looks at the clock.
    ///   - clock: seconds since 1970.
    ///   - revocations: what is known to be revoked: no such certificate is taken for auth's.
    ///   - renewed: called after each change of the files.
    public init(
        _ place: IdentityPlace, revocations: @escaping @Sendable () -> RevocationList = { .empty }, eventLoopGroup: any EventLoopGroup,
        interval: Duration = .seconds(1), logger: Logger,
        clock: @escaping @Sendable () -> Int64 = { Int64(Date().timeIntervalSince1970) }, renewed: @escaping @Sendable () -> Void = {}
    ) {
        self.place = place
        files = IdentityFiles(folder: place.folder)
        client = CertificateClient(place: place, revocations: revocations, eventLoopGroup: eventLoopGroup, logger: logger)
        self.interval = interval
        self.clock = clock
        self.renewed = renewed
        self.logger = logger
        plan = RenewalPlan(lateness: .random(in: 0...1))
    }

    /// Returns when there is a certificate that is good now.
    ///
    /// - Throws: `StartUpError.enrolment` when none comes in time; `CancellationError`.
    public func obtain(within limit: Duration = firstCertificateTime) async throws {
        try files.recover()
        let deadline = ContinuousClock.now + limit
        while !hasCertificate {
            await look()
            guard !hasCertificate else { return }
            guard ContinuousClock.now < deadline else {
                throw StartUpError.enrolment(lastFailure ?? "no join token at \(place.joinTokenPath); `pulse enrol token` makes one")
            }
            try await Task.sleep(for: min(interval, .milliseconds(100)))
        }
    }

    /// Renews until cancelled.
    public func run() async throws {
        while true {
            try await Task.sleep(for: interval)
            await look()
        }
    }

    /// Renews although nothing is due.
    ///
    /// - Throws: `StartUpError.enrolment` that says why there is no new one.
    public func renewNow() async throws {
        await replace(by: "renewal") { request in try await self.client.renew(request) }
        if let lastFailure { throw StartUpError.enrolment(lastFailure) }
    }

    /// auth does not let this certificate in: a new join token is tried although it has not ended.
    func wasRefused() {
        plan.refused()
    }

    /// Looks once, and does what is due.
    func look() async {
        let token = joinToken
        switch plan.step(life: life, at: clock(), now: .now, token: state(of: token)) {
        case .rest: break
        case .renew: await replace(by: "renewal") { request in try await self.client.renew(request) }
        case .enrol:
            guard let token else { return }
            triedToken = Hashing.sha256(Array(token.utf8))
            await replace(by: "enrolment", key: files.enrolmentKey) { request in try await self.client.enrol(request, joinToken: token) }
        }
    }

    private func replace(
        by way: String, key makeKey: () throws -> MeshKey = { MeshKey() }, _ issue: @Sendable (CertificateRequest) async throws -> [[UInt8]]
    ) async {
        do {
            let key = try makeKey()
            let chain = try await issue(CertificateRequest(key: key, spiffeID: place.spiffeID))
            try files.install(key, chain: chain)
            plan.succeeded()
            lastFailure = nil
            renewed()
            let facts = files.facts()
            logger.info("mesh certificate", metadata: ["by": "\(way)", "serial": "\(facts?.serial ?? "-")", "ends": "\(facts?.ends ?? 0)"])
        } catch {
            lastFailure = "\(way) failed: \(error)"
            plan.failed(refused: CertificateClient.isRefusal(error), now: .now, jitter: .random(in: 0...1))
            logger.warning("no new mesh certificate", metadata: ["by": "\(way)", "why": "\(error)"])
        }
    }

    // MARK: - What there is

    private var hasCertificate: Bool {
        life.map { $0.contains(clock()) && clock() < $0.upperBound } ?? false
    }

    private var life: ClosedRange<Int64>? {
        guard let facts = files.facts(), facts.uris == [place.spiffeID], facts.begins < facts.ends else { return nil }
        return facts.begins...facts.ends
    }

    private var joinToken: String? {
        guard let file = FileHandle(forReadingAtPath: place.joinTokenPath) else { return nil }
        defer { try? file.close() }
        guard let data = try? file.read(upToCount: Self.longestToken) else { return nil }
        let token = String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        return token.isEmpty ? nil : token
    }

    private func state(of token: String?) -> JoinTokenState {
        guard let token else { return .none }
        return Hashing.sha256(Array(token.utf8)) == triedToken ? .tried : .fresh
    }
}
