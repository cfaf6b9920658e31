/// A signed-in person: keeps the session in the state folder and renews it when its access token runs out.
package actor Person {
    package let gateway: GatewayClient
    /// nil keeps the session in memory alone.
    private let store: SessionStore?
    private var session: Session

    /// - Throws: `CommandError` when nobody is signed in.
    package init(gateway: GatewayClient, store: SessionStore) throws {
        self.gateway = gateway
        self.store = store
        session = try store.load()
    }

    /// Takes a session that has just been opened, and keeps it.
    package init(gateway: GatewayClient, store: SessionStore, signedIn session: Session) throws {
        self.gateway = gateway
        self.store = store
        self.session = session
        try store.save(session)
    }

    /// Takes a session that lives as long as this value.
    package init(gateway: GatewayClient, session: Session) {
        self.gateway = gateway
        store = nil
        self.session = session
    }

    package var email: String { session.email }
    package var userID: String { session.userID }

    /// An access token that is good for a while.
    package func token() async throws -> String {
        if session.needsRefresh() { try await renew() }
        return session.accessToken
    }

    /// Renews the session now: its access token then has the scopes that the account has by now.
    ///
    /// - Throws: `CommandError` when the session is over.
    package func renew() async throws {
        do {
            session = Session(try await gateway.refresh(session.refreshToken), email: session.email)
        } catch let error as GatewayError where error.status == 401 {
            throw CommandError("the session is over; sign in again with `pulse login`")
        }
        try store?.save(session)
    }

    package func signOut() async throws {
        try await gateway.signOut(session.refreshToken)
        try store?.remove()
    }

    package func get<T: Decodable & Sendable>(_ path: String) async throws -> T {
        try await gateway.get(path, token: token())
    }

    package func post<T: Decodable & Sendable>(_ path: String, _ body: [String: String] = [:]) async throws -> T {
        try await gateway.post(path, body, token: token())
    }

    package func chat(_ text: String) async throws -> AsyncThrowingStream<ChatLine, any Error> {
        try await gateway.chat(text, token: token())
    }
}
