/// The operator's written limits. Changing anything means a new `version`, which stands in every signed order.
public struct RiskPolicy: Sendable, Hashable {
    public var version: String
    public var symbols: Set<Symbol>
    /// What the limits are counted in; symbols with another quote asset are not allowed.
    public var currency: Asset
    /// Largest value of one order, in `currency`.
    public var maxNotional: Decimal
    /// Above this value, in `currency`, a sign-off needs a one-time code.
    public var secondFactorAbove: Decimal
    /// How long a proposal may be signed.
    public var proposalLifetimeSeconds: Int64
    /// Part of the market price by which a MARKET order is valued worse than the book: 0.01 is 1 %.
    public var slippageCap: Decimal
    /// Proposals of one person that wait at once.
    public var maxOpenProposals: Int
    /// Proposals that may be made from one utterance.
    public var maxProposalsPerUtterance: Int
    /// How old the utterance behind a proposal may be.
    public var utteranceLifetimeSeconds: Int64

    public init(
        version: String, symbols: Set<Symbol>, currency: Asset, maxNotional: Decimal, secondFactorAbove: Decimal,
        proposalLifetimeSeconds: Int64 = 300,
        slippageCap: Decimal, maxOpenProposals: Int = 20, maxProposalsPerUtterance: Int = 5, utteranceLifetimeSeconds: Int64 = 900
    ) {
        self.version = version
        self.symbols = symbols
        self.currency = currency
        self.maxNotional = maxNotional
        self.secondFactorAbove = secondFactorAbove
        self.proposalLifetimeSeconds = proposalLifetimeSeconds
        self.slippageCap = slippageCap
        self.maxOpenProposals = maxOpenProposals
        self.maxProposalsPerUtterance = maxProposalsPerUtterance
        self.utteranceLifetimeSeconds = utteranceLifetimeSeconds
    }
}
