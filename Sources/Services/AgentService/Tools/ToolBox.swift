internal import MeshCall
internal import ServiceAPI
internal import Trading

/// Runs tools for one chat, with the narrowed token that the chat came with: it can do for this person what this token allows, no more.
struct ToolBox: Sendable {
    private let marketData: MarketDataV1.MarketDataClient
    private let execution: ExecutionV1.ExecutionClient
    private let utteranceID: String
    private let options: CallOptions
    private let outputBytes: Int

    /// - Parameters:
    ///   - utteranceID: what the person said, as execution stored it; every proposal answers this one.
    ///   - authorization: the incoming call's own metadata, passed on unread.
    init(marketData: any CallChannel, execution: any CallChannel, utteranceID: String, authorization: String?, limits: AgentLimits) {
        self.marketData = MarketDataV1.MarketDataClient(marketData)
        self.execution = ExecutionV1.ExecutionClient(execution)
        self.utteranceID = utteranceID
        var metadata = Metadata()
        if let authorization { metadata.append(authorization, for: "authorization") }
        options = CallOptions(timeout: limits.toolTimeout, metadata: metadata)
        outputBytes = limits.toolOutputBytes
    }

    func run(_ tool: ToolName, _ arguments: String) async -> ToolResult {
        do {
            let result = try await result(of: tool, arguments)
            guard result.output.utf8.count <= outputBytes else { throw ToolFailure.limit("The answer is too long: ask for less.") }
            return result
        } catch {
            return ToolResult(failure: ToolFailure(error))
        }
    }

    private func result(of tool: ToolName, _ arguments: String) async throws -> ToolResult {
        switch tool {
        case .price: try await price(ToolJSON.arguments(PriceArguments.self, from: arguments))
        case .candles: try await candles(ToolJSON.arguments(CandlesArguments.self, from: arguments).span)
        case .indicators: try await indicators(ToolJSON.arguments(IndicatorsArguments.self, from: arguments).span)
        case .portfolio: try await portfolio(ToolJSON.arguments(PortfolioArguments.self, from: arguments))
        case .openOrders: try await openOrders(ToolJSON.arguments(OpenOrdersArguments.self, from: arguments))
        case .propose: try await propose(ToolJSON.arguments(ProposeArguments.self, from: arguments))
        }
    }

    // MARK: - Looking

    private func price(_ arguments: PriceArguments) async throws -> ToolResult {
        async let price = marketData.getPrice(.init(symbol: arguments.symbol), options: options)
        let book = try await marketData.getBookTicker(.init(symbol: arguments.symbol), options: options)
        let latest = try await price
        let output = PriceOutput(
            symbol: arguments.symbol, price: try decimal(latest.price), bid: try decimal(book.bidPrice), ask: try decimal(book.askPrice),
            time: latest.timeMs)
        return ToolResult(output, summary: "\(output.symbol) at \(output.price)")
    }

    private func bars(_ span: SpanArguments) async throws -> [CandleBar] {
        let answer = try await marketData.getCandles(
            .init(symbol: span.symbol, interval: span.interval, limit: span.limit), options: options)
        return try answer.candles.map { candle in
            CandleBar(
                time: candle.openTimeMs, open: try decimal(candle.open), high: try decimal(candle.high), low: try decimal(candle.low),
                close: try decimal(candle.close), volume: try decimal(candle.volume))
        }
    }

    private func candles(_ span: SpanArguments) async throws -> ToolResult {
        let bars = try await bars(span)
        return ToolResult(
            CandlesOutput(symbol: span.symbol, interval: span.interval, candles: bars),
            summary: "\(bars.count) candles of \(span.symbol), \(span.interval)")
    }

    private func indicators(_ span: SpanArguments) async throws -> ToolResult {
        let bars = try await bars(span)
        guard let indicators = try Indicators(bars) else {
            throw ToolFailure(error: "NO_DATA", message: "There are no candles of \(span.symbol) yet.")
        }
        let output = IndicatorsOutput(symbol: span.symbol, interval: span.interval, candles: bars.count, indicators: indicators)
        return ToolResult(
            output, summary: "\(span.symbol) \(Wording.signed(indicators.changePercent)) % over \(bars.count) × \(span.interval)")
    }

    private func portfolio(_: PortfolioArguments) async throws -> ToolResult {
        let portfolio = try await execution.getPortfolio(.init(), options: options)
        let balances = try portfolio.balances.map {
            PortfolioOutput.Balance(asset: $0.asset, free: try decimal($0.free), locked: try decimal($0.locked))
        }
        return ToolResult(PortfolioOutput(balances: balances), summary: "\(balances.count) balances")
    }

    private func openOrders(_: OpenOrdersArguments) async throws -> ToolResult {
        let answer = try await execution.listOrders(.init(limit: 50, openOnly: true), options: options)
        let orders = answer.orders.map { order in
            OpenOrdersOutput.Order(
                symbol: order.symbol, side: order.side == .buy ? "BUY" : "SELL", type: order.type == .market ? "MARKET" : "LIMIT",
                quantity: order.quantity, executed: order.executedQuantity, price: order.price, state: Wording.state(order.state))
        }
        return ToolResult(OpenOrdersOutput(orders: orders), summary: "\(orders.count) open orders")
    }

    // MARK: - Proposing

    private func propose(_ arguments: ProposeArguments) async throws -> ToolResult {
        let proposal = try await execution.propose(arguments.request(for: utteranceID), options: options)
        let fields = proposal.fields.map {
            ProposalOutput.Field(name: $0.name, value: $0.value, provenance: Wording.provenance($0.provenance))
        }
        let output = ProposalOutput(
            proposalID: proposal.proposalId, fields: fields, needsSecondFactor: proposal.needsSecondFactor,
            secondFactorReason: proposal.secondFactorReason, expiresIn: max(0, proposal.expiresMs - proposal.createdMs) / 1000)
        return ToolResult(
            output, summary: "\(arguments.side.rawValue) \(arguments.symbol), waiting for you", proposalID: proposal.proposalId)
    }

    private func decimal(_ text: String) throws -> Trading.Decimal {
        do {
            return try Trading.Decimal(plain: text)
        } catch {
            throw RPCError(.internalError, "The answer holds a malformed number.", reason: "MALFORMED_RESPONSE", cause: error)
        }
    }
}
