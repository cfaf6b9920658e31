internal import CMessages
internal import CProtobufC

extension MessageLayout {
    init(_ descriptor: UnsafePointer<ProtobufCMessageDescriptor>) {
        self.descriptor = descriptor
    }

    /// `package.Message`.
    public var fullName: String { String(cString: descriptor.pointee.name) }

    /// By number.
    public var fields: [FieldLayout] {
        guard let start = descriptor.pointee.fields else { return [] }
        return (0..<Int(descriptor.pointee.n_fields)).map { FieldLayout(descriptor: start + $0) }
    }
}
