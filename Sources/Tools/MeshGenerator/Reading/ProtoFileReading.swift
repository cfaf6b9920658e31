internal import CPluginMessages

// Field numbers of descriptor.proto: what a comment's path is made of.
private enum PathStep {
    static let fileMessage: Int32 = 4
    static let fileEnum: Int32 = 5
    static let fileService: Int32 = 6
    static let messageField: Int32 = 2
    static let messageMessage: Int32 = 3
    static let messageEnum: Int32 = 4
    static let messageOneof: Int32 = 8
    static let enumValue: Int32 = 2
    static let serviceMethod: Int32 = 2
}

extension ProtoFile {
    init(_ file: Mesh__Plugin__FileDescriptor) throws(GeneratorError) {
        name = CRead.string(file.name)
        package = CRead.string(file.package)
        isProto3 = CRead.string(file.syntax) == "proto3"
        let comments = Comments(file.source_code_info)
        let scope = package
        messages = []
        for (index, message) in CRead.messages(file.message_type, file.n_message_type).enumerated() {
            messages.append(try ProtoMessage(message.pointee, in: scope, comments, [PathStep.fileMessage, Int32(index)]))
        }
        enums = CRead.messages(file.enum_type, file.n_enum_type).enumerated().map {
            ProtoEnum($1.pointee, in: scope, comments, [PathStep.fileEnum, Int32($0)])
        }
        services = CRead.messages(file.service, file.n_service).enumerated().map {
            ProtoService($1.pointee, in: scope, comments, [PathStep.fileService, Int32($0)])
        }
    }
}

extension ProtoMessage {
    fileprivate init(
        _ message: Mesh__Plugin__MessageDescriptor, in scope: String, _ comments: Comments, _ path: [Int32]
    ) throws(GeneratorError) {
        name = CRead.string(message.name)
        let fullName = qualified(name, in: scope)
        self.fullName = fullName
        comment = comments[path]
        isMapEntry = message.options?.pointee.map_entry ?? 0 != 0
        fields = []
        for (index, field) in CRead.messages(message.field, message.n_field).enumerated() {
            fields.append(try ProtoField(field.pointee, in: fullName, comment: comments[path + [PathStep.messageField, Int32(index)]]))
        }
        oneofs = CRead.messages(message.oneof_decl, message.n_oneof_decl).enumerated().map {
            ProtoOneof(name: CRead.string($1.pointee.name), comment: comments[path + [PathStep.messageOneof, Int32($0)]])
        }
        messages = []
        for (index, nested) in CRead.messages(message.nested_type, message.n_nested_type).enumerated() {
            messages.append(try ProtoMessage(nested.pointee, in: fullName, comments, path + [PathStep.messageMessage, Int32(index)]))
        }
        enums = CRead.messages(message.enum_type, message.n_enum_type).enumerated().map {
            ProtoEnum($1.pointee, in: fullName, comments, path + [PathStep.messageEnum, Int32($0)])
        }
    }
}

extension ProtoField {
    fileprivate init(_ field: Mesh__Plugin__FieldDescriptor, in message: String, comment: String) throws(GeneratorError) {
        name = CRead.string(field.name)
        guard let kind = Kind(rawValue: field.type), let label = Label(rawValue: field.label) else {
            throw GeneratorError("\(message).\(CRead.string(field.name)): unknown type \(field.type) or label \(field.label)")
        }
        number = field.number
        self.kind = kind
        self.label = label
        typeName = withoutLeadingDot(CRead.string(field.type_name))
        oneof = field.membership_case == MESH__PLUGIN__FIELD_DESCRIPTOR__MEMBERSHIP_ONEOF_INDEX ? Int(field.oneof_index) : nil
        jsonName = CRead.string(field.json_name)
        isProto3Optional = field.proto3_optional != 0
        self.comment = comment
    }
}

extension ProtoEnum {
    fileprivate init(_ type: Mesh__Plugin__EnumDescriptor, in scope: String, _ comments: Comments, _ path: [Int32]) {
        name = CRead.string(type.name)
        fullName = qualified(name, in: scope)
        comment = comments[path]
        values = CRead.messages(type.value, type.n_value).enumerated().map {
            Value(
                name: CRead.string($1.pointee.name), number: $1.pointee.number, comment: comments[path + [PathStep.enumValue, Int32($0)]])
        }
    }
}

extension ProtoService {
    fileprivate init(_ service: Mesh__Plugin__ServiceDescriptor, in scope: String, _ comments: Comments, _ path: [Int32]) {
        name = CRead.string(service.name)
        fullName = qualified(name, in: scope)
        comment = comments[path]
        methods = CRead.messages(service.method, service.n_method).enumerated().map {
            ProtoMethod($1.pointee, comment: comments[path + [PathStep.serviceMethod, Int32($0)]])
        }
    }
}

extension ProtoMethod {
    fileprivate init(_ method: Mesh__Plugin__MethodDescriptor, comment: String) {
        name = CRead.string(method.name)
        input = withoutLeadingDot(CRead.string(method.input_type))
        output = withoutLeadingDot(CRead.string(method.output_type))
        clientStreaming = method.client_streaming != 0
        serverStreaming = method.server_streaming != 0
        self.comment = comment
        policy = method.options?.pointee.policy.map { ProtoPolicy($0.pointee) }
    }
}

extension ProtoPolicy {
    fileprivate init(_ policy: Mesh__Plugin__MethodPolicy) {
        callers = CRead.strings(policy.callers, policy.n_callers)
        callersWithoutUser = CRead.strings(policy.callers_without_user, policy.n_callers_without_user)
        tokens = (0..<policy.n_tokens).map { policy.tokens[$0] }
        userScope = CRead.string(policy.user_scope)
        secondFactor = policy.second_factor != 0
        idempotency = policy.idempotency
        defaultDeadlineMilliseconds = policy.default_deadline_ms
        audit = policy.audit
    }
}

private func qualified(_ name: String, in scope: String) -> String {
    scope.isEmpty ? name : "\(scope).\(name)"
}

private func withoutLeadingDot(_ name: String) -> String {
    name.hasPrefix(".") ? String(name.dropFirst()) : name
}
