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
/// The key is taken only if it cannot trade. A key that the exchange comes to refuse is put away until it is accepted again or another
/// one takes its place; no restart is needed.
final class ReadKeyKeeper: Sendable {
    private let exchange: BinanceClient
    private let signer: Ed25519RequestSigner
    private let apiKeyPath: String
    private let journal: KeyJournal
    private let limits: MarketDataLimits
    private let logger: Logger
    private let state = Mutex(State())

    private struct State {
        var client: BinanceClient?
        var apiKey = ""
        var problem = "the exchange key has not been registered yet"
    }

    /// Most bytes of the API key's file.
    private static let maximumKeyLength = 256
    /// Any symbol will do: the order is only checked, never placed.
    private static let probeSymbol = "BTCUSDT"

    init(
        exchange: BinanceClient, key: ReadKey, apiKeyPath: String, journal: KeyJournal, limits: MarketDataLimits, logger: Logger
    ) {
        self.exchange = exchange
        signer = Ed25519RequestSigner(key.privateKey)
        self.apiKeyPath = apiKeyPath
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
        guard let apiKey = readAPIKey() else { return limits.keyWait }
        let isKnown = state.withLock { $0.client != nil && $0.apiKey == apiKey }
        guard !isKnown else { return limits.keyRecheck }
        return await tryKey(apiKey)
    }

    private func tryKey(_ apiKey: String) async -> Duration {
        let client = exchange.with(credential: ExchangeCredential(apiKey: apiKey, signer: signer))
        do {
            _ = try await client.account()
            guard try await !client.keyMayTrade(symbol: Self.probeSymbol) else {
                return await reject("the read key may trade, so it is not used", ExchangeError(.credentials, message: "key may trade"))
            }
            state.withLock { ($0.client, $0.apiKey) = (client, apiKey) }
            logger.info("exchange accepts the read key")
            await journal.accepted()
            return limits.keyRecheck
        } catch let error as ExchangeError where error.kind == .credentials || error.kind == .rejected {
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

    private func readAPIKey() -> String? {
        guard let bytes = FileManager.default.contents(atPath: apiKeyPath)?.prefix(Self.maximumKeyLength), !bytes.isEmpty else {
            return nil
        }
        let text = String(decoding: bytes.filter { $0 > UInt8(ascii: " ") && $0 < 0x7f }, as: UTF8.self)
        return text.isEmpty ? nil : text
    }
}
