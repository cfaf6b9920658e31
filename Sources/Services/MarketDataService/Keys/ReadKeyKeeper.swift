import AuditClient
import Crypto
import Exchange
import FoundationEssentials
import Logging
import MeshCall
import Storage
import Synchronization

/// Waits for the API key that the exchange gave to our public key, tries it, and keeps the client that uses it.
///
/// The key is taken only if it can neither trade nor withdraw. A key that the exchange comes to refuse is put away until it is accepted again or another
/// one takes its place; no restart is needed.
final class ReadKeyKeeper: Sendable {
    private let exchange: BinanceClient
    private let signer: Ed25519RequestSigner
    private let handover: APIKeyHandover
    private let journal: KeyJournal
    private let limits: MarketDataLimits
    private let logger: Logger
    private let state = Mutex(State())

    private struct State {
        var client: BinanceClient?
        var apiKey = ""
        var problem = "the exchange key has not been registered yet"
    }

    init(
        exchange: BinanceClient, key: ReadKey, handover: APIKeyHandover, journal: KeyJournal, limits: MarketDataLimits, logger: Logger
    ) {
        self.exchange = exchange
        signer = Ed25519RequestSigner(key.privateKey)
        self.handover = handover
        self.journal = journal
        self.limits = limits
        self.logger = logger
    }

    /// What stands in the way; nil when there is a key.
    var problem: String? {
        state.withLock { $0.client == nil ? $0.problem : nil }
    }

    /// - Throws: `RPCError` UNAVAILABLE with reason EXCHANGE_KEY_MISSING.
    func current() throws -> BinanceClient {
        guard let client = state.withLock({ $0.client }) else {
            throw RPCError(.unavailable, "There is no key for the exchange yet.", reason: "EXCHANGE_KEY_MISSING")
        }
        return client
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
        guard let apiKey = await apiKey() else { return limits.keyWait }
        let isKnown = state.withLock { $0.client != nil && $0.apiKey == apiKey }
        guard !isKnown else { return limits.keyRecheck }
        return await tryKey(apiKey)
    }

    private func tryKey(_ apiKey: String) async -> Duration {
        let client = exchange.with(credential: ExchangeCredential(apiKey: apiKey, signer: signer))
        do {
            _ = try await client.account()
            let (faults, unchecked) = try await client.fitness(for: .reading)
            guard faults.isEmpty else {
                let advice = faults.map(\.advice).joined(separator: " ")
                return await reject("the read key is not used: \(advice)", ExchangeError(.credentials, message: advice))
            }
            state.withLock { ($0.client, $0.apiKey) = (client, apiKey) }
            try await handover.keep(apiKey)
            logger.info("exchange accepts the read key", metadata: ["not-checked": "\(unchecked.joined(separator: "; "))"])
            await journal.accepted(unchecked: unchecked)
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

    private func reject(_ problem: String, _ error: ExchangeError) async -> Duration {
        let isNews = state.withLock { state in
            defer { (state.client, state.problem) = (nil, problem) }
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
