/// What the generator refuses, each with what to do instead.
enum Checks {
    /// The scan before unpacking keeps one bit for each field of a message.
    static let maxFields = 256

    static func checkMessages(of file: ProtoFile, _ types: TypeTable) throws(GeneratorError) {
        try checkFile(file)
        for message in file.messages { try check(message, types) }
        for type in file.enums { try check(type) }
        try RecursionCheck(file).run()
    }

    static func checkServices(of file: ProtoFile, _ types: TypeTable) throws(GeneratorError) {
        try checkFile(file)
        for service in file.services {
            for method in service.methods {
                try check(method, of: service, types)
            }
            try checkUnique(service.methods.map { SwiftNames.method($0.name) }, in: service.fullName)
        }
    }

    private static func checkFile(_ file: ProtoFile) throws(GeneratorError) {
        guard file.isProto3 else { throw GeneratorError("\(file.name): only proto3 is supported") }
        guard !file.package.isEmpty else { throw GeneratorError("\(file.name): a package is needed, it names the Swift namespace") }
    }

    private static func check(_ message: ProtoMessage, _ types: TypeTable) throws(GeneratorError) {
        guard message.fields.count <= maxFields else {
            throw GeneratorError("\(message.fullName): \(message.fields.count) fields; at most \(maxFields) are supported")
        }
        for field in message.fields { try check(field, of: message, types) }
        try checkUnique(memberNames(of: message), in: message.fullName)
        for nested in message.messages { try check(nested, types) }
        for type in message.enums { try check(type) }
    }

    private static func check(_ field: ProtoField, of message: ProtoMessage, _ types: TypeTable) throws(GeneratorError) {
        let place = "\(message.fullName).\(field.name)"
        if field.isProto3Optional {
            throw GeneratorError("\(place): proto3 `optional` is not supported (protoc-c 1.4 refuses it): use a message or a oneof")
        }
        if field.kind == .group { throw GeneratorError("\(place): groups are not supported: use a message") }
        if !field.jsonName.isEmpty, field.jsonName != jsonName(of: field.name) {
            throw GeneratorError("\(place): `json_name` is not supported (protoc-c's tables don't have it): name the field so")
        }
        if field.label == .required { throw GeneratorError("\(place): `required` is not supported") }
        guard field.kind == .message || field.kind == .enum else { return }
        guard let type = types[field.typeName] else { throw GeneratorError("\(place): unknown type \(field.typeName)") }
        if type.isMapEntry {
            throw GeneratorError("\(place): map fields are not supported: use a repeated message with a key and a value")
        }
        if field.typeName.hasPrefix("google.protobuf.") {
            throw GeneratorError("\(place): \(field.typeName) has no Swift code: declare a message of your own with the same fields")
        }
    }

    /// protoc's rule: underscores go, and the letter behind one is upper case.
    private static func jsonName(of name: String) -> String {
        let words = name.split(separator: "_", omittingEmptySubsequences: false)
        return words.enumerated().map { $0 == 0 ? String($1) : $1.prefix(1).uppercased() + $1.dropFirst() }.joined()
    }

    private static func check(_ type: ProtoEnum) throws(GeneratorError) {
        var seen: Set<Int32> = []
        let distinct = type.values.filter { seen.insert($0.number).inserted }
        try checkUnique(distinct.map { SwiftNames.enumCase($0.name, of: type.name) }, in: type.fullName)
    }

    private static func memberNames(of message: ProtoMessage) -> [String] {
        message.fields.filter { $0.oneof == nil }.map { SwiftNames.field($0.name) } + message.oneofs.map { SwiftNames.field($0.name) }
    }

    static func checkUnique(_ names: [String], in place: String) throws(GeneratorError) {
        var seen: Set<String> = []
        for name in names where !seen.insert(name).inserted {
            throw GeneratorError("\(place): two members would be named \(name) in Swift")
        }
    }
}
