internal import CMessages
internal import CProtobufC

/// An enum, as protoc-c's tables describe it.
public struct EnumLayout: @unchecked Sendable {
    // Unchecked: it points at constant data of the program.
    private let descriptor: UnsafePointer<ProtobufCEnumDescriptor>

    init(_ descriptor: UnsafePointer<ProtobufCEnumDescriptor>) {
        self.descriptor = descriptor
    }

    /// `package.Enum`.
    public var fullName: String { String(cString: descriptor.pointee.name) }

    /// Every value's first name with its number, by number.
    public var values: [(name: String, number: Int32)] {
        UnsafeBufferPointer(start: descriptor.pointee.values, count: Int(descriptor.pointee.n_values)).map {
            (String(cString: $0.name), Int32($0.value))
        }
    }

    /// - Parameter name: also an alias.
    func number(of name: String) -> Int32? {
        protobuf_c_enum_descriptor_get_value_by_name(descriptor, name).map { Int32($0.pointee.value) }
    }

    func name(of number: Int32) -> String? {
        protobuf_c_enum_descriptor_get_value(descriptor, number).map { String(cString: $0.pointee.name) }
    }
}
