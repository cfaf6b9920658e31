import FoundationEssentials
import Subprocess
import SystemPackage
import Testing

/// Clients written by others, against the sandbox on a real port. `compose/test` makes their virtual environments.
@Suite("Third-party clients", .serialized)
struct ThirdPartyClientTests {
    enum Client: String, CaseIterable, Sendable, CustomTestStringConvertible {
        case pythonBinance = "python_binance.py"
        case binanceConnector = "binance_connector.py"

        var testDescription: String { rawValue }

        /// Names a Python interpreter that has the client installed.
        var variable: String {
            switch self {
            case .pythonBinance: "CRYPTOPULSE_PYTHON_BINANCE"
            case .binanceConnector: "CRYPTOPULSE_PYTHON_BINANCE_CONNECTOR"
            }
        }

        var interpreter: String? { ProcessInfo.processInfo.environment[variable] }
    }

    private static let isCI = ProcessInfo.processInfo.environment["CI"] == "true"
    private static let available = Client.allCases.filter { $0.interpreter != nil || isCI }

    @Test(
        "A published client trades here with HMAC and Ed25519 keys and is refused with the documented codes",
        .enabled(if: !available.isEmpty, "set CRYPTOPULSE_PYTHON_BINANCE to a Python with python-binance"), .timeLimit(.minutes(2)),
        arguments: available)
    func clientTrades(_ client: Client) async throws {
        let interpreter = try #require(client.interpreter, "\(client.variable) is not set")
        let script = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../Clients/\(client.rawValue)").path
        try await RunningSandbox.run { sandbox in
            let result = try await Subprocess.run(
                .path(FilePath(interpreter)), arguments: [script, sandbox.baseURL, RunningSandbox.operatorToken],
                output: .string(limit: 64 << 10), error: .string(limit: 64 << 10))
            #expect(result.terminationStatus.isSuccess, "\(result.standardError)")
            #expect(result.standardOutput.contains("all well"))
        }
    }
}
