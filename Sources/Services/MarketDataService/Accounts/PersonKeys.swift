import AuditClient
import Crypto
import Exchange
import FoundationEssentials
import Identity
import MeshCall
import Storage

/// Makes people's keys for reading and reads their accounts with them.
struct PersonKeys: Sendable {
    let environment: String
    let database: ServiceDatabase
    let outbox: AuditOutbox
    let store: PersonKeyStore
    let pending: PendingKeys
    /// Without a credential.
    let exchange: BinanceClient
    /// Milliseconds since 1970.
    let now: @Sendable () -> Int64

    /// Keys of one person that wait for activation.
    private static let maximumPending = 5
    private static let maximumAPIKeyCharacters = 256

    private static let used = RPCError(.failedPrecondition, "This key was used before. Make a new one.", reason: "KEY_USED")

    /// - Returns: the key's id and its public half in PEM.
    func create(for context: ServerContext) async throws -> (id: String, publicKeyPEM: String) {
        let user = try context.user().userID
        let key = PersonKey(id: UUID().uuidString.lowercased(), user: user, state: .pending, privateKey: Curve25519.Signing.PrivateKey())
        let event = Self.event("created", of: key.id, context, user)
        try await database.write(as: user) { [store, outbox, pending, now] db in
            try pending.expire(of: user, in: db)
            guard try store.countPending(user: user, in: db) < Self.maximumPending else {
                throw RPCError(.resourceExhausted, "Too many of your keys wait for activation.", reason: "TOO_MANY_KEYS")
            }
            try store.insert(key, now: now(), in: db)
            try outbox.append(event, in: db)
        }
        return (key.id, PublicKeyPEM.encode(key.privateKey.publicKey))
    }

    /// Only a key that reads, and can neither trade nor withdraw, becomes the active one. The same again changes nothing.
    ///
    /// - Returns: what the exchange would not say of the key.
    func activate(_ id: String, apiKey: String, for context: ServerContext) async throws -> [String] {
        guard (1...Self.maximumAPIKeyCharacters).contains(apiKey.utf8.count), apiKey.utf8.allSatisfy({ (0x21...0x7e).contains($0) }) else {
            throw RPCError(.invalidArgument, "The API key is malformed.", reason: "MALFORMED_API_KEY")
        }
        let user = try context.user().userID
        try await checkVerified(id, for: context)
        try await database.write(as: user) { [pending] db in try pending.expire(of: user, in: db) }
        guard let key = try await database.read(as: user, { [store] in try store.find(id, in: $0) }) else {
            throw RPCError(.notFound, "There is no such key.", reason: "KEY_UNKNOWN")
        }
        if key.state == .active, key.apiKey == apiKey { return [] }
        guard key.state == .pending else { throw Self.used }
        let unchecked = try await check(key, apiKey: apiKey, for: context)
        let event = Self.event("activated", of: id, context, user, details: unchecked.isEmpty ? [:] : ["not_checked": unchecked.joined(separator: "; ")])
        try await database.write(as: user) { [store, outbox, now] db in
            guard try store.activate(key, apiKey: apiKey, now: now(), in: db) else { throw Self.used }
            try outbox.append(event, in: db)
        }
        return unchecked
    }

    /// Where there is real money, an admin must have verified the person: auth says so in the token's scope.
    private func checkVerified(_ id: String, for context: ServerContext) async throws {
        let person = try context.user()
        guard !PersonScopes.mayLinkExchange(person.scope, in: environment) else { return }
        try await record(Self.event("activated", of: id, context, person.userID, refusedFor: "NOT_VERIFIED"), person.userID)
        throw RPCError(
            .failedPrecondition, "In production only a verified person may link an exchange. Ask for verification, then sign in again.",
            reason: "NOT_VERIFIED")
    }

    /// The balances of the account behind the person's active key.
    ///
    /// - Throws: `RPCError` FAILED_PRECONDITION NO_READ_KEY.
    func account(for context: ServerContext) async throws -> AccountInformation {
        let user = try context.user().userID
        guard let key = try await database.read(as: user, { [store] in try store.active(user: user, in: $0) }), let apiKey = key.apiKey else {
            throw RPCError(.failedPrecondition, "No key for reading is active for you. Link one first.", reason: "NO_READ_KEY")
        }
        let client = client(key, apiKey)
        do {
            return try await client.account()
        } catch let error as ExchangeError {
            throw await refusal(error, client)
        }
    }

    // MARK: - The exchange

    private func client(_ key: PersonKey, _ apiKey: String) -> BinanceClient {
        exchange.with(credential: ExchangeCredential(apiKey: apiKey, signer: Ed25519RequestSigner(key.privateKey)))
    }

    private func check(_ key: PersonKey, apiKey: String, for context: ServerContext) async throws -> [String] {
        let client = client(key, apiKey)
        do {
            _ = try await client.account()
            let (faults, unchecked) = try await client.fitness(for: .reading)
            guard faults.isEmpty else {
                try await record(Self.event("activated", of: key.id, context, key.user, refusedFor: faults.map(\.rawValue).joined(separator: " ")), key.user)
                throw RPCError(.failedPrecondition, "The key is not taken. \(faults.map(\.advice).joined(separator: " "))", reason: "EXCHANGE_KEY_UNFIT")
            }
            return unchecked
        } catch let error as ExchangeError {
            try await record(Self.event("activated", of: key.id, context, key.user, refusedFor: error.code.map(String.init) ?? ""), key.user)
            throw await refusal(error, client)
        }
    }

    private func refusal(_ error: ExchangeError, _ client: BinanceClient) async -> RPCError {
        guard error.kind == .credentials else { return ExchangeFailure.rpcError(error) }
        let advice = await client.diagnose(error, for: .reading).advice
        return RPCError(.failedPrecondition, "The exchange does not accept the key. \(advice)", reason: "EXCHANGE_KEY_REFUSED", cause: error)
    }

    // MARK: - Audit

    private func record(_ event: AuditEvent, _ user: String) async throws {
        try await database.write(as: user) { [outbox] db in _ = try outbox.append(event, in: db) }
    }

    private static func event(
        _ what: String, of id: String, _ context: ServerContext, _ user: String, refusedFor reason: String? = nil, details: [String: String] = [:]
    ) -> AuditEvent {
        AuditEvent(
            actor: .user(user), action: "exchange_key.\(what)", object: id, outcome: reason == nil ? .ok : .refused, reason: reason ?? "",
            requestID: context.requestID, details: details.merging(["purpose": KeyPurpose.reading.rawValue]) { $1 })
    }
}
