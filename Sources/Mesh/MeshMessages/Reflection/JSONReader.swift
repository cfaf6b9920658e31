/// Reads RFC 8259 JSON, strictly: nothing behind the value, no name twice, no lone surrogate, UTF-8 only.
///
/// Depth, length and the number of values are limited by `MessageLimits`, so that no text can exhaust stack or memory.
struct JSONReader {
    private let bytes: [UInt8]
    private var position = 0
    private var values = 0

    static func read(_ bytes: [UInt8]) throws(MessageJSONError) -> JSONValue {
        guard bytes.count <= MessageLimits.maxJSONBytes else {
            throw MessageJSONError(.limit, "more than \(MessageLimits.maxJSONBytes) bytes of JSON")
        }
        var reader = JSONReader(bytes: bytes)
        let value = try reader.value(depth: 1)
        reader.skipSpace()
        guard reader.next == nil else { throw reader.unexpected("the end of the text") }
        return value
    }

    private init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func value(depth: Int) throws(MessageJSONError) -> JSONValue {
        values += 1
        guard values <= MessageLimits.maxJSONValues else { throw error(.limit, "more than \(MessageLimits.maxJSONValues) values") }
        skipSpace()
        switch next {
        case UInt8(ascii: "{"): return .object(try object(depth: depth))
        case UInt8(ascii: "["): return .array(try array(depth: depth))
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try literal("true", .bool(true))
        case UInt8(ascii: "f"): return try literal("false", .bool(false))
        case UInt8(ascii: "n"): return try literal("null", .null)
        default: return .number(try number())
        }
    }

    // MARK: - Objects and arrays

    private mutating func object(depth: Int) throws(MessageJSONError) -> [(name: String, value: JSONValue)] {
        var members: [(name: String, value: JSONValue)] = []
        var names: Set<String> = []
        try list(closing: "}", depth: depth) { reader throws(MessageJSONError) in
            guard reader.next == UInt8(ascii: "\"") else { throw reader.unexpected("a name in quotes") }
            let name = try reader.string()
            guard names.insert(name).inserted else { throw reader.error(.syntax, "\(quoted(name)) stands twice in one object") }
            reader.skipSpace()
            guard reader.take(":") else { throw reader.unexpected("':'") }
            members.append((name, try reader.value(depth: depth + 1)))
        }
        return members
    }

    private mutating func array(depth: Int) throws(MessageJSONError) -> [JSONValue] {
        var elements: [JSONValue] = []
        try list(closing: "]", depth: depth) { reader throws(MessageJSONError) in
            elements.append(try reader.value(depth: depth + 1))
        }
        return elements
    }

    /// What stands between a bracket and its partner, items with commas between them.
    private mutating func list(
        closing: Unicode.Scalar, depth: Int, _ item: (inout JSONReader) throws(MessageJSONError) -> Void
    ) throws(MessageJSONError) {
        guard depth <= MessageLimits.maxJSONDepth else { throw error(.limit, "more than \(MessageLimits.maxJSONDepth) levels of brackets") }
        position += 1
        skipSpace()
        if take(closing) { return }
        repeat {
            skipSpace()
            try item(&self)
            skipSpace()
        } while take(",")
        guard take(closing) else { throw unexpected("',' or '\(closing)'") }
    }

    // MARK: - Single values

    private mutating func number() throws(MessageJSONError) -> JSONNumber {
        guard let end = JSONNumber.end(in: bytes, from: position) else { throw unexpected("a value") }
        guard end - position <= JSONNumber.maxBytes else { throw error(.limit, "a number of more than \(JSONNumber.maxBytes) characters") }
        defer { position = end }
        return JSONNumber(checked: String(decoding: bytes[position..<end], as: UTF8.self))
    }

    private mutating func literal(_ text: String, _ value: JSONValue) throws(MessageJSONError) -> JSONValue {
        guard bytes[position...].starts(with: text.utf8) else { throw unexpected("a value") }
        position += text.utf8.count
        return value
    }

    private mutating func string() throws(MessageJSONError) -> String {
        position += 1
        var content: [UInt8] = []
        while true {
            let start = position
            while let byte = next, byte >= 0x20, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\") { position += 1 }
            content += bytes[start..<position]
            if take("\"") { break }
            guard take("\\") else { throw unexpected("'\"', or an escape instead of a control character") }
            try escape(into: &content)
        }
        guard let text = String(validating: content, as: UTF8.self) else { throw error(.syntax, "a string that is not UTF-8") }
        return text
    }

    // MARK: - Escapes

    private static let escapes: [UInt8: UInt8] = [
        UInt8(ascii: "\""): 0x22, UInt8(ascii: "\\"): 0x5c, UInt8(ascii: "/"): 0x2f, UInt8(ascii: "b"): 0x08, UInt8(ascii: "f"): 0x0c,
        UInt8(ascii: "n"): 0x0a, UInt8(ascii: "r"): 0x0d, UInt8(ascii: "t"): 0x09,
    ]

    private mutating func escape(into content: inout [UInt8]) throws(MessageJSONError) {
        if let byte = next, let meaning = Self.escapes[byte] {
            position += 1
            content.append(meaning)
            return
        }
        guard take("u") else { throw unexpected("an escape that JSON has") }
        content += String(try scalar()).utf8
    }

    private mutating func scalar() throws(MessageJSONError) -> Character {
        let unit = UInt32(try hexadecimal())
        if let scalar = Unicode.Scalar(unit) { return Character(scalar) }
        guard Self.leads.contains(unit), take("\\"), take("u") else { throw error(.syntax, "half of a surrogate pair") }
        let trail = UInt32(try hexadecimal())
        guard Self.trails.contains(trail), let scalar = Unicode.Scalar(0x10000 + (unit & 0x3ff) << 10 + trail & 0x3ff) else {
            throw error(.syntax, "half of a surrogate pair")
        }
        return Character(scalar)
    }

    /// UTF-16's surrogates.
    private static let leads: ClosedRange<UInt32> = 0xd800...0xdbff
    private static let trails: ClosedRange<UInt32> = 0xdc00...0xdfff

    private mutating func hexadecimal() throws(MessageJSONError) -> UInt16 {
        var value: UInt16 = 0
        for _ in 0..<4 {
            guard let byte = next, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else { throw unexpected("four hexadecimal digits") }
            value = value << 4 | UInt16(digit)
            position += 1
        }
        return value
    }

    // MARK: - Help

    private mutating func take(_ scalar: Unicode.Scalar) -> Bool {
        guard let byte = next, byte == scalar.value else { return false }
        position += 1
        return true
    }

    private mutating func skipSpace() {
        while let byte = next, byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09 { position += 1 }
    }

    private func unexpected(_ expected: String) -> MessageJSONError {
        error(.syntax, next == nil ? "the text ends where \(expected) should be" : "expected \(expected)")
    }

    private func error(_ reason: MessageJSONError.Reason, _ detail: String) -> MessageJSONError {
        let before = bytes[..<position]
        let line = before.count { $0 == 0x0a } + 1
        let column = position - (before.lastIndex(of: 0x0a).map { $0 + 1 } ?? 0) + 1
        return MessageJSONError(reason, "line \(line), byte \(column): \(detail)")
    }
}

/// What a text called something, for an error: in quotes and not too long.
func quoted(_ name: String) -> String {
    let maxCharacters = 64
    return "\"" + (name.count > maxCharacters ? name.prefix(maxCharacters) + "…" : name[...]) + "\""
}
