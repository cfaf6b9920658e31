import Foundation
import Glibc
import SecretServers
import Secrets
@testable import SecretStores
import TestSupport
import Testing

@Suite(
    "AWS", .serialized, .timeLimit(.minutes(2)),
    .enabled(if: ExternalProgram.awsPython.isExpected, "set CRYPTOPULSE_PYTHON_AWS to a Python with moto and botocore"))
struct AWSTests {
    private struct Asked: Codable {
        var method = "POST"
        var path = "/"
        var headers: [String: String]
        var body: String
        var seconds: Int64
        var id: String
        var secret: String
        var token: String?
        var service: String
        var region: String
    }

    private static let cases: [Asked] = (0..<40).map { index in
        var headers = ["host": "secretsmanager.eu-central-1.amazonaws.com", "content-type": "application/x-amz-json-1.1"]
        headers["x-amz-target"] = index % 2 == 0 ? "secretsmanager.GetSecretValue" : "  secretsmanager.PutSecretValue   with  spaces "
        if index % 5 == 0 { headers["host"] = "127.0.0.1:\(5000 + index)" }
        return Asked(
            method: index % 7 == 0 ? "PUT" : "POST", headers: headers, body: String(repeating: "{\"a\":\"ü\(index)\"}", count: index % 4),
            seconds: 951_782_400 + Int64(index) * 21_600_000 + 59, id: "AKIA\(index)EXAMPLE", secret: "wJalr/+=\(index)\(String(repeating: "k", count: index))",
            token: index % 3 == 0 ? "session/token+\(index)==" : nil, service: index % 11 == 0 ? "sts" : "secretsmanager",
            region: index % 13 == 0 ? "us-gov-west-1" : "eu-central-1")
    }

    @Test("Signatures are botocore's own, whatever the time, token, headers and body")
    func signatures() async throws {
        let lines = try Self.cases.map { String(decoding: try JSONEncoder().encode($0), as: UTF8.self) }.joined(separator: "\n") + "\n"
        let output = try await ExternalProgram.output(
            try ExternalProgram.awsPython.path, [ExternalProgram.script("aws_signatures.py")], input: Array(lines.utf8))
        let theirs = try output.split(separator: "\n").map { try JSONDecoder().decode([String: String].self, from: Data($0.utf8)) }
        #expect(theirs.count == Self.cases.count)
        for (asked, theirs) in zip(Self.cases, theirs) {
            let ours = SignatureV4(region: asked.region, service: asked.service).sign(
                .init(method: asked.method, path: asked.path, headers: asked.headers, body: Array(asked.body.utf8)),
                AWSCredential(
                    accessKeyID: asked.id, secretAccessKey: SecretBytes(copying: Array(asked.secret.utf8)),
                    sessionToken: asked.token.map { SecretBytes(copying: Array($0.utf8)) }, expires: nil), at: asked.seconds)
            #expect(ours["authorization"] == theirs["authorization"], "\(asked.id)")
            #expect(ours["x-amz-date"] == theirs["x-amz-date"])
        }
    }

    @Test("The access key leaves the environment, and a wrong one is refused by the server")
    func keys() async throws {
        try await MotoServer.with { server in
            let store = try server.store()
            #expect(getenv("AWS_SECRET_ACCESS_KEY") == nil && getenv("AWS_ACCESS_KEY_ID") == nil)
            try await store.put(SecretBytes(copying: [1]), as: "data-key", at: .current)
            let wrong = try server.store(secretAccessKey: String(server.secretAccessKey.reversed()))
            let refused = await cause { try await wrong.secret(named: "data-key") }
            #expect(kind(refused) == "denied")
            #expect(refused.map { "\($0)" }?.contains(server.secretAccessKey) == false)
            #expect(throws: SecretStoreError.self) { try AWSSecretStore(server.settings) }
        }
    }

    @Test("Keys of instances and containers are fetched as botocore fetches them", arguments: [AWSSettings.Credentials.instance, .container])
    func fetchedKeys(_ kind: AWSSettings.Credentials) async throws {
        try await MotoServer.with { server in
            let python = try ExternalProgram.awsPython.path
            let arguments = [ExternalProgram.script("aws_credentials.py"), server.accessKeyID, server.secretAccessKey]
            try await RunningProgram.with(python, arguments) { metadata in
                let port = try #require(await metadata.line())
                // botocore's own clients get their keys from it, so that it is no invention of ours.
                #expect(await metadata.line() == "botocore agrees")
                var settings = server.settings
                settings.credentials = kind
                settings.credentialsEndpoint = "http://127.0.0.1:\(port)"
                setenv("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/v2/credentials/execution", 1)
                setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN", "container-token", 1)
                defer { for name in ["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_AUTHORIZATION_TOKEN"] { unsetenv(name) } }
                let store = try AWSSecretStore(settings)
                try await store.put(SecretBytes(copying: [7]), as: "data-key", at: .current)
                #expect(try await store.secret(named: "data-key") == SecretBytes(copying: [7]))
            }
        }
    }

    @Test("A pod's key is fetched with the token in the platform's file, read anew each time; a file that others may write is refused")
    func podKeys() async throws {
        try await MotoServer.with { server in
            let arguments = [ExternalProgram.script("aws_credentials.py"), server.accessKeyID, server.secretAccessKey]
            try await RunningProgram.with(try ExternalProgram.awsPython.path, arguments) { metadata in
                let port = try #require(await metadata.line())
                let folder = try TemporaryFolder()
                let token = folder.path + "/eks-pod-identity-token"
                func write(_ text: String, mode: mode_t) throws {
                    try folder.write(text, "eks-pod-identity-token")
                    chmod(token, mode)
                }
                let variables = [
                    "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1:\(port)/v2/credentials/execution", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": token,
                ]
                for (name, value) in variables { setenv(name, value, 1) }
                defer { for name in variables.keys { unsetenv(name) } }
                var settings = server.settings
                settings.credentials = .container
                try write("yesterday's", mode: 0o644)
                let store = try AWSSecretStore(settings)
                #expect(kind(await cause { try await store.put(SecretBytes(copying: [7]), as: "data-key", at: .current) }) == "denied")
                try write("container-token\n", mode: 0o644)
                try await store.put(SecretBytes(copying: [7]), as: "data-key", at: .current)
                #expect(try await store.secret(named: "data-key") == SecretBytes(copying: [7]))
                try write("container-token\n", mode: 0o646)
                let another = try AWSSecretStore(settings)
                #expect(kind(await cause { try await another.secret(named: "data-key") }) == "exposed")
            }
        }
    }

    @Test("A key is replaced five minutes before its end")
    func credentialAge() {
        let credential = AWSCredential(accessKeyID: "a", secretAccessKey: SecretBytes(copying: [1]), sessionToken: nil, expires: 1000)
        #expect(credential.isUsable(at: 699) && !credential.isUsable(at: 700))
    }
}
