import AuditClient
import Crypto
import Cryptography
import Exchange
import FoundationEssentials
import GRDB
import KeyManagement
import Logging
import MeshCall
import Storage
import Synchronization

/// Waits for the API key that the exchange gave to our public key, tries it, and keeps the client that uses it.
///
/// The key is taken only if it can neither trade nor withdraw. A key that the exchange comes to refuse is put away until it is accepted again or another
/// one takes its place; no restart is needed. The next pair serves from the moment in which the exchange accepts it; until then the present one does.
final class ReadKeyKeeper: Sendable {
    /// What a keeper works with.
    struct Place: Sendable {
        let exchange: BinanceClient
        let table: ReadKeyTable
        let handover: APIKeyHandover
        /// Where the public half is shown.
        let publicKeyPath: String
        let journal: KeyJournal
        /// Milliseconds since 1970.
        let now: @Sendable () -> Int64
    }

    private let place: Place
    private let limits: MarketDataLimits
    private let logger: Logger
    private let state: Mutex<State>

    private struct State {
        var key: ReadKey
        var next: ReadKey?
        var client: BinanceClient?
        var apiKey = ""
        var problem = "the exchange key has not been registered yet"
        /// The last that was revoked: revoking it again changes nothing.
        var gone: KeyRecord?
    }

    private var handover: APIKeyHandover { place.handover }
    private var journal: KeyJournal { place.journal }

    private init(_ key: ReadKey, next: ReadKey?, in place: Place, limits: MarketDataLimits, logger: Logger) {
        self.place = place
        self.limits = limits
        self.logger = logger
        state = Mutex(State(key: key, next: next))
    }

    /// Takes up the pair that is kept, or makes the first.
    static func open(_ place: Place, limits: MarketDataLimits, logger: Logger) async throws -> ReadKeyKeeper {
        let database = place.journal.database
        let (key, next) = try await database.write { [table = place.table, now = place.now] db in
            (try table.read(.current, in: db) ?? table.make(.current, now: now(), in: db), try table.read(.next, in: db))
        }
        if key.isNew { await place.journal.created() }
        try (next ?? key).publish(to: place.publicKeyPath)
        return ReadKeyKeeper(key, next: next, in: place, limits: limits, logger: logger)
    }

    // MARK: - The life of the key

    /// The one in use first.
    var records: [KeyRecord] {
        state.withLock { state in
            [state.key.record(state.key.activated == nil ? .pending : .active)] + [state.next?.record(.pending)].compactMap(\.self)
        }
    }

    /// What an operator is to do about a pair that was made.
    var advice: String {
        "Register \(place.publicKeyPath) at the exchange as a key that can read and nothing else, then put its API key into \(handover.path)."
    }

    /// Makes the pair that is to follow, and shows its public half.
    ///
    /// - Throws: `RPCError` when one waits already.
    func prepareNext(by change: KeyChange) async throws -> KeyRecord {
        guard state.withLock({ $0.next == nil }) else {
            throw RPCError.keyPrecondition("A new key waits already. \(advice)", "ROTATION_UNDER_WAY")
        }
        let next = try await journal.writing { [table = place.table, now = place.now] db in
            let key = try table.make(.next, now: now(), in: db)
            return (key, [AuditEvent(.prepared, of: key.id, .exchangeMarket, by: change)])
        }
        state.withLock { $0.next = next }
        try show(next)
        return next.record(.pending)
    }

    /// The key is erased. Another pair takes its place, which serves once it is registered.
    func revoke(_ id: String, by change: KeyChange) async throws -> KeyRecord {
        let (key, next, last) = state.withLock { ($0.key, $0.next, $0.gone) }
        if let last, last.id == id { return last }
        guard [key.id, next?.id].contains(id) else { throw RPCError.unknownKey }
        let isCurrent = key.id == id
        let heir = try await journal.writing { [table = place.table, now = place.now] db in
            let heir: ReadKey
            if isCurrent {
                heir = try next ?? table.make(.next, now: now(), in: db)
                guard try table.promote(heir, in: db) else { throw Superseded() }
                try db.execute(sql: "UPDATE exchange_key SET sealed_api_key = NULL, activated_ms = NULL")
            } else {
                heir = key
                try db.execute(sql: "DELETE FROM exchange_key_next")
            }
            return (heir, [AuditEvent(.revoked, of: id, .exchangeMarket, by: change)])
        }
        var gone = (isCurrent ? key : next ?? key).record(.gone)
        gone.goneAt = place.now() / 1000
        state.withLock { state in
            (state.next, state.gone) = (nil, gone)
            guard isCurrent else { return }
            (state.key, state.client, state.apiKey) = (heir, nil, "")
            state.problem = "the exchange key was revoked and the next one has not been registered yet"
        }
        try show(heir)
        return gone
    }

    private func show(_ key: ReadKey) throws {
        handover.expectAnother()
        try key.publish(to: place.publicKeyPath)
    }

    /// What stands in the way; nil when there is a key.
    var problem: String? {
        state.withLock { $0.client == nil ? $0.problem : nil }
    }

    /// - Throws: `RPCError` UNAVAILABLE with reason EXCHANGE_KEY_MISSING, or DATA_KEYS_UNAVAILABLE.
    func current() throws -> BinanceClient {
        try checkUsable()
        guard let client = state.withLock({ $0.client }) else {
            throw RPCError(.unavailable, "There is no key for the exchange yet.", reason: "EXCHANGE_KEY_MISSING")
        }
        return client
    }

    /// What was opened under the data keys is kept as long as these may be used, and no longer.
    private func checkUsable() throws {
        do {
            try place.table.cipher.check()
        } catch {
            state.withLock { ($0.client, $0.apiKey, $0.problem) = (nil, "", "the key for the exchange cannot be opened now") }
            throw error
        }
    }

    /// Puts the key away that the exchange just refused.
    func refused(_ error: ExchangeError) async {
        let wasInUse = state.withLock { state in
            defer { (state.client, state.problem) = (nil, "the exchange refuses the read key") }
            return state.client != nil
        }
        guard wasInUse else { return }
        logger.error("exchange refuses the read key", metadata: ["error": "\(error)"])
        await journal.refused(error)
    }

    /// Looks for the key and tries it; until cancelled.
    func run() async throws {
        while true {
            try await Task.sleep(for: await step())
        }
    }

    /// - Returns: how long to wait before the next look.
    func step() async -> Duration {
        guard (try? checkUsable()) != nil else { return limits.keyWait }
        guard let apiKey = await apiKey() else { return limits.keyWait }
        let isKnown = state.withLock { $0.client != nil && $0.apiKey == apiKey }
        guard !isKnown else { return limits.keyRecheck }
        return await tryKey(apiKey)
    }

    private func tryKey(_ apiKey: String) async -> Duration {
        let (key, next) = state.withLock { ($0.key, $0.next) }
        // What is handed over while a next pair waits belongs to that one.
        let isNext = next != nil && handover.new() == apiKey
        let tried = isNext ? next ?? key : key
        let client: BinanceClient
        do {
            client = try await self.client(signingWith: tried, isNext: isNext, apiKey)
        } catch {
            logger.error("the read key cannot be opened", metadata: ["error": "\(error)"])
            return limits.keyWait
        }
        do {
            _ = try await client.account()
            let (faults, unchecked) = try await client.fitness(for: .reading)
            guard faults.isEmpty else {
                let advice = faults.map(\.advice).joined(separator: " ")
                return await reject("the read key is not used: \(advice)", ExchangeError(.credentials, message: advice))
            }
            try await accept(tried, isNext: isNext, apiKey, client, unchecked)
            return limits.keyRecheck
        } catch let error as ExchangeError where error.kind == .credentials {
            let advice = await client.diagnose(error, for: .reading).advice
            return await reject("the exchange refuses the read key: \(advice)", error)
        } catch let error as ExchangeError where error.kind == .rejected {
            return await reject("the exchange refuses the read key", error)
        } catch {
            state.withLock { $0.problem = "the exchange cannot be reached" }
            logger.warning("read key could not be tried", metadata: ["error": "\(error)"])
            return limits.keyWait
        }
    }

    private struct Superseded: Error {}

    private func client(signingWith key: ReadKey, isNext: Bool, _ apiKey: String) async throws -> BinanceClient {
        let privateKey = try await journal.database.readAll { [table = place.table] in try table.privateKey(of: key, isNext ? .next : .current, in: $0) }
        guard let privateKey else { throw Superseded() }
        return place.exchange.with(credential: ExchangeCredential(apiKey: apiKey, signer: Ed25519RequestSigner(privateKey)))
    }

    private func accept(_ key: ReadKey, isNext: Bool, _ apiKey: String, _ client: BinanceClient, _ unchecked: [String]) async throws {
        let now = place.now()
        let before = state.withLock(\.key.id)
        try await journal.writing { [table = place.table, handover] db in
            // What was revoked while the exchange was asked does not come back.
            guard try table.read(isNext ? .next : .current, in: db)?.id == key.id else { throw Superseded() }
            if isNext, try !table.promote(key, in: db) { throw Superseded() }
            try table.noteAccepted(now: now, in: db)
            try handover.keep(apiKey, in: db)
            let change = KeyChange(actor: .service("market-data"), reason: "the exchange accepts the next key")
            let events: [(KeyEvent, String)] = isNext ? [(.activated, key.id), (.ended, before)] : []
            return ((), events.map { AuditEvent($0.0, of: $0.1, .exchangeMarket, by: change) })
        }
        state.withLock { state in
            guard state.gone?.id != key.id else { return }
            (state.client, state.apiKey) = (client, apiKey)
            state.key = key
            state.key.activated = isNext ? now : key.activated ?? now
            if isNext { state.next = nil }
        }
        try handover.empty(apiKey)
        logger.info("exchange accepts the read key", metadata: ["not-checked": "\(unchecked.joined(separator: "; "))"])
        await journal.accepted(unchecked: unchecked)
    }

    private func reject(_ problem: String, _ error: ExchangeError) async -> Duration {
        let isNews = state.withLock { state in
            defer {
                state.problem = problem
                // A next key that is refused leaves the present one where it is.
                if state.next == nil { state.client = nil }
            }
            return state.problem != problem
        }
        if isNews {
            logger.error("\(problem)", metadata: ["error": "\(error)"])
            await journal.refused(error)
        }
        return limits.refusedKeyWait
    }

    /// The key that was handed over, or the one in use, or the one of an earlier start.
    private func apiKey() async -> String? {
        if let new = handover.new() { return new }
        let inUse = state.withLock { $0.client == nil ? "" : $0.apiKey }
        if !inUse.isEmpty { return inUse }
        do {
            return try await handover.kept()
        } catch {
            logger.error("the kept API key cannot be read", metadata: ["error": "\(error)"])
            return nil
        }
    }
}
