internal import CMessages
internal import CProtobufC

/// For generated code: C values as Swift values. What they read was scanned before it was unpacked.
public enum CValue {
    /// A string field; empty for a null pointer. The bytes are UTF-8: they were checked before.
    public static func string(_ text: UnsafePointer<CChar>?) -> String {
        text.map { String(cString: $0) } ?? ""
    }

    /// - Parameter data: a `ProtobufCBinaryData`. Generic, because each C module has protobuf-c's types as its own.
    public static func bytes<Binary>(_ data: Binary) -> [UInt8] {
        let data = unsafeBitCast(data, to: ProtobufCBinaryData.self)
        return Array(UnsafeBufferPointer(start: data.data, count: data.data == nil ? 0 : data.len))
    }

    /// A repeated field of numbers.
    public static func numbers<Number>(_ start: UnsafePointer<Number>?, _ count: Int) -> [Number] {
        Array(UnsafeBufferPointer(start: start, count: start == nil ? 0 : count))
    }

    /// A repeated field, each element converted.
    public static func list<Element, Value>(_ start: UnsafePointer<Element>?, _ count: Int, _ convert: (Element) -> Value) -> [Value] {
        UnsafeBufferPointer(start: start, count: start == nil ? 0 : count).map(convert)
    }

    /// A repeated field of messages.
    public static func messages<Struct, Message: MeshMessage>(
        _ start: UnsafePointer<UnsafeMutablePointer<Struct>?>?, _ count: Int
    ) -> [Message] {
        list(start, count) { $0.map { Message(unpacked: $0) } ?? Message() }
    }
}
