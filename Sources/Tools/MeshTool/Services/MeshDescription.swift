package import MeshCall
import MeshMessages

/// Services, methods and messages as text, in the language of a `.proto`.
package enum MeshDescription {
    package static let abstract = "Shows a service, a method with its policy and messages, a message or an enum."

    package static func text(_ entry: MeshDirectory.Entry, _ guide: CallGuide) -> String {
        switch entry {
        case .service(let service): text(service, guide)
        case .method(let method): text(method, guide)
        case .message(let layout): text(layout)
        case .enumeration(let layout): text(layout)
        }
    }

    // MARK: - Services and methods

    /// In a list of services.
    package static func line(_ service: ServiceReflection, _ guide: CallGuide) -> String {
        guard let servers = guide.servers(service.name) else { return service.name }
        return service.name + String(repeating: " ", count: max(1, nameColumn - service.name.count)) + servers
    }

    private static let nameColumn = 42

    private static func text(_ service: ServiceReflection, _ guide: CallGuide) -> String {
        let servers = guide.servers(service.name).map { ["// served by \($0)"] } ?? []
        return (servers + ["service \(service.name) {"] + service.methods.map { "  " + signature($0) } + ["}"])
            .joined(separator: "\n")
    }

    private static func text(_ method: MethodReflection, _ guide: CallGuide) -> String {
        let blocks = [
            ([signature(method)] + policy(method.method.policy).map { "  " + $0 }).joined(separator: "\n"), text(method.request),
            method.response.fullName == method.request.fullName ? nil : text(method.response),
            example(method, guide),
        ]
        return blocks.compactMap(\.self).joined(separator: "\n\n")
    }

    /// A call to start from; nil where nobody takes it.
    private static func example(_ method: MethodReflection, _ guide: CallGuide) -> String? {
        guard let target = guide.target(method.method.service) else { return nil }
        let message = (try? method.request.json([], MessageJSONOptions(includesDefaults: true))) ?? "{}"
        return "\(guide.command) call \(method.method.service)/\(method.method.name) '\(message)'\(target.isEmpty ? "" : " " + target)"
    }

    private static func signature(_ method: MethodReflection) -> String {
        let (kind, name) = (method.method.kind, method.method.name)
        let request = (kind == .clientStreaming || kind == .bidirectional ? "stream " : "") + method.request.fullName
        let response = (kind == .serverStreaming || kind == .bidirectional ? "stream " : "") + method.response.fullName
        return "rpc \(name)(\(request)) returns (\(response));"
    }

    /// Who may call it and how.
    static func policy(_ policy: MethodPolicy) -> [String] {
        guard !policy.callers.isEmpty else { return ["callers: nobody"] }
        var lines = ["callers: \(policy.callers.joined(separator: ", "))"]
        if !policy.callersWithoutUser.isEmpty { lines.append("without a user: \(policy.callersWithoutUser.joined(separator: ", "))") }
        if !policy.tokens.isEmpty { lines.append("tokens: \(policy.tokens.map(\.rawValue).joined(separator: ", "))") }
        if !policy.userScope.isEmpty { lines.append("scope: \(policy.userScope)") }
        if policy.secondFactor { lines.append("second factor: needed") }
        lines.append("idempotency: \(policy.idempotency)")
        lines.append("default deadline: \(policy.defaultDeadline)")
        return lines
    }

    // MARK: - Messages

    private static func text(_ layout: MessageLayout) -> String {
        var lines = ["message \(layout.fullName) {"]
        var oneof: UInt32?
        for field in layout.fields {
            if field.oneof != oneof {
                if oneof != nil { lines.append("  }") }
                if field.oneof != nil { lines.append("  oneof {") }
                oneof = field.oneof
            }
            lines.append((oneof == nil ? "  " : "    ") + line(field))
        }
        if oneof != nil { lines.append("  }") }
        return (lines + ["}"]).joined(separator: "\n")
    }

    private static func line(_ field: FieldLayout) -> String {
        let type = field.kind?.description ?? "?"
        return "\(field.isRepeated ? "repeated " : "")\(type) \(field.name) = \(field.number);"
    }

    private static func text(_ layout: EnumLayout) -> String {
        (["enum \(layout.fullName) {"] + layout.values.map { "  \($0.name) = \($0.number);" } + ["}"]).joined(separator: "\n")
    }
}
