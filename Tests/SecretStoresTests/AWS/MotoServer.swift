import Foundation
import Glibc
import SecretServers
import SecretStores
import TestSupport

/// moto's server, which checks signatures: requests with a wrong key are refused from the first on.
struct MotoServer: Sendable {
    let endpoint: String
    let accessKeyID: String
    let secretAccessKey: String

    private struct Account: Decodable {
        var AccessKeyId, SecretAccessKey: String
    }

    static func with(_ body: @Sendable (MotoServer) async throws -> Void) async throws {
        let python = try ExternalProgram.awsPython.path
        let port = try FreePort.next()
        let command = ["-c", "echo $$; INITIAL_NO_AUTH_ACTION_COUNT=0 exec \"$0\" -m moto.server -H 127.0.0.1 -p \"$1\"", python, String(port)]
        try await RunningProgram.with("sh", command) { server in
            guard let first = await server.line(), let pid = pid_t(first) else { throw OpenBao.NotStarted() }
            defer { kill(pid, SIGKILL) }
            let endpoint = "http://127.0.0.1:\(port)"
            // Waits until the server answers, then makes a user with a key that may use Secrets Manager and nothing else.
            let made = try await ExternalProgram.output(python, [ExternalProgram.script("aws_account.py"), endpoint])
            let account = try JSONDecoder().decode(Account.self, from: Data(made.utf8))
            try await body(MotoServer(endpoint: endpoint, accessKeyID: account.AccessKeyId, secretAccessKey: account.SecretAccessKey))
        }
    }

    var settings: AWSSettings {
        AWSSettings(region: "eu-central-1", endpoint: endpoint, prefix: "cryptopulse/development/execution", credentials: .environment)
    }

    /// A store that takes its key out of the environment, as in production.
    func store(secretAccessKey: String? = nil) throws -> AWSSecretStore {
        setenv("AWS_ACCESS_KEY_ID", accessKeyID, 1)
        setenv("AWS_SECRET_ACCESS_KEY", secretAccessKey ?? self.secretAccessKey, 1)
        return try AWSSecretStore(settings)
    }
}
