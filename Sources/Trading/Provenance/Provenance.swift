/// Where a value came from, as execution itself found it.
public enum Provenance: String, Sendable, Hashable, CaseIterable {
    /// The person said it.
    case user
    /// A written policy says it.
    case policy
    /// A named function computed it from user and policy values and a snapshot that execution fetched.
    case derived
    /// None of these.
    case model
}

/// The fields that make an order what it is. The raw value is the field's name in the protocol.
public enum MaterialField: String, Sendable, Hashable, CaseIterable {
    case price
    case quantity
    case quoteQuantity = "quote_quantity"
    case side
    case symbol
    case type
}

/// What was found about one field.
public struct FieldFinding: Sendable, Hashable {
    public let field: MaterialField
    public let provenance: Provenance
    /// The words of the utterance, or the function and its inputs.
    public let source: String

    public init(field: MaterialField, provenance: Provenance, source: String) {
        self.field = field
        self.provenance = provenance
        self.source = source
    }
}

/// The provenance of each field, as it stands in a signed order: `price=derived;quantity=user;side=user;symbol=user;type=user`.
public struct ProvenanceSummary: Sendable, Hashable {
    private let byField: [MaterialField: Provenance]

    public init(_ findings: [FieldFinding]) {
        byField = Dictionary(findings.map { ($0.field, $0.provenance) }) { first, second in first == second ? first : .model }
    }

    /// Nil unless `text` is exactly what `text` of some summary is.
    public init?(text: String) {
        var found: [MaterialField: Provenance] = [:]
        for pair in text.split(separator: ";", maxSplits: MaterialField.allCases.count) {
            let parts = pair.split(separator: "=", maxSplits: 1).map(String.init)
            guard parts.count == 2, let field = MaterialField(rawValue: parts[0]), let provenance = Provenance(rawValue: parts[1]) else {
                return nil
            }
            found[field] = provenance
        }
        byField = found
        guard self.text == text else { return nil }
    }

    /// Sorted by the fields' names.
    public var text: String {
        byField.map { "\($0.key.rawValue)=\($0.value.rawValue)" }.sorted().joined(separator: ";")
    }

    /// Nil for a field that the order does not have.
    public subscript(field: MaterialField) -> Provenance? { byField[field] }

    public var fields: Set<MaterialField> { Set(byField.keys) }

    public func fields(from provenance: Provenance) -> [MaterialField] {
        MaterialField.allCases.filter { byField[$0] == provenance }
    }
}
