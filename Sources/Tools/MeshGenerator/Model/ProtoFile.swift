/// One `.proto` file as protoc describes it.
struct ProtoFile {
    var name: String
    var package: String
    var isProto3: Bool
    var messages: [ProtoMessage]
    var enums: [ProtoEnum]
    var services: [ProtoService]
}

struct ProtoMessage {
    var name: String
    /// With the package, without a leading dot.
    var fullName: String
    var comment: String
    var fields: [ProtoField]
    var oneofs: [ProtoOneof]
    var messages: [ProtoMessage]
    var enums: [ProtoEnum]
    /// Whether protoc made this message for the entries of a map field.
    var isMapEntry: Bool
}

struct ProtoOneof {
    var name: String
    var comment: String
}

struct ProtoEnum {
    struct Value {
        var name: String
        var number: Int32
        var comment: String
    }

    var name: String
    var fullName: String
    var comment: String
    var values: [Value]
}

struct ProtoService {
    var name: String
    var fullName: String
    var comment: String
    var methods: [ProtoMethod]
}
