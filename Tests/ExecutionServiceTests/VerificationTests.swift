import MeshCall
import ServiceAPI
import Testing

@Suite("Who may link an exchange")
struct VerificationTests {
    /// The test exchange has it.
    private static let known = "good-key"

    /// - Returns: why the key was not activated; nil when it was.
    private func activate(in environment: String, more: [String]) async throws -> (reason: String?, actions: [String]) {
        let mesh = try TestMesh()
        let reason: String? = try await mesh.run(environment: environment) { running in
            let gateway = running.client(as: "gateway"), access = try await running.access(ann, more: more)
            let key = try await gateway.createExchangeKey(.init(), options: access)
            do {
                _ = try await gateway.activateExchangeKey(.init(keyId: key.keyId, apiKey: Self.known), options: access)
                try await running.flushAudit()
                return nil
            } catch let error as RPCError {
                #expect(error.code == .failedPrecondition && error.message.contains("verified"))
                try await running.flushAudit()
                return error.reason
            }
        }
        return (reason, mesh.audit.records.filter { $0.action == "exchange_key.activated" }.map { "\($0.outcome) \($0.reason)" })
    }

    @Test("In production only a verified person, and the log has the refusal")
    func production() async throws {
        let refused = try await activate(in: "production", more: [])
        #expect(refused.reason == "NOT_VERIFIED" && refused.actions == ["refused NOT_VERIFIED"], "\(refused)")
        // An admin is no verified person.
        #expect(try await activate(in: "production", more: ["users:verify"]).reason == "NOT_VERIFIED")
        let verified = try await activate(in: "production", more: ["exchange:live"])
        #expect(verified.reason == nil && verified.actions == ["ok "], "\(verified)")
    }

    @Test("Elsewhere anybody", arguments: ["development", "staging"])
    func elsewhere(environment: String) async throws {
        #expect(try await activate(in: environment, more: []).reason == nil)
    }
}
