/// A packed message → JSON. The bytes have passed `MessageScan`, so depth and counts are bounded.
struct JSONPrinter {
    private let options: MessageJSONOptions
    private var output = JSONOutput()

    static func print(
        _ bytes: UnsafeRawBufferPointer, _ layout: MessageLayout, _ options: MessageJSONOptions
    ) throws(MessageError) -> String {
        var printer = JSONPrinter(options: options)
        printer.output.isIndented = options.isIndented
        try printer.message(bytes, layout)
        return String(decoding: printer.output.bytes, as: UTF8.self)
    }

    private init(options: MessageJSONOptions) {
        self.options = options
    }

    private mutating func message(_ bytes: UnsafeRawBufferPointer, _ layout: MessageLayout) throws(MessageError) {
        let fields = layout.fields
        let values = try FieldValues.read(bytes, layout, fields)
        output.open("{")
        for (field, occurrences) in zip(fields, values) {
            guard let kind = field.kind, isShown(field, kind, occurrences) else { continue }
            output.item()
            output.name(field.jsonName)
            if field.isRepeated { try list(occurrences, kind, layout) } else { try value(occurrences.last, kind, layout) }
        }
        output.close("}")
        guard output.bytes.count <= MessageLimits.maxJSONBytes else { throw MessageError(.tooLong, in: layout.fullName) }
    }

    private func isShown(_ field: FieldLayout, _ kind: FieldLayout.Kind, _ occurrences: [WireSlice]) -> Bool {
        if field.isRepeated { return options.includesDefaults || !occurrences.isEmpty }
        if field.oneof != nil { return !occurrences.isEmpty }
        if case .message = kind { return !occurrences.isEmpty }
        return options.includesDefaults || occurrences.last.map { !$0.isDefault(kind) } ?? false
    }

    private mutating func list(_ elements: [WireSlice], _ kind: FieldLayout.Kind, _ layout: MessageLayout) throws(MessageError) {
        output.open("[")
        for element in elements {
            output.item()
            try value(element, kind, layout)
        }
        output.close("]")
    }

    /// - Parameter slice: nil for the default.
    private mutating func value(_ slice: WireSlice?, _ kind: FieldLayout.Kind, _ layout: MessageLayout) throws(MessageError) {
        switch kind {
        case .message(let nested): try message(slice?.bytes ?? UnsafeRawBufferPointer(start: nil, count: 0), nested)
        case .enumeration(let names):
            let number = Int32(truncatingIfNeeded: slice?.number ?? 0)
            if let name = names.name(of: number) { output.string(name.utf8) } else { output.text("\(number)") }
        case .scalar(let scalar): self.scalar(slice, scalar)
        }
    }

    private mutating func scalar(_ slice: WireSlice?, _ kind: ScalarKind) {
        let number = slice?.number ?? 0
        switch kind {
        case .int32, .sfixed32: output.text("\(Int32(truncatingIfNeeded: number))")
        case .uint32, .fixed32: output.text("\(UInt32(truncatingIfNeeded: number))")
        case .sint32: output.text("\(Int32(truncatingIfNeeded: Self.unzigzag(number & 0xffff_ffff)))")
        case .int64, .sfixed64: output.string("\(Int64(bitPattern: number))".utf8)
        case .uint64, .fixed64: output.string("\(number)".utf8)
        case .sint64: output.string("\(Self.unzigzag(number))".utf8)
        case .float: output.real(Float(bitPattern: UInt32(truncatingIfNeeded: number)))
        case .double: output.real(Double(bitPattern: number))
        case .bool: output.text(number == 0 ? "false" : "true")
        case .string: output.string(slice?.bytes ?? UnsafeRawBufferPointer(start: nil, count: 0))
        case .bytes: output.base64(slice?.bytes ?? UnsafeRawBufferPointer(start: nil, count: 0))
        }
    }

    private static func unzigzag(_ value: UInt64) -> Int64 {
        Int64(bitPattern: (value >> 1) ^ (0 &- (value & 1)))
    }
}
