public import MeshMessages

/// A service as its `.proto` declares it, for programs that know it at run time only. Generated.
public struct ServiceReflection: Sendable {
    /// Full proto name: `mesh.v1.Health`.
    public let name: String
    /// In the order of the `.proto`.
    public let methods: [MethodReflection]

    public init(name: String, methods: [MethodReflection]) {
        self.name = name
        self.methods = methods
    }
}

/// A method with the layouts of its messages.
public struct MethodReflection: Sendable {
    /// What the `.proto` says of the method.
    public let method: MethodDescriptor
    /// The message it takes.
    public let request: MessageLayout
    /// The message it gives.
    public let response: MessageLayout

    public init(_ method: MethodDescriptor, request: MessageLayout, response: MessageLayout) {
        self.method = method
        self.request = request
        self.response = response
    }
}
