import Deployment
import LocalMesh
import PulseCommands
import Testing

extension Integration {
    @Suite("When a process dies")
    struct FailureTests {
        /// A person with one small proposal that waits for a signature.
        private struct Scene {
            let mesh: LocalMesh
            var someone: LocalPerson
            let proposal: ProposalText

            init(_ mesh: LocalMesh) async throws {
                self.mesh = mesh
                someone = try await mesh.makePerson()
                proposal = try #require(try await someone.propose("buy 0.01 BTC at market").first)
            }

            func state() async throws -> String? {
                try await someone.person.orders().first { $0.proposalId == proposal.id }?.state
            }

            func bitcoin() async throws -> String {
                try await someone.person.portfolio().first { $0.asset == "BTC" }?.free ?? "0"
            }

            /// Sends the sign-off without waiting for its answer, which may never come.
            mutating func startSigning() async throws -> Task<OrderAnswer, any Error> {
                let code = proposal.needsSecondFactor ? try await someone.authenticator.nextCode() : nil
                let (person, proposal) = (someone.person, proposal)
                return Task { try await person.sign(proposal, code: code) }
            }

            func restartExecution() async throws {
                try await mesh.process(.execution).start()
                try await mesh.waitUntilReady(.execution)
            }
        }

        @Test("With audit stopped a sign-off is refused within its deadline, and nothing is ever sent")
        func auditStopped() async throws {
            try await LocalMesh.with { mesh in
                var scene = try await Scene(mesh)
                try await mesh.process(.audit).stop()
                let begin = ContinuousClock.now
                let signing = try await scene.startSigning()
                let error = await #expect(throws: GatewayError.self) { try await signing.value }
                #expect(error?.status == 503, "\(error.map(String.init(describing:)) ?? "no error")")
                #expect(ContinuousClock.now - begin < .seconds(15))
                try await mesh.process(.audit).start()
                try await mesh.waitUntilReady(.audit)
                try await mesh.process(.execution).kill()
                try await scene.restartExecution()
                #expect(["NOT_SENT", nil].contains(try await scene.state()))
                #expect(try await scene.bitcoin() == "0")
            }
        }

        @Test("Execution killed after the nonce is burned and before audit answered: no order, and it says so")
        func killedBeforeDispatch() async throws {
            try await LocalMesh.with { mesh in
                var scene = try await Scene(mesh)
                try await mesh.process(.audit).freeze()
                let signing = try await scene.startSigning()
                try await eventually("the intent is durable") { try await scene.state() != nil }
                try await mesh.process(.execution).kill()
                await #expect(throws: GatewayError.self) { try await signing.value }
                try await mesh.process(.audit).thaw()
                try await scene.restartExecution()
                #expect(try await scene.state() == "NOT_SENT")
                #expect(try await scene.bitcoin() == "0")
            }
        }

        @Test("Execution killed while the exchange has the order: after the restart it knows the one order's fate")
        func killedAfterDispatch() async throws {
            try await LocalMesh.with { mesh in
                let (scene, signing) = try await Self.signIntoFrozenExchange(mesh)
                try await mesh.process(.execution).kill()
                await #expect(throws: GatewayError.self) { try await signing.value }
                try await mesh.process(.sandboxExchange).thaw()
                try await scene.restartExecution()
                try await eventually("the order is resolved") { ["FILLED", "NOT_SENT"].contains(try await scene.state()) }
                let bought = try await scene.bitcoin() != "0"
                #expect(try await scene.state() == (bought ? "FILLED" : "NOT_SENT"))
                #expect(try await scene.someone.person.orders().count == 1)
            }
        }

        /// Freezes the exchange after execution has looked at the market and before its order gets there. What market-data has seen
        /// counts for a quarter of a second only, so that it may take some tries.
        private static func signIntoFrozenExchange(_ mesh: LocalMesh) async throws -> (Scene, Task<OrderAnswer, any Error>) {
            for _ in 0..<10 {
                var scene = try await Scene(mesh)
                try await mesh.process(.sandboxExchange).freeze()
                let signing = try await scene.startSigning()
                do {
                    try await eventually(within: .seconds(2), "the order is on its way") {
                        mesh.log(of: .execution, lines: 200).contains("order.sent")
                    }
                    return (scene, signing)
                } catch is NeverHappened {
                    try await mesh.process(.sandboxExchange).thaw()
                    await #expect(throws: GatewayError.self) { try await signing.value }
                }
            }
            throw NeverHappened(what: "an order on its way to a frozen exchange")
        }
    }
}
