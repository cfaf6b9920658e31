/// An order as a person signs it: `cryptopulse.order.v1` (proto/PROTOCOL.md, "Canonical order").
///
/// Whatever shows an order to a person reads it from the canonical bytes with `init(decoding:)`.
public struct CanonicalOrder: Sendable, Hashable {
    /// `development`, `staging` or `production`.
    public var environment: String
    public var userID: String
    public var proposalID: String
    public var draft: OrderDraft
    /// The least favourable price expected.
    public var worstCasePrice: Decimal
    /// The largest value in the quote asset that the order can move.
    public var worstCaseNotional: Decimal
    public var utteranceID: String
    /// 32 bytes.
    public var utteranceSHA256: [UInt8]
    public var provenance: ProvenanceSummary
    public var policyVersion: String
    /// 32 random bytes; burned by the first sign-off or rejection.
    public var nonce: [UInt8]
    /// Milliseconds since 1970.
    public var expiresAtMilliseconds: Int64

    public init(
        environment: String, userID: String, proposalID: String, draft: OrderDraft, worstCasePrice: Decimal, worstCaseNotional: Decimal,
        utteranceID: String, utteranceSHA256: [UInt8], provenance: ProvenanceSummary, policyVersion: String, nonce: [UInt8],
        expiresAtMilliseconds: Int64
    ) {
        self.environment = environment
        self.userID = userID
        self.proposalID = proposalID
        self.draft = draft
        self.worstCasePrice = worstCasePrice
        self.worstCaseNotional = worstCaseNotional
        self.utteranceID = utteranceID
        self.utteranceSHA256 = utteranceSHA256
        self.provenance = provenance
        self.policyVersion = policyVersion
        self.nonce = nonce
        self.expiresAtMilliseconds = expiresAtMilliseconds
    }

    /// The fields that this order has and provenance must speak of.
    var materialFields: Set<MaterialField> {
        let amount: MaterialField = draft.quantity == nil ? .quoteQuantity : .quantity
        return draft.price == nil ? [.symbol, .side, .type, amount] : [.symbol, .side, .type, amount, .price]
    }
}

/// Why bytes are not a canonical order.
public enum CanonicalOrderError: Error, Sendable, Equatable {
    case tooLong
    case wrongTag
    /// Ends inside a field, or goes on after the last.
    case wrongLength
    case notUTF8(String)
    /// A field is absent, malformed, out of range or at odds with another.
    case invalid(String)
}
