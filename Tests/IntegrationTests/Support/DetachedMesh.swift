import Deployment
import Foundation
import LocalMesh

/// A deployment as `compose/up --detach` leaves it: its supervisor is a process of its own, so that it can be searched like any other.
enum DetachedMesh {
    /// A test that is killed leaves it running for so long at most, in seconds.
    private static let longestLife = "1200"

    /// Runs `body` with it; it is gone afterwards.
    ///
    /// - Parameter prepare: what is done in the state folder once everything is made and nothing runs yet.
    static func with(
        _ options: DeploymentOptions, prepare: (StateFolder) async throws -> Void, _ body: (LocalMesh) async throws -> Void
    ) async throws {
        let temporary = FileManager.default.temporaryDirectory.resolvingSymlinksInPath().appending(path: "detached-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: temporary, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
        defer { try? FileManager.default.removeItem(at: temporary) }
        let folder = StateFolder(temporary.path + "/state")
        try await Initializer(folder).initialise(options)
        try await prepare(folder)
        let programs = try ProgramFolder()
        let supervisor = try await DetachedSupervisor(folder).start(
            executable: "/usr/bin/timeout",
            arguments: [longestLife, programs.path + "/pulse", "up", "--detached", "--state", folder.path, "--bin", programs.path])
        do {
            let mesh = try LocalMesh(supervisedElsewhere: folder)
            do {
                try await body(mesh)
                await mesh.stop()
            } catch {
                await mesh.stop()
                throw error
            }
        } catch {
            _ = try? await Shutdown(folder).run()
            try? await reap(supervisor)
            throw error
        }
        _ = try await Shutdown(folder).run()
        try await reap(supervisor)
    }

    /// A child that nobody waits for stands in the way of whoever waits for any child, as the runner of exit tests does.
    private static func reap(_ child: Int32) async throws {
        try await eventually("the supervisor's process has ended") {
            var status: Int32 = 0
            return waitpid(child, &status, WNOHANG) != 0
        }
    }
}

extension LocalMesh {
    /// The process of a service, by the file that its supervisor keeps.
    func pid(of name: ServiceName) async throws -> Int32 {
        guard let pid = try await DeploymentStatus.read(folder).lines.first(where: { $0.name == name })?.pid else {
            throw NeverHappened(what: "\(name.rawValue) runs")
        }
        return pid
    }

    func supervisorPID() async throws -> Int32 {
        guard let pid = try await DeploymentStatus.read(folder).supervisor else { throw NeverHappened(what: "a supervisor runs") }
        return pid
    }

    /// Ends a service's process and returns when its supervisor has put a ready one in its place.
    func restart(_ name: ServiceName) async throws {
        let before = try await pid(of: name)
        guard kill(before, SIGTERM) == 0 else { throw NeverHappened(what: "\(name.rawValue) can be told to stop") }
        try await eventually(within: .seconds(60), "\(name.rawValue) runs again") {
            let line = try await DeploymentStatus.read(folder).lines.first { $0.name == name }
            return line?.pid != nil && line?.pid != before && line?.unready == nil
        }
    }
}
