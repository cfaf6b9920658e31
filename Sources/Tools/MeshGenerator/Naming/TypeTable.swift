/// Every message and enum that the request knows, by full proto name.
struct TypeTable {
    struct Entry {
        /// From the namespace down: `MeshV1.HealthCheckResponse.ServingStatus`.
        var swiftName: String
        var cName: String
        /// Of an enum: the case for 0.
        var zeroCase = ""
        /// Of an enum: whether a value is negative, which makes its C type signed.
        var isSigned = false
        var isMapEntry = false
    }

    private var entries: [String: Entry] = [:]

    init(_ files: [ProtoFile]) {
        for file in files {
            let namespace = SwiftNames.namespace(ofPackage: file.package)
            add(file.enums, in: namespace)
            add(file.messages, in: namespace)
        }
    }

    subscript(fullName: String) -> Entry? {
        entries[fullName]
    }

    private mutating func add(_ messages: [ProtoMessage], in scope: String) {
        for message in messages {
            let name = "\(scope).\(SwiftNames.message(message.name))"
            entries[message.fullName] = Entry(swiftName: name, cName: CNames.type(message.fullName), isMapEntry: message.isMapEntry)
            add(message.enums, in: name)
            add(message.messages, in: name)
        }
    }

    private mutating func add(_ enums: [ProtoEnum], in scope: String) {
        for type in enums {
            let zero = type.values.first { $0.number == 0 }.map { SwiftNames.enumCase($0.name, of: type.name) }
            entries[type.fullName] = Entry(
                swiftName: "\(scope).\(SwiftNames.enumeration(type.name))", cName: CNames.type(type.fullName),
                zeroCase: zero ?? "unrecognized(0)", isSigned: type.values.contains { $0.number < 0 })
        }
    }
}
