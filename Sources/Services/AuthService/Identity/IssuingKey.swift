/// A key that signs mesh certificates, as its row says.
struct IssuingKey: Sendable, Equatable {
    enum State: String, Sendable {
        /// Made; its certificate is still to come.
        case pending
        /// Signs.
        case active
        /// Signs no more; what it has signed is good.
        case retiring
        /// Revoked, and with it whatever it signed.
        case gone
    }

    let id: Int64
    var state: State
    /// DER.
    var certificate: [UInt8]?
    /// Of the certificate: lower-case hexadecimal.
    var serial: String?
    /// Seconds since 1970, as are all below.
    let createdAt: Int64
    var activatedAt: Int64?
    var retiredAt: Int64?
    var endsAt: Int64?
}

/// The issuing keys of one environment and the changes they may go through: pending → active → retiring → gone. A pure value.
struct IssuingKeys: Sendable, Equatable {
    enum Refusal: Error, Equatable {
        case unknown
        /// The list of revocations has no room for the key's certificate.
        case listFull
        case notPending
        case notRetiring
        /// Seconds until nothing that it signed is in use any more.
        case stillInUse(Int64)
        case tooManyPending
    }

    /// Seconds that a retiring key's certificates may be in use: one life of a leaf, and an hour for clocks that differ.
    static let overlap: Int64 = 86400 + 3600
    static let mostPending = 3

    /// The newest last.
    private(set) var all: [IssuingKey]

    init(_ all: [IssuingKey]) {
        self.all = all
    }

    var active: IssuingKey? { all.first { $0.state == .active } }

    func checkMayPrepare() throws(Refusal) {
        guard all.count(where: { $0.state == .pending }) < Self.mostPending else { throw .tooManyPending }
    }

    /// - Returns: what changed: the key that signs now, and the one that signed until now.
    mutating func activate(_ id: Int64, certificate: [UInt8], serial: String, endsAt: Int64, now: Int64) throws(Refusal) -> [IssuingKey] {
        guard let index = all.firstIndex(where: { $0.id == id }) else { throw .unknown }
        guard all[index].state == .pending else { throw .notPending }
        var changed: [IssuingKey] = []
        if let old = all.firstIndex(where: { $0.state == .active }) {
            (all[old].state, all[old].retiredAt) = (.retiring, now)
            changed.append(all[old])
        }
        (all[index].state, all[index].activatedAt, all[index].endsAt) = (.active, now, endsAt)
        (all[index].certificate, all[index].serial) = (certificate, serial)
        return [all[index]] + changed
    }

    /// - Parameter early: although certificates that it signed may be in use.
    mutating func end(_ id: Int64, early: Bool, now: Int64) throws(Refusal) -> IssuingKey {
        guard let index = all.firstIndex(where: { $0.id == id }) else { throw .unknown }
        guard all[index].state == .retiring, let retiredAt = all[index].retiredAt else { throw .notRetiring }
        let left = retiredAt + Self.overlap - now
        guard early || left <= 0 else { throw .stillInUse(left) }
        all[index].state = .gone
        return all[index]
    }

    /// Retiring keys whose time is over.
    func due(at now: Int64) -> [Int64] {
        all.filter { $0.state == .retiring && ($0.retiredAt ?? now) + Self.overlap <= now }.map(\.id)
    }
}
