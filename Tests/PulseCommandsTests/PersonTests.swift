import Crypto
import Cryptography
import Deployment
import Foundation
import Testing

@testable import PulseCommands

@Suite("What a person keeps")
struct PersonTests {
    private func withFolder<T>(_ body: (StateFolder) throws -> T) throws -> T {
        let path = FileManager.default.temporaryDirectory.path + "/cryptopulse-\(UUID().uuidString)"
        let folder = StateFolder(path)
        try FileManager.default.createDirectory(atPath: folder.person, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: path) }
        return try body(folder)
    }

    private func session(accessFor seconds: Int) throws -> Session {
        let answer = SessionAnswer(
            userId: "u", accessToken: "a", accessExpiresIn: seconds, refreshToken: "r", refreshExpiresIn: 3600, scope: [])
        return Session(answer, email: "p@example.com")
    }

    @Test("The session's file is its owner's alone")
    func sessionFile() throws {
        try withFolder { folder in
            #expect(throws: CommandError.self) { try SessionStore(folder).load() }
            try SessionStore(folder).save(session(accessFor: 300))
            #expect(try SessionStore(folder).load().accessToken == "a")
            let mode = try FileManager.default.attributesOfItem(atPath: folder.person + "/session.json")[.posixPermissions] as? Int
            #expect(mode == 0o600)
        }
    }

    @Test("An access token near its end is renewed before it is used")
    func refresh() throws {
        #expect(try !session(accessFor: 300).needsRefresh())
        #expect(try session(accessFor: 10).needsRefresh())
    }

    @Test("The log's key is pinned at first sight, and another one is refused later")
    func pin() throws {
        try withFolder { folder in
            let keys = try (0..<2).map { _ in try #require(NoteSigner(name: "log.example", key: .init())).verifier.verifierKey }
            _ = try LogKeyPin(folder).key(offered: keys[0])
            _ = try LogKeyPin(folder).key(offered: keys[0])
            #expect(throws: CommandError.self) { try LogKeyPin(folder).key(offered: keys[1]) }
        }
    }

    @Test("Each code of the authenticator is another one, and each is good now")
    func codes() async throws {
        let seed = SecureRandom.bytes(TOTP.seedSize)
        var authenticator = try #require(Authenticator(secret: Base32.encode(seed)))
        var last = Int64(-1)
        for _ in 0..<3 {
            let code = try await authenticator.nextCode()
            let step = TOTP(seed: seed).matchingStep(for: code, at: Int64(Date().timeIntervalSince1970), after: last)
            last = try #require(step)
        }
        #expect(Authenticator(secret: "not base32!") == nil)
    }

    @Test("Balances are ASSET=AMOUNT")
    func amounts() throws {
        #expect(try ExchangeLinkCommand.amounts(["USDT=10", "BTC=0.5"]) == ["USDT": "10", "BTC": "0.5"])
        #expect(throws: (any Error).self) { try ExchangeLinkCommand.amounts(["USDT"]) }
    }
}
