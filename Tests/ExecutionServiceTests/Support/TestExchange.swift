import Exchange
import ExecutionService
import Foundation
import Synchronization
import Trading

/// A small exchange in memory, with the faults that a real one and the way to it have. Fills every MARKET order at once.
final class TestExchange: ExchangeAccess {
    enum Fault: Sendable {
        case none
        /// The order stands, but its answer is lost.
        case lostAfterAccept
        /// The order never arrives, and that is not known.
        case lostBeforeAccept
        case refused(code: Int)
        case unreachable
        /// The last look could not be taken.
        case withheld
        /// No question about an order is answered either.
        case silentAfterAccept
    }

    struct State {
        var fault = Fault.none
        var questionsFail = false
        var cancelsFail = false
        var balances: [String: String] = ["USDT": "10000", "BTC": "1", "ETH": "4"]
        /// Everything that was ever asked to be placed, taken or not.
        var attempts: [NewOrder] = []
        /// What stands at the exchange.
        var orders: [NewOrder] = []
        var statuses: [String: String] = [:]
        /// Keys that the exchange knows, each of its own account.
        var keys: Set<String> = ["good-key", "other-key"]
        /// What the exchange says of its keys; nil when it has no call for that.
        var restrictions: KeyRestrictions? = KeyRestrictions(isRestrictedToAddresses: true, mayTradeSpot: true)
        /// What the account is refused with, although the key is known.
        var accountRefusal: Int?
        /// Which key placed an order: another account knows nothing of it.
        var placedWith: [String: String] = [:]
        /// What each order that came was signed with, over its client order id.
        var signatures: [String: String] = [:]
    }

    private let state = Mutex(State())

    var attempts: [NewOrder] { state.withLock(\.attempts) }

    func set(_ change: (inout sending State) -> Void) { state.withLock { change(&$0) } }

    func rules(of symbols: [Symbol]) async throws -> [SymbolRules] {
        try symbols.map { symbol in
            try decode(
                """
                {"symbol":"\(symbol)","status":"TRADING","baseAsset":"\(symbol.name.dropLast(4))","quoteAsset":"USDT","filters":[
                {"filterType":"PRICE_FILTER","minPrice":"0.01","maxPrice":"1000000","tickSize":"0.01"},
                {"filterType":"LOT_SIZE","minQty":"0.00001","maxQty":"9000","stepSize":"0.00001"},
                {"filterType":"NOTIONAL","minNotional":"5","applyMinToMarket":true,"maxNotional":"9000000","applyMaxToMarket":false}]}
                """)
        }
    }

    func trading(apiKey: String, signer: any RequestSigner, lastLook: (@Sendable () async throws -> Void)?) -> any TradingExchange {
        Account(exchange: self, apiKey: apiKey, signer: signer, lastLook: lastLook)
    }

    private struct Account: TradingExchange {
        let exchange: TestExchange
        let apiKey: String
        let signer: any RequestSigner
        let lastLook: (@Sendable () async throws -> Void)?

        /// As the real client does: what cannot be signed is not sent.
        private func signature(of text: String) async throws -> String {
            do {
                return try await signer.signature(of: Array(text.utf8))
            } catch {
                throw ExchangeError(.notSigned, message: "\(signer.place) did not sign, nothing was sent")
            }
        }

        func checkKey() throws {
            guard exchange.state.withLock({ $0.keys.contains(apiKey) }) else {
                throw ExchangeError(.credentials, code: -2015, message: "Invalid API-key, IP, or permissions for action.", httpStatus: 401)
            }
        }

        func keyRestrictions() async throws -> KeyRestrictions? {
            try checkKey()
            return exchange.state.withLock(\.restrictions)
        }

        func account() async throws -> AccountInformation {
            _ = try await signature(of: "account")
            try checkKey()
            if let code = exchange.state.withLock(\.accountRefusal) {
                throw ExchangeError(.credentials, code: code, message: "Invalid API-key, IP, or permissions for action.", httpStatus: 401)
            }
            let balances = exchange.state.withLock(\.balances).map { #"{"asset":"\#($0)","free":"\#($1)","locked":"0"}"# }
            return try decode(#"{"canTrade":true,"updateTime":1,"balances":[\#(balances.joined(separator: ","))]}"#)
        }

        func placeOrder(_ order: NewOrder) async throws -> OrderReport {
            let signature = try await signature(of: order.clientOrderID)
            do {
                try await lastLook?()
            } catch {
                throw ExchangeError(.withheld, message: "it was not let go, nothing was sent")
            }
            try checkKey()
            let fault = exchange.state.withLock { state in
                state.attempts.append(order)
                state.signatures[order.clientOrderID] = signature
                switch state.fault {
                case .none, .lostAfterAccept, .silentAfterAccept:
                    state.orders.append(order)
                    state.placedWith[order.clientOrderID] = apiKey
                case .lostBeforeAccept, .refused, .unreachable, .withheld: break
                }
                if case .silentAfterAccept = state.fault { state.questionsFail = true }
                return state.fault
            }
            switch fault {
            case .none: return try report(order)
            case .lostAfterAccept, .lostBeforeAccept, .silentAfterAccept:
                throw ExchangeError(.unknownOutcome, message: "no answer: timeout")
            case .refused(let code): throw ExchangeError(.rejected, code: code, message: "Filter failure", httpStatus: 400)
            case .withheld: throw ExchangeError(.withheld, message: "it was not let go, nothing was sent")
            case .unreachable: throw ExchangeError(.unavailable, message: "not sent: connection refused")
            }
        }

        func order(symbol: String, clientOrderID: String) async throws -> OrderReport {
            _ = try await signature(of: clientOrderID)
            let found = try exchange.state.withLock { state in
                guard !state.questionsFail else { throw ExchangeError(.unavailable, message: "no answer: timeout") }
                return state.orders.first { $0.clientOrderID == clientOrderID && state.placedWith[clientOrderID] == apiKey }
            }
            guard let found else { throw ExchangeError(.rejected, code: -2013, message: "Order does not exist.", httpStatus: 400) }
            return try report(found)
        }

        func cancelOrder(symbol: String, clientOrderID: String) async throws -> OrderReport {
            _ = try await signature(of: clientOrderID)
            let order = try exchange.state.withLock { state -> NewOrder? in
                guard !state.cancelsFail else { throw ExchangeError(.unavailable, message: "no answer: timeout") }
                let order = state.orders.first { $0.clientOrderID == clientOrderID && state.placedWith[clientOrderID] == apiKey }
                if order != nil { state.statuses[clientOrderID] = "CANCELED" }
                return order
            }
            guard let order else { throw ExchangeError(.rejected, code: -2011, message: "Unknown order sent.", httpStatus: 400) }
            return try report(order)
        }

        func openOrders(symbol: String?) async throws -> [OrderReport] { [] }

        func trades(symbol: String, orderID: Int64?) async throws -> [AccountTrade] {
            [
                try decode(
                    #"""
                    {"id":7,"orderId":1,"price":"40000.5","qty":"0.01","commission":"0.4","commissionAsset":"USDT","isBuyer":true,"time":1}
                    """#)
            ]
        }

        private func report(_ order: NewOrder) throws -> OrderReport {
            let type = if case .limit = order.terms { "LIMIT" } else { "MARKET" }
            let standard = type == "MARKET" ? "FILLED" : "NEW"
            let status = exchange.state.withLock { $0.statuses[order.clientOrderID] } ?? standard
            let done = status == "FILLED"
            let fills = done ? #"{"tradeId":7,"price":"40000.5","qty":"0.01","commission":"0.4","commissionAsset":"USDT"}"# : ""
            return try decode(
                """
                {"symbol":"\(order.symbol)","orderId":1,"clientOrderId":"\(order.clientOrderID)","side":"\(order.side.rawValue)","type":"\(type)",
                "status":"\(status)","price":"0","origQty":"0.01","executedQty":"\(done ? "0.01" : "0")",
                "cummulativeQuoteQty":"\(done ? "400.005" : "0")","updateTime":1,"fills":[\(fills)]}
                """)
        }
    }
}

private func decode<T: Decodable>(_ json: String) throws -> T {
    try JSONDecoder().decode(T.self, from: Data(json.utf8))
}
