package import MeshCall
package import MeshMessages

/// Services that a tool knows, with their methods and messages.
package struct MeshDirectory {
    package enum Entry {
        case service(ServiceReflection)
        case method(MethodReflection)
        case message(MessageLayout)
        case enumeration(EnumLayout)
    }

    package let services: [ServiceReflection]

    package init(_ services: [ServiceReflection]) {
        self.services = services
    }

    // MARK: - By name

    /// - Parameter name: full, or its last part alone: `Auth`.
    /// - Throws: `MeshCommandError` that names what is there.
    package func service(_ name: String) throws -> ServiceReflection {
        if let service = services.first(where: { $0.name == name }) { return service }
        let short = services.filter { Self.lastPart(of: $0.name) == name }
        if short.count == 1 { return short[0] }
        throw Self.unknown("service", name, services.map(\.name))
    }

    /// - Parameter path: `Service/Method`, the service as in ``service(_:)``.
    package func method(_ path: String) throws -> MethodReflection {
        let parts = path.split(separator: "/").map(String.init)
        guard parts.count == 2 else {
            throw MeshCommandError.usage("\(path) is no method: write SERVICE/METHOD, as in mesh.v1.Health/Check")
        }
        let service = try service(parts[0])
        if let method = service.methods.first(where: { $0.method.name == parts[1] }) { return method }
        throw Self.unknown("method of \(service.name)", parts[1], service.methods.map(\.method.name))
    }

    /// A service, `Service/Method`, or the full name of a message or enum.
    package func entry(_ name: String) throws -> Entry {
        if name.contains("/") { return .method(try method(name)) }
        if let service = try? service(name) { return .service(service) }
        let types = MessageTypes(services)
        if let message = types.messages[name] { return .message(message) }
        if let enumeration = types.enumerations[name] { return .enumeration(enumeration) }
        throw Self.unknown("service, method, message or enum", name, services.map(\.name) + types.messages.keys + types.enumerations.keys)
    }

    /// What a health check asks about for the service called `name`. The health service does not know itself: who asks for it means the server, whose
    /// name is empty.
    ///
    /// - Throws: as ``service(_:)``.
    package func healthQuestion(of name: String) throws -> String {
        let service = try service(name).name
        return service == MeshV1.healthReflection.name ? "" : service
    }

    private static func lastPart(of name: String) -> String {
        name.split(separator: ".").last.map(String.init) ?? name
    }

    private static func unknown(_ kind: String, _ name: String, _ known: [String]) -> MeshCommandError {
        let near = NearNames.of(name, among: known)
        let there = near.isEmpty ? "there is \(known.sorted().joined(separator: ", "))" : "did you mean \(near.joined(separator: " or "))?"
        return .usage("no \(kind) is called \(name); \(there)")
    }
}

/// The messages and enums that the methods of some services reach, by full name.
private struct MessageTypes {
    private(set) var messages: [String: MessageLayout] = [:]
    private(set) var enumerations: [String: EnumLayout] = [:]

    init(_ services: [ServiceReflection]) {
        for method in services.flatMap(\.methods) {
            add(method.request)
            add(method.response)
        }
    }

    private mutating func add(_ message: MessageLayout) {
        guard messages.updateValue(message, forKey: message.fullName) == nil else { return }
        for field in message.fields {
            switch field.kind {
            case .message(let nested): add(nested)
            case .enumeration(let layout): enumerations[layout.fullName] = layout
            case .scalar, nil: break
            }
        }
    }
}
