/// JSON values of the types that are neither messages nor enums.
enum JSONScalar {
    /// The path is the packer's to add.
    struct Problem: Error {
        let reason: MessageJSONError.Reason
        let detail: String
    }

    static func encode(_ value: JSONValue, _ kind: ScalarKind) throws(Problem) -> WireValue {
        switch kind {
        case .int32: .varint(UInt64(bitPattern: Int64(try signed(number(value, kind), Int32.self))))
        case .int64: .varint(UInt64(bitPattern: try signed(number(value, kind), Int64.self)))
        case .uint32: .varint(UInt64(try unsigned(number(value, kind), UInt32.self)))
        case .uint64: .varint(try unsigned(number(value, kind), UInt64.self))
        case .sint32: .varint(zigzag(Int64(try signed(number(value, kind), Int32.self))))
        case .sint64: .varint(zigzag(try signed(number(value, kind), Int64.self)))
        case .fixed32: .fixed32(try unsigned(number(value, kind), UInt32.self))
        case .fixed64: .fixed64(try unsigned(number(value, kind), UInt64.self))
        case .sfixed32: .fixed32(UInt32(bitPattern: try signed(number(value, kind), Int32.self)))
        case .sfixed64: .fixed64(UInt64(bitPattern: try signed(number(value, kind), Int64.self)))
        case .float: .fixed32(try real(value, Float.self).bitPattern)
        case .double: .fixed64(try real(value, Double.self).bitPattern)
        case .bool: .varint(try flag(value) ? 1 : 0)
        case .string: .bytes(try text(value))
        case .bytes: .bytes(try base64(value))
        }
    }

    // MARK: - Integers

    private static func number(_ value: JSONValue, _ kind: ScalarKind) throws(Problem) -> JSONNumber {
        switch value {
        case .number(let number): return number
        case .string(let text):
            guard let number = JSONNumber(text) else { throw wrongType("a number of type \(kind.rawValue)", "a string that is none") }
            return number
        default: throw wrongType("a number of type \(kind.rawValue)", value.kind)
        }
    }

    static func signed<Value: SignedInteger & FixedWidthInteger>(_ number: JSONNumber, _ type: Value.Type) throws(Problem) -> Value {
        let (isNegative, magnitude) = try exactly(number, type)
        guard isNegative else { return try inRange(Value(exactly: magnitude)) }
        // The magnitude of the least value has no positive counterpart.
        guard magnitude <= UInt64(Value.max.magnitude) + 1 else { return try inRange(nil) }
        return Value(truncatingIfNeeded: 0 &- magnitude)
    }

    private static func unsigned<Value: UnsignedInteger & FixedWidthInteger>(
        _ number: JSONNumber, _ type: Value.Type
    ) throws(Problem) -> Value {
        let (isNegative, magnitude) = try exactly(number, type)
        return try inRange(isNegative && magnitude > 0 ? nil : Value(exactly: magnitude))
    }

    private static func exactly<Value: FixedWidthInteger>(
        _ number: JSONNumber, _ type: Value.Type
    ) throws(Problem) -> (isNegative: Bool, magnitude: UInt64) {
        switch number.integer {
        case .exactly(let isNegative, let magnitude): return (isNegative, magnitude)
        case .none: throw wrongType("an integer", "a number with a fraction")
        case .tooLarge: throw outOfRange(type)
        }
    }

    private static func inRange<Value: FixedWidthInteger>(_ value: Value?) throws(Problem) -> Value {
        guard let value else { throw outOfRange(Value.self) }
        return value
    }

    private static func zigzag(_ value: Int64) -> UInt64 {
        UInt64(bitPattern: (value << 1) ^ (value >> 63))
    }

    // MARK: - Other types

    private static func real<Value: BinaryFloatingPoint & LosslessStringConvertible>(
        _ value: JSONValue, _ type: Value.Type
    ) throws(Problem) -> Value {
        switch value {
        case .string("NaN"): return .nan
        case .string("Infinity"): return .infinity
        case .string("-Infinity"): return -.infinity
        default: break
        }
        guard let result = Value(try number(value, type == Float.self ? .float : .double).text), result.isFinite else {
            throw Problem(reason: .outOfRange, detail: "outside of \(-Value.greatestFiniteMagnitude)…\(Value.greatestFiniteMagnitude)")
        }
        return result
    }

    private static func flag(_ value: JSONValue) throws(Problem) -> Bool {
        guard case .bool(let flag) = value else { throw wrongType("true or false", value.kind) }
        return flag
    }

    private static func text(_ value: JSONValue) throws(Problem) -> [UInt8] {
        guard case .string(let text) = value else { throw wrongType("a string", value.kind) }
        guard !text.utf8.contains(0) else { throw Problem(reason: .embeddedNUL, detail: "a string can't hold U+0000") }
        return Array(text.utf8)
    }

    private static func base64(_ value: JSONValue) throws(Problem) -> [UInt8] {
        guard case .string(let text) = value else { throw wrongType("a string of base64", value.kind) }
        guard let bytes = Base64.decode(text) else { throw Problem(reason: .invalidBase64, detail: "not base64") }
        return bytes
    }

    // MARK: - Errors

    private static func wrongType(_ expected: String, _ found: String) -> Problem {
        Problem(reason: .wrongType, detail: "expected \(expected), found \(found)")
    }

    private static func outOfRange<Value: FixedWidthInteger>(_ type: Value.Type) -> Problem {
        Problem(reason: .outOfRange, detail: "outside of \(Value.min)…\(Value.max)")
    }
}
