/// Asks the system's resolver for all IPv4 and IPv6 addresses of names (`getaddrinfo`, RFC 3493), on threads that may wait. A name that cannot be
/// looked up for now keeps the addresses that it had; one that does not exist any more loses them.
public struct DNSResolver: MeshResolver {
    /// How long the names that have been found wait for the others.
    static let patience: Duration = .seconds(5)

    private let endpoints: [MeshEndpoint]
    private let lookups: NameLookups
    private let patience: Duration

    /// - Parameter endpoints: names, of which every address is used, and IP addresses, which are used as they are.
    public init(_ endpoints: [MeshEndpoint]) {
        self.init(endpoints, lookUp: SystemNames.lookUp)
    }

    init(_ endpoints: [MeshEndpoint], patience: Duration = Self.patience, lookUp: @escaping NameLookups.LookUp) {
        self.endpoints = endpoints
        self.patience = patience
        lookups = NameLookups(lookUp)
    }

    /// There is nothing to ask for when all are IP addresses.
    public var isFixed: Bool { endpoints.allSatisfy(\.isNumeric) }

    /// - Throws: `ResolutionFailed` when none of the names has an address, `ResolutionIncomplete` when some could not be looked up for now, or took
    ///   longer than five seconds while others were found.
    public func resolve() async throws -> [MeshEndpoint] {
        if isFixed { return endpoints }
        return try await lookups.addresses(of: endpoints, patience: patience)
    }
}
