extension CanonicalOrder {
    /// Reads canonical bytes. Accepts exactly what `encoded()` writes: one spelling for each order.
    ///
    /// - Throws: `CanonicalOrderError`.
    public init(decoding bytes: [UInt8]) throws(CanonicalOrderError) {
        guard bytes.count <= CanonicalOrder.maxLength else { throw .tooLong }
        guard bytes.starts(with: CanonicalOrder.tag.utf8) else { throw .wrongTag }
        var reader = CanonicalFieldReader(bytes.dropFirst(CanonicalOrder.tag.utf8.count))
        var values: [String: String] = [:]
        for name in CanonicalOrder.fieldNames { values[name] = try reader.next(name) }
        guard reader.isAtEnd else { throw .wrongLength }
        try self.init(CanonicalFields(values: values))
        // Decimals, numbers and provenance are read leniently enough that this is where a second spelling would show.
        for (name, value) in zip(CanonicalOrder.fieldNames, fieldValues) where values[name] != value { throw .invalid(name) }
    }

    private init(_ fields: CanonicalFields) throws(CanonicalOrderError) {
        environment = try fields.text("environment", oneOf: ["development", "staging", "production"])
        userID = try fields.text("user_id")
        proposalID = try fields.text("proposal_id")
        draft = try CanonicalOrder.draft(fields)
        worstCasePrice = try fields.positive("worst_case_price")
        worstCaseNotional = try fields.positive("worst_case_notional")
        utteranceID = try fields.text("utterance_id")
        utteranceSHA256 = try fields.hash("utterance_sha256")
        guard let summary = ProvenanceSummary(text: try fields.text("provenance")) else { throw .invalid("provenance") }
        provenance = summary
        policyVersion = try fields.text("policy_version")
        nonce = try fields.hash("nonce")
        guard let expiry = Int64(try fields.text("expires_at_ms")), expiry > 0 else { throw .invalid("expires_at_ms") }
        expiresAtMilliseconds = expiry
        guard provenance.fields == materialFields else { throw .invalid("provenance") }
    }

    private static func draft(_ fields: CanonicalFields) throws(CanonicalOrderError) -> OrderDraft {
        guard let symbol = Symbol(try fields.text("symbol")) else { throw .invalid("symbol") }
        guard let side = Side(rawValue: try fields.text("side")) else { throw .invalid("side") }
        let price = try fields.optionalPositive("price")
        let draft: OrderDraft
        do {
            draft = try OrderDraft(symbol: symbol, side: side, amount: amount(fields), price: price)
        } catch let error as CanonicalOrderError {
            throw error
        } catch {
            throw .invalid("price")
        }
        guard draft.type.rawValue == fields.values["type"] else { throw .invalid("type") }
        guard draft.timeInForce?.rawValue == fields.values["time_in_force"] else { throw .invalid("time_in_force") }
        return draft
    }

    private static func amount(_ fields: CanonicalFields) throws(CanonicalOrderError) -> OrderAmount {
        switch (try fields.optionalPositive("quantity"), try fields.optionalPositive("quote_quantity")) {
        case (let quantity?, nil): .quantity(quantity)
        case (nil, let quote?): .quoteQuantity(quote)
        default: throw .invalid("quantity")
        }
    }
}

/// Cuts length-prefixed fields.
struct CanonicalFieldReader {
    private var rest: ArraySlice<UInt8>

    init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

    var isAtEnd: Bool { rest.isEmpty }

    /// The next field; nil when it is absent.
    mutating func next(_ name: String) throws(CanonicalOrderError) -> String? {
        guard rest.count >= 4 else { throw .wrongLength }
        let length = rest.prefix(4).reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        rest = rest.dropFirst(4)
        guard length != CanonicalOrder.absent else { return nil }
        guard length <= rest.count else { throw .wrongLength }
        guard let text = String(validating: rest.prefix(Int(length)), as: UTF8.self) else { throw .notUTF8(name) }
        rest = rest.dropFirst(Int(length))
        return text
    }
}

/// Fields by name, with the checks that each kind needs.
struct CanonicalFields {
    let values: [String: String]

    /// Visible ASCII, so that two different values never look the same.
    func text(_ name: String) throws(CanonicalOrderError) -> String {
        guard let text = values[name], !text.isEmpty, text.utf8.allSatisfy({ (0x21...0x7e).contains($0) }) else { throw .invalid(name) }
        return text
    }

    func text(_ name: String, oneOf allowed: Set<String>) throws(CanonicalOrderError) -> String {
        let value = try text(name)
        guard allowed.contains(value) else { throw .invalid(name) }
        return value
    }

    func positive(_ name: String) throws(CanonicalOrderError) -> Decimal {
        guard let value = try optionalPositive(name) else { throw .invalid(name) }
        return value
    }

    func optionalPositive(_ name: String) throws(CanonicalOrderError) -> Decimal? {
        guard let text = values[name] else { return nil }
        guard let value = Decimal(text), value.isPositive else { throw .invalid(name) }
        return value
    }

    func hash(_ name: String) throws(CanonicalOrderError) -> [UInt8] {
        guard let bytes = Hex.decode(try text(name)), bytes.count == 32 else { throw .invalid(name) }
        return bytes
    }
}
