import Deployment
import LocalMesh
import MeshRuntime
import PulseCommands
import ServiceAPI

extension LocalMesh {
    /// A new person whom the operator has made an admin, and whose token says so.
    func makeAdmin() async throws -> LocalPerson {
        let admin = try await makePerson(balances: nil)
        let client = try client(to: .auth, as: "operator")
        _ = try await AuthV1.AccountsClient(client).setRole(.init(email: admin.email, role: "admin", reason: "test"))
        await client.close()
        try await admin.person.renew()
        return admin
    }
}
