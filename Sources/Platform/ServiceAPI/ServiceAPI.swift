public import MeshCall
internal import MeshMessages

/// What the services say to each other: generated messages, clients, handlers and policies.
public enum ServiceAPI {
    /// Every method of every service, the mesh's own among them, with its policy.
    public static let allMethods: [MethodDescriptor] = MeshV1.HealthMethods.all + GeneratedMethods.all
    /// Every service, the mesh's own among them, with the layouts of its messages.
    public static let allServices: [ServiceReflection] = [MeshV1.healthReflection] + GeneratedMethods.services
}
