import LocalMesh
import Testing

/// Everything here runs the real executables. One at a time: a deployment is eight processes, and a busy machine would turn deadlines into luck.
@Suite(.serialized)
struct Integration {}

/// One deployment for the tests that leave it as they found it.
actor SharedMesh {
    static let shared = SharedMesh()

    private var starting: Task<LocalMesh, any Error>?

    static func mesh() async throws -> LocalMesh {
        try await shared.started()
    }

    private func started() async throws -> LocalMesh {
        let task = starting ?? Task { try await LocalMesh.start() }
        starting = task
        return try await task.value
    }
}
