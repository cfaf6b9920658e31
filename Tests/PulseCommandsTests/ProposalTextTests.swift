import Foundation
import Testing
import Trading

@testable import PulseCommands

@Suite("Reading a proposal before signing")
struct ProposalTextTests {
    private static func order() throws -> CanonicalOrder {
        CanonicalOrder(
            environment: "development", userID: "8f3f1f9e-6f5e-4c1b-9d37-0f6f6c1f2a11", proposalID: "p-1",
            draft: try OrderDraft(
                symbol: try #require(Symbol("BTCUSDT")), side: .buy, amount: .quantity(try #require(Decimal("0.01"))), price: nil),
            worstCasePrice: try #require(Decimal("42000")), worstCaseNotional: try #require(Decimal("420")), utteranceID: "u-1",
            utteranceSHA256: [UInt8](repeating: 1, count: 32),
            provenance: try #require(ProvenanceSummary(text: "quantity=user;side=user;symbol=user;type=user")), policyVersion: "1",
            nonce: [UInt8](repeating: 2, count: 32), expiresAtMilliseconds: 1_700_000_000_000)
    }

    private static func answer(_ bytes: [UInt8], id: String = "p-1", digest: String? = nil) throws -> ProposalAnswer {
        let json: [String: Any] = [
            "proposal_id": id, "state": "OPEN", "canonical": Data(bytes).base64EncodedString(),
            "digest": digest ?? OrderDigest(of: bytes).hex, "needs_second_factor": false, "second_factor_reason": "",
            "fields": [["name": "quantity", "value": "99", "provenance": "USER", "source": ""]],
        ]
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decoder.decode(ProposalAnswer.self, from: JSONSerialization.data(withJSONObject: json))
    }

    @Test("What is shown and signed comes from the bytes, not from what stands beside them")
    func fromBytes() throws {
        let bytes = try Self.order().encoded()
        let text = try ProposalText(Self.answer(bytes))
        #expect(text.line == "BUY 0.01 BTCUSDT at MARKET")
        #expect(!text.text.contains("99"))
        #expect(text.digest == OrderDigest(of: bytes).hex)
    }

    @Test("Another digest than that of the bytes is refused")
    func otherDigest() throws {
        let bytes = try Self.order().encoded()
        #expect(throws: CommandError.self) { try ProposalText(Self.answer(bytes, digest: String(repeating: "0", count: 64))) }
    }

    @Test("Another proposal's bytes are refused")
    func otherProposal() throws {
        let bytes = try Self.order().encoded()
        #expect(throws: CommandError.self) { try ProposalText(Self.answer(bytes, id: "p-2")) }
    }

    @Test("Bytes that are no order are refused")
    func noOrder() throws {
        let bytes = try Self.order().encoded()
        #expect(throws: CommandError.self) { try ProposalText(Self.answer(Array(bytes.dropLast()))) }
    }
}
