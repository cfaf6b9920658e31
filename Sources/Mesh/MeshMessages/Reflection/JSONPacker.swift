/// A JSON value → a packed message, field by field in the order of their numbers.
struct JSONPacker {
    private typealias Members = [(name: String, value: JSONValue)]

    private enum Step {
        case field(String)
        case index(Int)
    }

    /// Where in the text it is, for errors.
    private var path: [Step] = []
    /// Each message's fields by both names, made when it is first met.
    private var fields: [UnsafeRawPointer: FieldIndex] = [:]

    mutating func pack(_ value: JSONValue, _ layout: MessageLayout) throws(MessageJSONError) -> [UInt8] {
        try message(value, layout, depth: 1)
    }

    // MARK: - Messages

    private mutating func message(_ value: JSONValue, _ layout: MessageLayout, depth: Int) throws(MessageJSONError) -> [UInt8] {
        guard case .object(let members) = value else { throw wrongType("an object", value) }
        guard depth <= MessageLimits.maxDepth else { throw error(.limit, "more than \(MessageLimits.maxDepth) messages inside each other") }
        let index = index(of: layout)
        let values = try assign(members, index, layout)
        var writer = FieldWriter()
        for (field, value) in zip(index.fields, values) {
            guard let value else { continue }
            path.append(.field(field.jsonName))
            try write(value, field, to: &writer, depth: depth)
            path.removeLast()
        }
        return writer.bytes
    }

    /// Each field's value, in the order of the fields. Nulls are left out: they mean the default.
    private func assign(_ members: Members, _ index: FieldIndex, _ layout: MessageLayout) throws(MessageJSONError) -> [JSONValue?] {
        var values = [JSONValue?](repeating: nil, count: index.fields.count)
        var (given, oneofs): (Set<Int>, Set<UInt32>) = ([], [])
        for member in members {
            guard let number = index.positions[member.name] else { throw unknownField(member.name, index, layout) }
            let field = index.fields[number]
            guard given.insert(number).inserted else {
                throw error(.conflictingFields, "\(quoted(field.jsonName)) is given under both its names")
            }
            if case .null = member.value { continue }
            if let oneof = field.oneof, !oneofs.insert(oneof).inserted {
                let members = index.fields.filter { $0.oneof == oneof }.map(\.jsonName)
                throw error(.conflictingFields, "only one of \(members.joined(separator: ", ")) can be set")
            }
            values[number] = member.value
        }
        return values
    }

    private mutating func index(of layout: MessageLayout) -> FieldIndex {
        let key = UnsafeRawPointer(layout.descriptor)
        if let known = fields[key] { return known }
        let index = FieldIndex(layout)
        fields[key] = index
        return index
    }

    // MARK: - Fields

    private mutating func write(
        _ value: JSONValue, _ field: FieldLayout, to writer: inout FieldWriter, depth: Int
    ) throws(MessageJSONError) {
        guard let kind = field.kind else { throw error(.wrongType, "a type that this runtime doesn't have") }
        guard field.isRepeated else {
            let encoded = try encode(value, kind, depth: depth)
            // A oneof's member and a message are there also when they hold their default.
            guard field.oneof != nil || !encoded.isDefault else { return }
            writer.tag(field.number, encoded.wireType)
            encoded.write(to: &writer)
            return
        }
        guard case .array(let elements) = value else { throw wrongType("an array", value) }
        try write(elements, field, kind, to: &writer, depth: depth)
    }

    private mutating func write(
        _ elements: [JSONValue], _ field: FieldLayout, _ kind: FieldLayout.Kind, to writer: inout FieldWriter, depth: Int
    ) throws(MessageJSONError) {
        var packed = FieldWriter()
        for (position, element) in elements.enumerated() {
            path.append(.index(position))
            if case .null = element { throw error(.wrongType, "null can't stand in a list") }
            let encoded = try encode(element, kind, depth: depth)
            if !field.isPacked { writer.tag(field.number, encoded.wireType) }
            if field.isPacked { encoded.write(to: &packed) } else { encoded.write(to: &writer) }
            path.removeLast()
        }
        guard field.isPacked, !elements.isEmpty else { return }
        writer.tag(field.number, WireType.lengthPrefixed)
        writer.lengthPrefixed(packed.bytes)
    }

    private mutating func encode(_ value: JSONValue, _ kind: FieldLayout.Kind, depth: Int) throws(MessageJSONError) -> WireValue {
        switch kind {
        case .message(let layout): return .message(try message(value, layout, depth: depth + 1))
        case .enumeration(let layout): return .varint(UInt64(bitPattern: Int64(try number(of: value, layout))))
        case .scalar(let scalar):
            do throws(JSONScalar.Problem) {
                return try JSONScalar.encode(value, scalar)
            } catch {
                throw self.error(error.reason, error.detail)
            }
        }
    }

    private func number(of value: JSONValue, _ layout: EnumLayout) throws(MessageJSONError) -> Int32 {
        switch value {
        case .string(let name):
            if let number = layout.number(of: name) { return number }
            let names = layout.values.map(\.name).joined(separator: ", ")
            throw error(.unknownEnumValue, "\(layout.fullName) has no \(quoted(name)); it has \(names)")
        case .number(let number):
            do throws(JSONScalar.Problem) {
                return try JSONScalar.signed(number, Int32.self)
            } catch {
                throw self.error(error.reason, error.detail)
            }
        default: throw wrongType("a name or number of \(layout.fullName)", value)
        }
    }

    // MARK: - Errors

    private func unknownField(_ name: String, _ index: FieldIndex, _ layout: MessageLayout) -> MessageJSONError {
        let names = index.fields.map(\.jsonName)
        let there = names.isEmpty ? "it has no fields" : "it has \(names.joined(separator: ", "))"
        return error(.unknownField, "\(layout.fullName) has no field \(quoted(name)); \(there)")
    }

    private func wrongType(_ expected: String, _ value: JSONValue) -> MessageJSONError {
        error(.wrongType, "expected \(expected), found \(value.kind)")
    }

    private func error(_ reason: MessageJSONError.Reason, _ detail: String) -> MessageJSONError {
        let text = path.reduce(into: "") { text, step in
            switch step {
            case .field(let name): text += text.isEmpty ? name : ".\(name)"
            case .index(let index): text += "[\(index)]"
            }
        }
        return MessageJSONError(reason, at: text, detail)
    }
}

/// A message's fields by number, and where each stands by either of its names.
private struct FieldIndex {
    let fields: [FieldLayout]
    private(set) var positions: [String: Int] = [:]

    init(_ layout: MessageLayout) {
        fields = layout.fields
        // A name in the `.proto` goes before another field's name in JSON.
        for (position, field) in fields.enumerated() { positions[field.jsonName] = position }
        for (position, field) in fields.enumerated() { positions[field.name] = position }
    }
}
