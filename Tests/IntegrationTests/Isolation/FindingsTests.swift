import Deployment
import Testing

/// How findings are judged, without any process.
@Suite("What was found is held against the table")
struct FindingsTests {
    /// Where a row says that its value is.
    private struct Claim {
        let row: CredentialTable.Row
        let place: CredentialTable.Place
        let spot: Findings.Spot

        var hit: ByteSearch.Hit { ByteSearch.Hit(credential: row.name, form: "raw", isReplaced: false) }

        /// One of each that the row makes.
        static func all(of row: CredentialTable.Row) -> [Claim] {
            row.holders.map { Claim(row: row, place: $0, spot: .process(.memory)) } + row.files.map { Claim(row: row, place: $0, spot: .file("a file")) }
                + row.sealedBy.map { Claim(row: row, place: $0, spot: .sealed("a column")) } + row.caught.map { Claim(row: row, place: $0, spot: .onItsWay) }
        }
    }

    private static let claims = CredentialTable.rows.flatMap(Claim.all)

    private func findings(_ claims: [Claim]) -> Findings {
        claims.reduce(into: Findings()) { $0.add([$1.hit], $1.place, $1.spot) }
    }

    @Test("A search that finds nothing misses every row")
    func nothing() {
        let missing = Findings().missing()
        for row in CredentialTable.rows {
            #expect(missing.contains { $0.hasPrefix("\(row.name) was ") }, "\(row.name)")
        }
    }

    @Test("Each row is missed when it lacks in any one of its places, and only then")
    func eachPlace() {
        #expect(findings(Self.claims).missing() == [] && findings(Self.claims).leaks() == [])
        for left in Self.claims.indices {
            let missing = findings(Self.claims.enumerated().filter { $0.offset != left }.map(\.element)).missing()
            #expect(missing.count == 1 && missing.allSatisfy { $0.hasPrefix("\(Self.claims[left].row.name) was ") }, "\(missing)")
        }
    }

    @Test("What stands nowhere is caught on its way, in processes that it may pass through")
    func caught() {
        for row in CredentialTable.rows {
            let standsSomewhere = ![row.holders, row.files, row.sealedBy].allSatisfy(\.isEmpty)
            #expect(standsSomewhere == row.caught.isEmpty && row.caught.isSubset(of: row.passes), "\(row.name)")
        }
    }

    private static let everywhere: [CredentialTable.Place] =
        ServiceName.allCases.map(CredentialTable.Place.service) + [.supervisor, .operatorFolder, .personFolder, .offlineFolder]

    @Test("The table says what was found: found in one place fewer, or in one more, a value has another table", arguments: Set(CredentialTable.rows.map(\.kind)))
    func table(kind: String) {
        let rows = CredentialTable.rows.filter { $0.kind == kind }
        let claims = rows.flatMap(Claim.all)
        let whole = IsolationTable.markdown(findings(claims), rows)
        #expect(!whole.contains("YES") && !whole.contains("(of "))
        for left in claims.indices {
            let fewer = findings(claims.enumerated().filter { $0.offset != left }.map(\.element))
            #expect(IsolationTable.markdown(fewer, rows) != whole, "\(claims[left])")
        }
        for row in rows {
            for place in Self.everywhere {
                for spot in [Findings.Spot.process(.memory), .file("another file"), .sealed("another column"), .onItsWay] {
                    var more = findings(claims)
                    more.add([.init(credential: row.name, form: "raw", isReplaced: false)], place, spot)
                    let isMore = !Claim.all(of: row).contains { $0.place == place && $0.spot.isLike(spot) }
                    // The same table from run to run: what may be met on its way is met at one moment and not at another.
                    let isTransient =
                        spot == .process(.memory) && row.transient.contains(place)
                        || spot == .onItsWay && row.transient.union(row.holders).contains(place)
                    #expect((IsolationTable.markdown(more, rows) != whole) == (isMore && !isTransient), "\(row.name) in \(place): \(spot)")
                }
            }
        }
    }

    @Test("A cell of several services' rows says of which, when it is not of all")
    func ofWhich() {
        let rows = [CredentialTable.Row("key", of: "agent", in: [.agent]), .init("key", of: "audit", in: [.audit])]
        var found = Findings()
        found.add([.init(credential: "key of agent", form: "raw", isReplaced: false)], .service(.agent), .process(.memory))
        let line = IsolationTable.markdown(found, rows).split(separator: "\n").last
        #expect(line == "| key of each service | its own service (of agent) | – | – | – | – | no |")
    }

    @Test("A value that was replaced does not stand for the one in its place")
    func replaced() {
        for claim in Self.claims {
            var findings = Findings()
            findings.add([.init(credential: claim.row.name, form: "raw", isReplaced: true)], claim.place, claim.spot)
            #expect(findings.missing([claim.row]).count == Claim.all(of: claim.row).count)
        }
    }

    @Test("A value on a command line or in an environment is a leak in its owner too; one in memory is none in a file")
    func spots() {
        for claim in Self.claims {
            for spot in [Findings.Spot.process(.environment), .process(.commandLine)] {
                var findings = Findings()
                findings.add([claim.hit], claim.place, spot)
                #expect(findings.leaks().count == 1, "\(claim.row.name) in \(spot)")
            }
            var file = Findings()
            file.add([claim.hit], claim.place, .file("a file"))
            #expect(file.leaks().isEmpty == claim.row.files.contains(claim.place), "\(claim.row.name)")
        }
    }

    @Test("A value in anybody else's memory is a leak that names both")
    func foreign() {
        let others: [CredentialTable.Place] = [.service(.gateway), .service(.auth), .service(.agent), .service(.audit), .supervisor]
        for row in CredentialTable.rows {
            for place in others where ![row.holders, row.files, row.sealedBy, row.passes].contains(where: { $0.contains(place) }) {
                var findings = Findings()
                findings.add([.init(credential: row.name, form: "raw", isReplaced: true)], place, .process(.memory))
                #expect(findings.leaks() == ["\(row.name) in \(place): memory, raw"])
            }
        }
    }

    @Test("A value that no row knows is a leak wherever it is")
    func unknown() {
        var findings = Findings()
        findings.add([.init(credential: "another", form: "raw", isReplaced: false)], .service(.auth), .process(.memory))
        #expect(findings.leaks() == ["another stands in no row of the table"])
    }
}

extension Findings.Spot {
    fileprivate func isLike(_ other: Findings.Spot) -> Bool {
        switch (self, other) {
        case (.file, .file), (.sealed, .sealed): true
        default: self == other
        }
    }
}
