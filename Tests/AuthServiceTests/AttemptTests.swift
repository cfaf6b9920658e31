@testable import AuthService
import Cryptography
import GRDB
import MeshCall
import ServiceAPI
import Storage
import Testing

@Suite("Repeated failures")
struct AttemptTests {
    @Test("The delay is nothing at first, then doubles, and has a bound")
    func schedule() {
        #expect((0...7).map { AttemptDelay.seconds(afterFailures: $0) } == [0, 0, 0, 0, 0, 1, 2, 4])
        #expect(AttemptDelay.seconds(afterFailures: 100) == AttemptDelay.longest)
        #expect(AttemptDelay.seconds(afterFailures: .max) == AttemptDelay.longest)
    }

    @Test("Somebody who keeps failing must wait, is told how long, and gets in after it: no lock is for ever")
    func delays() async throws {
        let auth = try await AuthFixture()
        let (person, _) = try await auth.member()
        for _ in 0..<5 { #expect(try await refusal { try await auth.signIn(person, code: "000000") }.reason == "INVALID_CREDENTIALS") }
        let before = auth.components.hasher.runs
        let early = try await refusal { try await auth.signIn(person) }
        #expect(early.code == .resourceExhausted && early.reason == "TOO_MANY_ATTEMPTS" && early.retryAfter == .seconds(1))
        #expect(auth.components.hasher.runs == before)
        auth.clock.advance(by: 1)
        #expect(try await auth.signIn(person).userId == person.userID)
    }

    @Test("An address without an account is delayed the same way")
    func unknownAddress() async throws {
        let auth = try await AuthFixture()
        let attempt = { try await auth.client.signIn(.init(email: "nobody@example.com", password: "whatever it is", code: "123456")) }
        for _ in 0..<5 { #expect(try await refusal { try await attempt() }.reason == "INVALID_CREDENTIALS") }
        #expect(try await refusal { try await attempt() }.reason == "TOO_MANY_ATTEMPTS")
    }

    @Test("Parallel guesses cannot outrun the count")
    func parallelGuesses() async throws {
        let auth = try await AuthFixture()
        let (person, _) = try await auth.member()
        let before = auth.components.hasher.runs
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<30 { group.addTask { _ = try? await auth.signIn(person, code: "000000") } }
        }
        #expect(auth.components.hasher.runs - before == 5)
    }

    @Test("The count survives a restart")
    func durable() async throws {
        let auth = try await AuthFixture()
        let (person, _) = try await auth.member()
        for _ in 0..<5 { _ = try? await auth.signIn(person, code: "000000") }
        let again = try await AuthFixture(after: auth)
        #expect(try await refusal { try await again.signIn(person) }.reason == "TOO_MANY_ATTEMPTS")
        again.clock.advance(by: 1)
        #expect(try await again.signIn(person).userId == person.userID)
    }

    @Test("A success forgets the failures before it, and a day does too")
    func forgetting() async throws {
        let auth = try await AuthFixture()
        let (person, _) = try await auth.member()
        for _ in 0..<4 { _ = try? await auth.signIn(person, code: "000000") }
        _ = try await auth.signIn(person)
        for _ in 0..<5 { #expect(try await refusal { try await auth.signIn(person, code: "000000") }.reason == "INVALID_CREDENTIALS") }
        auth.clock.advance(by: AttemptDelay.memory + 1)
        for _ in 0..<5 { #expect(try await refusal { try await auth.signIn(person, code: "000000") }.reason == "INVALID_CREDENTIALS") }
    }

    @Test("Beyond what can be hashed at once callers are told to come back, and that attempt does not count")
    func overload() async throws {
        let auth = try await AuthFixture(hashing: .init(memoryKiB: 65536, passes: 2, lanes: 1), hashingQueue: 0)
        let reasons = await withTaskGroup(of: String?.self) { group in
            for number in 0..<12 {
                let request = AuthV1.SignInRequest(email: "p\(number)@example.com", password: "whatever it is", code: "123456")
                group.addTask {
                    do {
                        _ = try await auth.client.signIn(request)
                        return nil
                    } catch {
                        return (error as? RPCError)?.reason
                    }
                }
            }
            return await group.reduce(into: [String?]()) { $0.append($1) }
        }
        #expect(Set(reasons) == ["INVALID_CREDENTIALS", "BUSY"])
        let counted = try await auth.database.readAll { db in
            try Int.fetchOne(db, sql: "SELECT count(*) FROM attempts WHERE failures > 0")
        }
        #expect(counted == reasons.count { $0 == "INVALID_CREDENTIALS" })
        #expect(auth.components.hasher.runs == counted)
    }

    @Test("Others are not delayed by one person's failures")
    func others() async throws {
        let auth = try await AuthFixture()
        let (person, _) = try await auth.member()
        let (other, _) = try await auth.member("bob@example.com")
        for _ in 0..<8 { _ = try? await auth.signIn(person, code: "000000") }
        #expect(try await auth.signIn(other).userId == other.userID)
    }

    @Test("Sign-offs have a bucket a user, which refills")
    func bucket() {
        let rate = SignOffRate()
        let start = ContinuousClock.now
        func admits(_ user: String, after seconds: Int) -> Bool { rate.take(user, now: start + .seconds(seconds)) == nil }
        #expect((0..<10).allSatisfy { _ in admits("ada", after: 0) })
        #expect(rate.take("ada", now: start) == .seconds(2))
        #expect(admits("bob", after: 0))
        #expect(!admits("ada", after: 1))
        #expect(admits("ada", after: 3))
        #expect(!admits("ada", after: 2))
    }
}
