import Cryptography
import Deployment
import LocalMesh
import MeshCall
import MeshRuntime
import PulseCommands
import ServiceAPI
import Testing

extension Integration {
    @Suite("Sign-off")
    struct SignOffTests {
        @Test("A signed proposal becomes one filled order, and its audit record is proven")
        func firstOrder() async throws {
            let mesh = try await SharedMesh.mesh()
            var someone = try await mesh.makePerson()
            let proposal = try #require(try await someone.propose("buy 0.01 BTC at market").first)
            let order = try await someone.sign(proposal)
            #expect(order.state == "FILLED")
            #expect(order.executedQuantity == "0.01")
            let answer: AuditAnswer = try await someone.person.get("/v1/audit/records")
            let key = try #require(NoteVerifier(answer.checkpoint.verifierKey))
            let proof = try AuditProof.verify(answer, trusting: key)
            #expect(proof.records.contains { $0.index == order.auditIndex && $0.action == "order.intent" })
        }

        @Test("The agent's certificate with the person's own tokens cannot sign off")
        func agentCannotSignOff() async throws {
            let mesh = try await SharedMesh.mesh()
            var someone = try await mesh.makePerson()
            let proposal = try #require(try await someone.propose("buy 0.01 BTC at market").first)
            let digest = try #require(Hex.decode(proposal.digest))
            let code = try await someone.authenticator.nextCode()
            let tokens = try await Tokens(of: someone.person, digest: digest, on: mesh, code: code)
            let client = try mesh.client(to: .execution, as: "agent")
            for token in [tokens.access, tokens.agent, tokens.signOff] {
                let error = await #expect(throws: RPCError.self) {
                    try await ExecutionV1.ExecutionClient(client)
                        .signOff(ExecutionV1.SignOffRequest(proposalId: proposal.id), options: .bearer(token))
                }
                #expect(error?.code == .permissionDenied)
            }
            await client.close()
            #expect(try await someone.person.orders().isEmpty)
        }

        @Test("The same sign-off sent twice, and at once, makes one order")
        func sentTwice() async throws {
            let mesh = try await SharedMesh.mesh()
            var someone = try await mesh.makePerson()
            let proposal = try #require(try await someone.propose("buy 0.01 BTC at market").first)
            let digest = try #require(Hex.decode(proposal.digest))
            let code = proposal.needsSecondFactor ? try await someone.authenticator.nextCode() : ""
            let tokens = try await Tokens(of: someone.person, digest: digest, on: mesh, code: code)
            let client = try mesh.client(to: .execution, as: "gateway")
            let execution = ExecutionV1.ExecutionClient(client)
            let ids = try await withThrowingTaskGroup(of: String?.self) { group in
                for _ in 0..<4 {
                    group.addTask {
                        try await execution.signOff(
                            ExecutionV1.SignOffRequest(proposalId: proposal.id), options: .bearer(tokens.signOff)
                        ).order?.clientOrderId
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            await client.close()
            #expect(Set(ids).count == 1)
            #expect(try await someone.person.orders().count == 1)
        }

        @Test("A sign-off over other bytes than the proposal's is refused, and no order is made")
        func otherDigest() async throws {
            let mesh = try await SharedMesh.mesh()
            let someone = try await mesh.makePerson()
            let proposal = try #require(try await someone.propose("buy 0.01 BTC at market").first)
            var digest = try #require(Hex.decode(proposal.digest))
            digest[0] ^= 1
            let tokens = try await Tokens(of: someone.person, digest: digest, on: mesh)
            let client = try mesh.client(to: .execution, as: "gateway")
            let error = await #expect(throws: RPCError.self) {
                try await ExecutionV1.ExecutionClient(client)
                    .signOff(ExecutionV1.SignOffRequest(proposalId: proposal.id), options: .bearer(tokens.signOff))
            }
            await client.close()
            #expect(error?.code == .permissionDenied || error?.code == .failedPrecondition || error?.code == .invalidArgument)
            #expect(try await someone.person.orders().isEmpty)
        }

        @Test("Above the threshold a sign-off without a one-time code is refused")
        func secondFactor() async throws {
            let mesh = try await SharedMesh.mesh()
            var someone = try await mesh.makePerson(balances: ["USDT": "100000"])
            let proposal = try #require(try await someone.propose("buy 0.1 BTC at market").first)
            #expect(proposal.needsSecondFactor)
            let error = await #expect(throws: GatewayError.self) { try await someone.person.sign(proposal, code: nil) }
            #expect(error?.body.reason == "SECOND_FACTOR_REQUIRED")
            #expect(try await someone.person.orders().isEmpty)
            #expect(try await someone.sign(proposal).state == "FILLED")
        }

        @Test("One person sees nothing of another's")
        func ownRowsOnly() async throws {
            let mesh = try await SharedMesh.mesh()
            let (one, other) = (try await mesh.makePerson(), try await mesh.makePerson())
            let proposal = try #require(try await one.propose("buy 0.01 BTC at market").first)
            await #expect(throws: GatewayError.self) { try await other.person.proposal(proposal.id) }
            await #expect(throws: GatewayError.self) { try await other.person.sign(proposal, code: nil) }
            let records: AuditAnswer = try await other.person.get("/v1/audit/records")
            let key = try #require(NoteVerifier(records.checkpoint.verifierKey))
            #expect(try AuditProof.verify(records, trusting: key).records.allSatisfy { $0.object != proposal.id })
        }
    }
}
