import Deployment

/// Who may have what: the promise that the run is held against.
enum CredentialTable {
    /// Whose memory, files and log something stands in.
    enum Place: Hashable, Comparable, CustomStringConvertible {
        case service(ServiceName)
        /// The operator's own certificate, for `pulse` on the mesh.
        case operatorFolder
        /// What only the supervisor reads: the development root.
        case supervisorFolder

        var description: String {
            switch self {
            case .service(let name): name.rawValue
            case .operatorFolder: "operator"
            case .supervisorFolder: "supervisor"
            }
        }

        static func < (left: Place, right: Place) -> Bool { left.description < right.description }
    }

    struct Row {
        /// For the README; rows of one kind share it.
        let kind: String
        /// `kind`, and whose it is where each service has one.
        let name: String
        /// Must be found there: in memory or in a file of its own.
        let holders: Set<Place>
        /// Lies in this service's database, opened with this service's data key; in its memory only while it is used.
        let sealedBy: Set<Place>
        /// May be found there, on its way or in memory that was not yet used again. Not in a file.
        let passes: Set<Place>
    }

    private static func row(
        _ kind: String, of owner: String? = nil, in holders: [ServiceName] = [], sealed: [ServiceName] = [], passing: [ServiceName] = []
    ) -> Row {
        func places(_ names: [ServiceName]) -> Set<Place> { Set(names.map(Place.service)) }
        return Row(
            kind: kind, name: owner.map { "\(kind) of \($0)" } ?? kind, holders: places(holders), sealedBy: places(sealed), passes: places(passing))
    }

    /// Those whose databases have sealed columns.
    static let withDataKey: [ServiceName] = [.auth, .marketData, .execution, .sandboxExchange]

    static let rows: [Row] =
        ServiceName.allCases.map { row("wrapping key", of: $0.rawValue, in: [$0]) }
        + withDataKey.map { row("data key", of: $0.rawValue, in: [$0]) }
        + ServiceName.allCases.filter(\.isMeshMember).map { row("mesh key", of: $0.rawValue, in: [$0]) }
        + ServiceName.allCases.filter(\.servesHTTPS).map { row("HTTPS key", of: $0.rawValue, in: [$0]) }
        + [ServiceName.auth, .execution, .marketData].map { row("keys that seal the database", of: $0.rawValue, in: [$0]) }
        + [
            row("token signing key", in: [.auth]), row("mesh issuing key", in: [.auth]),
            row("log signing key", in: [.audit]), row("alert webhook key", in: [.audit]),
            row("language model key", in: [.agent]),
            row("market-data's own exchange key", in: [.marketData]),
            row("market-data's own API key", sealed: [.marketData], passing: [.sandboxExchange]),
            row("person's exchange key for reading", sealed: [.marketData]), row("person's exchange key for trading", sealed: [.execution]),
            row("person's API key for reading", sealed: [.marketData], passing: [.gateway, .sandboxExchange]),
            row("person's API key for trading", sealed: [.execution], passing: [.gateway, .sandboxExchange]),
            row("sandbox operator's token", in: [.sandboxExchange]),
            Row(kind: "operator's mesh key", name: "operator's mesh key", holders: [.operatorFolder], sealedBy: [], passes: []),
            Row(kind: "root key", name: "root key", holders: [.supervisorFolder], sealedBy: [], passes: []),
            row("authenticator seed", sealed: [.auth], passing: [.gateway]), row("password", passing: [.gateway, .auth]),
            row("refresh token", passing: [.gateway, .auth]),
            row("access token", passing: [.auth, .gateway, .execution, .marketData, .audit]),
            row("agent's narrowed token", passing: [.auth, .gateway, .agent, .execution, .marketData]),
            row("sign-off token", passing: [.auth, .gateway, .execution]),
            row("e-mail address", sealed: [.auth], passing: [.gateway]),
            row("what a person says", sealed: [.execution], passing: [.gateway, .agent]),
        ]
}
