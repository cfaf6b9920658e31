import Deployment
import LocalMesh
import MeshCall
import MeshRuntime
import PulseCommands
import ServiceAPI

/// A person's tokens of every kind, got the way the gateway gets them.
struct Tokens {
    let access: String
    /// Of an admin.
    let admin: String
    let agent: String
    /// An agent token that may look at the market and do nothing else.
    let marketOnly: String
    let signOff: String

    /// - Parameter digest: what the sign-off token consents to.
    init(of person: Person, digest: [UInt8], on mesh: LocalMesh, code: String = "") async throws {
        access = try await person.token()
        admin = try await mesh.makeAdmin().person.token()
        let gateway = try mesh.client(to: .auth, as: "gateway")
        let auth = AuthV1.AuthClient(gateway)
        agent = try await auth.narrowToken(
            AuthV1.NarrowTokenRequest(scope: ["market:read", "portfolio:read", "order:propose"]), options: .bearer(access)
        ).token
        marketOnly = try await auth.narrowToken(AuthV1.NarrowTokenRequest(scope: ["market:read"]), options: .bearer(access)).token
        signOff = try await auth.mintSignOff(AuthV1.MintSignOffRequest(digest: digest, code: code), options: .bearer(access)).token
        await gateway.close()
    }
}
