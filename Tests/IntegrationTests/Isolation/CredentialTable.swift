import Deployment

/// Who may have what: the promise that the run is held against.
enum CredentialTable {
    /// Whose memory, files and log something stands in.
    enum Place: Hashable, Comparable, CustomStringConvertible {
        case service(ServiceName)
        /// The process that keeps the others running, and what it alone reads.
        case supervisor
        /// The operator's own certificate, for `pulse` on the mesh.
        case operatorFolder
        /// What the person's own commands keep on the person's machine.
        case personFolder
        /// What belongs on another machine.
        case offlineFolder

        var description: String {
            switch self {
            case .service(let name): name.rawValue
            case .supervisor: "supervisor"
            case .operatorFolder: "operator"
            case .personFolder: "person"
            case .offlineFolder: "offline"
            }
        }

        static func < (left: Place, right: Place) -> Bool { left.description < right.description }
    }

    struct Row {
        /// For the README; rows of one kind share it.
        let kind: String
        /// Whose it is, where each service has one.
        let owner: String?
        /// `kind`, and whose it is.
        let name: String
        /// Must be found in the memory of these processes.
        var holders: Set<Place> = []
        /// Must be found in a file of theirs, in clear.
        var files: Set<Place> = []
        /// Must be found in this service's database, where it takes this service's data key to open it; may be in its memory while it is used.
        var sealedBy: Set<Place> = []
        /// May be found there, on its way or in memory that was not yet used again.
        var passes: Set<Place> = []
        /// Must be found in the memory of these while its way is stopped: of what stands nowhere.
        var caught: Set<Place> = []

        init(_ kind: String, of owner: String? = nil, in holders: [ServiceName] = [], sealed: [ServiceName] = [], passing: [ServiceName] = []) {
            self.kind = kind
            self.owner = owner
            name = owner.map { "\(kind) of \($0)" } ?? kind
            self.holders = Set(holders.map(Place.service))
            sealedBy = Set(sealed.map(Place.service))
            passes = Set(passing.map(Place.service))
        }

        /// Where what is on its way, or taken from its file or column to be used, may be met at one moment and not at another.
        var transient: Set<Place> { passes.union(sealedBy).union(files).subtracting(holders) }

        /// - Parameters:
        ///   - files: whose files it lies in.
        ///   - more: what else it passes through.
        ///   - caught: who has it in hand while its way is stopped.
        func with(files: Set<Place> = [], passing more: Set<Place> = [], caught: Set<Place> = []) -> Row {
            var row = self
            row.caught.formUnion(caught)
            row.files.formUnion(files)
            row.passes.formUnion(more)
            return row
        }
    }

    /// Those whose databases have sealed columns.
    static let withDataKey: [ServiceName] = [.auth, .marketData, .execution, .sandboxExchange]

    private static let ofEachService: [Row] =
        ServiceName.allCases.map { Row("wrapping key", of: $0.rawValue, in: [$0]).with(files: [.service($0)]) }
        + withDataKey.map { Row("data key", of: $0.rawValue, in: [$0]) }
        + ServiceName.allCases.filter(\.isMeshMember).map { Row("mesh key", of: $0.rawValue, in: [$0]).with(files: [.service($0)]) }
        + ServiceName.allCases.filter(\.servesHTTPS).map {
            // The supervisor makes them.
            Row("HTTPS key", of: $0.rawValue, in: [$0]).with(files: [.service($0)], passing: [.supervisor])
        }
        + ServiceName.allCases.filter(\.enrols).map {
            Row("join token", of: $0.rawValue, passing: [$0, .auth]).with(files: [.service($0)], passing: [.supervisor])
        }
        + withDataKey.map { Row("keys that seal the database", of: $0.rawValue, in: [$0]) }

    static let rows: [Row] =
        ofEachService + [
            Row("token signing key", in: [.auth]), Row("mesh issuing key", in: [.auth]),
            Row("log signing key", in: [.audit]), Row("alert webhook key", in: [.audit]),
            Row("language model key", in: [.agent]),
            Row("market-data's own exchange key", in: [.marketData], sealed: [.marketData]),
            // In development the supervisor registers market-data's key, as a person would at an exchange's page.
            Row("market-data's own API key", sealed: [.marketData], passing: [.sandboxExchange]).with(passing: [.supervisor]),
            Row("person's exchange key for reading", sealed: [.marketData]), Row("person's exchange key for trading", sealed: [.execution]),
            Row("person's API key for reading", sealed: [.marketData], passing: [.gateway, .sandboxExchange]),
            Row("person's API key for trading", sealed: [.execution], passing: [.gateway, .sandboxExchange]),
            Row("sandbox operator's token", in: [.sandboxExchange]).with(passing: [.supervisor]),
            // The supervisor keeps its certificate alive.
            Row("operator's mesh key").with(files: [.operatorFolder], passing: [.supervisor]),
            Row("operator's join token", passing: [.auth]).with(files: [.operatorFolder], passing: [.supervisor]),
            Row("HTTPS issuing key").with(files: [.supervisor]),
            Row("root key").with(files: [.offlineFolder]),
            Row("authenticator seed", sealed: [.auth], passing: [.gateway]), Row("password", passing: [.gateway, .auth]).with(caught: [.service(.gateway)]),
            Row("refresh token", passing: [.gateway, .auth]).with(files: [.personFolder]),
            Row("access token", passing: [.auth, .gateway, .execution, .marketData, .audit]).with(files: [.personFolder]),
            Row("agent's narrowed token", passing: [.auth, .gateway, .agent, .execution, .marketData]).with(caught: [.service(.agent)]),
            Row("sign-off token", passing: [.auth, .gateway, .execution]).with(caught: [.service(.gateway), .service(.execution)]),
            Row("e-mail address", sealed: [.auth], passing: [.gateway]).with(files: [.personFolder]),
            Row("what a person says", sealed: [.execution], passing: [.gateway, .agent]),
        ]

    /// What the day of work puts another in the place of.
    static let rotated: Set<String> = [
        "token signing key", "mesh issuing key", "alert webhook key", "language model key", "market-data's own exchange key", "market-data's own API key",
        "data key of auth", "data key of execution", "data key of market-data", "wrapping key of execution", "mesh key of auth", "mesh key of execution",
        "person's exchange key for reading", "person's exchange key for trading", "person's API key for reading", "person's API key for trading",
    ]
}
