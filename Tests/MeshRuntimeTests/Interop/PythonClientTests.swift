import Foundation
import MeshCall
import MeshRuntime
import MeshTLS
import NIOCore
import TestSupport
import Testing

/// A client of Python's standard library (Interop/Python) that speaks ttrpc's streams, its frames and protobuf written by hand.
@Suite("A ttrpc client of Python's standard library", .timeLimit(.minutes(3)), .enabled(if: isPython || isCI, "SKIP: there is no python3"))
struct PythonClientTests {
    private static let cases = [
        "unary", "errors", "timeouts", "unknown_request_fields", "server_streaming", "client_streaming", "no_messages", "bidirectional",
        "interleaved", "half_close_while_reading", "empty_messages", "close_with_message", "first_message_in_request", "data_on_unary",
        "data_on_ended", "even_ids", "used_ids", "oversize", "largest", "no_frame", "unknown_types", "in_pieces", "unread_queue",
        "metadata",
    ]

    private static let methods: [MethodImplementation] = [
        InteropMesh.method("Metadata") { describeTestMetadata($0.metadata) },
        InteropMesh.method("Hold") { _ in
            await untilCancelled()
            return ""
        },
        MethodImplementation(
            InteropMesh.descriptor("HoldStream", .clientStreaming),
            .clientStreaming { _, _ in
                await untilCancelled()
                return ByteBuffer()
            }),
    ]

    private func run(_ name: String, alpn: String?, _ methods: [MethodImplementation] = methods) async throws -> ProgramRun {
        let mesh = try await InteropMesh.start(methods, allowsBaseline: true)
        let credentials = try await mesh.authority.credentials("gateway")
        let script = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Python/ttrpc_client.py").path
        let run = try await ProgramRun.of(
            "python3",
            [
                "-B", "-E", "-s", script, "--addr", "127.0.0.1:\(mesh.port)", "--cert", credentials.certificateChainPath, "--key",
                credentials.privateKeyPath, "--roots", credentials.trustRootsPath,
            ] + (alpn.map { ["--alpn", $0] } ?? []) + [name], seconds: 60)
        await mesh.stop()
        return run
    }

    @Test("with ALPN ttrpc", arguments: cases)
    func withALPN(_ name: String) async throws {
        let run = try await run(name, alpn: "ttrpc")
        #expect(run.succeeded, "\(run.text)")
    }

    @Test("without ALPN", arguments: ["unary", "bidirectional"])
    func withoutALPN(_ name: String) async throws {
        let run = try await run(name, alpn: nil)
        #expect(run.succeeded, "\(run.text)")
    }

    @Test("A case that fails is seen to fail")
    func canary() async throws {
        let run = try await run("metadata", alpn: "ttrpc", [])
        #expect(run.exitCode == 1)
        #expect(run.text.contains("status 12"), "\(run.text)")
    }
}

private let isCI = ProcessInfo.processInfo.environment["CI"] == "true"
private let isPython = isProgram("python3")
