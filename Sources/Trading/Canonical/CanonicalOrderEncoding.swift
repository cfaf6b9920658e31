extension CanonicalOrder {
    /// Opens every canonical order; bytes meant for anything else can never be taken for one.
    public static let tag = "cryptopulse.order.v1"
    /// Longest canonical order, bytes.
    public static let maxLength = 4096
    /// Stands where a field's length would, when the field is absent.
    static let absent: UInt32 = .max

    static let fieldNames = [
        "environment", "user_id", "proposal_id", "symbol", "side", "type", "time_in_force", "quantity", "quote_quantity", "price",
        "worst_case_price", "worst_case_notional", "utterance_id", "utterance_sha256", "provenance", "policy_version", "nonce",
        "expires_at_ms",
    ]

    /// In the order of `fieldNames`.
    var fieldValues: [String?] {
        [
            environment, userID, proposalID, draft.symbol.name, draft.side.rawValue, draft.type.rawValue, draft.timeInForce?.rawValue,
            draft.quantity?.description, draft.quoteQuantity?.description, draft.price?.description,
            worstCasePrice.description, worstCaseNotional.description, utteranceID, Hex.encode(utteranceSHA256), provenance.text,
            policyVersion, Hex.encode(nonce), String(expiresAtMilliseconds),
        ]
    }

    /// The bytes whose SHA-256 is signed.
    ///
    /// - Throws: what `init(decoding:)` would throw: an order that could not be read back is not written.
    public func encoded() throws(CanonicalOrderError) -> [UInt8] {
        var bytes = Array(CanonicalOrder.tag.utf8)
        for value in fieldValues {
            guard let text = value.map({ Array($0.utf8) }) else {
                bytes += CanonicalOrder.bigEndian(CanonicalOrder.absent)
                continue
            }
            guard text.count <= CanonicalOrder.maxLength else { throw .tooLong }
            bytes += CanonicalOrder.bigEndian(UInt32(text.count)) + text
        }
        guard try CanonicalOrder(decoding: bytes) == self else { throw .invalid("order") }
        return bytes
    }

    private static func bigEndian(_ value: UInt32) -> [UInt8] {
        (0..<4).map { UInt8(truncatingIfNeeded: value >> (24 - 8 * $0)) }
    }
}
