internal import Logging

/// What happens in a pool that an operator may want to read.
enum PoolNote: Sendable {
    /// `isNews`: it could be reached the last time.
    case unreachable(MeshEndpoint, any Error, isNews: Bool)
    /// `isNews`: the lookup before brought addresses.
    case unresolved(any Error, isNews: Bool)
    /// Some names cannot be looked up for now, others can: those go on with their last addresses.
    case partlyResolved([ResolutionFailed])
    case allResolved
    case connected(MeshEndpoint)
    /// It is no longer among the peer's addresses.
    case left(MeshEndpoint)
    case ejected(MeshEndpoint)
    case tried(MeshEndpoint)
    case readmitted(MeshEndpoint)

    /// Of the names of a long list so many stand in one line.
    private static let namedFailures = 8

    func log(to logger: Logger) {
        switch self {
        case .unreachable(let endpoint, let cause, let isNews):
            logger.log(level: isNews ? .warning : .debug, "cannot connect", metadata: Self.fields(endpoint, why: "\(cause)"))
        case .unresolved(let cause, let isNews):
            logger.log(level: isNews ? .warning : .debug, "cannot find the peer's addresses", metadata: ["why": "\(cause)"])
        case .partlyResolved(let failures):
            logger.warning(
                "cannot look up all names of the peer; their last addresses stay in use",
                metadata: ["names": "\(failures.count)", "why": "\(failures.prefix(Self.namedFailures).map(\.description).joined(separator: "; "))"])
        case .allResolved: logger.notice("all names of the peer are looked up again")
        case .connected(let endpoint): logger.debug("connected", metadata: Self.fields(endpoint, why: nil))
        case .left(let endpoint): logger.info("address no longer used", metadata: Self.fields(endpoint, why: nil))
        case .ejected(let endpoint): logger.warning("address left alone", metadata: Self.fields(endpoint, why: "too many calls failed"))
        case .tried(let endpoint): logger.debug("address is tried again", metadata: Self.fields(endpoint, why: nil))
        case .readmitted(let endpoint): logger.notice("address is used again", metadata: Self.fields(endpoint, why: nil))
        }
    }

    private static func fields(_ endpoint: MeshEndpoint, why: String?) -> Logger.Metadata {
        var fields: Logger.Metadata = ["host": "\(endpoint.host)", "port": "\(endpoint.port)"]
        if let why { fields["why"] = "\(why)" }
        return fields
    }
}
