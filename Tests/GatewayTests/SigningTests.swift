import Cryptography
import MeshCall
import Testing

@Suite("Signing off", .timeLimit(.minutes(1)))
struct SigningTests {
    private let gateway = TestGateway()
    private var digest: String { Hex.encode(Hashing.sha256(Array("an order, canonically".utf8))) }

    @Test("What was read is signed: proposal, token over its digest, sign-off with that token alone")
    func signs() async throws {
        try await gateway.test { (client) async throws in
            let answer = try await client.post("/v1/proposals/p1/sign", #"{"digest":"\#(digest)"}"#)
            #expect(answer.status == 200, "\(answer.text)")
            #expect(answer.json["state"] as? String == "FILLED")
            #expect(answer.json["client_order_id"] as? String == "c1")
            #expect(answer.json["side"] as? String == "BUY")
        }
        #expect(gateway.seen.methods == ["GetProposal", "MintSignOff", "SignOff"])
        #expect(gateway.seen.all.map(\.token) == [.access, .access, .signOff])
        #expect(Set(gateway.seen.all.map(\.requestID)).count == 1, "one request id for all calls")
    }

    @Test("Another digest than the one kept is refused before anything is minted")
    func otherDigest() async throws {
        try await gateway.test { (client) async throws in
            let other = try await client.post("/v1/proposals/p1/sign", #"{"digest":"\#(String(repeating: "0", count: 64))"}"#)
            #expect(other.status == 409)
            #expect(other.error["reason"] == "DIGEST_MISMATCH")
            #expect(try await client.post("/v1/proposals/p1/sign", #"{"digest":"xyz"}"#).status == 400)
            #expect(try await client.post("/v1/proposals/p1/sign", "{}").status == 400)
        }
        #expect(!gateway.seen.methods.contains("MintSignOff"))
    }

    @Test("A proposal whose digest is not that of its bytes is not signed")
    func brokenProposal() async throws {
        try await gateway.test { (client) async throws in
            #expect(try await client.post("/v1/proposals/broken/sign", #"{"digest":"\#(digest)"}"#).status == 500)
        }
        #expect(!gateway.seen.methods.contains("MintSignOff"))
    }

    @Test("A second factor that is needed is asked for, then passed on")
    func secondFactor() async throws {
        try await gateway.test { (client) async throws in
            let without = try await client.post("/v1/proposals/p2/sign", #"{"digest":"\#(digest)"}"#)
            #expect(without.status == 403)
            #expect(without.error["reason"] == "SECOND_FACTOR_REQUIRED")
            #expect(try await client.post("/v1/proposals/p2/sign", #"{"digest":"\#(digest)","code":"123456"}"#).status == 200)
        }
    }

    @Test("Somebody else's proposal is not found")
    func notFound() async throws {
        try await gateway.test { (client) async throws in
            let answer = try await client.get("/v1/proposals/p9")
            #expect(answer.status == 404)
            #expect(answer.error["reason"] == "PROPOSAL_NOT_FOUND")
            #expect(try await client.get("/v1/proposals/..%2Fx").status == 404)
        }
    }
}
