internal import Redaction
internal import Tracing

/// Names and values of a span, within their bounds.
enum SpanText {
    /// Bytes of a name or a value; longer ones are cut.
    static let maxBytes = 256
    /// Elements of a list that are shown.
    static let maxElements = 16

    /// Secrets are taken out before it is cut: a part of one is not known for what it is. What is short the log's handler looks at.
    static func clipped(_ text: String) -> String {
        guard text.utf8.count > maxBytes else { return text }
        var kept = String(decoding: Redactor.redact(text).utf8.prefix(maxBytes + 4), as: UTF8.self)
        while kept.utf8.count > maxBytes - 3 { kept.removeLast() }
        return kept + "…"
    }

    /// Numbers stay as they are, all else becomes text.
    static func bounded(_ value: SpanAttribute) -> SpanAttribute {
        switch value {
        case .int32, .int64, .double, .bool: value
        default: .string(clipped(text(value)))
        }
    }

    /// All names: those of `known` before the others, both sorted.
    static func names(of attributes: SpanAttributes, first known: SpanAttributes) -> [String] {
        var names: [String] = []
        attributes.forEach { name, _ in names.append(name) }
        return names.sorted { (known.get($0) == nil ? 1 : 0, $0) < (known.get($1) == nil ? 1 : 0, $1) }
    }

    /// A value that stands within a longer text, where the log's handler cannot go by its name.
    static func shown(_ value: SpanAttribute, under name: String) -> String {
        Redactor.isSecretName(name) ? Redactor.mark : text(value)
    }

    static func text(_ value: SpanAttribute) -> String {
        switch value {
        case .int32(let value): "\(value)"
        case .int64(let value): "\(value)"
        case .double(let value): "\(value)"
        case .bool(let value): "\(value)"
        case .string(let value): value
        case .stringConvertible(let value): "\(value)"
        case .int32Array(let values): list(values)
        case .int64Array(let values): list(values)
        case .doubleArray(let values): list(values)
        case .boolArray(let values): list(values)
        case .stringArray(let values): list(values)
        case .stringConvertibleArray(let values): list(values)
        default: "?"
        }
    }

    private static func list<Element>(_ values: [Element]) -> String {
        values.prefix(maxElements).map { "\($0)" }.joined(separator: ",") + (values.count > maxElements ? ",…" : "")
    }
}
