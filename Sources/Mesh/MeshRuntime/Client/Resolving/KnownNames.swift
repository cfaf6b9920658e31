/// What is known of names: the addresses that each had last, and why it was not found since.
struct KnownNames: Sendable {
    private struct Entry: Sendable {
        var addresses: [String] = []
        var failure: ResolutionFailed?
    }

    private var entries: [String: Entry] = [:]

    /// A name that could not be looked up for now keeps its addresses; one that is not there any more has none.
    mutating func learned(_ host: String, _ answer: Result<[String], ResolutionFailed>) {
        switch answer {
        case .success(let addresses): entries[host] = Entry(addresses: addresses)
        case .failure(let failure) where failure.isTemporary: entries[host, default: Entry()].failure = failure
        case .failure(let failure): entries[host] = Entry(failure: failure)
        }
    }

    /// Every address of `endpoints`, each once.
    ///
    /// - Throws: `ResolutionFailed` when there is none, `ResolutionIncomplete` when a name could not be looked up for now.
    func addresses(of endpoints: [MeshEndpoint]) throws -> [MeshEndpoint] {
        var found: [MeshEndpoint] = [], seen: Set<MeshEndpoint> = []
        for address in endpoints.flatMap(lastAddresses) where seen.insert(address).inserted { found.append(address) }
        let failures = endpoints.compactMap { entries[$0.host]?.failure }
        if found.isEmpty, let failure = failures.last { throw failure }
        let missing = failures.filter(\.isTemporary)
        guard missing.isEmpty else { throw ResolutionIncomplete(endpoints: found, failures: missing) }
        return found
    }

    func hasAddress(of endpoints: [MeshEndpoint]) -> Bool { endpoints.contains { !lastAddresses($0).isEmpty } }

    private func lastAddresses(_ endpoint: MeshEndpoint) -> [MeshEndpoint] {
        if endpoint.isNumeric { return [endpoint] }
        return entries[endpoint.host]?.addresses.map { MeshEndpoint(host: $0, port: endpoint.port) } ?? []
    }
}
