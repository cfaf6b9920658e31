import Cryptography
import Identity
import MeshCall
import MeshMessages
import ServiceAPI
import ServiceKit
import Synchronization

/// `market-data` with one book.
final class TestMarket: MarketDataV1.MarketDataHandler {
    struct Book {
        var bid = "40000"
        var ask = "40000.5"
        var ageMilliseconds: Int64 = 0
    }

    private let book = Mutex(Book())
    private let now: @Sendable () -> Int64

    init(now: @escaping @Sendable () -> Int64) { self.now = now }

    func set(_ change: (inout sending Book) -> Void) { book.withLock { change(&$0) } }

    func getBookTicker(_ request: MarketDataV1.GetBookTickerRequest, context: ServerContext) async throws -> MarketDataV1.BookTicker {
        let book = book.withLock { $0 }
        return MarketDataV1.BookTicker(
            symbol: request.symbol, bidPrice: book.bid, bidQuantity: "1", askPrice: book.ask, askQuantity: "1",
            timeMs: now() &- book.ageMilliseconds)
    }

    func getPrice(_ request: MarketDataV1.GetPriceRequest, context: ServerContext) async throws -> MarketDataV1.Price {
        throw RPCError(.unimplemented, "not here")
    }

    func getCandles(_ request: MarketDataV1.GetCandlesRequest, context: ServerContext) async throws -> MarketDataV1.GetCandlesResponse {
        throw RPCError(.unimplemented, "not here")
    }

    func streamTickers(
        _ request: MarketDataV1.StreamTickersRequest, to writer: ResponseWriter<MarketDataV1.BookTicker>, context: ServerContext
    ) async throws {
        throw RPCError(.unimplemented, "not here")
    }
}

/// `audit` that acknowledges what it gets, unless it is stopped. Keeps what it got.
final class TestAudit: AuditV1.AuditHandler {
    struct State {
        var stopped = false
        var records: [AuditV1.Record] = []
    }

    private let state = Mutex(State())

    var records: [AuditV1.Record] { state.withLock(\.records) }
    var actions: [String] { records.map(\.action) }

    func stop(_ stopped: Bool) { state.withLock { $0.stopped = stopped } }

    func append(_ request: AuditV1.AppendRequest, context: ServerContext) async throws -> AuditV1.AppendResponse {
        let records = try request.records.map { try AuditV1.Record(packed: $0) }
        let first = try state.withLock { state in
            guard !state.stopped else { throw RPCError(.unavailable, "stopped") }
            state.records += records
            return UInt64(state.records.count - records.count)
        }
        return AuditV1.AppendResponse(
            acknowledgements: request.records.enumerated().map { offset, bytes in
                AuditV1.Acknowledgement(index: first + UInt64(offset), leafHash: MerkleTree.leafHash(bytes).bytes)
            })
    }

    func getCheckpoint(_ request: AuditV1.GetCheckpointRequest, context: ServerContext) async throws -> AuditV1.Checkpoint {
        throw RPCError(.unimplemented, "not here")
    }

    func listRecords(_ request: AuditV1.ListRecordsRequest, context: ServerContext) async throws -> AuditV1.ListRecordsResponse {
        throw RPCError(.unimplemented, "not here")
    }
}

/// Checks real tokens with the keys of one issuer.
struct TestAuthenticator: TokenAuthenticator {
    let keys: TokenKeySet

    func authenticate(bearer token: String, accepting accepted: [TokenType]) async throws -> Principal {
        do {
            let verified = try await TokenVerifier(environment: "development").verify(
                token, accepting: Set(accepted.map(\.rawValue)), keys: keys)
            return try Principal(verified)
        } catch let failure as TokenFailure {
            throw RPCError(refusing: failure)
        }
    }
}
