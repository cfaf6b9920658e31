internal import Foundation

/// Where the built executables lie.
public struct ProgramFolder: Sendable, Equatable {
    public let path: String

    /// - Parameter path: nil means beside the running executable.
    public init(_ path: String? = nil) throws {
        self.path = try path.map(PrivateFiles.absolute) ?? Self.ownFolder()
        for name in ServiceName.allCases where !FileManager.default.isExecutableFile(atPath: executable(name)) {
            throw DeploymentError("\(executable(name)) is missing; build it, or name the folder with --bin")
        }
    }

    public func executable(_ name: ServiceName) -> String { "\(path)/\(name.rawValue)" }

    private static func ownFolder() throws -> String {
        let own = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        return URL(fileURLWithPath: own).deletingLastPathComponent().path
    }
}
