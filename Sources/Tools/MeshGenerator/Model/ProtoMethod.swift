struct ProtoMethod {
    var name: String
    /// Full names without a leading dot.
    var input: String
    var output: String
    var clientStreaming: Bool
    var serverStreaming: Bool
    var comment: String
    /// nil: nobody may call.
    var policy: ProtoPolicy?

    /// The case of `MethodDescriptor.Kind`, which is also the name of `MethodImplementation`'s function.
    var kind: String {
        switch (clientStreaming, serverStreaming) {
        case (false, false): "unary"
        case (false, true): "serverStreaming"
        case (true, false): "clientStreaming"
        case (true, true): "bidirectional"
        }
    }
}

/// The `mesh.v1.policy` option, enums as their numbers.
struct ProtoPolicy {
    var callers: [String]
    var callersWithoutUser: [String]
    var tokens: [Int32]
    var userScope: String
    var secondFactor: Bool
    var idempotency: Int32
    var defaultDeadlineMilliseconds: UInt32
    var audit: Int32
}
