import TestSupport

/// The `openssl` command line: a TLS peer that shares none of our code.
enum OpenSSLTool {
    static func connect(port: Int, _ arguments: [String]) async throws -> ProgramRun {
        try await ProgramRun.of("openssl", ["s_client", "-connect", "127.0.0.1:\(port)"] + arguments)
    }
}
