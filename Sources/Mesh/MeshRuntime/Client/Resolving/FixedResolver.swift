/// Addresses that are known beforehand and never change.
public struct FixedResolver: MeshResolver {
    private let endpoints: [MeshEndpoint]

    /// - Parameter endpoints: IP addresses; a name works too, but stands for the first address that can be connected.
    public init(_ endpoints: [MeshEndpoint]) {
        self.endpoints = endpoints
    }

    public var isFixed: Bool { true }

    public func resolve() async throws -> [MeshEndpoint] { endpoints }
}
