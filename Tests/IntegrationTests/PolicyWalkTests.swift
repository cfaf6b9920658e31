import Deployment
import LocalMesh
import MeshCall
import MeshRuntime
import NIOCore
import PulseCommands
import ServiceAPI
import Testing

extension Integration {
    @Suite("Who may call what")
    struct PolicyWalkTests {
        /// Which processes serve each proto service.
        private static let servers: [String: [ServiceName]] = [
            "cryptopulse.auth.v1.Auth": [.auth], "cryptopulse.auth.v1.Identity": [.auth],
            "cryptopulse.auth.v1.Accounts": [.auth], "cryptopulse.agent.v1.Agent": [.agent],
            "cryptopulse.market_data.v1.MarketData": [.marketData], "cryptopulse.market_data.v1.ReadKeys": [.marketData],
            "cryptopulse.execution.v1.Execution": [.execution], "cryptopulse.audit.v1.Audit": [.audit],
            "cryptopulse.keys.v1.Keys": [.auth, .agent, .marketData, .execution, .audit],
            "mesh.v1.Health": [.auth, .agent, .marketData, .execution, .audit],
        ]
        private static let identities = ["auth", "agent", "market-data", "execution", "audit", "gateway", "operator"]

        /// What the gate made of a call, whatever the handler then said about its empty request.
        enum Verdict: Equatable {
            case passed, callerRefused, tokenRefused
        }

        @Test("Each identity with each kind of token passes the gate of exactly the methods that the proto gives it")
        func everyMethodByEveryIdentity() async throws {
            let mesh = try await SharedMesh.mesh()
            let person = try await mesh.makePerson(balances: nil).person
            let tokens = try await Tokens(of: person, digest: [UInt8](repeating: 7, count: 32), on: mesh)
            var seen = (passed: 0, refused: 0)
            var wrong: [String] = []
            for identity in Self.identities {
                for (server, method) in try Self.methodsByServer() {
                    let client = try mesh.client(to: server, as: identity)
                    for carried in Self.carried(tokens) {
                        let verdict = try await Self.verdict(method, on: client, token: carried?.token)
                        let expected = Self.expected(method.policy, identity, carried)
                        if verdict == .passed { seen.passed += 1 } else { seen.refused += 1 }
                        if verdict != expected {
                            wrong.append("\(identity) \(method.path) at \(server) with \(carried?.name ?? "no token"): \(verdict), not \(expected)")
                        }
                    }
                    await client.close()
                }
            }
            #expect(wrong.isEmpty, "\(wrong.joined(separator: "\n"))")
            #expect(seen.passed > 50 && seen.refused > 700, "\(seen)")
        }

        private static func methodsByServer() throws -> [(server: ServiceName, method: MethodDescriptor)] {
            // Enrolment is on no mesh port; `MeshIdentityTests` sees to that.
            try ServiceAPI.allMethods.filter { $0.service != "cryptopulse.auth.v1.Enrolment" }.flatMap { method in
                try #require(servers[method.service], "\(method.service) is served by nobody").map { ($0, method) }
            }
        }

        /// A token as a call carries it. A nil scope is everything that anybody may do.
        private struct Carried {
            let name: String
            let token: String
            let type: TokenType
            let scope: Set<String>?
        }

        private static func carried(_ tokens: Tokens) -> [Carried?] {
            [
                nil, Carried(
                    name: "access", token: tokens.access, type: .access,
                    scope: ["chat", "market:read", "portfolio:read", "order:read", "order:sign", "exchange:link", "audit:read"]),
                Carried(name: "admin's access", token: tokens.admin, type: .access, scope: nil),
                Carried(name: "agent", token: tokens.agent, type: .agent, scope: ["market:read", "portfolio:read", "order:propose"]),
                Carried(name: "market-only agent", token: tokens.marketOnly, type: .agent, scope: ["market:read"]),
                Carried(name: "sign-off", token: tokens.signOff, type: .signOff, scope: []),
            ]
        }

        private static func expected(_ policy: MethodPolicy, _ caller: String, _ carried: Carried?) -> Verdict {
            guard policy.callers.contains(caller) else { return .callerRefused }
            guard let carried else { return policy.callersWithoutUser.contains(caller) ? .passed : .tokenRefused }
            // A caller in its own name may send a token too: it is checked like any other.
            guard policy.tokens.contains(carried.type) else { return .tokenRefused }
            guard let scope = carried.scope, !policy.userScope.isEmpty else { return .passed }
            return scope.contains(policy.userScope) ? .passed : .tokenRefused
        }

        /// What the gate and the token's check say.
        private static let gateReasons: Set<String> = [
            "TOKEN_REQUIRED", "TOKEN_NOT_ACCEPTED", "TOKEN_MALFORMED", "TOKEN_INVALID", "SCOPE_REQUIRED", "SECOND_FACTOR_REQUIRED",
        ]
        /// What handlers say with a code that the gate uses too: an empty refresh token, no credentials, no code.
        private static let handlerReasons: Set<String> = ["SESSION_ENDED", "INVALID_CREDENTIALS", "INVALID_CODE"]

        /// Calls with an empty request: a handler that runs answers it or finds fault with it, and that is no concern of the gate.
        private static func verdict(_ method: MethodDescriptor, on client: any CallChannel, token: String?) async throws -> Verdict {
            var options = token.map { CallOptions.bearer($0) } ?? CallOptions()
            options.timeout = .seconds(10)
            do {
                switch method.kind {
                case .unary: _ = try await client.unary(method, ByteBuffer(), options: options)
                default: for try await _ in try await client.serverStreaming(method, ByteBuffer(), options: options) { break }
                }
                return .passed
            } catch let error as RPCError {
                switch (error.code, error.reason) {
                case (_, "CALLER_NOT_ALLOWED"): return .callerRefused
                case (_, let reason?) where gateReasons.contains(reason): return .tokenRefused
                // What a handler says of an empty request. Anything else is no verdict, and fails the test.
                case (.invalidArgument, _), (.notFound, _), (.failedPrecondition, _), (.resourceExhausted, _): return .passed
                case (_, let reason?) where handlerReasons.contains(reason): return .passed
                default: throw error
                }
            }
        }
    }
}
