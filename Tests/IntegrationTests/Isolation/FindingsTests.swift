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

        /// One of each that the row makes; of places on its way only one, and only where it stands nowhere else.
        static func all(of row: CredentialTable.Row) -> [Claim] {
            let standing =
                row.holders.map { Claim(row: row, place: $0, spot: .process(.memory)) } + row.files.map { Claim(row: row, place: $0, spot: .file("a file")) }
                + row.sealedBy.map { Claim(row: row, place: $0, spot: .sealed("a column")) }
            return standing.isEmpty ? row.passes.prefix(1).map { Claim(row: row, place: $0, spot: .process(.memory)) } : standing
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
