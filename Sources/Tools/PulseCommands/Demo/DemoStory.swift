import Cryptography
import Deployment
import Foundation

/// The steps of the demo. Each prints what it did and throws when it did not come out as promised.
struct DemoStory {
    static let startingBalance = ["USDT": "10000"]
    static let indent = "   "

    private let folder: StateFolder
    private let gateway: GatewayClient
    private let email: String
    private let password: String
    private var authenticator: Authenticator?
    private var person: Person?
    private var step = 0

    init(folder: StateFolder, gateway: GatewayClient) throws {
        self.folder = folder
        self.gateway = gateway
        email = "demo-\(Hex.encode(SecureRandom.bytes(6)))@example.com"
        password = Hex.encode(SecureRandom.bytes(16))
    }

    mutating func openAccount() async throws {
        say("sign up as \(email)")
        let account = try await gateway.signUp(email: email, password: password)
        guard var authenticator = Authenticator(secret: account.totp.secret) else { throw CommandError("the authenticator secret is not Base32") }
        note("user \(account.userId); the authenticator app has its secret")
        let code = try await authenticator.nextCode()
        _ = try await gateway.confirmAuthenticator(email: email, password: password, code: code)
        note("authenticator confirmed with its first code")
        self.authenticator = authenticator
    }

    mutating func signIn() async throws {
        say("sign in with password and a one-time code")
        let session = try await gateway.signIn(email: email, password: password, code: nextCode())
        person = try keep(Session(session, email: email))
        note("may: \(session.scope.joined(separator: " "))")
    }

    mutating func linkExchange() async throws {
        say("open an account at the sandbox exchange and let execution trade with it")
        let account = try await SandboxAccount(folder: folder, client: gateway.client).open(Self.startingBalance)
        try await signedIn().linkExchange { try await account.register($0, label: "execution") }
        note("account \(account.id); execution made the key pair and has shown only its public half")
        for balance in try await signedIn().portfolio() { note("\(balance.asset) \(balance.free)") }
    }

    mutating func ask(_ question: String) async throws {
        say("ask: \"\(question)\"")
        _ = try await ChatPrinter.print(signedIn().chat(question), indent: Self.indent)
    }

    mutating func propose(_ words: String) async throws -> ProposalText {
        say("ask for an order: \"\(words)\"")
        let proposals = try await ChatPrinter.print(signedIn().chat(words), indent: Self.indent)
        guard let id = proposals.last else { throw CommandError("no proposal came of it") }
        say("read proposal \(id), from the bytes that would be signed")
        let shown = try await ProposalText(signedIn().proposal(id))
        for line in shown.text.split(separator: "\n") { note(String(line)) }
        return shown
    }

    mutating func sign(_ proposal: ProposalText) async throws -> OrderAnswer {
        say("sign exactly that digest\(proposal.needsSecondFactor ? ", with a second one-time code" : "")")
        let code = proposal.needsSecondFactor ? try await nextCode() : nil
        let order = try await signedIn().sign(proposal, code: code)
        print(OrderText.block(order, indent: Self.indent))
        guard order.state == "FILLED" else { throw CommandError("the order is \(order.state), not FILLED") }
        for balance in try await signedIn().portfolio() { note("\(balance.asset) \(balance.free)") }
        return order
    }

    mutating func proveAuditRecord(of order: OrderAnswer, for proposal: ProposalText) async throws {
        say("verify the order's audit record")
        let answer: AuditAnswer = try await signedIn().get("/v1/audit/records")
        let proof = try AuditProof.verify(answer, trusting: LogKeyPin(folder).key(offered: answer.checkpoint.verifierKey))
        note("checkpoint of \(proof.size) entries, root \(proof.root), signature good")
        for record in proof.records { note("proven  \(record.index)  \(record.summary)") }
        guard proof.records.contains(where: { $0.index == order.auditIndex && $0.action.hasPrefix("order.") }) else {
            throw CommandError("the order's intent, record \(order.auditIndex), is not among the proven records")
        }
        note("the order's intent is record \(order.auditIndex): in the log, and nobody can quietly take it out")
    }

    /// Whoever is signed in on this machine stays so; when nobody is, the demo's person can look around afterwards.
    private func keep(_ session: Session) throws -> Person {
        let store = SessionStore(folder)
        guard (try? store.load()) == nil else { return Person(gateway: gateway, session: session) }
        return try Person(gateway: gateway, store: store, signedIn: session)
    }

    private func signedIn() throws -> Person {
        guard let person else { throw CommandError("nobody is signed in") }
        return person
    }

    private mutating func nextCode() async throws -> String {
        guard let code = try await authenticator?.nextCode() else { throw CommandError("there is no authenticator") }
        return code
    }

    private mutating func say(_ text: String) {
        step += 1
        print("\(step < 10 ? " " : "")\(step). \(text)")
    }

    private func note(_ text: String) {
        print(Self.indent + text)
    }
}
