import MeshCall
import ServiceAPI
import Testing

@Suite("The policy table")
struct PolicyTableTests {
    @Test("Every method is there once")
    func everyMethodOnce() {
        let paths = ServiceAPI.allMethods.map(\.path)
        #expect(Set(paths).count == paths.count)
        for path in ["/cryptopulse.auth.v1.Auth/SignIn", "/cryptopulse.execution.v1.Execution/SignOff", "/mesh.v1.Health/Check"] {
            #expect(paths.contains(path))
        }
        #expect(Set(ServiceAPI.allMethods.map(\.service)).count == 11)
    }

    @Test("Every method has callers, a deadline and an audit class", arguments: ServiceAPI.allMethods)
    func complete(method: MethodDescriptor) {
        #expect(!method.policy.callers.isEmpty)
        #expect(method.policy.defaultDeadline >= .milliseconds(1))
        #expect(method.policy.audit != .unspecified)
    }

    @Test("Callers without a user are callers; the others need a kind of token", arguments: ServiceAPI.allMethods)
    func consistent(method: MethodDescriptor) {
        let alone = Set(method.policy.callersWithoutUser)
        #expect(alone.isSubset(of: method.policy.callers))
        #expect(alone == Set(method.policy.callers) || !method.policy.tokens.isEmpty)
    }

    @Test("The agent can look and propose, nothing else")
    func agentsReach() {
        let reachable = ServiceAPI.allMethods.filter { $0.policy.callers.contains("agent") }.map(\.path)
        #expect(
            Set(reachable) == [
                "/cryptopulse.execution.v1.Execution/Propose", "/cryptopulse.execution.v1.Execution/ListOrders",
                "/cryptopulse.execution.v1.Execution/GetPortfolio", "/cryptopulse.market_data.v1.MarketData/GetPrice",
                "/cryptopulse.market_data.v1.MarketData/GetBookTicker", "/cryptopulse.market_data.v1.MarketData/GetCandles",
                "/cryptopulse.market_data.v1.MarketData/StreamTickers", "/cryptopulse.audit.v1.Audit/Append",
                "/cryptopulse.audit.v1.Audit/GetCheckpoint", "/cryptopulse.auth.v1.Auth/GetKeys", "/mesh.v1.Health/Check",
                "/mesh.v1.Health/Watch",
                // Its own next certificate, and who is revoked.
                "/cryptopulse.auth.v1.Identity/Renew", "/cryptopulse.auth.v1.Identity/WatchRevocations",
            ])
    }

    @Test("Signing off takes a sign-off token and is audited before its effect")
    func signOff() {
        let policy = ExecutionV1.ExecutionMethods.signOff.policy
        #expect(policy.callers == ["gateway"])
        #expect(policy.tokens == [.signOff])
        #expect(policy.audit == .beforeEffect)
    }
}
