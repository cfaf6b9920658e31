import Foundation
import Secrets
import Testing

@Suite("Secret stores conform", .serialized, .timeLimit(.minutes(3)))
struct ConformanceTests {
    @Test("Every driver keeps the rules of a secret store", arguments: StoreUnderTest.available)
    func conforms(_ driver: StoreUnderTest) async throws {
        let seeded = Array("seeded-marker-value".utf8) + [0, 1, 254, 255]
        try await driver.with(seeded: ["seeded": seeded]) { setup in
            let store = try setup.open()
            let suite = StoreConformance(store: store)
            #expect(store.kind == driver.rawValue)
            try await suite.refusesWhatIsNotThere()
            try await suite.refusesNames()
            if driver == .env { return try await suite.onlyReads(seeded: seeded) }
            try await suite.putsAndReads()
            try await suite.promotesWhatIsPending()
            try await suite.goesBack()
            try await suite.revokes()
            try await suite.refusesWhatDoesNotFit()
            try await suite.watches()
            try await suite.servesManyAtOnce()
        }
    }
}
