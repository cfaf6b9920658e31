internal import Cryptography
internal import Deployment
package import PulseCommands

/// A person with an account, a second factor and a linked account at the sandbox exchange.
package struct LocalPerson {
    package let person: Person
    package let email: String
    package let password: String
    package var authenticator: Authenticator
    /// Their account at the sandbox exchange; nil for none.
    package let exchange: SandboxAccount.Open?

    /// Makes a key at the exchange and puts it in the place of the one before.
    package func linkExchange(to purpose: Person.ExchangeKeyPurpose = .trade) async throws {
        let permissions = purpose == .trade ? ["read", "trade"] : ["read"]
        try await person.linkExchange(to: purpose) { try await exchange?.register($0, label: "test", permissions: permissions) ?? "" }
    }

    /// Signs the proposal that was shown, with a one-time code when it asks for one.
    package mutating func sign(_ proposal: ProposalText) async throws -> OrderAnswer {
        let code = proposal.needsSecondFactor ? try await authenticator.nextCode() : nil
        return try await person.sign(proposal, code: code)
    }

    /// Says something and returns the proposals that came of it.
    package func propose(_ words: String) async throws -> [ProposalText] {
        var proposals: [ProposalText] = []
        for try await line in try await person.chat(words) {
            if let error = line.error { throw GatewayError(status: 200, body: error) }
            if let proposal = line.proposal { proposals.append(try await ProposalText(person.proposal(proposal.proposalId))) }
        }
        return proposals
    }
}

extension LocalMesh {
    /// The gateway's HTTPS API.
    package var gateway: GatewayClient { GatewayClient(url: ports.url(.gateway), client: https) }

    /// Signs a new person up and in.
    ///
    /// - Parameter balances: what their account at the exchange starts with, decimals by asset; nil links no account.
    package func makePerson(balances: [String: String]? = ["USDT": "10000"]) async throws -> LocalPerson {
        let (email, password) = ("\(Hex.encode(SecureRandom.bytes(8)))@example.com", Hex.encode(SecureRandom.bytes(16)))
        let signedUp = try await gateway.signUp(email: email, password: password)
        guard var authenticator = Authenticator(secret: signedUp.totp.secret) else { throw CommandError("no authenticator") }
        let code = try await authenticator.nextCode()
        let session = try await gateway.confirmAuthenticator(email: email, password: password, code: code)
        let person = Person(gateway: gateway, session: Session(session, email: email))
        let account = SandboxAccount(folder: folder, client: https)
        var exchange: SandboxAccount.Open?
        if let balances { exchange = try await account.open(balances) }
        let local = LocalPerson(person: person, email: email, password: password, authenticator: authenticator, exchange: exchange)
        if exchange != nil { try await local.linkExchange() }
        return local
    }
}
