import FoundationEssentials
import Testing
import Trading

@testable import Exchange

@Suite("Answers of the exchange")
struct ModelDecodingTests {
    @Test("The filters of exchangeInfo; zero means switched off")
    func symbolRules() throws {
        let json = """
            {"timezone":"UTC","serverTime":1,"rateLimits":[],"symbols":[{"symbol":"BTCUSDT","status":"TRADING","baseAsset":"BTC",
            "quoteAsset":"USDT","filters":[
            {"filterType":"PRICE_FILTER","minPrice":"0.01000000","maxPrice":"0.00000000","tickSize":"0.01000000"},
            {"filterType":"LOT_SIZE","minQty":"0.00001000","maxQty":"9000.00000000","stepSize":"0.00001000"},
            {"filterType":"NOTIONAL","minNotional":"5.00000000","applyMinToMarket":true,"maxNotional":"9000000.00000000",
            "applyMaxToMarket":false,"avgPriceMins":5},{"filterType":"TRAILING_DELTA","minTrailingAboveDelta":10}]}]}
            """
        let rules = try #require(try JSONDecoder().decode(ExchangeInformation.self, from: Data(json.utf8)).symbols.first)
        #expect(rules.isTrading)
        #expect(rules.tickSize == Trading.Decimal("0.01"))
        #expect(rules.maximumPrice == nil)
        #expect(rules.stepSize == Trading.Decimal("0.00001"))
        #expect(rules.minimumNotional == Trading.Decimal("5"))
        #expect(rules.minimumNotionalAppliesToMarket && !rules.maximumNotionalAppliesToMarket)
        #expect(rules.maximumOpenOrders == nil)
    }

    @Test("A kline is an array, its decimals exact")
    func kline() throws {
        let json =
            #"[[1499040000000,"0.01634790","0.80000000","0.01575800","0.01577100","148976.11427815",1499644799999,"2434.19055334",308,"1756.87402397","28.46694368","17928899.62484339"]]"#
        let kline = try #require(try JSONDecoder().decode([Kline].self, from: Data(json.utf8)).first)
        #expect(kline.open == Trading.Decimal("0.0163479"))
        #expect(kline.volume == Trading.Decimal("148976.11427815"))
        #expect(kline.closeTime == 1_499_644_799_999)
        #expect(kline.trades == 308)
    }

    @Test("A cancellation reports the order's own client id", arguments: ["0.10000000", "-1"])
    func cancelReport(price: String) throws {
        let json = """
            {"symbol":"LTCBTC","origClientOrderId":"mine","orderId":4,"orderListId":-1,"clientOrderId":"other","transactTime":1684804350068,
            "price":"\(price)","origQty":"1.00000000","executedQty":"0.00000000","cummulativeQuoteQty":"0.00000000","status":"CANCELED",
            "timeInForce":"GTC","type":"LIMIT","side":"BUY"}
            """
        let report = try JSONDecoder().decode(OrderReport.self, from: Data(json.utf8))
        #expect(report.clientOrderID == "mine")
        #expect(report.status == .canceled && report.status.isFinal)
        #expect(report.updatedMilliseconds == 1_684_804_350_068)
    }
}
