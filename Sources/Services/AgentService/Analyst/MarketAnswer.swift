internal import Trading

/// What is said about markets.
enum MarketAnswer {
    static func prices(_ results: ToolResults) -> [String] {
        let prices = results.all(PriceOutput.self, of: .price).map {
            "\($0.symbol) is at \(Wording.price($0.price)) (bid \(Wording.price($0.bid)), ask \(Wording.price($0.ask))). "
        }
        return prices + failures(results, .price)
    }

    static func analysis(_ results: ToolResults, _ span: TimeSpan) -> [String] {
        let prices = results.all(PriceOutput.self, of: .price)
        let parts = results.all(IndicatorsOutput.self, of: .indicators).flatMap { output in
            [
                movement(output, price: prices.first { $0.symbol == output.symbol }, span), averages(output.indicators),
                strength(output.indicators), range(output),
            ].compactMap(\.self)
        }
        return parts + failures(results, .indicators)
    }

    static func candles(_ results: ToolResults) -> [String] {
        let tables = results.all(CandlesOutput.self, of: .candles).map { output in
            let rows = output.candles.map { "open \($0.open), high \($0.high), low \($0.low), close \($0.close), volume \($0.volume)" }
            return "The last \(rows.count) candles of \(output.symbol) (\(output.interval)), oldest first:\n" + rows.joined(separator: "\n")
        }
        return tables + failures(results, .candles)
    }

    private static func movement(_ output: IndicatorsOutput, price: PriceOutput?, _ span: TimeSpan) -> String {
        let indicators = output.indicators
        let over = output.candles < Int(span.candles) ? "the \(output.candles) candles of \(output.interval) that there are" : span.words
        let verb = indicators.changePercent.isZero ? "is unchanged" : indicators.changePercent.isNegative ? "has fallen" : "has risen"
        let change = indicators.changePercent.isZero ? "" : " \(indicators.changePercent.magnitude) %"
        let now = Wording.price(price?.price ?? indicators.last)
        return """
            \(output.symbol) \(verb)\(change) over \(over) and is now at \(now); \
            its high was \(Wording.price(indicators.high)), its low \(Wording.price(indicators.low)). 
            """
    }

    private static func averages(_ indicators: Indicators) -> String? {
        guard let simple = indicators.sma20, let exponential = indicators.ema20 else { return nil }
        let side = indicators.last > simple ? "above" : indicators.last < simple ? "below" : "at"
        return "The last close is \(side) its 20-candle average of \(Wording.price(simple)) (exponential \(Wording.price(exponential))). "
    }

    private static func strength(_ indicators: Indicators) -> String? {
        guard let strength = indicators.rsi14 else { return nil }
        let word =
            strength > Trading.Decimal(70) ? "overbought" : strength < Trading.Decimal(30) ? "oversold" : "neither overbought nor oversold"
        return "RSI(14) is \(strength): \(word). "
    }

    private static func range(_ output: IndicatorsOutput) -> String? {
        guard let range = output.indicators.atr14, let percent = output.indicators.atrPercent else { return nil }
        return "A \(output.interval) candle usually moves \(Wording.price(range)) (\(percent) %). "
    }

    static func failures(_ results: ToolResults, _ tool: ToolName) -> [String] {
        results.failures(of: tool).map { "I could not look up everything: \($0.message) " }
    }
}
